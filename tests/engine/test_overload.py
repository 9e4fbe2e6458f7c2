"""Overload: who goes, how softly, and that it comes out the same."""

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.engine.calibration import measure_capacity
from idiolect.engine.counters import STOLEN
from idiolect.engine.overload import COSTS
from stage import Stage
from synthetic import make_bundle

RATE = 24_000
DENSE = {"rate": 300.0, "overlap": 12.0, "length": 0.2, "quality": 3.0, "jitter": 0.4}
TIGHT = 10 * COSTS[3] * 2  # picoseconds: about seven sub-grains of two channels


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("overload") / "x.idiolect", sample_rate=RATE)


def dense(bundle: Bundle, capacity: int, voices: int = 2) -> Stage:
    stage = Stage(bundle, voices)
    stage.engine.capacity = capacity
    for voice in range(1, voices + 1):
        for name, value in DENSE.items():
            stage.engine.push_control(voice, name, value, frame=0, ramp=0)
        stage.player.set("run", voice, 1.0)
    return stage


@pytest.mark.parametrize("block", [1, 100, 256])
def test_the_block_size_never_changes_who_goes(bundle: Bundle, block: int) -> None:
    whole, again = dense(bundle, TIGHT), dense(bundle, TIGHT)
    heard = whole.play(1, block=4096)
    np.testing.assert_array_equal(again.play(1, block=block), heard)
    stolen = whole.engine.state.counters[STOLEN]
    assert stolen > 20
    assert again.engine.state.counters[STOLEN] == stolen


def test_with_room_enough_nothing_changes(bundle: Bundle) -> None:
    heard = [dense(bundle, capacity).play(1) for capacity in (0, 2**31 - 1)]
    np.testing.assert_array_equal(*heard)
    assert not np.array_equal(dense(bundle, TIGHT).play(1), heard[0])


def test_what_stays_fits_and_what_goes_takes_two_milliseconds(bundle: Bundle) -> None:
    stage = dense(bundle, TIGHT)
    fades, fade = 0, round(0.002 * RATE)
    stage.play(0.5, block=64)
    for _ in range(100):
        stage.play(64 / RATE, block=64)
        state, staying = stage.engine.state, 0
        for voice in range(2):
            subs = state.subgrains[voice, : state.voices[voice]["subgrains"]]
            leaving = subs["out_start"] >= 0
            fades += int((subs["out_frames"][leaving] == fade).sum())
            staying += int((~leaving).sum())
        assert staying <= 7 + 4  # those born since the last count
    assert fades > 0


def test_the_quieter_voice_gives_way(bundle: Bundle) -> None:
    stage = dense(bundle, TIGHT)
    stage.engine.push_control(2, "gain", 0.01, frame=0, ramp=0)
    stage.play(0.5)
    counts = np.zeros(2)
    for _ in range(50):
        stage.play(0.01)
        state = stage.engine.state
        for voice in range(2):
            subs = state.subgrains[voice, : state.voices[voice]["subgrains"]]
            counts[voice] += int((subs["out_start"] < 0).sum())
    assert counts[0] > 3 * counts[1]


def test_what_is_measured_can_be_written_down() -> None:
    assert 0 < measure_capacity(RATE) < 2**31
