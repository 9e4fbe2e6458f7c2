"""What a voice remembers of its own steps when it decides the next."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.language.memories import NOTHING
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.plan import Plan
from idiolect.selection.inventory import Inventory

__all__ = ["count_heard", "gather_recent", "seeded_in", "unit_to_repeat"]

REPETITION = PLANNER_SLOTS["repetition"]
LOOP = PLANNER_SLOTS["loop"]
WINDOW = PLANNER_SLOTS["repetition_window"]


@njit
def unit_to_repeat(plan: Plan, voice: int) -> int:
    """Give the unit that a looping voice is to repeat, local index; -1 when it does not loop."""
    own, length = plan.voices[voice], int(plan.parameters[voice, LOOP])
    if length <= 0 or own.steps < length:
        return -1
    step = plan.steps[voice, (own.steps - length) % plan.steps.shape[1]]
    if step.tongue != own.tongue or step.scale != own.scale:
        return -1
    return int(step.unit)


@njit
def gather_recent(plan: Plan, voice: int) -> int:
    """Collect the units of this scale that were decided last, oldest first; return how many."""
    own = plan.voices[voice]
    size = plan.recent.shape[0]
    first = max(0, own.steps - size)
    count = 0
    for k in range(first, own.steps):
        step = plan.steps[voice, k % plan.steps.shape[1]]
        if step.tongue == own.tongue and step.scale == own.scale:
            plan.recent[count] = step.unit
            count += 1
    return count


@njit
def count_heard(plan: Plan, voice: int) -> None:
    """Count into ``plan.heard`` how often each token of this scale sounds in the voice's last seconds.

    The seconds are those of the voice's own timeline, up to where the next unit begins.

    Notes
    -----
    Planner thread.  At most half of the steps kept are looked at: those are still there after the
    longest roll-back, so the plan drawn again is the same.
    """
    if not plan.parameters[voice, REPETITION] > 0:
        return
    own = plan.voices[voice]
    kept = plan.steps.shape[1]
    opening = own.end - int(plan.parameters[voice, WINDOW] * plan.sample_rate)
    plan.heard.fill(0)
    for k in range(own.steps - 1, max(-1, own.steps - 1 - kept // 2), -1):
        step = plan.steps[voice, k % kept]
        if step.end <= opening:
            return
        if step.tongue == own.tongue and step.scale == own.scale:
            plan.heard[step.token] += 1


@njit
def seeded_in(plan: Plan, inventory: Inventory, voice: int, scale: int) -> NDArray[np.int64]:
    """Give the contexts the performer gave a voice, as tokens of a scale; others become `NOTHING`."""
    first, last = inventory.token_offset[scale], inventory.token_offset[scale + 1]
    words, own = plan.seeded[voice], np.empty(plan.seeded.shape[1], np.int64)
    filled = 0
    for word in words:
        if first <= word < last:
            own[filled] = word - first
            filled += 1
        elif filled > 0:
            own[filled] = NOTHING
            filled += 1
    return own[:filled]
