"""K-means: round clusters of about equal spread, as many as wanted."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning

from idiolect.vocabulary.clusters import Clusters

__all__ = ["cluster"]

MANY = 50_000  # units from which small batches are enough


def cluster(
    rows: NDArray[np.float32], size: int, seed: int, *, starts: int = 3, rounds: int = 300
) -> Clusters:
    """Find centroids by k-means, which are the prototypes.

    Parameters
    ----------
    rows : float32[units, descriptors]
        Of the training units, standardised.
    size
        Wanted tokens; there are never more than distinct units.
    seed
        Same seed, same centroids.
    starts
        Random starts, of which the best is kept.
    rounds
        The most, of each start.

    Notes
    -----
    S. Lloyd (1982), started as D. Arthur and S. Vassilvitskii, "k-means++" (2007); above `MANY`
    units by small batches, D. Sculley, "Web-scale k-means clustering" (2010).
    """
    kind = MiniBatchKMeans if len(rows) > MANY else KMeans
    model = kind(n_clusters=min(size, len(rows)), n_init=starts, max_iter=rounds, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct units than tokens
        model.fit(rows.astype(np.float64))
    centroids = np.unique(np.asarray(model.cluster_centers_, np.float32), axis=0)
    return Clusters(centroids, np.arange(len(centroids), dtype=np.int32))
