"""Which pitch classes sound, over the whole of a source."""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from idiolect.corpus.grid import frames_of_source

__all__ = ["harmony"]

SIZE = 0.17  # seconds of a spectrum: a semitone apart from 100 Hz on
LOW, HIGH = 60.0, 5000.0  # Hz
CONCERT = 440.0  # Hz of the class 9
CHUNK = 256  # spectra at once


def harmony(
    audio: NDArray[np.float32], start: int, frames: int, sample_rate: int, hop: int
) -> NDArray[np.float32]:
    """Give the strength of the twelve pitch classes around the middle of every hop.

    Parameters
    ----------
    audio : float32[n, channels]
        The bundle's audio, linear.
    start, frames
        The source within it.
    sample_rate
        Hz.
    hop
        Frames from one row to the next.

    Returns
    -------
    float32[rows, 12]
        Sums of magnitudes, C first.
    """
    size = scipy.fft.next_fast_len(round(SIZE * sample_rate), real=True)
    window = np.hanning(size).astype(np.float32)
    weights = _classes(size, sample_rate)
    rows = frames_of_source(audio, start, frames, size, hop, most=CHUNK, before=(size - hop) // 2)
    found = [np.abs(scipy.fft.rfft(signal * window)) @ weights for _, signal in rows]
    return np.concatenate(found)


@lru_cache(maxsize=4)
def _classes(size: int, sample_rate: int) -> NDArray[np.float32]:
    """Share each bin between the two pitch classes it lies between: float32[bins, 12]."""
    hertz = np.fft.rfftfreq(size, 1.0 / sample_rate)
    pitch = 9.0 + 12.0 * np.log2(np.maximum(hertz, 1.0) / CONCERT)
    away = np.abs((pitch[:, None] - np.arange(12) + 6.0) % 12.0 - 6.0)
    inside = (hertz >= LOW) & (hertz <= HIGH)
    return np.where(inside[:, None], np.maximum(0.0, 1.0 - away), 0.0).astype(np.float32)
