"""Cluster units into a vocabulary."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from idiolect.vocabulary.assign import assign

__all__ = ["cluster", "size_for"]

FEWEST, MOST = 8, 128  # tokens
MANY = 50_000  # units from which small batches are enough


def size_for(units: int) -> int:
    """Choose how many tokens so many units can support: their square root, within bounds."""
    return int(np.clip(round(np.sqrt(units)), FEWEST, MOST))


def cluster(descriptors: NDArray[np.float32], size: int, seed: int) -> NDArray[np.float32]:
    """Find centroids by k-means.

    Parameters
    ----------
    descriptors : float32[units, descriptors]
        Of the training units, standardised.
    size
        Wanted tokens; there are never more than distinct units, and every one names a unit.
    seed
        Same seed, same centroids.

    Returns
    -------
    float32[tokens, descriptors]
        Ordered from dull to bright, quiet to loud: by the first two descriptors' sum.
    """
    distinct = np.unique(descriptors, axis=0)
    if len(distinct) <= size:
        return _ordered(distinct)
    kind = MiniBatchKMeans if len(descriptors) > MANY else KMeans
    model = kind(n_clusters=size, n_init=3, random_state=seed)
    # One thread: sums over threads come in any order, and equal seeds must give equal bytes.
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(descriptors.astype(np.float64))
    centroids = np.unique(np.asarray(model.cluster_centers_, np.float32), axis=0)
    used = np.unique(assign(descriptors, centroids))
    return _ordered(centroids[used])


def _ordered(centroids: NDArray[np.float32]) -> NDArray[np.float32]:
    order = np.argsort(centroids[:, :2].sum(axis=1), kind="stable")
    return np.ascontiguousarray(centroids[order], np.float32)
