"""Windows, bands and frames shared by onsets, descriptors and edges."""

from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from idiolect.mel import SILENCE_DB

__all__ = [
    "decibel",
    "even_length",
    "frames_of_units",
    "mono",
    "power_spectra",
]

LOUDEST = 100.0
"""Samples beyond this (40 dB over full scale) are clipped before analysis, never in the audio."""


def even_length(seconds: float, sample_rate: int) -> int:
    """Give the even number of frames nearest to `seconds`, at least 16."""
    return max(16, 2 * round(seconds * sample_rate / 2))


def decibel(power: NDArray[Any]) -> NDArray[Any]:
    """Turn power into dB, nothing below `SILENCE_DB`."""
    floor = 10.0 ** (SILENCE_DB / 10.0)
    return np.asarray(10.0 * np.log10(np.maximum(power, floor)))


def frames_of_units(
    starts: NDArray[np.int64], lengths: NDArray[np.int64], size: int, hop: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Lay analysis frames over units so that no frame leaves its unit.

    The first frame begins with its unit, the last one ends with it, the rest lie evenly between.
    A unit shorter than `size` has one frame as long as itself.

    Parameters
    ----------
    starts, lengths : int64[units]
        Where the units lie.
    size, hop
        Wanted length and largest distance of the frames.

    Returns
    -------
    owner, begin, held : int64[frames]
        Unit of each frame, where it starts, and how many frames of audio it holds.
    """
    room = np.maximum(0, lengths - size)
    counts = 1 + -(-room // hop)
    owner = np.repeat(np.arange(len(starts)), counts)
    first = np.cumsum(counts) - counts
    index = np.arange(len(owner)) - first[owner]
    begin = starts[owner] + room[owner] * index // np.maximum(1, counts[owner] - 1)
    return owner, begin, np.minimum(size, lengths[owner])


def power_spectra(
    signal: NDArray[np.float32],
    begin: NDArray[np.int64],
    held: NDArray[np.int64],
    size: int,
) -> NDArray[np.float32]:
    """Transform frames under Hann windows of their own length.

    Parameters
    ----------
    signal : float32[n]
        Audio.
    begin, held : int64[frames]
        As `frames_of_units` gives them; zeros follow where ``held < size``.
    size
        Length of the transform.

    Returns
    -------
    float32[frames, size // 2 + 1]
        Power, scaled so that the mean over the bins is the frame's mean square.
    """
    offsets = np.arange(size)
    inside = offsets[None, :] < held[:, None]
    audio = signal[np.minimum(begin[:, None] + offsets, len(signal) - 1)]
    window = np.broadcast_to(_hann(size), audio.shape)
    short = np.flatnonzero(held < size)
    if len(short):
        window = np.array(window)
        phase = (offsets + 0.5)[None, :] / held[short, None]
        window[short] = np.where(inside[short], 0.5 - 0.5 * np.cos(2.0 * np.pi * phase), 0.0)
    audio = audio * window
    energy = np.maximum((window.astype(np.float32) ** 2).sum(axis=1), 1e-9)
    spectrum = scipy.fft.rfft(audio, axis=1)
    return np.asarray((spectrum.real**2 + spectrum.imag**2) / energy[:, None], np.float32)


@lru_cache(maxsize=16)
def _hann(size: int) -> NDArray[np.float32]:
    phase = (np.arange(size) + 0.5) / size
    return np.asarray(0.5 - 0.5 * np.cos(2.0 * np.pi * phase), np.float32)


def mono(audio: NDArray[np.float32], first: int, last: int) -> NDArray[np.float32]:
    """Copy frames `first` to `last` as one bounded channel for analysis."""
    part = np.asarray(audio[first:last], np.float32)
    part = np.clip(part, -LOUDEST, LOUDEST)
    return np.asarray(part.mean(axis=1), np.float32) if part.shape[1] > 1 else part[:, 0]
