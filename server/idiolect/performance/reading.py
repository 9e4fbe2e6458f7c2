"""What a voice takes in of a unit that sounded: the network's next state, and the past it recalls."""

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.memory import BOUNDARY
from idiolect.compiled import njit
from idiolect.language.decoder import Cache, advance
from idiolect.language.memories import NOTHING
from idiolect.language.model import Model
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.plan import Plan
from idiolect.selection.inventory import Inventory, successor

__all__ = [
    "begin_past",
    "extend_past",
    "parent_as_it_comes",
    "parent_to_come",
    "read_again",
    "read_at",
    "read_unit",
    "word_read",
]

PARENT = PLANNER_SLOTS["parent"]
AS_IT_COMES = -1  # the parent of what would follow in the corpus


@njit
def read_unit(
    plan: Plan, model: Model, cache: Cache, inventory: Inventory, voice: int, unit: int
) -> None:
    """Take in a unit of the voice's scale as sounded; the next step sees it."""
    own = plan.voices[voice]
    own.previous = unit
    extend_past(plan, inventory, voice, own.scale, unit)
    read_at(plan, model, cache, inventory, voice, unit, own.position, _state(plan, voice))
    own.position += 1


@njit
def read_again(plan: Plan, model: Model, cache: Cache, inventory: Inventory, voice: int) -> None:
    """Read what sounded last once more, since what it is told about the parent has changed."""
    own = plan.voices[voice]
    state = _state(plan, voice)
    read_at(plan, model, cache, inventory, voice, own.previous, own.position - 1, state)


@njit
def _state(plan: Plan, voice: int) -> NDArray[np.float32]:
    """The network's state before the voice's next step."""
    return plan.hidden[voice, plan.voices[voice].steps % plan.steps.shape[1]]


@njit
def read_at(
    plan: Plan,
    model: Model,
    cache: Cache,
    inventory: Inventory,
    voice: int,
    unit: int,
    position: int,
    hidden: NDArray[np.float32],
) -> None:
    """Let the network read a unit at a position of the voice's context.

    Parameters
    ----------
    unit : int64
        In the voice's scale; -1 for the start.
    position : int64
        What is read at it and after it is forgotten.
    hidden : float32[width]
        Written: the network's state after it.
    """
    own = plan.voices[voice]
    index = inventory.unit_offset[own.scale] + unit
    descriptors = np.zeros(inventory.descriptors.shape[1], np.float32)
    present = np.zeros(inventory.descriptors.shape[1], np.float32)
    if unit >= 0:
        descriptors[:] = inventory.descriptors[index]
        present[:] = inventory.present[index]
    advance(
        model.weights,
        cache,
        own.row,
        position,
        word_read(inventory, own.scale, unit),
        descriptors,
        present,
        own.scale,
        parent_to_come(plan, inventory, voice, own.scale, unit),
        hidden,
    )


@njit
def word_read(inventory: Inventory, scale: int, unit: int) -> int:
    """Give the global token under which the network reads a unit.

    That of the start where nothing has sounded, and where the unit ends its source: what follows
    is a beginning, as it was in training.
    """
    if unit < 0 or successor(inventory, scale, unit) < 0:
        return int(inventory.token_offset[-1])
    token = inventory.units[inventory.unit_offset[scale] + unit].token
    return int(inventory.token_offset[scale] + token)


@njit
def parent_to_come(plan: Plan, inventory: Inventory, voice: int, scale: int, unit: int) -> int:
    """Give the global token of the parent of the unit that is to follow `unit`, as the voice wants.

    Parameters
    ----------
    scale : int64
        Of the unit.
    unit : int64
        What sounds, local index; -1 when nothing does.

    Returns
    -------
    int64
        The number of tokens where nobody says: at the coarsest scale, where nothing sounds, where
        the voice's `parent` says so, or names a token that the coarser scale does not have.
    """
    wanted, above = int(plan.parameters[voice, PARENT]), scale + 1
    nobody = int(inventory.token_offset[-1])
    if wanted == AS_IT_COMES:
        return parent_as_it_comes(inventory, scale, unit)
    if wanted < 0 or above + 1 >= inventory.token_offset.size:
        return nobody
    first, last = inventory.token_offset[above], inventory.token_offset[above + 1]
    return int(first + wanted) if first + wanted < last else nobody


@njit
def parent_as_it_comes(inventory: Inventory, scale: int, unit: int) -> int:
    """Give the parent's global token of what follows `unit` in the corpus, of itself at an end."""
    nobody, above = int(inventory.token_offset[-1]), scale + 1
    if unit < 0 or above + 1 >= inventory.token_offset.size:
        return nobody
    following = successor(inventory, scale, unit)
    here = inventory.units[inventory.unit_offset[scale] + (following if following >= 0 else unit)]
    if here.parent < 0:
        return nobody
    token = inventory.units[inventory.unit_offset[above] + here.parent].token
    return int(inventory.token_offset[above] + token)


@njit
def begin_past(plan: Plan, voice: int, boundary: bool) -> None:
    """Forget the past of a voice; `boundary` when what comes begins a source."""
    past = plan.voices[voice].past
    past[:] = NOTHING
    if boundary:
        past[0] = BOUNDARY


@njit
def extend_past(plan: Plan, inventory: Inventory, voice: int, scale: int, unit: int) -> None:
    """Put a unit's token before the past; after the last of a source comes a beginning."""
    past = plan.voices[voice].past
    if successor(inventory, scale, unit) < 0:
        begin_past(plan, voice, True)
        return
    for k in range(past.size - 1, 0, -1):
        past[k] = past[k - 1]
    past[0] = inventory.units[inventory.unit_offset[scale] + unit].token
