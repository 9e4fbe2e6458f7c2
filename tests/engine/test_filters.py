"""The filters of a voice: what they take away, and what they leave alone."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from idiolect.bundle import Bundle
from idiolect.compiled import njit
from idiolect.engine.engine import Engine
from idiolect.engine.filters import filter_voice
from idiolect.engine.layout import CHUNK
from idiolect.engine.state import view_state
from idiolect.parameters import BLOCK_SLOTS
from stage import Stage
from synthetic import make_bundle

RATE = 24_000
BUTTERWORTH = {"lowpass": "low", "highpass": "high"}


@njit
def filter_part(table: NDArray[np.int64], now: int, count: int) -> None:
    filter_voice(view_state(table), RATE, 0, now, count)


def through(
    audio: NDArray[np.float32], *turns: tuple[int, str, float, int], block: int = CHUNK
) -> NDArray[np.float32]:
    """Filter one side; each turn is a frame, a name, hertz and frames of ramp."""
    engine, out = Engine(1, RATE, RATE // 10), audio.copy()
    frames = sorted({0, len(audio), *(t[0] for t in turns), *range(0, len(audio), block)})
    for first, last in pairwise(frames):
        for _, name, value, ramp in (t for t in turns if t[0] == first):
            engine.state.ramps[1, BLOCK_SLOTS[name]] = (first, ramp, _now(engine, name), value)
        engine.state.scratch[:, : last - first] = audio[first:last]
        filter_part(engine.table, first, last - first)
        out[first:last] = engine.state.scratch[0, : last - first]
    return out


def _now(engine: Engine, name: str) -> float:
    return float(engine.state.ramps[1, BLOCK_SLOTS[name]]["target"])


@pytest.fixture
def noise() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)


@pytest.mark.parametrize("name", BUTTERWORTH)
@pytest.mark.parametrize("hertz", [60.0, 440.0, 3000.0, 9000.0])
def test_it_is_a_butterworth_filter_of_two_poles(name: str, hertz: float) -> None:
    impulse = np.zeros(2 * RATE, np.float32)
    impulse[RATE // 2] = 1  # when it has come in
    heard = through(impulse, (0, name, hertz, 0))[RATE // 2 :]
    b, a = signal.butter(2, hertz, BUTTERWORTH[name], fs=RATE)
    _, theory = signal.freqz(b, a, worN=np.fft.rfftfreq(len(heard)) * 2 * np.pi)
    np.testing.assert_allclose(np.abs(np.fft.rfft(heard)), np.abs(theory), atol=1e-4)


@pytest.mark.parametrize("block", [1, 7, 16, 100])
def test_the_block_size_never_changes_what_is_filtered(
    noise: NDArray[np.float32], block: int
) -> None:
    turns = [(503, "lowpass", 300.0, 2000), (4001, "highpass", 900.0, 10),
             (9000, "lowpass", 20000.0, 240), (9100, "lowpass", 700.0, 1),
             (15_000, "highpass", 20.0, 100)]  # fmt: skip
    whole = through(noise, *turns)
    assert not np.array_equal(whole, noise)
    np.testing.assert_array_equal(through(noise, *turns, block=block), whole)


def test_open_it_is_bit_exact_before_and_after(noise: NDArray[np.float32]) -> None:
    turns = (8000, "lowpass", 500.0, 240), (12_000, "lowpass", 20000.0, 240)
    heard = through(noise, *turns)
    np.testing.assert_array_equal(heard[:8000], noise[:8000])
    np.testing.assert_array_equal(heard[12_800:], noise[12_800:])
    assert not np.array_equal(heard[8000:12_800], noise[8000:12_800])


@pytest.mark.parametrize("name", BUTTERWORTH)
def test_swept_back_and_forth_it_adds_nothing_to_a_tone(name: str) -> None:
    """Far from a tone, its spectrum stays empty: steps of the cutoff would fill it."""
    tone = (0.25 * np.sin(2 * np.pi * 440 / RATE * np.arange(2 * RATE))).astype(np.float32)
    rest = {"lowpass": 20_000.0, "highpass": 20.0}[name]
    turns = [(1000 + 3000 * k, name, 500.0 if k % 2 == 0 else rest, 1500) for k in range(12)]
    heard = through(tone, *turns)
    spectrum = np.abs(np.fft.rfft(heard * signal.windows.blackmanharris(len(heard))))
    far = np.fft.rfftfreq(len(heard), 1 / RATE) > 1400
    assert 20 * np.log10(spectrum[far].max() / spectrum.max()) < -70


def test_no_number_is_forgotten(noise: NDArray[np.float32]) -> None:
    """Infinity and NaN are gone with the next look at the grid."""
    spoiled = noise.copy()
    spoiled[5000], spoiled[6000] = np.nan, np.inf
    heard = through(spoiled, (0, "lowpass", 400.0, 0), (0, "highpass", 100.0, 0))
    assert np.isfinite(heard[5050:6000]).all()
    assert np.isfinite(heard[6050:]).all()
    clean = through(noise, (0, "lowpass", 400.0, 0), (0, "highpass", 100.0, 0))
    np.testing.assert_allclose(heard[16_000:], clean[16_000:], atol=1e-6)


def test_what_dies_away_ends_as_nothing() -> None:
    """No denormal number stays."""
    impulse = np.zeros(RATE, np.float32)
    impulse[1000] = 1
    heard = through(impulse, (0, "lowpass", 9000.0, 0), (0, "highpass", 2000.0, 0))
    assert np.abs(heard[1000:1010]).max() > 0.1
    assert (heard[8000:] == 0).all()
    small = np.abs(heard[heard != 0]).min()
    assert small > np.finfo(np.float32).tiny


def test_a_voice_is_filtered_alone(tmp_path: Path) -> None:
    bundle: Bundle = make_bundle(tmp_path / "x.idiolect", sample_rate=RATE)
    plain, stage = Stage(bundle, 1), Stage(bundle, 1)
    stage.player.set("highpass", 1, 9000.0)
    heard = []
    for each in (plain, stage):
        each.player.set("run", 1, 1.0)
        heard.append(each.play(1.5)[RATE // 2 :])
    assert np.mean(heard[1] ** 2) < 0.1 * np.mean(heard[0] ** 2)
