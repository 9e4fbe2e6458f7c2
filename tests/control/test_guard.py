import socket

import pytest

from idiolect.control.guard import is_own_host, is_own_origin


@pytest.mark.parametrize(
    "header",
    [
        "127.0.0.1", "127.0.0.1:57301", "localhost:57301", "LOCALHOST", "localhost.", "[::1]:57301",
        "192.168.1.7:80", socket.gethostname(), f"{socket.gethostname()}.local:57301",
    ],
)  # fmt: skip
def test_numbers_and_this_machines_own_names_are_taken(header: str) -> None:
    assert is_own_host(header)


@pytest.mark.parametrize(
    "header",
    [
        "", " ", "evil.example", "evil.example:57301", "127.0.0.1.evil.example", "localhost.evil",
        "evil@127.0.0.1", "127.0.0.1@evil.example", "127.0.0.1/evil", "127.0.0.1:x", "127.0.0.1:99999",
        "[::1", "::1]", "http://127.0.0.1", "127.0.0.1#", "127.0.0.1?x", ":57301", "\x00", "[v1.x]",
    ],
)  # fmt: skip
def test_no_other_name_is(header: str) -> None:
    assert not is_own_host(header)


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("http://127.0.0.1:57301", "127.0.0.1:57301", True),
        ("http://localhost:57301", "LocalHost:57301", True),
        ("http://127.0.0.1:8080", "127.0.0.1:57301", False),
        ("http://localhost:57301", "127.0.0.1:57301", False),
        ("https://evil.example", "127.0.0.1:57301", False),
        ("http://evil.example/127.0.0.1:57301", "127.0.0.1:57301", False),
        ("http://evil@127.0.0.1:57301", "127.0.0.1:57301", False),
        ("file://127.0.0.1:57301", "127.0.0.1:57301", False),
        ("null", "127.0.0.1:57301", False),
        ("", "", False),
    ],
)
def test_an_origin_is_own_when_it_came_from_here(origin: str, host: str, is_own: bool) -> None:
    assert is_own_origin(origin, host) == is_own
