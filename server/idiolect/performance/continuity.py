"""How likely what followed in the corpus is to follow again."""

import math

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.selection.cost import strays, target_cost
from idiolect.selection.inventory import Inventory

__all__ = ["SHARERS", "chance_to_continue", "natural_share"]

SHARERS = 256
"""Units of a token that are weighed against the natural successor, itself included."""

STRAY_SHARE = 0.05
"""Of a unit that lies outside the class wanted, beside one that lies inside."""


@njit
def natural_share(
    inventory: Inventory,
    scale: int,
    natural: int,
    token: int,
    mean: NDArray[np.float32],
    variance: NDArray[np.float32],
    wanted: int,
) -> float:
    """Weigh the natural successor against all units of its token, by their predicted density.

    Descriptors are so alike that all together tell what one would alone: the densities are those of
    their mean, under which what followed is likeliest on every corpus looked at.  Units outside the
    class that is wanted weigh `STRAY_SHARE` of what they would.  Of a token with more than `SHARERS`
    units an even selection stands for all the others.

    Parameters
    ----------
    natural, token : int64
        The successor and its token, local indices.
    mean, variance : float32[D]
        What is expected of the token's next unit.
    wanted : int64
        As `decision.class_wanted` gives it.
    """
    word = inventory.token_offset[scale] + token
    first = inventory.member_start[word]
    count = inventory.member_start[word + 1] - first
    unit = natural + inventory.unit_offset[scale]
    own = target_cost(inventory, unit, mean, variance)
    looked = min(count, SHARERS)
    others, total = 0, 0.0
    weight = STRAY_SHARE if strays(inventory, scale, unit, wanted) else 1.0
    for k in range(looked):
        other = inventory.members[first + k * count // looked]
        if other != unit and others < SHARERS - 1:
            others += 1
            # Density relative to the successor's own; it may overflow to inf: then the share is 0.
            ratio = math.exp(own - target_cost(inventory, other, mean, variance))
            total += ratio * (STRAY_SHARE if strays(inventory, scale, other, wanted) else 1.0)
    share = weight / (weight + total * (count - 1) / max(others, 1))
    return share if share >= 0 else 0.0  # NaN too


@njit
def chance_to_continue(chance: float, units: int, continuity: float) -> float:
    """Move the odds of the natural successor: 0 never, 0.5 as learned, 1 always.

    Among thousands of units what followed is as unlikely, as learned, as any other that fits.  So
    above a half it is measured by how much likelier it is than a unit taken blindly: where it is not
    at all, half way from 0.5 to 1 it comes every second time, and less often the less it fits.

    Parameters
    ----------
    chance : float64
        As learned.
    units : int64
        How many might be taken.

    Returns
    -------
    float64
    """
    if chance >= 1 or continuity >= 1:
        return 1.0 if continuity > 0 else 0.0
    odds = chance / (1 - chance)
    if continuity <= 0.5:
        odds *= max(continuity, 0.0) / (1 - continuity)
    else:
        odds += chance * units * (continuity - 0.5) / (1 - continuity)
    return odds / (1 + odds)
