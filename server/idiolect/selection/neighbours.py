"""The units of a token that join best what sounds, found without looking at all of them."""

import math

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.selection.cost import join_cost
from idiolect.selection.inventory import Inventory

__all__ = ["LOOKED", "find_near"]

LOOKED = 256
"""Units looked at, at most: what a choice costs does not depend on how long the corpus is."""


@njit
def find_near(
    inventory: Inventory, first: int, count: int, previous: int, near: NDArray[np.int64]
) -> tuple[int, int]:
    """Find those of some units that join best what sounds.

    Parameters
    ----------
    inventory
        Of the bundle.
    first, count : int64
        Which of its `members`: a token's.
    previous : int64
        What sounds, global index.
    near : int64[n]
        Written: global units, the best join first.

    Returns
    -------
    int64, int64
        How many were found, and how many were looked at: at most `LOOKED`.

    Notes
    -----
    Ahead.  The square of a difference of means is never more than the mean square of differences.
    So units are looked at in the order in which their edges' means depart from what sounds, and when
    one departs too far, so do all that are left: S.-W. Ra and J.-K. Kim, "A fast
    mean-distance-ordered partial codebook search algorithm for image vector quantization" (1993).
    Where `LOOKED` ends it before, a better one may be left.
    """
    costs = np.empty(near.size)
    mean = _mean(inventory.edges[previous, 1])
    above = _count_below(inventory, first, count, mean)
    below, found, looked = above - 1, 0, 0
    while looked < LOOKED and (below >= 0 or above < count):
        up = inventory.heads[inventory.members[first + above]] - mean if above < count else math.inf
        down = mean - inventory.heads[inventory.members[first + below]] if below >= 0 else math.inf
        apart = min(up, down)
        if found == near.size and apart * apart >= costs[found - 1]:
            break
        unit = inventory.members[first + (above if up <= down else below)]
        if up <= down:
            above += 1
        else:
            below -= 1
        looked += 1
        found = _insert(near, costs, found, unit, join_cost(inventory, previous, unit))
    return found, looked


@njit
def _mean(edge: NDArray[np.float32]) -> float:
    total = 0.0
    for k in range(edge.size):
        total += edge[k]
    return total / max(edge.size, 1)


@njit
def _count_below(inventory: Inventory, first: int, count: int, mean: float) -> int:
    """Count those of a token's members whose head has a lower mean."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if inventory.heads[inventory.members[first + middle]] < mean:
            low = middle + 1
        else:
            high = middle
    return low


@njit
def _insert(
    near: NDArray[np.int64], costs: NDArray[np.float64], found: int, unit: int, cost: float
) -> int:
    """Put a unit where it belongs among those found, if it does; return how many they are."""
    if found == near.size and not cost < costs[found - 1]:
        return found
    at = min(found, near.size - 1)
    while at > 0 and cost < costs[at - 1]:
        near[at], costs[at] = near[at - 1], costs[at - 1]
        at -= 1
    near[at], costs[at] = unit, cost
    return min(found + 1, near.size)
