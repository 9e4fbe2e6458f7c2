"""What speaks against a unit: not what was expected, not a good join, heard a moment ago.

Units are global indices here.
"""

import math

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.selection.inventory import Inventory

__all__ = ["join_cost", "recency_cost", "strays", "target_cost"]

MISSING_COST = 0.5  # what a descriptor costs on average when the prediction is right
HALF_LIFE = 8.0  # units until a repetition is half forgiven: about two bars of quavers


@njit
def target_cost(
    inventory: Inventory, unit: int, mean: NDArray[np.float32], variance: NDArray[np.float32]
) -> float:
    """Measure how far a unit lies from the predicted descriptors.

    Parameters
    ----------
    inventory
        Of the bundle.
    unit : int64
        Global index.
    mean, variance : float32[D]
        From ``language.decoder.expect_descriptors``.

    Returns
    -------
    float64
        Negative Gaussian log-density in nats per descriptor, less what all units share; 0 at the
        mean.  A missing descriptor costs what it would on average, so that units with and
        without it compare.

    Notes
    -----
    Ahead.
    """
    total, count = 0.0, mean.size
    for k in range(count):
        if inventory.present[unit, k] != 0:
            distance = inventory.descriptors[unit, k] - mean[k]
            total += 0.5 * distance * distance / variance[k]
        else:
            total += MISSING_COST
    return total / max(count, 1)


@njit
def join_cost(inventory: Inventory, previous: int, unit: int) -> float:
    """Measure how badly a unit joins the one that sounds.

    Parameters
    ----------
    inventory
        Of the bundle.
    previous, unit : int64
        Global indices of one scale; `previous` -1 when nothing sounds.

    Returns
    -------
    float64
        Mean squared difference of the edges, about 1 on average over all pairs of a scale; 0 for
        the natural successor and when nothing sounds.

    Notes
    -----
    Ahead.
    """
    if previous < 0:
        return 0.0
    here, there = inventory.units[previous], inventory.units[unit]
    if unit == previous + 1 and here.source == there.source:
        return 0.0
    total, bands = 0.0, inventory.edges.shape[2]
    for k in range(bands):
        distance = inventory.edges[previous, 1, k] - inventory.edges[unit, 0, k]
        total += distance * distance
    return float(total / max(bands, 1))


@njit
def recency_cost(unit: int, recent: NDArray[np.int64], recent_count: int) -> float:
    """Measure how lately a unit has sounded.

    Parameters
    ----------
    unit : int64
        Index in the same count as `recent`.
    recent : int64[r]
        Ring of the units that sounded: the k-th ever lies in ``recent[k % r]``.
    recent_count : int64
        How many ever sounded; the last r of them are remembered.

    Returns
    -------
    float64
        1 for the unit that has just sounded, halved every `HALF_LIFE` units, 0 for one that
        is not remembered.

    Notes
    -----
    Ahead.
    """
    for age in range(min(recent_count, recent.size)):
        if recent[(recent_count - 1 - age) % recent.size] == unit:
            return math.exp(-age * math.log(2.0) / HALF_LIFE)
    return 0.0


@njit
def strays(inventory: Inventory, scale: int, unit: int, wanted: int) -> bool:
    """Say whether a unit lies in another class of the coarser scale than the one that is wanted.

    Parameters
    ----------
    inventory
        Of the bundle.
    scale : int64
        Of the unit.
    unit : int64
        Global index.
    wanted : int64
        Token of the next coarser scale, local; -1 when none is wanted: then nothing strays.

    Returns
    -------
    bool

    Notes
    -----
    Ahead.
    """
    if wanted < 0:
        return False
    parent = inventory.units[unit].parent
    return bool(
        parent < 0 or inventory.units[inventory.unit_offset[scale + 1] + parent].token != wanted
    )
