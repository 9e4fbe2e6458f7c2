"""A client knows an answer by the number of its request, and hears how far a long one is."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idiolect.config.config import load
from idiolect.control import ControlServer
from idiolect.control.requests import take_request
from idiolect.daemon.app import App
from idiolect.errors import ControlError
from idiolect.performance.futures import Loading
from recording import Applied, RecordingPlayer, Wire
from synthetic import make_bundle


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("/bundle/swap", ("second",)),
        ("/bundle/unload", ("first",)),
        ("/record/start", ("a.wav",)),
        ("/voice/1/bundle", ("second",)),
        ("/voice/1/seed/file", ("a.wav",)),
        ("/voice/1/seed/file", ("a.wav", 1, 2.5)),
        ("/voice/1/seed/tokens", (3, 1, 4)),
        ("/voice/1/seed/unit", (12,)),
        ("/voice/1/seed/map", (0.5, 0.5, "note")),
        ("/voice/1/seed/random", ()),
        ("/voice/1/allow/sources", ("a", "id")),
        ("/voice/1/cut", (1,)),
        ("/notify", (1, 0, 30, "state")),
        ("/clear_sched", ()),
        ("/auth", ("whatever",)),
        ("/panic", ()),
        ("/quit", ()),
    ],
)
def test_every_done_ends_in_the_number_if_there_was_one(
    wire: Wire, player: RecordingPlayer, address: str, arguments: tuple[object, ...]
) -> None:
    plain = wire.ask(address, *arguments)
    if address == "/bundle/unload":
        player.loaded.append("first")
    if address == "/record/start":
        wire.ask("/record/stop")
    wire.settle()
    numbered = wire.ask(address, *arguments, "id", 77)
    assert plain[:2] == ("/done", address)
    assert numbered[:2] == ("/done", address)
    assert len(numbered) == len(plain) + 1
    assert numbered[-1] == 77


def test_every_fail_ends_in_the_number_if_there_was_one(
    wire: Wire, player: RecordingPlayer
) -> None:
    """Whether it is refused at once, later, for what was sent, or by a fault of ours."""
    assert wire.ask("/voice/1/seed/unit", 1000, "id", 1)[-1] == 1
    assert wire.ask("/voice/1/seed/unit", "x", "id", 2)[-1] == 2
    assert wire.ask("/nowhere", "id", 3)[-1] == 3
    assert wire.ask("/record/stop", "id", 4)[-1] == 4
    player.held = held = []
    wire.send("/voice/1/cut", "id", 5)
    wire.send("/voice/2/cut")
    wire.send("/voice/3/cut", "id", 7.0)
    wire.ask("/mute")
    held[0].set_exception(ControlError("the corpus is gone"))
    held[1].set_exception(ControlError("the corpus is gone"))
    held[2].cancel()
    assert wire.receive() == ("/fail", "/voice/1/cut", "the corpus is gone", 5)
    assert wire.receive() == ("/fail", "/voice/2/cut", "the corpus is gone")
    assert wire.receive() == ("/fail", "/voice/3/cut", "a later command took its place", 7)


@pytest.mark.parametrize("number", [True, False], ids=["with a number", "without"])
def test_every_command_that_fails_at_once_is_answered(wire: Wire, number: bool) -> None:
    """However many there are in a second: a script that waits for each goes on."""
    count = 300
    for n in range(count):
        wire.send("/bundle/unload", "nobody", *(("id", n) if number else ()))
    answers = wire.settle()
    assert [answer[:2] for answer in answers] == [("/fail", "/bundle/unload")] * count
    if number:
        assert [answer[-1] for answer in answers] == list(range(count))


def test_a_mistake_with_a_number_is_answered_however_many_there_were(wire: Wire) -> None:
    for n in range(200):
        wire.send("/voice/1/gain", "loud")
        wire.send("/voice/1/gian", -6.0, "id", n)
        wire.send("/fail", "/voice/1/gain", "id", n)  # but an answer never is
    answers = wire.settle()
    assert [answer[-1] for answer in answers if answer[1] == "/voice/1/gian"] == list(range(200))
    assert len(answers) < 300


def test_what_is_read_takes_no_notice_of_the_number(wire: Wire) -> None:
    assert wire.ask("/voice/1/gain", "id", 7) == ("/voice/1/gain", 0.0)
    assert wire.ask("/norm/voice/1/pan", "id", 7) == ("/norm/voice/1/pan", 0.5)
    wire.send("/voice/1/gain", -6, "id", 8)
    wire.send("/voice/2/gain", -6, 0.5, "id", 9)
    assert wire.settle() == []
    assert wire.ask("/voice/1/gain", "id", 10) == ("/voice/1/gain", -6.0)


def test_the_clock_sends_the_number_back(wire: Wire) -> None:
    assert wire.ask("/clock", "a", "id", 7)[3:] == ("a", "id", 7)
    assert wire.ask("/clock", "id", 7)[3:] == ("id", 7)


def test_what_is_refused_late_to_be_played_ends_in_its_number(
    wire: Wire, player: RecordingPlayer
) -> None:
    player.held = []
    for n in (1, 2, 3, 5):
        wire.send("/play", "unit", n, "id", n)
    wire.send("/play", "unit", 4)
    wire.settle()
    player.held.pop(3).cancel()  # taken back by /clear_sched, which is no refusal
    for future in player.held:
        future.set_exception(ControlError("not played"))
    told = [wire.receive() for _ in player.held]
    assert told[:3] == [("/fail", "/play", "not played", n) for n in (1, 2, 3)]
    assert told[3] == ("/fail", "/play", "not played")


def test_one_request_to_every_voice_is_answered_by_each_with_its_number(
    wire: Wire, player: RecordingPlayer
) -> None:
    wire.send("/voice/*/seed/unit", 3, "id", 9)
    answers = wire.settle()
    assert len(answers) == 4
    assert {answer[-1] for answer in answers} == {9}
    assert [call for call in player.calls if call[0] == "seed_unit"] == [
        ("seed_unit", voice, 3) for voice in (1, 2, 3, 4)
    ]


def test_a_change_that_waited_does_not_take_the_number_of_what_follows(
    wire: Wire, player: RecordingPlayer
) -> None:
    del player.values["pan", 1]
    wire.send("/voice/1/pan", 0.5)
    wire.send("/voice/1/cut", "id", 8)
    first, second = wire.settle()
    assert (first[:2], len(first)) == (("/fail", "/voice/1/pan"), 3)
    assert (second[0], second[-1]) == ("/done", 8)


def test_what_is_open_at_the_end_is_refused_with_its_number(player: RecordingPlayer) -> None:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None)
    server.start()
    wire = Wire(server.address[1])
    player.held = []
    wire.send("/voice/1/cut", "id", 3)
    wire.ask("/mute")
    server.stop()
    assert wire.receive() == ("/fail", "/voice/1/cut", "the daemon is stopping", 3)
    wire.socket.close()


@given(st.lists(st.integers() | st.floats() | st.text(max_size=3) | st.just("id"), max_size=5))
def test_only_a_mark_and_a_number_at_the_end_are_taken(arguments: list[object]) -> None:
    rest, request = take_request(arguments)  # type: ignore[arg-type]
    if request:
        assert arguments[-2] == "id"
        assert -(2**31) <= request[0] < 2**31
        assert list(rest) == arguments[:-2]
    else:
        assert list(rest) == arguments


class SlowPlayer(RecordingPlayer):
    """Loads bundles as slowly as it is told."""

    def load(self, name: str) -> "Future[Applied]":
        self.loading: Loading[Applied] = Loading()
        return self.loading


@pytest.fixture
def slow() -> Iterator[tuple[SlowPlayer, Wire, Wire]]:
    player = SlowPlayer()
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None)
    server.start()
    wires = [Wire(server.address[1]) for _ in range(2)]
    yield player, wires[0], wires[1]
    for wire in wires:
        wire.socket.close()
    server.stop()


def test_progress_is_told_to_who_asked_and_not_too_often(
    slow: tuple[SlowPlayer, Wire, Wire],
) -> None:
    player, wire, other = slow
    other.ask("/notify", 1)
    wire.send("/bundle/load", "second", "id", 4)
    wire.ask("/mute")
    for step in range(1000):
        player.loading.tell("converting", step / 1000)
    player.loading.set_result("second")
    wire.send("/sync", 1)
    answers = [wire.receive(), wire.receive(), wire.receive()]
    assert answers == [
        ("/progress", "/bundle/load", "converting", 0.0, 4),
        ("/done", "/bundle/load", "second", 4),
        ("/synced", 1),
    ]
    assert other.settle() == []


def test_without_a_number_progress_has_none(slow: tuple[SlowPlayer, Wire, Wire]) -> None:
    player, wire, _ = slow
    wire.send("/bundle/load", "second")
    wire.ask("/mute")
    player.loading.tell("reading", 0.25)
    assert wire.receive() == ("/progress", "/bundle/load", "reading", 0.25)
    player.loading.set_exception(ControlError("it is damaged"))
    assert wire.receive() == ("/fail", "/bundle/load", "it is damaged")


def test_a_bundle_at_another_rate_is_told_on_the_way(tmp_path: Path) -> None:
    make_bundle(tmp_path / "first.idiolect", seconds=5)
    make_bundle(tmp_path / "second.idiolect", seconds=20, seed=1, sample_rate=44_100)
    config = load(flags={"audio.output": "null", "control.port": 0, "performance.voices": 1})
    with App(tmp_path / "first.idiolect", config) as app:
        wire = Wire(app.control.address[1])
        wire.send("/bundle/swap", "second", "id", 1)
        answers = wire.settle()
        wire.socket.close()
    assert answers[-1][:3] == ("/done", "/bundle/swap", "second")
    assert answers[-1][-1] == 1
    shares = [answer[3] for answer in answers[:-1]]
    assert all(answer[:2] == ("/progress", "/bundle/swap") for answer in answers[:-1])
    assert shares == sorted(shares)
    assert shares
    assert 0 <= shares[0] <= shares[-1] <= 1
