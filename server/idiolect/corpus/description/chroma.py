"""Harmony inside each unit: how its power is spread over the twelve pitch classes."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.description.columns import CLASSES
from idiolect.corpus.spectrum import even_length, frames_of_units, power_spectra

__all__ = ["chroma", "pitch_classes"]

FRAME = 0.0853  # seconds: 4096 frames at 48 kHz, a semitone apart from 200 Hz on
LOW, HIGH = 60.0, 5000.0  # Hz
CONCERT = 440.0  # Hz of the class 9
SHORTEST = 0.05  # seconds below which classes cannot be told apart


def chroma(
    signal: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sample_rate: int,
) -> dict[str, NDArray[np.float64]]:
    """Give the share of each pitch class in the power of each unit.

    Parameters
    ----------
    signal : float32[n]
        Audio.
    starts, lengths : int64[units]
        Where the units lie in it.
    sample_rate
        Hz.

    Returns
    -------
    dict
        float64[units] by column, 0 to 1; NaN where the unit is shorter than `SHORTEST`.
    """
    size = even_length(FRAME, sample_rate)
    shares = np.full((len(starts), len(CLASSES)), np.nan)
    chosen = np.flatnonzero(lengths >= SHORTEST * sample_rate)
    if len(chosen):
        owner, begin, held = frames_of_units(starts[chosen], lengths[chosen], size, size)
        frames = power_spectra(signal, begin, held, size) @ pitch_classes(size, sample_rate)
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        power = np.add.reduceat(frames.astype(np.float64), first, axis=0)
        shares[chosen] = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-20)
    return {f"chroma_{name}": shares[:, i] for i, name in enumerate(CLASSES)}


@lru_cache(maxsize=16)
def pitch_classes(size: int, sample_rate: int) -> NDArray[np.float32]:
    """Share each bin of a spectrum between the two pitch classes it lies between, float32[bins, 12].

    C first, tuned to A = 440 Hz.  By hand, since librosa's, which is no better at finding sections,
    takes ten seconds to load where nothing of it is compiled yet.
    """
    hertz = np.fft.rfftfreq(size, 1.0 / sample_rate)
    pitch = 9.0 + 12.0 * np.log2(np.maximum(hertz, 1.0) / CONCERT)
    away = np.abs((pitch[:, None] - np.arange(12) + 6.0) % 12.0 - 6.0)
    inside = (hertz >= LOW) & (hertz <= HIGH)
    return np.where(inside[:, None], np.maximum(0.0, 1.0 - away), 0.0).astype(np.float32)
