"""Whatever is asked for, and however often: every voice has something to play, and obeys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.engine.counters import CUTS, STARVED
from stage import Change, Stage
from synthetic import make_bundle

RATE = 48_000
BLOCK = 480
UNIT_SECONDS = (0.05, 0.1)
FASTEST = {"stretch": 0.25, "duration": 0.25}  # sixteen times as fast

Make = Callable[..., Stage]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("supply") / "random.idiolect"
    return make_bundle(folder, sample_rate=RATE, unit_seconds=UNIT_SECONDS)


def run(stage: Stage, **values: float) -> Stage:
    for voice in range(1, stage.voices + 1):
        for name, value in values.items():
            stage.player.set(name, voice, value)
        stage.player.set("run", voice, 1.0)
    return stage


def turn(name: str, value: float) -> Change:
    def do(stage: Stage) -> None:
        for voice in range(1, stage.voices + 1):
            stage.player.set(name, voice, value)

    return do


def seed(stage: Stage) -> None:
    for voice in range(1, stage.voices + 1):
        stage.player.seed_random(voice)


def cut(stage: Stage) -> None:
    for voice in range(1, stage.voices + 1):
        stage.player.cut(voice)


def often(do: Change, first: float, last: float, apart: float) -> Iterator[tuple[float, Change]]:
    return ((at, do) for at in np.arange(first, last, apart).tolist())


def in_order(*several: Iterator[tuple[float, Change]]) -> list[tuple[float, Change]]:
    return sorted((one for changes in several for one in changes), key=lambda change: change[0])


def starved(stage: Stage) -> int:
    return int(stage.engine.state.counters[STARVED])


@pytest.mark.parametrize("do", [seed, cut], ids=["seeds", "cuts"])
def test_a_thousand_commands_a_second_leave_every_voice_with_something_to_play(
    stage: Make, do: Change
) -> None:
    playing = run(stage(4))
    playing.play(2, block=BLOCK, changes=often(do, 0.2, 1.8, 0.004))
    assert starved(playing) == 0
    assert playing.engine.state.counters[CUTS] > 100


def test_a_storm_of_faders_and_commands_leaves_every_voice_with_something_to_play(
    bundle: Bundle,
) -> None:
    """Every voice's faders, its scale and its place at once, and its time thrown about."""
    playing = run(Stage(bundle, 3), continuity=0.0)
    rng = np.random.default_rng(2)
    names = ("temperature", "stretch", "duration", "freeze", "interrupt", "length", "scale")
    spans = {"temperature": (0, 2), "stretch": (0.25, 4), "duration": (0.25, 4), "length": (0.1, 1)}

    def throw(stage: Stage) -> None:
        name = names[int(rng.integers(len(names)))]
        low, high = spans.get(name, (0, 2))
        value = rng.uniform(low, high) if name in spans else float(rng.integers(2))
        stage.player.set(name, int(rng.integers(1, 4)), value)

    changes = in_order(
        often(throw, 0.2, 9.8, 0.005), often(seed, 0.2, 9.8, 0.05), often(cut, 0.2, 9.8, 0.07)
    )
    heard = playing.play(10, block=BLOCK, changes=changes)
    assert starved(playing) == 0
    assert np.isfinite(heard).all()


@pytest.mark.parametrize("length", [0.1, 1.0])
def test_sixteen_times_as_fast_a_voice_has_something_to_play_and_obeys(
    bundle: Bundle, length: float
) -> None:
    """However long the sub-grains are that read what was."""
    playing = run(Stage(bundle), continuity=0.0, length=length, **FASTEST)
    done = []
    commands = often(lambda s: done.append(s.player.cut(1)), 0.5, 2.5, 0.1)
    playing.play(3, block=BLOCK, changes=commands)
    assert starved(playing) == 0
    assert len(done) == 20
    assert all(answer.done() for answer in done)
    playing.player.set("run", 1, 0.0)
    playing.play(1.5, block=BLOCK)
    assert np.abs(playing.play(0.2, block=BLOCK)).max() == 0


def test_at_the_ordinary_pace_a_sub_grain_lasts_as_long_as_it_is_told(bundle: Bundle) -> None:
    """A second, though nothing follows from what was before."""
    playing = run(Stage(bundle), continuity=0.0, length=1.0, jitter=0.5)
    for _ in range(8):
        playing.play(0.5, block=BLOCK)
        own = playing.engine.state.voices[0]
        sounding = playing.engine.state.subgrains[0][: own["subgrains"]]
        assert len(sounding) > 0
        assert (sounding["out_start"] < 0).all()


def test_nobody_starves_while_time_stands(bundle: Bundle) -> None:
    """Not even where it is held after the piece that a cut has left, before what the cut brings."""
    playing = run(Stage(bundle))
    playing.play(0.25, block=BLOCK)
    sounding = int(playing.engine.state.voices["count"][0]) - 1
    playing.engine.state.active["due"][0, sounding] = playing.engine.frame
    playing.player.set("freeze", 1, 1.0)
    playing.play(0.5, block=BLOCK)
    assert starved(playing) == 0


def test_a_voice_cut_while_its_time_stands_has_something_to_play_when_it_goes_on(
    bundle: Bundle,
) -> None:
    """Sixteen times as fast."""
    playing = run(Stage(bundle), continuity=0.0, **FASTEST)
    held = often(turn("freeze", 1.0), 0.5, 9.5, 0.31)
    let_go = often(turn("freeze", 0.0), 0.7, 9.7, 0.31)
    commands = in_order(often(seed, 0.5, 9.8, 0.02), often(cut, 0.5, 9.8, 0.03))
    playing.play(10, block=BLOCK, changes=in_order(held, let_go, iter(commands)))
    assert starved(playing) == 0


def test_a_parameter_that_interrupts_waits_for_room(bundle: Bundle) -> None:
    """A fader that cuts slow time again and again leaves enough for time that is fast."""
    playing = run(Stage(bundle), continuity=0.0, interrupt=1.0)
    rng = np.random.default_rng(1)
    fader = often(lambda s: s.player.set("temperature", 1, rng.uniform(0, 2)), 0.5, 9.5, 0.012)
    slow = often(turn("stretch", 16.0), 0.5, 9.5, 0.4)
    fast = often(turn("stretch", 0.25), 0.8, 9.8, 0.4)
    playing.play(10, block=BLOCK, changes=in_order(fader, slow, fast))
    assert starved(playing) == 0
