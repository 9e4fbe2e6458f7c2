"""Name units by the nearest prototype; numpy alone."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign", "nearest"]

ROWS = 8192  # units at once: bounds memory
ENTRIES = 1 << 23  # distances at once: 64 MiB


def assign(
    descriptors: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    tokens: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Give each unit the token of the nearest prototype.

    Parameters
    ----------
    descriptors : float32[units, descriptors]
        Standardised, 0 where missing.
    prototypes : float32[prototypes, descriptors]
        Of the vocabulary.
    tokens : int32[prototypes]
        What each prototype stands for.

    Returns
    -------
    int32[units]
        Tokens.
    """
    return np.asarray(tokens[nearest(descriptors, prototypes)], np.int32)


def nearest(descriptors: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.int64]:
    """Find the nearest point to each unit, the lowest of equals.

    Parameters
    ----------
    descriptors : float32[units, descriptors]
        Standardised, 0 where missing.
    points : float32[points, descriptors]
        At least one.

    Returns
    -------
    int64[units]
        Rows of `points`.
    """
    found = np.zeros(len(descriptors), np.int64)
    far = points.astype(np.float64)
    half = 0.5 * (far**2).sum(axis=1)
    step = max(1, min(ROWS, ENTRIES // len(points)))
    for low in range(0, len(descriptors), step):
        rows = descriptors[low : low + step].astype(np.float64)
        found[low : low + step] = np.argmin(half - rows @ far.T, axis=1)
    return found
