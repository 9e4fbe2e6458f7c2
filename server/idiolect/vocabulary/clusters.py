"""What every clustering gives: prototypes, and the token each stands for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST", "MOST", "Clusters", "sample", "size_for"]

FEWEST, MOST = 2, 128  # tokens by the square-root rule


@dataclass(frozen=True, slots=True)
class Clusters:
    """A clustering as nearest prototypes; tokens are numbered from 0 in any order."""

    prototypes: NDArray[np.float32]  # (prototypes, descriptors)
    tokens: NDArray[np.int32]  # (prototypes,)
    notes: tuple[str, ...] = ()  # what was found, and what was not


def size_for(units: int) -> int:
    """Choose how many tokens so many units can support: their square root, within bounds."""
    return int(np.clip(round(np.sqrt(units)), FEWEST, MOST))


def sample(rows: NDArray[np.float32], most: int, seed: int) -> NDArray[np.float32]:
    """Draw at most so many rows, in their order; all of them where they are no more."""
    if len(rows) <= most:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))]
