"""Find where the sound changes.

J. Foote, "Automatic audio segmentation using a measure of audio novelty" (ICME 2000): a
checkerboard kernel slides along the diagonal of the self-similarity matrix.  With a separable
taper and the inner product as similarity, the kernel's sum is the squared length of the features
filtered by one odd kernel, so no matrix is ever built and memory grows with the source's length.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import oaconvolve

from idiolect.corpus.boundaries.features import Features

__all__ = ["changes", "novelty", "stand_out"]

QUIET = 0.5  # share by which a dip of 20 dB or more raises a change
TAPER = 0.5  # spread of the kernel's bell, in half kernels


def novelty(rows: NDArray[np.floating], half: int) -> NDArray[np.float64]:
    """Compare what lies before each row with what follows.

    Parameters
    ----------
    rows : float[rows, features]
        What is heard.
    half
        Rows on each side of the kernel.

    Returns
    -------
    float64[rows]
        Novelty between the row before and the row itself.
    """
    place = np.arange(-half, half) + 0.5
    kernel = np.sign(place) * np.exp(-0.5 * (place / (TAPER * half)) ** 2)
    total = np.zeros(len(rows))
    for column in rows.T:  # one by one, so that a long source is never copied as a whole
        padded = np.pad(column.astype(np.float64), half, mode="edge")
        total += oaconvolve(padded, kernel[::-1], mode="valid")[: len(rows)] ** 2
    return np.asarray(total / np.abs(kernel).sum() ** 2)


def stand_out(
    curve: NDArray[np.float64], reach: int, wanted: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the peaks of a curve.

    Parameters
    ----------
    curve : float64[rows]
        Not negative.
    reach
        Rows on each side within which a peak is the highest.
    wanted
        Rows on each side within which a boundary is the highest.

    Returns
    -------
    peaks : int64[peaks]
        Rows.
    strengths : float64[peaks]
        From 1 on a boundary, below it a place to split at.
    """
    near = maximum_filter1d(curve, 2 * reach + 1)
    peaks = np.flatnonzero((curve >= near) & (curve > 1e-9))
    wide = maximum_filter1d(curve, 2 * wanted + 1)
    first = (curve >= wide) & (curve > np.median(curve))
    return peaks, curve[peaks] / max(curve.max(initial=0.0), 1e-9) + first[peaks]


def changes(
    heard: Features, shortest: float, wanted: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the places where the timbre changes most; quiet ones are preferred.

    Parameters
    ----------
    heard
        One source.
    shortest, wanted
        Lengths of the units, frames: the kernel's half, and the distance of the peaks.

    Returns
    -------
    places : int64[changes]
        Frames from the source's start.
    strengths : float64[changes]
        From 1 on a boundary, below it a place to split at.
    """
    half = max(2, round(shortest / heard.pool))
    timbre = heard.timbre - heard.timbre.mean(axis=0, dtype=np.float64).astype(np.float32)
    curve = novelty(timbre / max(float(heard.timbre.std(dtype=np.float64)), 1.0), half)
    around = uniform_filter1d(heard.level.astype(np.float64), 2 * half + 1, mode="nearest")
    curve = curve * (1.0 + QUIET * np.clip((around - heard.level) / 20.0, 0.0, 1.0))
    peaks, strengths = stand_out(curve, max(1, half // 2), max(1, round(wanted / heard.pool / 2)))
    return peaks * heard.pool, strengths
