"""Find where sound begins after silence, by the source's own levels."""

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.spectrum import decibel, mono

__all__ = ["gate"]

STEP = 0.01  # seconds of a level
OPENS, CLOSES = 0.5, 0.25  # of the way from the quiet level to the loud one, in dB
QUIET, LOUD = 5, 95  # percentiles of the levels
LEAST_DB = 12.0  # between quiet and loud; else nothing is silent
CHUNK = 4096  # levels at once


def gate(
    audio: NDArray[np.float32], start: int, frames: int, sample_rate: int
) -> NDArray[np.int64]:
    """Find the beginnings of sound.

    Parameters
    ----------
    audio : float32[n, channels]
        The bundle's audio, linear.
    start, frames
        The source within it.
    sample_rate
        Hz.

    Returns
    -------
    int64[beginnings]
        Increasing absolute frames; silence belongs to the sound before it.
    """
    step = max(1, round(STEP * sample_rate))
    count = frames // step
    parts = []
    for first in range(0, count, CHUNK):
        last = min(count, first + CHUNK)
        signal = mono(audio, start + first * step, start + last * step).astype(np.float64)
        parts.append((signal.reshape(-1, step) ** 2).mean(axis=1))
    if not parts:
        return np.zeros(0, np.int64)
    level = decibel(np.concatenate(parts))
    quiet, loud = np.percentile(level, (QUIET, LOUD))
    if loud - quiet < LEAST_DB:
        return np.zeros(0, np.int64)
    # between the two thresholds the gate stays as it was
    state = np.where(level > quiet + OPENS * (loud - quiet), 1, -1)
    state[(state < 0) & (level >= quiet + CLOSES * (loud - quiet))] = 0
    known = np.maximum.accumulate(np.where(state != 0, np.arange(count), 0))
    sounding = state[known] > 0
    begins = np.flatnonzero(sounding[1:] & ~sounding[:-1]) + 1
    return np.asarray(start + begins * step, np.int64)
