import fnmatch
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idiolect.control.pattern import MAX_PATTERN, MAX_WILDCARDS, Tree, is_pattern, matches
from idiolect.errors import ControlError

ADDRESSES = [
    "/gain",
    "/voice/1/gain",
    "/voice/1/seed/unit",
    "/voice/2/gain",
    "/voice/2/pan",
    "/voice/12/gain",
]


@pytest.fixture
def tree() -> Tree[str]:
    tree: Tree[str] = Tree()
    for address in ADDRESSES:
        tree.add(address, address)
    return tree


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("*", ["", "a", "temperature"], []),
        ("?", ["a"], ["", "ab"]),
        ("t*", ["t", "top_k"], ["at"]),
        ("*_?", ["top_k", "top_p"], ["top_", "top"]),
        ("[1-4]", ["1", "4"], ["5", "12", ""]),
        ("[!2]", ["1", "3"], ["2", "", "12"]),
        ("[a-cx]", ["b", "x"], ["d", "-"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[!a-c]", ["d", "-"], ["a", "b"]),
        ("[z-a]", [], ["a", "m", "z"]),
        ("[]", [], ["", "a"]),
        ("{1,3}", ["1", "3"], ["2", "13", "1,3"]),
        ("{in,i}n", ["inn", "in"], ["i"]),
        ("{,a}b", ["b", "ab"], ["a"]),
        ("{}", [""], ["a"]),
        ("a**b", ["ab", "axb"], ["a"]),
        ("]}", ["]}"], [""]),
    ],
)
def test_each_wildcard_means_what_osc_says(
    pattern: str, fits: list[str], fits_not: list[str]
) -> None:
    assert [name for name in fits if not matches(pattern, name)] == []
    assert [name for name in fits_not if matches(pattern, name)] == []


@pytest.mark.parametrize("pattern", ["[1", "{a,b", "a[", "[!"])
def test_what_is_opened_must_be_closed(pattern: str) -> None:
    with pytest.raises(ControlError, match="close"):
        matches(pattern, "1")


@settings(deadline=None)
@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_stars_and_marks_agree_with_the_shells(pattern: str, name: str) -> None:
    assert matches(pattern, name) == fnmatch.fnmatchcase(name, pattern)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/gain", ["/gain"]),
        ("/voice/*/gain", ["/voice/1/gain", "/voice/2/gain", "/voice/12/gain"]),
        ("/voice/{1,2}/gain", ["/voice/1/gain", "/voice/2/gain"]),
        ("/*", ["/gain"]),
        ("//gain", ["/gain", "/voice/1/gain", "/voice/2/gain", "/voice/12/gain"]),
        ("/voice//gain", ["/voice/1/gain", "/voice/2/gain", "/voice/12/gain"]),
        ("//unit", ["/voice/1/seed/unit"]),
        ("//*//unit", ["/voice/1/seed/unit"]),
        ("///pan", ["/voice/2/pan"]),
        ("/voice/1", []),
        ("/voice*gain", []),
    ],
)
def test_a_pattern_is_walked_part_by_part(tree: Tree[str], pattern: str, found: list[str]) -> None:
    assert sorted(tree.select(pattern)) == sorted(found)


def test_an_address_without_wildcards_is_no_pattern() -> None:
    assert not is_pattern("/voice/1/top_k")
    assert all(is_pattern(p) for p in ("/a*", "/?", "/[a]", "/{a}", "//a"))


@pytest.mark.parametrize(
    "pattern",
    ["/voice/", "//", "/" + "a" * MAX_PATTERN, "/" + "*" * (MAX_WILDCARDS + 1), "/a" * 20],
)
def test_a_pattern_too_large_or_unfinished_is_refused(tree: Tree[str], pattern: str) -> None:
    with pytest.raises(ControlError):
        tree.select(pattern)


def test_what_is_missing_is_said_with_what_there_is(tree: Tree[str]) -> None:
    assert tree.missing("/voice/3/gain") == "/voice has 1, 2, 12"
    assert tree.missing("/gian") == "there is /gain"
    assert tree.missing("/x") == "/ has gain, voice"
    assert tree.missing("/gain/x") == "/gain is as far as it goes: send to that"


@pytest.mark.parametrize(
    "pattern",
    [
        "/voice/" + "*" * 50 + "Z",
        "/voice/" + "*a" * 50,
        "/voice/" + "?*" * 31,
        "//*//*//*" + "a",
        "/voice/{" + ",".join("1" * 70) + "}" + "*{1,1,1,1}" * 10,
        "/voice/[" + "a-z" * 70 + "]*",
    ],
)
def test_no_pattern_makes_matching_long(tree: Tree[str], pattern: str) -> None:
    """What a backtracking matcher takes hours for."""
    steps = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        return count

    matches.cache_clear()
    before = sys.gettrace()
    sys.settrace(count)
    try:
        tree.select(pattern)
    finally:
        sys.settrace(before)
    assert steps < 40000
