"""Bring descriptors to one scale, robustly."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIMIT", "fit", "standardise"]

LIMIT = 3.0  # values beyond so many spreads say no more than that they are far out
IQR_OF_NORMAL = 1.349  # interquartile range of a normal distribution of spread 1


def fit(
    values: NDArray[np.float32],
    present: NDArray[np.bool_],
    least: NDArray[np.float32],
    weight: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Find the centre and spread of each descriptor.

    Parameters
    ----------
    values : float32[units, descriptors]
        Of the training units only.
    present : bool[units, descriptors]
        Missing values are passed over.
    least : float32[descriptors]
        Smallest spread, so that a constant is not blown up.
    weight : float32[descriptors]
        What one spread counts in distances; None: 1.

    Returns
    -------
    float32[2, descriptors]
        Median, and interquartile range as of a normal distribution, over the weight.
    """
    scaler = np.stack([np.zeros(len(least)), least]).astype(np.float32)
    for column in range(len(least)):
        known = values[present[:, column], column]
        if len(known):
            low, middle, high = np.percentile(known, [25, 50, 75])
            scaler[0, column] = middle
            scaler[1, column] = max((high - low) / IQR_OF_NORMAL, least[column])
    if weight is not None:
        scaler[1] /= weight
    return scaler


def standardise(
    values: NDArray[np.float32], present: NDArray[np.bool_], scaler: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Centre, divide and clip to ±`LIMIT`; 0 where missing.

    Parameters
    ----------
    values : float32[units, descriptors]
        As described.
    present : bool[units, descriptors]
        Which are known.
    scaler : float32[2, descriptors]
        From `fit`.

    Returns
    -------
    float32[units, descriptors]
        Standardised.
    """
    scaled = np.clip((values - scaler[0]) / scaler[1], -LIMIT, LIMIT)
    return np.where(present, scaled, 0).astype(np.float32)
