"""Name units by the nearest centroid; numpy alone."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign"]

ROWS = 8192  # units at once: bounds memory


def assign(descriptors: NDArray[np.float32], centroids: NDArray[np.float32]) -> NDArray[np.int32]:
    """Give each unit the token of the nearest centroid, the lowest of equals.

    Parameters
    ----------
    descriptors : float32[units, descriptors]
        Standardised, 0 where missing.
    centroids : float32[tokens, descriptors]
        Of the vocabulary.

    Returns
    -------
    int32[units]
        Tokens.
    """
    tokens = np.zeros(len(descriptors), np.int32)
    points = centroids.astype(np.float64)
    half = 0.5 * (points**2).sum(axis=1)
    for low in range(0, len(descriptors), ROWS):
        rows = descriptors[low : low + ROWS].astype(np.float64)
        tokens[low : low + ROWS] = np.argmin(half - rows @ points.T, axis=1)
    return tokens
