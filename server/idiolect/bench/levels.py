"""How loud a sound is, from moment to moment, and how that steps at given places."""

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.spectrum import decibel

__all__ = ["level_steps", "measure_levels"]

LEVEL_SECONDS = 0.02
FADED = 1440  # frames at 48 kHz before an onset within which a fade lies, at most


def measure_levels(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Level of every 20 ms, dB of full scale."""
    size = round(LEVEL_SECONDS * sample_rate)
    whole = audio[: len(audio) // size * size].reshape(-1, size * audio.shape[1])
    return np.asarray(decibel((whole.astype(np.float64) ** 2).mean(axis=1)))


def level_steps(
    audio: NDArray[np.float32], onsets: NDArray[np.int64], sample_rate: int
) -> NDArray[np.float64]:
    """Difference in level between the 20 ms after an onset and those before its fade, dB.

    Returns
    -------
    float64[2]
        The median, and what one in ten is larger than.
    """
    size = round(LEVEL_SECONDS * sample_rate)
    fade = round(FADED * sample_rate / 48_000)
    inside = onsets[(onsets >= fade + size) & (onsets + size <= len(audio))]
    power = np.concatenate([[0.0], (audio.astype(np.float64) ** 2).mean(axis=1).cumsum()])
    before, after = inside - fade, inside
    levels = [decibel((power[a] - power[b]) / size) for a, b in (
        (before, before - size), (after + size, after),
    )]  # fmt: skip
    return np.asarray(np.quantile(np.abs(levels[1] - levels[0]), (0.5, 0.9)))
