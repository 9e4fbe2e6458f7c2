import io
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from rich.console import Console

from idiolect.cli.dashboard import SHOWN, Dashboard
from idiolect.cli.monitor import _address, monitor, watch
from idiolect.client import Client, Reply
from idiolect.control import ControlServer
from idiolect.control.bundling import announce_bundle
from idiolect.errors import ControlError
from recording import RecordingPlayer


def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def leases(server: ControlServer) -> int:
    desk = server._desk
    return server.call(lambda: len(desk.clients.leases(desk.now()))).result(5)


def drawn(dashboard: Dashboard, width: int = 200) -> str:
    page = io.StringIO()
    Console(file=page, width=width).print(dashboard.draw())
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


def test_it_waits_for_the_daemon_that_takes_the_place_of_one() -> None:
    """What the next one tells is in the picture, and in the end nobody is told any more."""
    player = RecordingPlayer()
    first = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None)
    first.start()
    port = first.address[1]
    shown: list[Dashboard] = []

    def look() -> None:
        with Client(port=port) as client:
            shown.append(watch(client, Console(file=io.StringIO()), 12))

    looking = threading.Thread(target=look)
    looking.start()
    until(lambda: leases(first))
    first.stop()
    time.sleep(1.5)
    again = ControlServer(player, "127.0.0.1", port, on_quit=lambda: None, name="another")
    again.start()
    until(lambda: leases(again))
    until(lambda: not looking.is_alive())
    assert leases(again) == 0
    again.stop()
    assert "the daemon has gone" in shown[0].lines


class Linguist:
    """A witness that knows the scales of each voice's bundle."""

    def __init__(self, player: RecordingPlayer) -> None:
        self.asked: list[int] = []
        self.names = {voice: ("grain", "note") for voice in range(1, player.voices + 1)}

    def bundle(self, voice: int) -> SimpleNamespace:
        self.asked.append(voice)
        return SimpleNamespace(scales=[(name, 1, 1, 1.0) for name in self.names[voice]])

    def watch(self) -> list[object]:
        return []

    def levels(self, since: int) -> SimpleNamespace:
        return SimpleNamespace(until=0, voices=[], outputs=[])


def test_a_scale_has_its_name_in_the_bundle_that_its_voice_plays() -> None:
    player = RecordingPlayer()
    player.values["scale", 1] = player.values["scale", 2] = 1
    linguist = Linguist(player)
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None, witness=linguist)
    server.start()
    shown: list[Dashboard] = []

    def look() -> None:
        with Client(port=server.address[1]) as client:
            shown.append(watch(client, Console(file=io.StringIO()), 5))

    looking = threading.Thread(target=look)
    looking.start()
    until(lambda: leases(server))
    until(lambda: 2 in linguist.asked)
    linguist.names[2] = ("0", "syllable")
    server.call(lambda: announce_bundle(server._desk, 2)).result(5)
    until(lambda: not looking.is_alive())
    server.stop()
    row = next(line for line in drawn(shown[0]).splitlines() if line.startswith("scale"))
    assert row.split()[:3] == ["scale", "note", "syllable"]


def test_a_name_that_may_be_another_now_is_not_shown() -> None:
    dashboard = Dashboard()
    dashboard.take(Reply("/voice/1/scale", (1,)))
    dashboard.name_scales(1, ["grain", "note"])
    assert "note" in drawn(dashboard)
    dashboard.take(Reply("/voice/1/bundle", ("another",)))
    assert "note" not in drawn(dashboard)
    assert dashboard.unnamed == {1}


@pytest.mark.parametrize("voices", [1, 4, 8])
def test_in_a_terminal_of_eighty_columns_nothing_is_cut_short(voices: int) -> None:
    dashboard = Dashboard()
    for voice in range(1, voices + 1):
        for name, value in {**dict.fromkeys(SHOWN, -0.3333), "scale": 1.0, "rate": -1200.0}.items():
            dashboard.take(Reply(f"/voice/{voice}/{name}", (value,)))
        for name, value in {"peak": 1.0, "rms": 1.0, "unit": 123456.0, "token": 321.0}.items():
            dashboard.take(Reply(f"/meter/voice/{voice}/{name}", (value,)))
        dashboard.name_scales(voice, ["grain", "section"])
    told = (1, 41, 3, "section", "a rather long name of a file.wav", 1234.5, 0.25, *[0.0] * 8, 1)
    dashboard.take(Reply("/grain", told))
    text = drawn(dashboard, 80)
    assert max(map(len, text.splitlines())) <= 80
    for word in ("-0.3333", "section", "-1200", "123456", "######"):
        assert text.count(word) >= voices
    for word in ("temperature", "1234.50 s", "0.250 s", "goes on", "long name of a file.wav"[-19:]):
        assert word in text


def test_silence_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    dashboard = Dashboard()
    dashboard.take(Reply("/health/lookahead_ms", (987.0,)))
    assert "987 ms" in drawn(dashboard)
    later = time.monotonic() + 7
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert "nothing heard from the daemon for 7 s" in drawn(dashboard)


def test_a_picture_can_be_drawn_before_anything_has_come() -> None:
    assert "waiting" in drawn(Dashboard())


def test_what_came_is_in_the_picture() -> None:
    dashboard = Dashboard()
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
    dashboard.name_scales(1, ["grain", "note"])
    text = drawn(dashboard)
    for word in ("0.75", "note", "987 ms", "starved 4", "[string] is loose", "[a] file.wav", "41"):
        assert word in text
    assert "goes on" in text
    assert "3.25" not in text
    assert "has gone" in text
    assert "#" in text
