"""What a parameter is told to be is what acts, at every frame, in whatever order it was set."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idiolect.control.codec import encode, encode_bundle, parse
from idiolect.control.desk import Desk
from idiolect.control.dispatch import Dispatcher
from idiolect.control.schedule import ntp_of
from idiolect.parameters.slots import BLOCK_SLOTS, PLANNER_SLOTS
from idiolect.performance.changes import SOON
from idiolect.performance.player import Player
from idiolect.performance.values import Values
from stage import Stage

Make = Callable[..., Stage]

GAIN = (1, "gain")
ANYHOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def turn(player: Player, name: str, value: float, at: int = SOON) -> None:
    """Set a parameter of the first voice so that it acts at a frame."""
    player.at = at
    player.set(name, 1, value)
    player.at = SOON


def acting(stage: Stage, name: str) -> float:
    """What the block, or the planner, has for a parameter of the first voice."""
    if name in BLOCK_SLOTS:
        return float(stage.engine.state.ramps["target"][1, BLOCK_SLOTS[name]])
    return float(stage.planner.plan.parameters[0, PLANNER_SLOTS[name]])


@dataclass(eq=False)
class Listener:
    """A client that is told of changes."""

    host: str = "127.0.0.1"
    port: int = 4000
    told: list[Any] = field(default_factory=list)

    def send(self, packet: bytes) -> None:
        message: Any = parse(packet)
        self.told.append((message.address, *message.arguments))

    def at(self, port: int) -> "Listener":
        return self

    def take(self) -> list[Any]:
        told, self.told = self.told, []
        return told


class At:
    """A witness that has one frame for every time."""

    def __init__(self, frame: int) -> None:
        self.frame = frame

    def frame_at(self, seconds: float) -> int:
        return self.frame


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pan", "temperature", "run", "stretch"]),
            st.floats(0.25, 1.0).map(lambda value: round(value, 3)),
            st.just(SOON) | st.integers(0, 1000),
            st.integers(0, 3),
        ),
        max_size=12,
    )
)
@ANYHOW
def test_in_the_end_all_act_as_they_are_told(
    stage: Make, changes: list[tuple[str, float, int, int]]
) -> None:
    """Set by hand and for frames that lie ahead, these in no order, a few blocks between them."""
    playing, names = stage(), {"pan", "temperature", "run", "stretch"}
    block = 64 / playing.bundle.sample_rate
    for name, value, ahead, wait in changes:
        at = ahead if ahead == SOON else playing.engine.frame + ahead
        turn(playing.player, name, float(round(value)) if name == "run" else value, at)
        if wait:
            playing.play(wait * block, block=64)
    playing.play(0.3, block=64)
    playing.player.changes()
    assert not playing.player.awaits
    assert {name: acting(playing, name) for name in names} == pytest.approx(
        {name: playing.player.get(name, 1) for name in names}
    )


def test_a_value_for_a_frame_is_told_from_that_frame_on(stage: Make) -> None:
    playing, rate = stage(), stage().bundle.sample_rate
    player = playing.player
    turn(player, "pan", 0.5, rate // 10)
    turn(player, "pan", -0.25)
    assert (player.get("pan", 1), player.awaits) == (-0.25, True)
    assert player.changes() == [("pan", 1, -0.25)]
    playing.play(0.09)
    assert (player.get("pan", 1), player.changes()) == (-0.25, [])
    playing.play(0.02)
    assert player.get("pan", 1) == 0.5
    assert player.changes() == [("pan", 1, 0.5)]
    assert (player.changes(), player.awaits) == ([], False)


def test_what_is_done_at_a_frame_goes_by_what_is_set_for_it(stage: Make) -> None:
    """A seed that comes with a scale is of that scale, though the voice is not in it yet."""
    playing = stage()
    player, note = playing.player, playing.bundle.scales[1]
    player.at = playing.bundle.sample_rate // 10
    with player.together():
        player.set("scale", 1, 1.0)
        seeded = player.seed_units(1, [len(note.units) - 1])
    player.at = SOON
    assert player.get("scale", 1) == 0
    playing.play(0.3)
    assert player.get("scale", 1) == 1
    assert seeded.result(0).unit == len(note.units) - 1


def test_a_seed_for_a_frame_is_of_its_scale_though_that_is_changed_before(stage: Make) -> None:
    playing = stage()
    player, plan = playing.player, playing.planner.plan
    player.at = playing.bundle.sample_rate // 5
    player.seed_units(1, [0])
    player.at = SOON
    player.set("scale", 1, 1.0)
    playing.play(0.1)
    assert player.get("scale", 1) == plan.voices["scale"][0] == 1
    playing.play(0.2)
    assert player.get("scale", 1) == plan.voices["scale"][0] == 0


@pytest.mark.parametrize("rest", [lambda player: player.set("run", 1, 0.0), Player.panic])
def test_what_rests_is_told_to_hold_nothing(stage: Make, rest: Callable[[Player], None]) -> None:
    player = stage().player
    player.set("run", 1, 1.0)
    player.set("freeze", 1, 1.0)
    player.changes()
    rest(player)
    assert sorted(player.changes()) == [("freeze", 1, 0.0), ("run", 1, 0.0)]


def test_a_ramp_is_on_its_way_until_it_is_there() -> None:
    values = Values({GAIN: 0.0})
    values.set(GAIN, -90.0, 100, now=100, ramp=500)
    assert values.get(GAIN, 100) == -90
    assert [values.is_moving(GAIN, frame) for frame in (100, 599, 600)] == [True, True, False]


def test_of_one_frame_the_last_set_counts() -> None:
    values = Values({GAIN: 0.0})
    for value in (-1.0, -2.0):
        values.set(GAIN, value, 50, now=0)
    values.set(GAIN, -3.0, 20, now=0)
    assert [values.get(GAIN, frame) for frame in (0, 20, 49, 50)] == [0, -3, -3, -2]
    assert values.following(GAIN, 20) == 50
    assert values.changes(60) == {GAIN: -2.0}


def test_what_went_and_came_back_is_no_change() -> None:
    values = Values({GAIN: 0.0})
    for value in (-1.0, 0.0):
        values.set(GAIN, value, 0, now=0)
    assert values.changes(0) == {}


def test_clients_are_told_what_is_heard(stage: Make) -> None:
    """One OSC bundle for a frame ahead, then the same parameters by hand: get, notice and status."""
    playing, client = stage(), Listener()
    rate, player = playing.bundle.sample_rate, playing.player
    witness: Any = At(rate // 10)
    desk = Desk(
        player, name="test", defer=lambda work: work(), quit=lambda: None,
        time_tags="honour", witness=witness,
    )  # fmt: skip
    dispatcher = Dispatcher(desk)
    desk.clients.add(client, desk.now(), ("state",), 30.0)

    def ask(address: str, *arguments: float) -> list[Any]:
        dispatcher.receive(encode(address, *arguments), client)
        dispatcher.flush()
        return client.take()

    assert ask("/voice/1/run", 1) == [("/voice/1/run", 1)]
    assert ask("/voice/1/freeze", 1) == [("/voice/1/freeze", 1)]
    ending = [encode("/voice/1/run", 0), encode("/voice/1/pan", 0.5)]
    dispatcher.receive(encode_bundle(*ending, time_tag=ntp_of(time.time())), client)
    assert ask("/voice/1/pan", -0.25) == [("/voice/1/pan", -0.25)]
    assert ask("/voice/1/run", 1) == []
    playing.play(0.09)
    desk.announce_changes()
    assert client.take() == []
    assert (ask("/voice/1/pan"), player.status().running) == ([("/voice/1/pan", -0.25)], 1)
    playing.play(0.02)
    desk.announce_changes()
    assert sorted(client.take()) == [
        ("/voice/1/freeze", 0), ("/voice/1/pan", 0.5), ("/voice/1/run", 0),
    ]  # fmt: skip
    assert (ask("/voice/1/run"), player.status().running) == ([("/voice/1/run", 0)], 0)
    assert {name: acting(playing, name) for name in ("pan", "run")} == {"pan": 0.5, "run": 0.0}
