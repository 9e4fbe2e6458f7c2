"""Playing by hand: names and values, in our words and in SuperDirt's."""

from collections.abc import Iterator

import pytest

from idiolect.control import ControlServer
from idiolect.control.playing import PLAY_KEYS, wish_of_dirt
from recording import RecordingPlayer, Wire


def played(player: RecordingPlayer) -> list[tuple[int, dict[str, object]]]:
    return [(voice, wish) for what, voice, _, wish in player.calls if what == "play"]


def test_every_name_reaches_the_player(wire: Wire, player: RecordingPlayer) -> None:
    values = {"i": 3, "f": 0.5, "s": "a.wav", "i or s": "note"}
    given = [word for key in PLAY_KEYS for word in (key.name, values[key.tag])]
    wire.send("/play", *given)
    assert wire.settle() == []
    ((voice, wish),) = played(player)
    assert voice == 3
    assert {"voice": 3, **wish} == dict(zip(given[::2], given[1::2], strict=True))


def test_names_that_mean_nothing_are_passed_over(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/play", "cps", 0.5, "unit", 7.0, "_id_", "1", "s", "bd")
    assert wire.settle() == []
    assert played(player) == [(1, {"unit": 7})]


def test_nothing_at_all_is_a_unit_at_random(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/play")
    assert wire.settle() == []
    assert played(player) == [(1, {})]


@pytest.mark.parametrize(
    "given", [("unit",), (1, 2), ("unit", "twelve"), ("gain", float("nan")), ("unit", -1)]
)
def test_what_cannot_be_played_is_answered(wire: Wire, given: tuple[object, ...]) -> None:
    wire.send("/play", *given)
    ((address, about, _),) = wire.settle()
    assert (address, about) == ("/fail", "/play")


def test_superdirts_address_is_refused_until_it_is_switched_on(wire: Wire) -> None:
    address, about, text = wire.ask("/dirt/play", "s", "bd")
    assert (address, about) == ("/fail", "/dirt/play")
    assert "control.dirt" in text


@pytest.fixture
def dirt(player: RecordingPlayer) -> Iterator[Wire]:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None, takes_dirt=True)
    server.start()
    wire = Wire(server.address[1])
    yield wire
    wire.socket.close()
    server.stop()


def test_superdirts_words_are_understood(dirt: Wire, player: RecordingPlayer) -> None:
    dirt.send(
        "/dirt/play", "cps", 0.5, "cycle", 4.0, "delta", 0.5, "orbit", 5, "s", "violin", "n", 3.0,
        "pan", 0.75, "gain", 1.0, "speed", -2.0, "note", 7.0, "legato", 0.5, "room", 0.3,
        "begin", 0.25, "end", 0.5,
    )  # fmt: skip
    assert dirt.settle() == []
    wish = {
        "file": "violin", "unit": 3, "pan": 0.5, "gain": 0.0, "speed": -2.0, "rate": 700.0,
        "dur": 0.25, "begin": 0.25, "end": 0.5,
    }  # fmt: skip
    assert played(player) == [(2, wish)]


def test_a_dirt_gain_is_an_amplitude_to_the_fourth_power() -> None:
    assert wish_of_dirt({"gain": 0.5}, 1)["gain"] == pytest.approx(-24.08, abs=0.01)
    assert wish_of_dirt({"gain": 0.0}, 1)["gain"] == -90
    assert wish_of_dirt({"gain": 100.0}, 1)["gain"] == wish_of_dirt({"gain": 4}, 1)["gain"]
