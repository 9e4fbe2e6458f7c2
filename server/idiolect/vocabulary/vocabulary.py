"""A scale's vocabulary: its tokens, their prototypes, exemplars and spread."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import ConfigError
from idiolect.vocabulary.assign import assign

__all__ = ["METHODS", "Vocabulary"]

METHODS = ("kmeans", "affinity")


class Vocabulary:
    """Units to tokens; what is learned ends in ``_``.

    Parameters
    ----------
    method
        One of `METHODS`.
    size
        Wanted tokens, at least 1.
    seed
        Same seed, same vocabulary, whatever the order of the units.
    """

    prototypes_: NDArray[np.float32]  # (prototypes, descriptors)
    prototype_tokens_: NDArray[np.int32]  # (prototypes,)
    centroids_: NDArray[np.float32]  # (tokens, descriptors), means of members, dull to bright
    exemplars_: NDArray[np.int64]  # (tokens,), rows of what it was fitted to
    spread_: NDArray[np.float32]  # (tokens,), root mean square distance of members to the mean
    notes_: tuple[str, ...]

    def __init__(self, method: str, size: int, seed: int = 0) -> None:
        if method not in METHODS:
            raise ConfigError(f"vocabulary.method must be {' or '.join(METHODS)}, got {method!r}")
        if size < 1:
            raise ConfigError(f"vocabulary.size must be 1 or more tokens, got {size}")
        self.method, self.size, self.seed = method, size, seed

    def fit(self, descriptors: NDArray[np.float32]) -> Self:
        """Learn the tokens of training units, ``float32[units, descriptors]``, standardised."""
        from threadpoolctl import threadpool_limits

        from idiolect.vocabulary import affinity, kmeans

        # In an order of their own, so that the corpus's order says nothing.
        rows = descriptors[np.lexsort(descriptors.T)]
        cluster = {"kmeans": kmeans.cluster, "affinity": affinity.cluster}[self.method]
        # One thread: sums over threads come in any order, and equal seeds must give equal bytes.
        with threadpool_limits(limits=1):
            found = cluster(rows, self.size, self.seed)
            if not len(found.prototypes):
                found = kmeans.cluster(rows, self.size, self.seed)
                self.notes_ = ("affinity propagation did not converge; k-means instead",)
            else:
                self.notes_ = found.notes
        used = np.unique(assign(rows, found.prototypes, found.tokens))
        points = found.prototypes[used]
        self.prototypes_ = points[np.argsort(points[:, :2].sum(axis=1), kind="stable")]
        self.prototype_tokens_ = np.arange(len(points), dtype=np.int32)
        self._describe(descriptors)
        return self

    def assign(self, descriptors: NDArray[np.float32]) -> NDArray[np.int32]:
        """Name units, ``float32[units, descriptors]``: int32[units]."""
        return assign(descriptors, self.prototypes_, self.prototype_tokens_)

    def _describe(self, descriptors: NDArray[np.float32]) -> None:
        tokens = self.assign(descriptors)
        count, width = len(self.prototypes_), descriptors.shape[1]
        self.centroids_ = np.zeros((count, width), np.float32)
        self.spread_ = np.zeros(count, np.float32)
        self.exemplars_ = np.zeros(count, np.int64)
        for token in range(count):
            members = np.flatnonzero(tokens == token)
            own = descriptors[members].astype(np.float64)
            apart = ((own - own.mean(axis=0)) ** 2).sum(axis=1)
            self.centroids_[token] = own.mean(axis=0)
            self.spread_[token] = np.sqrt(apart.mean())
            self.exemplars_[token] = members[np.argmin(apart)]
