"""Windows, bands and frames shared by onsets, descriptors and edges."""

from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

__all__ = [
    "SILENCE_DB",
    "decibel",
    "even_length",
    "frames_of_units",
    "mel_bands",
    "mono",
    "power_spectra",
]

SILENCE_DB = -90.0
"""Mean power below which nothing is described but the silence itself: 16-bit audio's own floor."""

LOUDEST = 100.0
"""Samples beyond this (40 dB over full scale) are clipped before analysis, never in the audio."""


def even_length(seconds: float, sample_rate: int) -> int:
    """Give the even number of frames nearest to `seconds`, at least 16."""
    return max(16, 2 * round(seconds * sample_rate / 2))


def decibel(power: NDArray[Any]) -> NDArray[Any]:
    """Turn power into dB, nothing below `SILENCE_DB`."""
    floor = 10.0 ** (SILENCE_DB / 10.0)
    return np.asarray(10.0 * np.log10(np.maximum(power, floor)))


@lru_cache(maxsize=16)
def mel_bands(
    bands: int, size: int, sample_rate: int, low: float = 40.0, high: float = 16_000.0
) -> NDArray[np.float32]:
    """Make triangular bands, equally wide on the mel scale, each with a mean weight of 1.

    Parameters
    ----------
    bands
        How many.
    size
        Frames of the transform.
    sample_rate
        Hz.
    low, high
        Edges, Hz; `high` is lowered to half the sample rate.

    Returns
    -------
    float32[size // 2 + 1, bands]
        Multiply power spectra by it to get mean power density within each band.

    Notes
    -----
    Mel scale after D. O'Shaughnessy, *Speech Communication* (1987), p. 150.
    """
    top = 2595.0 * np.log10(1.0 + min(high, sample_rate / 2) / 700.0)
    bottom = 2595.0 * np.log10(1.0 + low / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(bottom, top, bands + 2) / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(size, 1.0 / sample_rate)
    # A band narrower than two bins would fall between them: it is widened to reach one.
    width = np.maximum(np.diff(edges), sample_rate / size)
    rise = (bins[:, None] - (edges[1:-1] - width[:-1])) / width[:-1]
    fall = ((edges[1:-1] + width[1:]) - bins[:, None]) / width[1:]
    weights = np.maximum(0.0, np.minimum(rise, fall))
    total = weights.sum(axis=0)
    return np.asarray(weights / np.where(total > 0, total, 1.0), np.float32)


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
