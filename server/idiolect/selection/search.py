"""The choice of a unit among those of a token: the least total cost."""

import math

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.selection.cost import join_cost, recency_cost, strays, target_cost
from idiolect.selection.inventory import Inventory

__all__ = ["choose_member"]

TARGET_WEIGHT = 1.0  # the measure of the others: nats per descriptor
JOIN_WEIGHT = 0.5  # random edges differ by 1: a random join costs what a right target does
RECENCY_WEIGHT = 2.0  # as much as two standard deviations in every descriptor
STRAY_WEIGHT = 1.0  # as much as 1.4 standard deviations in every descriptor
CANDIDATES = 64  # at most, so that a token of a huge corpus costs no more than a small one's


@njit
def choose_member(
    inventory: Inventory,
    scale: int,
    token: int,
    previous: int,
    exclude: int,
    mean: NDArray[np.float32],
    variance: NDArray[np.float32],
    recent: NDArray[np.int64],
    recent_count: int,
    wanted: int,
    u: float,
) -> int:
    """Choose the unit of a token with the least target, join and recency cost.

    Parameters
    ----------
    inventory
        Of the bundle.
    scale : int64
        The voice's scale; units and token are local to it.
    token : int64
        What the unit has to be.
    previous : int64
        The unit that sounds, -1 when none does.  It is not repeated while there is another.
    exclude : int64
        The natural successor, which is an outcome of its own, -1 when there is none.  It is
        chosen only when the token has no other unit.
    mean, variance : float32[D]
        The descriptors expected of the token.
    recent : int64[r]
        Ring of the units of this scale that sounded, see ``selection.cost.recency_cost``.
    recent_count : int64
        How many ever sounded.
    wanted : int64
        Class of the coarser scale that the unit had better lie in, -1 when it may be any.
    u : float64
        Uniform in [0, 1): where in a large token the candidates are taken.

    Returns
    -------
    int64
        Local index, of equals the lowest; -1 when the token has no unit.

    Notes
    -----
    Ahead.  At most `CANDIDATES` units are looked at, spread evenly over the token's.
    """
    offset = inventory.unit_offset[scale]
    first = inventory.member_start[inventory.token_offset[scale] + token]
    count = inventory.member_start[inventory.token_offset[scale] + token + 1] - first
    looked, start = min(count, CANDIDATES), int(u * count)
    sounding = previous + offset if previous >= 0 else -1
    best, best_rank, best_cost = -1, 3, math.inf
    for k in range(looked):
        unit = inventory.members[first + (start + k * count // looked) % count]
        rank = _rank(unit - offset, previous, exclude)
        cost = (
            TARGET_WEIGHT * target_cost(inventory, unit, mean, variance)
            + JOIN_WEIGHT * join_cost(inventory, sounding, unit)
            + RECENCY_WEIGHT * recency_cost(unit - offset, recent, recent_count)
            + STRAY_WEIGHT * strays(inventory, scale, unit, wanted)
        )
        lower = cost < best_cost or (cost == best_cost and unit - offset < best)
        if rank < best_rank or (rank == best_rank and lower):
            best, best_rank, best_cost = unit - offset, rank, cost
    return best


@njit
def _rank(unit: int, previous: int, exclude: int) -> int:
    """Order candidates before their cost: 0 free, 1 a repetition, 2 the natural successor."""
    if unit == exclude:
        return 2
    return 1 if unit == previous else 0
