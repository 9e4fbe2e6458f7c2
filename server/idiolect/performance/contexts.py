"""Giving a voice its context: reading it into the cache, taking it up, and remembering it."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import brief, njit
from idiolect.language.decoder import Cache, fill
from idiolect.language.memories import NOTHING
from idiolect.language.model import Model
from idiolect.performance.plan import Plan
from idiolect.performance.reading import (
    AS_IT_COMES,
    PARENT,
    begin_past,
    extend_past,
    parent_as_it_comes,
    parent_to_come,
    word_read,
)
from idiolect.performance.seeding import Units
from idiolect.selection.inventory import Inventory, successor

__all__ = ["adopt_context", "read_context", "remember_seed"]


@njit
def read_context(
    plan: Plan,
    model: Model,
    cache: Cache,
    inventory: Inventory,
    voice: int,
    scale: int,
    units: Units,
    hidden: NDArray[np.float32],
) -> None:
    """Read a context into the voice's spare cache row, while the plan in the other one plays.

    Parameters
    ----------
    units : int64[n]
        In their scale, oldest first; none is an empty context.
    hidden : float32[width]
        The network's state after them.

    Notes
    -----
    Planner thread; bounded by `CONTEXT_STEPS`.
    """
    count, width = len(units) + 1, inventory.descriptors.shape[1]
    tokens = np.empty(count, np.int64)
    descriptors = np.zeros((count, width), np.float32)
    present = np.zeros((count, width), np.float32)
    scales = np.full(count, scale, np.int64)
    parents = np.empty(count, np.int64)
    for i in range(count):
        unit = units[i - 1] if i > 0 else -1
        tokens[i] = word_read(inventory, scale, unit)
        # What a performer wants as parent is for what is to come, not for what has been.
        wanted = i == count - 1 or plan.parameters[voice, PARENT] < AS_IT_COMES
        parents[i] = (
            parent_to_come(plan, inventory, voice, scale, unit)
            if wanted
            else parent_as_it_comes(inventory, scale, unit)
        )
        if unit < 0:
            continue
        index = inventory.unit_offset[scale] + unit
        descriptors[i] = inventory.descriptors[index]
        present[i] = inventory.present[index]
    row = plan.voices[voice].row ^ 1
    fill(model.weights, cache, row, 0, tokens, descriptors, present, scales, parents, hidden)


@brief
def adopt_context(
    plan: Plan,
    inventory: Inventory,
    voice: int,
    scale: int,
    units: Units,
    hidden: NDArray[np.float32],
) -> None:
    """Make the context just read the one that the voice's next step sees."""
    own = plan.voices[voice]
    own.row ^= 1
    own.position = len(units) + 1
    own.scale = scale
    own.previous = units[-1] if len(units) > 0 else -1
    own.floor = own.steps
    begins = len(units) == 0 or units[0] == 0
    if not begins:
        begins = successor(inventory, scale, units[0] - 1) < 0
    begin_past(plan, voice, begins)
    for unit in units:
        extend_past(plan, inventory, voice, scale, unit)
    plan.hidden[voice, own.steps % plan.steps.shape[1]] = hidden


@brief
def remember_seed(plan: Plan, inventory: Inventory, voice: int, scale: int, units: Units) -> None:
    """Let the memory know a context the performer gave; none makes it forget them all."""
    words = plan.seeded[voice]
    if len(units) == 0:
        words[:] = NOTHING
        return
    count = len(units) + 1
    words[:-count] = words[count:]
    for i in range(len(units)):
        token = inventory.units[inventory.unit_offset[scale] + units[i]].token
        words[i - count] = inventory.token_offset[scale] + token
    words[-1] = NOTHING
