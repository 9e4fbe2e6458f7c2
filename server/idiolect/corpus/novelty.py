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

from idiolect.corpus.features import Features

__all__ = ["changes", "novelty"]

QUIET = 0.5  # share by which a dip of 20 dB or more raises a change
TAPER = 0.5  # spread of the kernel's bell, in half kernels


def novelty(rows: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """Compare what lies before each row with what follows.

    Parameters
    ----------
    rows : float64[rows, features]
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
    padded = np.pad(rows, ((half, half), (0, 0)), mode="edge")
    filtered = oaconvolve(padded, kernel[::-1, None], mode="valid", axes=0)[: len(rows)]
    return np.asarray((filtered**2).sum(axis=1) / np.abs(kernel).sum() ** 2)


def changes(
    heard: Features, shortest: float, wanted: float, dips: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the places where the sound changes most.

    Parameters
    ----------
    heard
        One source.
    shortest, wanted
        Lengths of the units, frames: the kernel's half, and the distance of the peaks.
    dips
        Whether quiet places are preferred.

    Returns
    -------
    places : int64[changes]
        Frames from the source's start.
    strengths : float64[changes]
        From 1 on a boundary, below it a place to split at.
    """
    half = max(2, round(shortest / heard.pool))
    timbre = heard.timbre.astype(np.float64)
    timbre = (timbre - timbre.mean(axis=0)) / np.maximum(timbre.std(), 1.0)
    curve = novelty(timbre, half)
    if dips:
        around = uniform_filter1d(heard.level.astype(np.float64), 2 * half + 1, mode="nearest")
        curve = curve * (1.0 + QUIET * np.clip((around - heard.level) / 20.0, 0.0, 1.0))
    near = maximum_filter1d(curve, 2 * max(1, half // 2) + 1)
    peaks = np.flatnonzero((curve >= near) & (curve > 1e-9))
    wide = maximum_filter1d(curve, 2 * max(1, round(wanted / heard.pool / 2)) + 1)
    first = (curve >= wide) & (curve > np.median(curve))
    strengths = curve[peaks] / max(curve.max(initial=0.0), 1e-9)
    return peaks * heard.pool, strengths + first[peaks]
