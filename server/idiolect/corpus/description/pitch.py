"""Pitch inside each unit.

YIN, after A. de Cheveigné and H. Kawahara, "YIN, a fundamental frequency estimator for speech and
music" (JASA 2002), sections II.B to II.E, over all frames at once by the Fourier transform.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from idiolect.corpus.spectrum import frames_of_units

__all__ = ["pitches"]

LONGEST = 0.0427  # seconds of audio a frame holds: 2048 frames at 48 kHz, two periods of 47 Hz
SHORTEST = 0.0027  # seconds below which no pitch is looked for
HIGHEST = 2500.0  # Hz
DIP = 0.15  # depth of the first dip that is taken for the period
VOICED = 0.6  # confidence from which a pitch is worth naming


def pitches(
    signal: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sample_rate: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Estimate the pitch of each unit from its own frames.

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
    pitch : float64[units]
        Hz; 0 where there is none.
    confidence : float64[units]
        1 for a perfect period, 0 for none.
    measured : bool[units]
        Whether the unit was long and loud enough to look.
    """
    pitch, confidence = np.zeros(len(starts)), np.zeros(len(starts))
    measured = np.zeros(len(starts), np.bool_)
    size = 1 << round(np.log2(LONGEST * sample_rate))
    shortest = max(16, round(SHORTEST * sample_rate))
    todo = np.ones(len(starts), np.bool_)
    while size >= shortest:
        chosen = np.flatnonzero(todo & (lengths >= size))
        if len(chosen):
            owner, begin, _ = frames_of_units(starts[chosen], lengths[chosen], size, size)
            hertz, sure, energy = _yin(signal, begin, size, sample_rate)
            best = _best(owner, sure * np.sqrt(energy))
            pitch[chosen], confidence[chosen] = hertz[best], sure[best]
            measured[chosen] = energy[best] > 1e-9
            todo[chosen] = False
        size //= 2
    return pitch * (confidence >= VOICED), confidence, measured


def _best(owner: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Give the frame of the largest weight of each owner (owners are sorted)."""
    order = np.lexsort((weight, owner))
    last = np.append(owner[order][1:] != owner[order][:-1], True)
    return np.asarray(order[last], np.int64)


def _yin(
    signal: NDArray[np.float32], begin: NDArray[np.int64], size: int, sample_rate: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Estimate Hz, confidence and mean square of frames of `size`."""
    half = size // 2
    audio = signal[begin[:, None] + np.arange(size)].astype(np.float32)
    audio -= audio.mean(axis=1, keepdims=True)
    energy = (audio.astype(np.float64) ** 2).mean(axis=1)
    head = scipy.fft.rfft(audio[:, :half], n=2 * size, axis=1)
    whole = scipy.fft.rfft(audio, n=2 * size, axis=1)
    product = scipy.fft.irfft(np.conj(head) * whole, n=2 * size, axis=1)[:, :half]
    squares = np.concatenate(
        [np.zeros((len(audio), 1)), np.cumsum(audio.astype(np.float64) ** 2, axis=1)], axis=1
    )
    moving = squares[:, half : 2 * half] - squares[:, :half]
    difference = np.maximum(0.0, moving[:, :1] + moving - 2.0 * product)
    difference[:, 0] = 0.0
    lags = np.arange(half)
    total = np.cumsum(difference, axis=1)
    normal = np.where(total > 0, difference * lags / np.maximum(total, 1e-30), 1.0)
    normal[:, : max(2, int(sample_rate / HIGHEST))] = 1.0
    lag, depth = _period(normal)
    return sample_rate / lag, np.clip(1.0 - depth, 0.0, 1.0), energy


def _period(
    normal: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the first deep dip of each row, or else its deepest, between samples by parabola."""
    inner = normal[:, 1:-1]
    dip = (inner < DIP) & (inner <= normal[:, 2:]) & (inner < normal[:, :-2])
    first = np.argmax(dip, axis=1)
    lag = 1 + np.where(dip.any(axis=1), first, np.argmin(inner, axis=1))
    rows = np.arange(len(normal))
    before, at, after = normal[rows, lag - 1], normal[rows, lag], normal[rows, lag + 1]
    bend = before - 2.0 * at + after
    shift = np.where(bend > 1e-12, 0.5 * (before - after) / np.where(bend > 1e-12, bend, 1.0), 0.0)
    return lag + np.clip(shift, -0.5, 0.5), at
