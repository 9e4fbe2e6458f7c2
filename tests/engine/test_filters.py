"""Filters: as theory has them, open without a trace, and moved without one."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.engine import Engine
from idiolect.engine.filters import TURN, filter_voice
from idiolect.engine.layout import CHUNK
from idiolect.engine.state import view_state

RATE = 48_000
SETTLED = 4800  # frames after which what was there before has died away


@realtime
def _filter(table: NDArray[np.int64], now: int, count: int) -> None:
    filter_voice(view_state(table), RATE, 0, now, count)


def turn(engine: Engine, name: str, value: float, frame: int = 0, frames: int = 0) -> None:
    """Set a cutoff's ramp, as a control does that acts at `frame`."""
    from idiolect.parameters.slots import BLOCK_SLOTS

    ramp = engine.state.ramps[1, BLOCK_SLOTS[name]]
    passed = frame - ramp["start"]
    share = min(1.0, passed / ramp["frames"]) if ramp["frames"] else 1.0
    ramp["origin"] = ramp["origin"] + (ramp["target"] - ramp["origin"]) * share
    ramp["start"], ramp["frames"], ramp["target"] = frame, frames, math.log(value)


def run(
    engine: Engine, audio: NDArray[np.float32], block: int = CHUNK, first: int = 0
) -> NDArray[np.float32]:
    """Pass float32[frames, 2] through the filters of voice 1, in blocks."""
    out = np.empty_like(audio)
    for at in range(0, len(audio), block):
        part = audio[at : at + block]
        engine.state.scratch[:, : len(part)] = part.T
        _filter(engine.table, first + at, len(part))
        out[at : at + block] = engine.state.scratch[:, : len(part)].T
    return out


def noise(frames: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.2, (frames, 2)).astype(np.float32)


def sine(frequency: float, frames: int) -> NDArray[np.float32]:
    wave = np.sin(2 * math.pi * frequency * np.arange(frames) / RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


@pytest.fixture
def engine() -> Engine:
    return Engine(1, RATE, RATE // 10)


def test_open_filters_pass_every_bit(engine: Engine) -> None:
    audio = noise(RATE)
    np.testing.assert_array_equal(run(engine, audio), audio)


@pytest.mark.parametrize("cutoff", [60.0, 500.0, 3000.0, 12_000.0])
@pytest.mark.parametrize("name", ["lowpass", "highpass"])
def test_the_response_is_that_of_a_butterworth_filter(
    engine: Engine, name: str, cutoff: float
) -> None:
    """Bilinear, so exact with both frequencies warped: |H|^2 = 1 / (1 + r^4)."""
    turn(engine, name, cutoff)
    for frequency in (50.0, 200.0, 1000.0, 5000.0, 15_000.0):
        engine.state.filters[:] = 0
        heard = run(engine, sine(frequency, RATE))[RATE // 2 :, 0]
        level = math.sqrt(2) * float(np.sqrt((heard.astype(np.float64) ** 2).mean()))
        ratio = math.tan(math.pi * frequency / RATE) / math.tan(math.pi * cutoff / RATE)
        ratio = ratio if name == "lowpass" else 1 / ratio
        assert level == pytest.approx(1 / math.sqrt(1 + ratio**4), rel=5e-3, abs=2e-5)


def test_both_together_leave_what_lies_between(engine: Engine) -> None:
    turn(engine, "highpass", 500)
    turn(engine, "lowpass", 2000)
    levels = [
        float(np.abs(run(engine, sine(f, RATE))[RATE // 2 :]).max()) for f in (60, 1000, 12_000)
    ]
    assert levels[0] < 0.05
    assert levels[1] > 0.85
    assert levels[2] < 0.05


@pytest.mark.parametrize("block", [1, 64, 100, 255])
def test_the_block_size_never_changes_the_sound(block: int) -> None:
    audio, found = noise(9600), []
    for size in (CHUNK, block):
        engine = Engine(1, RATE, RATE // 10)
        parts = []
        for first, cutoff in ((0, 800.0), (2400, 9000.0), (4800, 20_000.0), (7200, 300.0)):
            turn(engine, "lowpass", cutoff, first, 480)
            turn(engine, "highpass", cutoff / 10, first, 1200)
            parts.append(run(engine, audio[first : first + 2400], size, first))
        found.append(np.concatenate(parts))
    np.testing.assert_array_equal(found[0], found[1])


def test_closed_and_opened_again_it_passes_every_bit(engine: Engine) -> None:
    audio = noise(RATE)
    turn(engine, "lowpass", 400, 0, 480)
    first = run(engine, audio[:9600])
    assert not np.array_equal(first, audio[:9600])
    turn(engine, "lowpass", 20_000, 9600, 480)
    run(engine, audio[9600:14_400], first=9600)
    last = audio[14_400:]
    np.testing.assert_array_equal(run(engine, last, first=14_400), last)
    assert not engine.state.filters.view(np.uint8).any() or not engine.state.filters["part"].any()


@pytest.mark.parametrize(("start", "end"), [(20_000.0, 200.0), (200.0, 20_000.0), (300.0, 6000.0)])
def test_a_cutoff_moves_without_a_click(engine: Engine, start: float, end: float) -> None:
    """A steady 100 Hz steps from frame to frame no further than it does by itself."""
    turn(engine, "lowpass", start)
    audio = sine(100, RATE)
    run(engine, audio[:SETTLED])
    turn(engine, "lowpass", end, SETTLED, 480)
    heard = run(engine, audio[SETTLED:], first=SETTLED)[:, 0]
    own = float(np.abs(np.diff(audio[:, 0])).max())
    assert np.abs(np.diff(heard.astype(np.float64))).max() < 1.6 * own
    assert np.abs(np.diff(heard.astype(np.float64), 2)).max() < 0.05


def test_what_is_no_number_does_not_stay(engine: Engine) -> None:
    turn(engine, "lowpass", 1000)
    broken = noise(CHUNK)
    broken[17] = np.nan
    run(engine, broken)
    assert np.isfinite(run(engine, noise(CHUNK), first=CHUNK)).all()


def test_what_has_died_away_is_forgotten(engine: Engine) -> None:
    """Else it would go on for ever in numbers that processors are slow with."""
    turn(engine, "highpass", 200)
    run(engine, noise(CHUNK))
    run(engine, np.zeros((2 * RATE, 2), np.float32), first=CHUNK)
    filters = engine.state.filters[0]
    assert not filters["first"].any()
    assert not filters["second"].any()


def test_it_takes_hold_within_its_turn(engine: Engine) -> None:
    audio = sine(10_000, RATE)
    turn(engine, "lowpass", 100)
    heard = run(engine, audio)
    assert np.abs(heard[TURN + 480 :]).max() < 1e-3


@pytest.mark.parametrize("block", [1, 37, 64])
def test_what_dies_away_does_so_at_the_same_frame_whatever_the_block(block: int) -> None:
    audio = np.concatenate([noise(2000), np.zeros((6000, 2), np.float32)])
    died = []
    for size in (CHUNK, block):
        engine = Engine(1, RATE, RATE // 10)
        turn(engine, "lowpass", 2000.0)
        turn(engine, "highpass", 500.0)
        died.append(run(engine, audio, size))
    assert np.array_equal(*died)
    assert not died[0][-500:].any()
    assert died[0][2000:2200].all()
