"""One level of segmentation, as it is opened."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.memory import Memory

__all__ = ["LOWEST", "Scale"]

LOWEST = 20.0
"""Hz, where the logarithm of a frequency begins: centroid and pitch are octaves above it."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One level of segmentation, with its vocabulary."""

    name: str
    method: str  # how its boundaries were found
    units: NDArray[np.void]  # UNIT[units], sorted by start
    descriptors: NDArray[np.float32]  # (units, descriptors)
    present: NDArray[np.bool_]  # (units, descriptors)
    edges: NDArray[np.float32]  # (units, 2, bands)
    centroids: NDArray[np.float32]  # (tokens, descriptors)
    scaler: NDArray[np.float32]  # (2, descriptors)
    prototypes: NDArray[np.float32]  # (prototypes, descriptors)
    prototype_tokens: NDArray[np.int32]  # (prototypes,)
    exemplars: NDArray[np.int64]  # (tokens,), units
    spread: NDArray[np.float32]  # (tokens,)
    map: NDArray[np.float32]  # (units, 2)
    memory: Memory
    memory_weight: float  # its share in what is expected, 0 to 1; the network has the rest

    @property
    def token_count(self) -> int:
        """How many tokens its vocabulary has."""
        return len(self.centroids)
