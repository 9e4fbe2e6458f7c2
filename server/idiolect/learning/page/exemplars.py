"""The unit that stands for its token."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_exemplars"]

BLOCK = 1 << 16  # units read at once


def find_exemplars(folder: Path, tokens: NDArray[np.int32]) -> NDArray[np.int64]:
    """Find each token's exemplar: as the bundle says, else the unit nearest to its centroid.

    Parameters
    ----------
    folder
        Of the scale: `exemplars.npy`, or `descriptors.npy` and `centroids.npy`.
    tokens : int32[units]
        Of each unit.

    Returns
    -------
    int64[tokens]
        Its unit; -1 for a token that no unit has.
    """
    stored = folder / "exemplars.npy"
    if stored.is_file():
        said = np.asarray(np.load(stored, allow_pickle=False), np.int64)
        return np.where(np.bincount(tokens, minlength=len(said)) > 0, said, -1)
    descriptors = np.load(folder / "descriptors.npy", mmap_mode="r", allow_pickle=False)
    centroids = np.load(folder / "centroids.npy", allow_pickle=False)
    distance = np.empty(len(tokens), np.float32)
    for at in range(0, len(tokens), BLOCK):
        part = slice(at, at + BLOCK)
        distance[part] = ((descriptors[part] - centroids[tokens[part]]) ** 2).sum(axis=1)
    nearest = np.lexsort((distance, tokens))  # by token, then by distance
    found = np.full(len(centroids), -1, np.int64)
    present, first = np.unique(tokens[nearest], return_index=True)
    found[present] = nearest[first]
    return found
