"""Addresses as a tree, and OSC patterns walked through it.

Patterns are those of OSC 1.0 (``?``, ``*``, ``[a-z]``, ``[!a-z]``, ``{this,that}``), matched part
by part and never across a ``/``, and the ``//`` of 1.1, which stands for any number of parts.
No regular expressions: ``*`` many times over makes them backtrack for hours.  Here each part keeps
the set of places it may have reached, so the steps are at most its length times the name's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Generic, TypeVar

from idiolect.errors import ControlError

__all__ = ["MAX_PATTERN", "MAX_WILDCARDS", "Tree", "is_pattern", "matches"]

MAX_PATTERN = 256  # characters; the longest address is far shorter
MAX_WILDCARDS = 64
_MAX_PARTS = 8  # addresses have four at most
_A_LINE = 64  # letters of names that are listed
_LONGEST_NAME = 32  # letters of a mistyped one that are looked at
_WILD = "*?[{"
_WILDCARDS = ("//", *_WILD)

Leaf = TypeVar("Leaf")


@dataclass(frozen=True, slots=True)
class _Words:
    """One of these, letter by letter."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Letter:
    """One letter inside the ranges, or outside them."""

    ranges: tuple[tuple[str, str], ...]
    inside: bool


class _Star:
    """Any letters, or none."""


_Step = _Words | _Letter | _Star
_ANY = _Letter((), inside=False)


def is_pattern(address: str) -> bool:
    """Tell whether an address has wildcards."""
    return any(wild in address for wild in _WILDCARDS)


@lru_cache(maxsize=4096)  # names are few, and come again at every voice
def matches(pattern: str, name: str) -> bool:
    """Tell whether one part of a pattern fits one part of an address.

    Raises
    ------
    ControlError
        When a bracket or brace is not closed.

    Examples
    --------
    >>> matches("[1-4]", "3"), matches("[!2]", "2"), matches("{1,3}", "3"), matches("t*e", "tee")
    (True, False, True, True)
    """
    reached = {0}
    for step in _steps(pattern):
        reached = _advance(step, name, reached)
        if not reached:
            return False
    return len(name) in reached


def _advance(step: _Step, name: str, reached: set[int]) -> set[int]:
    if isinstance(step, _Star):
        return set(range(min(reached), len(name) + 1))
    if isinstance(step, _Letter):
        return {at + 1 for at in reached if at < len(name) and _fits(step, name[at])}
    return {at + len(word) for at in reached for word in step.words if name.startswith(word, at)}


def _fits(letter: _Letter, given: str) -> bool:
    return any(low <= given <= high for low, high in letter.ranges) == letter.inside


@lru_cache(maxsize=256)
def _steps(pattern: str) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    at = 0
    while at < len(pattern):
        step, at = _step(pattern, at)
        if not (isinstance(step, _Star) and steps and isinstance(steps[-1], _Star)):
            steps.append(step)
    return tuple(steps)


def _step(pattern: str, at: int) -> tuple[_Step, int]:
    letter = pattern[at]
    if letter == "*":
        return _Star(), at + 1
    if letter == "?":
        return _ANY, at + 1
    if letter == "[":
        end = _closing(pattern, at, "]")
        return _letters(pattern[at + 1 : end]), end + 1
    if letter == "{":
        end = _closing(pattern, at, "}")
        return _Words(tuple(pattern[at + 1 : end].split(","))), end + 1
    return _Words((letter,)), at + 1


def _closing(pattern: str, at: int, bracket: str) -> int:
    end = pattern.find(bracket, at)
    if end < 0:
        raise ControlError(f"{pattern!r} opens {pattern[at]} without its {bracket}: close it")
    return end


def _letters(text: str) -> _Letter:
    inside = not text.startswith("!")
    text = text if inside else text[1:]
    ranges, at = [], 0
    while at < len(text):
        last = at + 2 if text[at + 1 : at + 2] == "-" and at + 2 < len(text) else at
        ranges.append((text[at], text[last]))
        at = last + 1
    return _Letter(tuple(ranges), inside)


@dataclass(slots=True)
class _Node(Generic[Leaf]):
    children: "dict[str, _Node[Leaf]]" = field(default_factory=dict)
    leaf: Leaf | None = None


class Tree(Generic[Leaf]):
    """Addresses with something at each end; a leaf is never also a container."""

    def __init__(self) -> None:
        self._root: _Node[Leaf] = _Node()

    def add(self, address: str, leaf: Leaf) -> None:
        """Put a leaf at an address, making the containers on the way."""
        node = self._root
        for part in address.split("/")[1:]:
            assert node.leaf is None, f"{address} lies below a leaf"
            node = node.children.setdefault(part, _Node())
        assert node.leaf is None, f"{address} is there twice"
        assert not node.children, f"{address} is a container"
        node.leaf = leaf

    def select(self, pattern: str) -> list[Leaf]:
        """Find every leaf whose address fits, in the order of the tree.

        Raises
        ------
        ControlError
            When the pattern is malformed or longer than the limits above.

        Notes
        -----
        Each pair of a place in the tree and a place in the pattern is visited once.
        """
        parts = _parts(pattern)
        return list(self._walk(self._root, parts, 0, set()))

    def _walk(
        self, node: _Node[Leaf], parts: tuple[str, ...], at: int, seen: set[tuple[int, int]]
    ) -> Iterator[Leaf]:
        if (id(node), at) in seen:
            return
        seen.add((id(node), at))
        if at == len(parts):
            if node.leaf is not None:
                yield node.leaf
            return
        if not parts[at]:  # the gap of a //
            yield from self._walk(node, parts, at + 1, seen)
        for name, child in node.children.items():
            if not parts[at]:
                yield from self._walk(child, parts, at, seen)
            elif matches(parts[at], name):
                yield from self._walk(child, parts, at + 1, seen)

    def missing(self, address: str) -> str:
        """Say where an address leaves the tree, and what there is instead, in few words.

        Who mistypes an address from another machine may be answered with no more than a few times
        as many bytes.
        """
        node, path = self._root, ""
        for part in address.split("/")[1:]:
            if part not in node.children:
                break
            node, path = node.children[part], f"{path}/{part}"
        else:
            part = ""  # it ends on the way
        if not node.children:
            return f"{path} is as far as it goes: send to that"
        if near := _nearest(part, node.children):
            return f"there is {', '.join(f'{path}/{name}' for name in near)}"
        there = ", ".join(node.children)
        if len(there) <= _A_LINE:
            return f"{path or '/'} has {there}"
        return f"{path or '/'} has none like it: see `idiolect osc`"


def _nearest(part: str, names: Iterable[str]) -> list[str]:
    """Find the names that a mistyped part may stand for; the first letter is rarely wrong."""
    part = part[:_LONGEST_NAME].lower()
    return get_close_matches(part, [name for name in names if name[:1] == part[:1]])


def _parts(pattern: str) -> tuple[str, ...]:
    if len(pattern) > MAX_PATTERN:
        raise ControlError(
            f"a pattern of {len(pattern)} characters is too long: use at most {MAX_PATTERN}"
        )
    wildcards = sum(pattern.count(letter) for letter in _WILD) + pattern.count("//")
    if wildcards > MAX_WILDCARDS:
        raise ControlError(f"{wildcards} wildcards are too many: use at most {MAX_WILDCARDS}")
    parts = pattern.split("/")[1:]
    if len(parts) > _MAX_PARTS:
        raise ControlError(f"a pattern of {len(parts)} parts is too deep: use at most {_MAX_PARTS}")
    if not parts[-1]:
        raise ControlError(f"{pattern!r} ends in /: name what is wanted there")
    return tuple(parts)
