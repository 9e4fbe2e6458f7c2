"""Steps of the spectrum, measured as they are by NumPy."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.corpus.spectrum import decibel, power_spectra
from idiolect.mel import mel_bands
from idiolect.performance.smoothness import HOP, SIZE, SPAN, WAYS, measure_steps

RATE, BANDS = 48_000, 40


def measure(sounds: NDArray[np.float32]) -> NDArray[np.float64]:
    found = np.empty(WAYS)
    measure_steps(sounds.astype(np.float32), found)
    return found


def expect(sound: NDArray[np.float32]) -> float:
    begin = np.arange(0, SPAN - SIZE + 1, HOP)
    power = power_spectra(sound, begin, np.full(len(begin), SIZE), SIZE)
    levels = decibel(power @ mel_bands(BANDS, SIZE, RATE)) * np.log(10) / 10
    return float((np.diff(levels, axis=0) ** 2).mean(axis=1).max())


@pytest.fixture
def noise() -> NDArray[np.float32]:
    return np.random.default_rng(2).normal(0, 0.1, (SPAN, WAYS)).astype(np.float32)


def test_each_sound_is_measured_as_by_numpy(noise: NDArray[np.float32]) -> None:
    noise[:, 1] *= np.linspace(0, 1, SPAN)
    noise[:, 2] = np.sin(np.arange(SPAN) ** 1.4)
    expected = [expect(noise[:, way]) for way in range(WAYS)]
    np.testing.assert_allclose(measure(noise), expected, rtol=1e-3)


def test_silence_does_not_step_and_what_begins_in_it_does(noise: NDArray[np.float32]) -> None:
    noise[:, 0] = 0
    noise[: SPAN // 2, 1] = 0
    found = measure(noise)
    assert found[0] == 0
    assert found[1] > 10 * found[2]


def test_a_sound_is_measured_alike_in_every_place_and_at_every_level(
    noise: NDArray[np.float32],
) -> None:
    one = noise[:, :1]
    alike = measure(np.concatenate([one, 0.25 * one, -one], axis=1))
    np.testing.assert_allclose(alike, alike[0], rtol=1e-5)


def test_a_sound_shifted_by_a_hop_steps_where_it_did() -> None:
    rng = np.random.default_rng(3)
    long = rng.normal(0, 0.1, SPAN + 2 * HOP)
    long[SPAN // 2 :] *= 20
    sounds = np.stack([long[k * HOP : k * HOP + SPAN] for k in range(WAYS)], axis=1)
    found = measure(sounds)
    np.testing.assert_allclose(found, found[0], rtol=1e-4)
