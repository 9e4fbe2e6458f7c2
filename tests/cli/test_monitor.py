import io

import pytest
from rich.console import Console

from idiolect.cli.dashboard import Dashboard
from idiolect.cli.monitor import _address, monitor
from idiolect.client import Reply
from idiolect.errors import ControlError


def drawn(dashboard: Dashboard) -> str:
    page = io.StringIO()
    Console(file=page, width=200).print(dashboard.draw())
    return page.getvalue()


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("10.0.0.7", ("10.0.0.7", 57300)),
        ("10.0.0.7:9000", ("10.0.0.7", 9000)),
        (":9000", ("127.0.0.1", 9000)),
        ("[::1]:9000", ("::1", 9000)),
        ("::1", ("::1", 57300)),
        ("studio.local", ("studio.local", 57300)),
    ],
)
def test_a_place_is_a_host_and_perhaps_a_port(target: str, place: tuple[str, int]) -> None:
    assert _address(target) == place


@pytest.mark.parametrize("target", ["host:", "host:x", "host:0", "host:70000"])
def test_a_port_that_is_none_is_refused(target: str) -> None:
    with pytest.raises(ControlError, match="HOST:PORT"):
        _address(target)


def test_nobody_there_is_one_sentence() -> None:
    with pytest.raises(ControlError, match="idiolect serve"):
        monitor("127.0.0.1:1", seconds=1)


def test_a_picture_can_be_drawn_before_anything_has_come() -> None:
    assert "waiting" in drawn(Dashboard())


def test_what_came_is_in_the_picture() -> None:
    dashboard = Dashboard(["grain", "note"])
    for reply in (
        Reply("/voice/1/temperature", (0.75,)),
        Reply("/voice/1/scale", (1,)),
        Reply("/voice/1/run", (1,)),
        Reply("/voice/1/bias/centroid", (3.25,)),
        Reply("/meter/voice/1/peak", (1.0,)),
        Reply("/meter/voice/1/rms", (0.1,)),
        Reply("/meter/output/1/peak", (0.5,)),
        Reply("/health/lookahead_ms", (987.0,)),
        Reply("/health/starved", (4,)),
        Reply("/log", ("warning", "the [string] is loose")),
        Reply("/grain", (1, 41, 3, "note", "[a] file.wav", 1.5, 0.25, 0.0, 0.0, *[0.0] * 6, 1)),
        Reply("/shutdown", ("x", "1", 1)),
    ):
        dashboard.take(reply)
    text = drawn(dashboard)
    for word in ("0.75", "note", "987 ms", "starved 4", "[string] is loose", "[a] file.wav", "41"):
        assert word in text
    assert "goes on" in text
    assert "3.25" not in text
    assert "has gone" in text
    assert "#" in text
