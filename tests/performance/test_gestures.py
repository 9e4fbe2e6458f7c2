"""What a performer does first: hold on to what has just been heard, and make it keep time."""

from collections.abc import Callable

import numpy as np
import pytest

from idiolect.engine.counters import CUTS_LATE, NAN, STARVED
from idiolect.performance.joins import ATTACK_FRAMES
from stage import Stage

Make = Callable[..., Stage]


def run(stage: Stage, **values: float) -> Stage:
    for name, value in values.items():
        stage.player.set(name, 1, value)
    stage.player.set("run", 1, 1.0)
    return stage


@pytest.mark.parametrize("length", [1, 3, 8])
def test_a_loop_repeats_what_was_heard_last_until_it_is_let_go(stage: Make, length: int) -> None:
    playing = run(stage(), continuity=0.6)
    changes = [
        (1.0, lambda s: s.player.set("loop", 1, float(length))),
        (8.0, lambda s: s.player.set("loop", 1, 0.0)),
    ]
    playing.play(11, changes=changes)
    rate = playing.bundle.sample_rate
    heard = [(frame / rate, unit) for frame, unit in playing.heard_units()]
    looped = [unit for time, unit in heard if 1.5 < time < 8.0]
    assert len(looped) > 2 * length
    assert looped[length:] == looped[:-length]
    before = [unit for time, unit in heard if time < 1.0]
    assert set(looped[:length]) <= set(before[-length - 2 :]) | set(looped[:length])
    after = [unit for time, unit in heard if time > 8.5]
    assert after[length:] != after[:-length]


def test_what_is_looped_is_what_was_heard_before_the_loop_began(stage: Make) -> None:
    playing = run(stage(), continuity=0.6)
    playing.play(4, changes=[(1.0, lambda s: s.player.set("loop", 1, 4.0))])
    units = [unit for _, unit in playing.heard_units()]
    starts = [k for k in range(4, len(units) - 4) if units[k : k + 4] == units[k - 4 : k]]
    assert starts
    rate = playing.bundle.sample_rate
    first = playing.heard_units()[starts[0]][0] / rate
    assert 1.0 < first < 1.6


def test_a_loop_drawn_again_is_the_same_loop(stage: Make) -> None:
    straight = run(stage(), loop=3).play(3)

    def redraw(playing: Stage) -> None:
        for value in (3.0, 1.0):
            playing.player.set("temperature", 1, value)

    again = run(stage(), loop=3).play(3, changes=[(0.1 + 0.05 * k, redraw) for k in range(50)])
    np.testing.assert_array_equal(again, straight)


@pytest.mark.parametrize("quantize", [0.125, 0.25, 1.0])
@pytest.mark.parametrize("tempo", [97.0, 120.0])
def test_quantized_units_begin_on_the_grid(stage: Make, quantize: float, tempo: float) -> None:
    playing = run(stage(), tempo=tempo, quantize=quantize, continuity=0.7)
    playing.play(6)
    rate = playing.bundle.sample_rate
    grid = rate * 60 / tempo * quantize
    onsets = np.array([frame for frame, _ in playing.heard_units()][1:])
    assert len(onsets) > 5
    assert np.abs(onsets - np.round(onsets / grid) * grid).max() <= 0.5
    assert playing.engine.state.counters[STARVED] == 0
    assert playing.engine.state.counters[CUTS_LATE] == 0


def test_a_grid_keeps_the_sound_the_same_whatever_the_block_and_the_lookahead(stage: Make) -> None:
    values = {"tempo": 110.0, "quantize": 0.25, "continuity": 0.5}
    whole = run(stage(), **values).play(3, block=4096)
    np.testing.assert_array_equal(run(stage(), **values).play(3, block=64), whole)
    short = run(stage(lookahead_seconds=0.3), **values).play(3)
    np.testing.assert_array_equal(short, whole)


def test_voices_on_one_grid_begin_together(stage: Make) -> None:
    """From whenever each of them was started."""
    playing = stage(2)
    for voice in (1, 2):
        playing.player.set("quantize", voice, 0.5)
        playing.player.set("random_seed", voice, float(voice))
    playing.player.set("run", 1, 1.0)
    playing.play(6, changes=[(0.37, lambda s: s.player.set("run", 2, 1.0))])
    rate = playing.bundle.sample_rate
    begun = {
        voice: {e[0] for e in playing.events if e[2] == 1 and e[1] == voice and e[0] > rate}
        for voice in (1, 2)
    }
    grid = rate * 60 / 120 / 2
    assert all((np.array(sorted(begun[v])) % grid < 1).all() for v in (1, 2))


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_what_is_held_beyond_the_end_of_its_source_falls_silent(stage: Make, jitter: float) -> None:
    """As it is, and as a cloud: nothing is read that is not of the source."""
    playing = stage()
    playing.player.seed_unit(1, 1)
    run(playing, tempo=60.0, quantize=16.0, jitter=jitter)
    out = playing.play(15.5)
    rate, first = playing.bundle.sample_rate, playing.bundle.sources[0]
    ends = (int(first["start"]) + int(first["frames"])) / rate
    assert ends < 11
    assert (playing.engine.state.grains["held"] >= 0).all()
    assert playing.engine.state.counters[NAN] == 0
    assert np.abs(out[rate : 2 * rate]).max() > 0.01
    assert np.abs(out[round(rate * (ends + 0.5)) :]).max() == 0


def test_what_comes_after_the_end_of_everything_joins_silence(stage: Make) -> None:
    """The last unit of the bundle is held, and cut short: nothing beyond the end is looked at."""
    playing = stage()
    last = len(playing.bundle.scales[0].units) - 1
    playing.player.seed_unit(1, last - 1)
    run(playing, tempo=60.0, quantize=8.0, continuity=1.0)
    changes = [(4.0 + k, lambda s: s.player.cut(1)) for k in range(3)]
    playing.play(12, changes=changes)
    grains = playing.engine.state.grains[0, : playing.engine.state.pushed[0]]
    assert grains["unit"][0] == last
    joined = grains[1:][grains["first"][1:] == 1]
    assert len(joined) > 2
    assert (joined["correlation"][:1] == 0).all()
    assert (joined["fade"][:1] == ATTACK_FRAMES).all()
    assert (joined["gain"][:1] == 1).all()
    assert np.isfinite(grains["gain"]).all()
