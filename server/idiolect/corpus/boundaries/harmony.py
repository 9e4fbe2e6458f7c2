"""Which pitch classes sound, over the whole of a source."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from idiolect.corpus.boundaries.grid import frames_of_source
from idiolect.corpus.description.chroma import pitch_classes

__all__ = ["harmony"]

SIZE = 0.17  # seconds of a spectrum: a semitone apart from 100 Hz on
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
    weights = pitch_classes(size, sample_rate)
    rows = frames_of_source(audio, start, frames, size, hop, most=CHUNK, before=(size - hop) // 2)
    found = [np.abs(scipy.fft.rfft(signal * window)) @ weights for _, signal in rows]
    return np.concatenate(found)
