"""A scale's vocabulary: its tokens, their prototypes, exemplars and spread."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from idiolect.config.learning import VocabularyConfig
from idiolect.errors import ConfigError
from idiolect.vocabulary.assign import assign
from idiolect.vocabulary.clusters import Clusters, size_for

__all__ = ["Vocabulary"]


class Vocabulary:
    """Units to tokens; what is learned ends in ``_``.

    Parameters
    ----------
    settings
        Method and size; the method ``auto`` is k-means here, whoever calls has chosen its size.
    seed
        Same seed, same vocabulary, whatever the order of the units.
    """

    prototypes_: NDArray[np.float32]  # (prototypes, descriptors)
    prototype_tokens_: NDArray[np.int32]  # (prototypes,)
    centroids_: NDArray[np.float32]  # (tokens, descriptors), means of members, dull to bright
    exemplars_: NDArray[np.int64]  # (tokens,), rows of what it was fitted to
    spread_: NDArray[np.float32]  # (tokens,), root mean square distance of members to the mean
    notes_: tuple[str, ...]

    def __init__(self, settings: VocabularyConfig, seed: int = 0) -> None:
        self.settings, self.seed = settings, seed

    def fit(self, descriptors: NDArray[np.float32]) -> Self:
        """Learn the tokens of training units, ``float32[units, descriptors]``, standardised.

        Raises
        ------
        ConfigError
            When more tokens are wanted than there are units.
        """
        from threadpoolctl import threadpool_limits

        if self.settings.size > len(descriptors):
            raise ConfigError(
                f"vocabulary.size is {self.settings.size} tokens, but only {len(descriptors)} "
                "units are learned from; want fewer, or 0 to let the size be found"
            )
        # In an order of their own, so that the corpus's order says nothing.
        rows = descriptors[np.lexsort(descriptors.T)]
        # One thread: sums over threads come in any order, and equal seeds must give equal bytes.
        with threadpool_limits(limits=1):
            found = self._cluster(rows)
        self.notes_ = found.notes
        tokens = assign(rows, found.prototypes, found.tokens)
        used = np.unique(tokens)
        brightness = [rows[tokens == token, :2].mean(axis=0).sum() for token in used]
        order = used[np.argsort(brightness, kind="stable")]
        number = np.full(int(found.tokens.max()) + 1, -1, np.int32)
        number[order] = np.arange(len(order), dtype=np.int32)
        kept = number[found.tokens] >= 0
        by_token = np.argsort(number[found.tokens[kept]], kind="stable")
        self.prototypes_ = np.ascontiguousarray(found.prototypes[kept][by_token])
        self.prototype_tokens_ = number[found.tokens[kept]][by_token]
        self._describe(descriptors)
        return self

    def assign(self, descriptors: NDArray[np.float32]) -> NDArray[np.int32]:
        """Name units, ``float32[units, descriptors]``: int32[units]."""
        return assign(descriptors, self.prototypes_, self.prototype_tokens_)

    def _cluster(self, rows: NDArray[np.float32]) -> Clusters:
        from idiolect.vocabulary import affinity, density, kmeans

        size = min(self.settings.size or size_for(len(rows)), len(rows))
        if self.settings.method in ("auto", "kmeans"):
            return kmeans.cluster(rows, size, self.seed)
        if self.settings.method == "affinity":
            found = affinity.cluster(rows, size, self.seed)
        else:
            found = density.cluster(rows, self.settings, self.seed)
        if len(found.prototypes):
            return found
        instead = kmeans.cluster(rows, size, self.seed)
        notes = (*found.notes, "k-means instead")
        return Clusters(instead.prototypes, instead.tokens, notes)

    def _describe(self, descriptors: NDArray[np.float32]) -> None:
        tokens = self.assign(descriptors)
        count, width = int(self.prototype_tokens_.max()) + 1, descriptors.shape[1]
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
