"""The choice of a unit among those of a token: the least total cost, here and of what comes next.

A unit that joins well may leave nothing that joins it.  So the choice looks at a *window*: the
token that is due and those expected after it, some units of each as candidates.  The cheapest path
through the window is found by dynamic programming (A. Viterbi, 1967; as A. Hunt and A. Black, 1996,
section 2.3, over whole sentences), and its first unit is taken.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.selection.cost import join_cost, recency_cost, strays, target_cost
from idiolect.selection.inventory import Inventory, successor
from idiolect.selection.neighbours import find_near

__all__ = [
    "CANDIDATES",
    "NEAR",
    "WINDOW",
    "Window",
    "add_step",
    "choose_member",
    "choose_path",
    "make_window",
]

TARGET_WEIGHT = 1.0  # the measure of the others: nats per descriptor
JOIN_WEIGHT = 3.0  # random edges differ by 1: of all costs a bad join weighs most
RECENCY_WEIGHT = 2.0  # as much as two standard deviations in every descriptor
STRAY_WEIGHT = 1.0  # as much as 1.4 standard deviations in every descriptor
CANDIDATES = 64  # at most, so that a token of a huge corpus costs no more than a small one's
NEAR = 32  # of these, those that join best; the others are spread over the token's units
LATER_CANDIDATES = 24  # at most, of each token after the one that is due
WINDOW = 3  # steps looked at: the one that is due, and those after it


class Window(NamedTuple):
    """Candidates of the step that is due and of those expected after it."""

    units: NDArray[np.int64]  # (WINDOW, CANDIDATES), local indices
    costs: NDArray[np.float64]  # (WINDOW, CANDIDATES): of each alone, without its join
    counts: NDArray[np.int64]  # (WINDOW + 1,): candidates of each step; last, steps filled


@njit
def make_window() -> Window:
    """Open an empty window."""
    return Window(
        np.zeros((WINDOW, CANDIDATES), np.int64),
        np.zeros((WINDOW, CANDIDATES), np.float64),
        np.zeros(WINDOW + 1, np.int64),
    )


@njit
def add_step(
    window: Window,
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
) -> None:
    """Put the candidates of the next token into a window.

    Parameters
    ----------
    window
        Not yet full.
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
        a candidate only when the token has no other unit.
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

    Notes
    -----
    Ahead.  At most `CANDIDATES` units are weighed: all that the token has, or else those that
    join best what sounds, as far as `find_near` finds them, and others spread evenly.
    """
    step, offset = window.counts[WINDOW], inventory.unit_offset[scale]
    first = inventory.member_start[inventory.token_offset[scale] + token]
    count = inventory.member_start[inventory.token_offset[scale] + token + 1] - first
    most, start = min(count, CANDIDATES if step == 0 else LATER_CANDIDATES), int(u * count)
    near, found = np.empty(NEAR, np.int64), 0
    if step == 0 and previous >= 0 and most < count:
        found, _ = find_near(inventory, first, count, previous + offset, near)
    spread = most - found
    filled, least = 0, 3
    for k in range(most):
        unit = inventory.members[first + (start + k * count // spread) % count]
        if k >= spread:
            unit = near[k - spread]
        elif unit in near[:found]:
            continue
        rank = _rank(unit - offset, previous, exclude)
        if rank > least:
            continue
        if rank < least:
            filled, least = 0, rank
        window.units[step, filled] = unit - offset
        window.costs[step, filled] = (
            TARGET_WEIGHT * target_cost(inventory, unit, mean, variance)
            + RECENCY_WEIGHT * recency_cost(unit - offset, recent, recent_count)
            + STRAY_WEIGHT * strays(inventory, scale, unit, wanted)
        )
        filled += 1
    window.counts[step] = filled
    window.counts[WINDOW] = step + 1


@njit
def choose_path(window: Window, inventory: Inventory, scale: int, previous: int) -> int:
    """Choose the first unit of the cheapest path through a window.

    Parameters
    ----------
    window
        Filled by `add_step`.
    inventory
        Of the bundle.
    scale : int64
        The voice's scale.
    previous : int64
        The unit that sounds, -1 when none does.

    Returns
    -------
    int64
        Local index, of equals the lowest; -1 when the first token has no unit.

    Notes
    -----
    Ahead.  O(steps x candidates squared).
    """
    ahead = np.zeros((WINDOW, CANDIDATES))  # the least that what follows each candidate costs
    for step in range(window.counts[WINDOW] - 2, -1, -1):
        for k in range(window.counts[step]):
            unit = window.units[step, k]
            ahead[step, k] = _least(window, ahead, inventory, scale, step + 1, unit)
    offset = inventory.unit_offset[scale]
    sounding = previous + offset if previous >= 0 else -1
    best, best_cost = -1, math.inf
    for k in range(window.counts[0]):
        unit = window.units[0, k]
        joined = JOIN_WEIGHT * join_cost(inventory, sounding, unit + offset)
        cost = window.costs[0, k] + joined + ahead[0, k]
        if best < 0 or cost < best_cost or (cost == best_cost and unit < best):
            best, best_cost = unit, cost
    return best


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

    Parameters and result are those of `add_step` and `choose_path`: the window is one step wide.
    """
    window = make_window()
    add_step(
        window, inventory, scale, token, previous, exclude, mean, variance, recent, recent_count,
        wanted, u,
    )  # fmt: skip
    return choose_path(window, inventory, scale, previous)


@njit
def _least(
    window: Window,
    ahead: NDArray[np.float64],
    inventory: Inventory,
    scale: int,
    step: int,
    unit: int,
) -> float:
    """Give the least cost from a unit on; no repetition, no natural successor, as in play."""
    offset, least = inventory.unit_offset[scale], math.inf
    natural = successor(inventory, scale, unit)
    for k in range(window.counts[step]):
        other = window.units[step, k]
        if other not in (unit, natural):
            cost = JOIN_WEIGHT * join_cost(inventory, unit + offset, other + offset)
            least = min(least, window.costs[step, k] + cost + ahead[step, k])
    return least if least < math.inf else 0.0


@njit
def _rank(unit: int, previous: int, exclude: int) -> int:
    """Order candidates before their cost: 0 free, 1 a repetition, 2 the natural successor."""
    if unit == exclude:
        return 2
    return 1 if unit == previous else 0
