"""Clusters of any shape: where units lie densely, by DBSCAN and HDBSCAN."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN, HDBSCAN
from sklearn.neighbors import NearestNeighbors

from idiolect.config.learning import VocabularyConfig
from idiolect.vocabulary.clusters import Clusters, sample

__all__ = ["cluster"]

MANY = 3000  # units; of more a sample is taken, since neighbourhoods hold every pair
PROTOTYPES = 2500  # units that stand for the clusters, at most
STEPS = 16  # radii, or least sizes, that are tried when none is given
LEAST = 4  # units in a neighbourhood, when nothing is given

Labels = NDArray[np.int64]


def cluster(rows: NDArray[np.float32], settings: VocabularyConfig, seed: int) -> Clusters:
    """Find dense regions; a unit is named by the nearest unit that lies in one.

    Parameters
    ----------
    rows : float32[units, descriptors]
        Of the training units, standardised.
    settings
        What is 0 is found from the units: of several values tried, the one that gives the wanted
        number of tokens, or else the one under which most clusters hold most units.
    seed
        Of the samples.

    Returns
    -------
    Clusters
        Without prototypes where fewer than two regions are dense.

    Notes
    -----
    M. Ester et al., "A density-based algorithm for discovering clusters" (1996); R. Campello et
    al., "Density-based clustering based on hierarchical density estimates" (2013).
    """
    taken = sample(rows, MANY, seed).astype(np.float64)
    if len(taken) < 2 * LEAST:
        return Clusters(rows[:0], np.zeros(0, np.int32), ("too few units to be dense",))
    tried = list(
        _dbscan(taken, settings) if settings.method == "dbscan" else _hdbscan(taken, settings)
    )
    labels = max(tried, key=lambda found: _merit(found, settings.size))
    count = int(labels.max()) + 1
    if count < 2:
        return Clusters(rows[:0], np.zeros(0, np.int32), (f"{settings.method} found no clusters",))
    noise = float((labels < 0).mean())
    notes = (f"{settings.method} found {count} clusters and {noise:.0%} noise",)
    if settings.noise == "token":
        labels = np.where(labels < 0, count, labels)
    chosen = _thin(labels, seed)
    points = taken[chosen].astype(np.float32)
    return Clusters(points, labels[chosen].astype(np.int32), notes)


def _dbscan(rows: NDArray[np.float64], settings: VocabularyConfig) -> Iterator[Labels]:
    least = settings.min_size or max(LEAST, round(np.log2(len(rows))))
    radii = [settings.eps]
    if not settings.eps:
        near = NearestNeighbors(n_neighbors=min(least, len(rows))).fit(rows)
        far = near.kneighbors(rows)[0][:, -1]
        low, high = np.maximum(np.quantile(far, (0.05, 0.95)), 1e-6)
        radii = np.geomspace(low, 4 * high, STEPS).tolist()
    for radius in radii:
        yield np.asarray(DBSCAN(eps=max(radius, 1e-9), min_samples=least).fit(rows).labels_)


def _hdbscan(rows: NDArray[np.float64], settings: VocabularyConfig) -> Iterator[Labels]:
    sizes = [settings.min_size]
    if not settings.min_size:
        most = max(LEAST, len(rows) // 20)
        sizes = np.unique(np.geomspace(LEAST, most, STEPS).round().astype(int)).tolist()
    for least in sizes:
        least = min(max(2, least), len(rows))
        model = HDBSCAN(
            min_cluster_size=least,
            min_samples=min(LEAST, len(rows)),
            cluster_selection_epsilon=settings.eps,
            copy=True,
        )
        yield np.asarray(model.fit(rows).labels_)


def _merit(labels: Labels, size: int) -> tuple[float, float]:
    """Say how good a clustering is: near the wanted size, or many clusters; then little noise."""
    count, held = int(labels.max()) + 1, float((labels >= 0).mean())
    if size:
        return -abs(float(np.log(max(count, 0.5) / size))), held
    return count * held**2, held


def _thin(labels: Labels, seed: int) -> NDArray[np.int64]:
    """Choose the units that stay as prototypes: of every cluster its share, at least one."""
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(labels >= 0)
    chosen = [known[0:0]]
    for token in range(int(labels.max()) + 1):
        own = np.flatnonzero(labels == token)
        share = max(1, min(len(own), round(PROTOTYPES * len(own) / len(known))))
        chosen.append(rng.choice(own, share, replace=False))
    return np.sort(np.concatenate(chosen))
