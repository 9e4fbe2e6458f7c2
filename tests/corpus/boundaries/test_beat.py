"""Bars are found in long sources, too, a stretch at a time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.corpus.boundaries.beat import STRETCH, bars
from idiolect.corpus.boundaries.features import Features

RATE, HOP = 48_000, 256


def _clicks(seconds: float, beat: float, first: float, seed: int) -> NDArray[np.float32]:
    """Rises of a click on every beat, the first of four stronger."""
    rng = np.random.default_rng(seed)
    rise = rng.random((round(seconds * RATE / HOP), 4)).astype(np.float32)
    at = np.round((first + beat * np.arange(int((seconds - first) / beat))) * RATE / HOP)
    rise[at.astype(int)] += np.where(np.arange(len(at)) % 4 == 0, 40, 20)[:, None]
    return rise


def _heard(rise: NDArray[np.float32]) -> Features:
    return Features(HOP, rise, 19 * HOP, np.zeros((1, 24), np.float32), np.zeros(1, np.float32))


@pytest.mark.parametrize("seed", range(4))
def test_bars_go_on_from_one_stretch_to_the_next(seed: int) -> None:
    beat, first = 0.4 + 0.0731 * seed, 0.3
    found = bars(_heard(_clicks(2.5 * STRETCH, beat, first, seed)), 8 * beat, RATE)
    assert not len(found.free)
    steps = np.diff(found.places) / RATE
    np.testing.assert_allclose(steps, 8 * beat, atol=0.03)
    late = found.places / RATE - first
    late -= np.round(late / (4 * beat)) * 4 * beat
    assert np.ptp(late) < 0.03


def test_a_stretch_without_a_pulse_is_named() -> None:
    noise = np.random.default_rng(0).random((round(STRETCH * RATE / HOP), 4)).astype(np.float32)
    steady = _clicks(STRETCH, 0.5, 0.2, 0)
    found = bars(_heard(np.concatenate([steady, noise, steady[: len(noise)]])), 4.0, RATE)
    ((first, end),) = found.free.tolist()
    assert first == pytest.approx(STRETCH * RATE, abs=HOP)
    assert end == pytest.approx(2 * STRETCH * RATE, abs=HOP)
    inside = (found.places > first + RATE) & (found.places < end)
    assert not inside.any()
    assert (found.places < first).sum() == pytest.approx(STRETCH / 4, abs=2)


def test_a_tempo_that_changes_is_followed_from_stretch_to_stretch() -> None:
    slow, fast = _clicks(STRETCH, 0.6, 0.2, 0), _clicks(STRETCH, 0.43, 0.2, 1)
    found = bars(_heard(np.concatenate([slow, fast])), 4.0, RATE)
    steps = np.diff(found.places) / RATE
    np.testing.assert_allclose(steps[:100], 8 * 0.6, atol=0.03)
    np.testing.assert_allclose(steps[-100:], 8 * 0.43, atol=0.03)
