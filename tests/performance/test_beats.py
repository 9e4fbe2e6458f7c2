"""Beats as they are heard: whatever becomes of a voice's time, its units keep to them."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from idiolect.engine.counters import CUTS_LATE, STARVED
from stage import Change, Stage

Make = Callable[..., Stage]


def run(stage: Stage, **values: float) -> Stage:
    for name, value in values.items():
        stage.player.set(name, 1, value)
    stage.player.set("run", 1, 1.0)
    return stage


def turn(name: str, value: float) -> Change:
    return lambda stage: stage.player.set(name, 1, value)


def strays(stage: Stage, *, tempo: float, quantize: float) -> list[float]:
    """Seconds at which units began off the grid, the first one left out."""
    rate = stage.bundle.sample_rate
    grid = rate * 60 / tempo * quantize
    onsets = np.array([frame for frame, _ in stage.heard_units()][1:])
    assert len(onsets) > 3
    off = np.abs(onsets - np.round(onsets / grid) * grid) > 1
    return (onsets[off] / rate).tolist()


def assert_in_time(stage: Stage) -> None:
    assert stage.engine.state.counters[STARVED] == 0
    assert stage.engine.state.counters[CUTS_LATE] == 0


@pytest.mark.parametrize("duration", [1.0, 0.7])
@pytest.mark.parametrize("stretch", [0.5, 1.0, 1.37, 2.0, 5.0])
def test_stretched_units_begin_on_the_beats_that_are_heard(
    stage: Make, stretch: float, duration: float
) -> None:
    beats = {"tempo": 130.0, "quantize": 0.5}
    playing = run(stage(), stretch=stretch, duration=duration, continuity=0.6, **beats)
    playing.play(8)
    assert strays(playing, **beats) == []
    assert_in_time(playing)


def test_a_unit_lasts_the_beats_that_come_nearest_to_what_is_heard_of_it(stage: Make) -> None:
    """Stretched by two, as many begin in twice the time, and not fewer for the grid."""
    counts = []
    for stretch in (1.0, 2.0):
        playing = run(stage(), stretch=stretch, tempo=400.0, quantize=0.125, continuity=1.0)
        playing.play(4 * stretch)
        counts.append(len(playing.heard_units()))
    assert counts[1] == pytest.approx(counts[0], rel=0.15)


CHANGES = ((2.13, 2.0), (5.04, 0.5), (7.51, 1.0))


@pytest.mark.parametrize("parameter", ["stretch", "duration"])
def test_units_are_on_the_beat_again_after_the_decision_that_follows_a_change_of_pace(
    stage: Make, parameter: str
) -> None:
    """Off it may be one whose fade had begun, so that it stays as planned, and the one decided next."""
    beats = {"tempo": 100.0, "quantize": 0.25}
    playing = run(stage(), continuity=0.6, **beats)
    playing.play(10, changes=[(at, turn(parameter, value)) for at, value in CHANGES])
    off = np.array(strays(playing, **beats))
    begun = np.array([frame for frame, _ in playing.heard_units()]) / playing.bundle.sample_rate
    for at, _ in CHANGES:
        following = begun[begun > at][:2]
        off = off[~np.isin(off, following)]
    assert not len(off)
    assert_in_time(playing)


def test_a_pace_that_is_to_change_at_a_frame_is_planned_for_it(stage: Make) -> None:
    beats = {"tempo": 100.0, "quantize": 0.25}
    playing = run(stage(), continuity=0.6, **beats)
    rate = playing.bundle.sample_rate
    for at, value in CHANGES:
        playing.player.at = round(at * rate)
        playing.player.set("stretch", 1, value)
    playing.player.at = -1
    playing.play(10)
    off = np.array(strays(playing, **beats))
    begun = np.array([frame for frame, _ in playing.heard_units()]) / rate
    for at, _ in CHANGES:
        off = off[~np.isin(off, begun[begun > at][:2])]
    assert not len(off)
    assert_in_time(playing)


@pytest.mark.parametrize("changes", [(), CHANGES])
def test_neither_the_block_nor_the_lookahead_changes_the_sound(
    stage: Make, changes: Iterable[tuple[float, float]]
) -> None:
    values = {"tempo": 110.0, "quantize": 0.25, "continuity": 0.5, "stretch": 1.6}
    turned = [(at, turn("stretch", value)) for at, value in changes]
    seconds = 8 if turned else 4
    whole = run(stage(), **values).play(seconds, block=400, changes=turned)
    again = run(stage(), **values).play(seconds, block=64, changes=turned)
    np.testing.assert_array_equal(again, whole)
    short = run(stage(lookahead_seconds=0.4), **values).play(seconds, changes=turned)
    np.testing.assert_array_equal(short, whole)


def test_a_stretched_plan_drawn_again_is_the_same_plan(stage: Make) -> None:
    values = {"tempo": 110.0, "quantize": 0.25, "continuity": 0.5, "stretch": 1.6}
    straight, again = run(stage(), **values), run(stage(), **values)
    straight.play(4)

    def redraw(playing: Stage) -> None:
        for value in (3.0, 1.0):
            playing.player.set("temperature", 1, value)

    changes = [(0.1 + 0.05 * k, redraw) for k in range(60)]
    again.play(4, changes=changes)
    assert again.heard_units() == straight.heard_units()


def test_what_was_held_goes_on_in_time(stage: Make) -> None:
    beats = {"tempo": 120.0, "quantize": 0.25}
    playing = run(stage(), continuity=0.6, **beats)
    playing.play(6, changes=[(1.27, turn("freeze", 1.0)), (3.3, turn("freeze", 0.0))])
    off = strays(playing, **beats)
    assert all(3.3 <= at < 4.0 for at in off)
    assert len(off) <= 2


def test_a_planner_that_was_late_finds_the_beat_again(stage: Make) -> None:
    beats = {"tempo": 120.0, "quantize": 0.25}
    playing = run(stage(lookahead_seconds=0.3), continuity=0.6, **beats)
    playing.play(1)
    playing.play(1.07, plan=False)
    assert playing.engine.state.counters[STARVED] == 1
    playing.play(4)
    late = strays(playing, **beats)
    assert late
    assert all(at < 4.0 for at in late)


def test_voices_at_different_paces_keep_one_beat(stage: Make) -> None:
    playing = stage(2)
    for voice, stretch in ((1, 0.8), (2, 1.9)):
        playing.player.set("quantize", voice, 0.5)
        playing.player.set("stretch", voice, stretch)
        playing.player.set("run", voice, 1.0)
    playing.play(6)
    grid = playing.bundle.sample_rate * 60 / 120 / 2
    begun = np.array([e[0] for e in playing.events if e[2] == 1 and e[0] > grid])
    assert len(begun) > 20
    assert (np.minimum(begun % grid, grid - begun % grid) <= 1).all()
