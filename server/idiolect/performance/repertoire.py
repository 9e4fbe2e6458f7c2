"""What a voice may play: all of the corpus, or the units of some sources, a stretch or a region.

The control thread prepares a restriction (every token's allowed units, counted and listed), so that
the planner only copies it, and a decision costs no more than it does without.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.compiled import njit
from idiolect.performance.plan import Plan
from idiolect.performance.seeding import find_source, find_sources, stretch_of
from idiolect.selection.inventory import Inventory

__all__ = [
    "Repertoire",
    "adopt_repertoire",
    "count_allowed",
    "inside_region",
    "inside_sources",
    "inside_stretch",
    "open_repertoire",
    "restrict",
    "view_repertoire",
]


@dataclass(frozen=True, slots=True)
class Repertoire:
    """The units of all scales that may be chosen, in the arrays of an `Inventory`."""

    allowed: NDArray[np.uint8]  # (units,)
    members: NDArray[np.int64]  # (units allowed,)
    member_start: NDArray[np.int64]  # (tokens + 1,)
    counts: tuple[int, ...]  # units allowed in each scale


def inside_sources(bundle: Bundle, inventory: Inventory, names: list[str]) -> NDArray[np.bool_]:
    """Find the units of all scales that lie in sources with these names, or parts of names.

    Raises
    ------
    ControlError
        When no source has one of them.
    """
    found = [index for name in names for index in find_sources(bundle, name)]
    return np.isin(inventory.units["source"], found)


def inside_stretch(
    bundle: Bundle, inventory: Inventory, name: str, start: float, duration: float
) -> NDArray[np.bool_]:
    """Find the units of all scales that reach into a stretch of one source; seconds.

    Raises
    ------
    ControlError
        When there is no one such source.
    """
    return stretch_of(bundle, inventory.units, find_source(bundle, name), start, duration)


def inside_region(bundle: Bundle, x: float, y: float, radius: float) -> NDArray[np.bool_]:
    """Find the units that lie within a circle, each scale's on that scale's own map."""
    places = np.concatenate([scale.map for scale in bundle.scales])
    return np.asarray(np.hypot(places[:, 0] - x, places[:, 1] - y) <= radius)


def restrict(inventory: Inventory, inside: NDArray[np.bool_]) -> Repertoire:
    """Prepare what a voice may play.

    Parameters
    ----------
    inventory
        Of the whole bundle.
    inside : bool[units of all scales]
        What is allowed.

    Notes
    -----
    Control thread.  Linear in the units: less than a millisecond for a hundred thousand.
    """
    kept = inside[inventory.members]
    below = np.concatenate([[0], np.cumsum(kept)])
    return Repertoire(
        allowed=inside.astype(np.uint8),
        members=inventory.members[kept],
        member_start=below[inventory.member_start].astype(np.int64),
        counts=tuple(int(inside[a:b].sum()) for a, b in pairwise(inventory.unit_offset)),
    )


def open_repertoire(plan: Plan, inventory: Inventory) -> None:
    """Make everything the row of voices without a repertoire of their own."""
    _write(plan, 0, inventory.allowed, inventory.members, inventory.member_start)


def adopt_repertoire(plan: Plan, voice: int, repertoire: Repertoire | None) -> None:
    """Let a voice play this and nothing else; None: everything.  Planner thread, at a cut."""
    plan.voices["repertoire"][voice] = 0 if repertoire is None else voice + 1
    if repertoire is not None:
        row = voice + 1
        _write(plan, row, repertoire.allowed, repertoire.members, repertoire.member_start)


def count_allowed(plan: Plan, inventory: Inventory, voice: int) -> int:
    """Count the units of its scale that a voice may play."""
    own = plan.voices[voice]
    start = plan.member_start[int(own["repertoire"])]
    first, last = inventory.token_offset[int(own["scale"]) :][:2]
    return int(start[last] - start[first])


def _write(
    plan: Plan,
    row: int,
    allowed: NDArray[np.uint8],
    members: NDArray[np.int64],
    member_start: NDArray[np.int64],
) -> None:
    plan.allowed[row] = allowed
    plan.members[row, : len(members)] = members
    plan.member_start[row] = member_start


@njit
def view_repertoire(plan: Plan, inventory: Inventory, voice: int) -> Inventory:
    """See the inventory as a voice may play it: everything where its scale would be left empty."""
    own = plan.voices[voice]
    row = own.repertoire
    first, last = inventory.token_offset[own.scale], inventory.token_offset[own.scale + 1]
    if plan.member_start[row, first] == plan.member_start[row, last]:
        row = 0
    return Inventory(
        inventory.units,
        inventory.descriptors,
        inventory.present,
        inventory.edges,
        inventory.heads,
        plan.allowed[row],
        plan.members[row],
        plan.member_start[row],
        inventory.unit_offset,
        inventory.token_offset,
    )
