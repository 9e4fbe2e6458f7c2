"""One step of a voice: decide the next unit and read it; and going back over steps."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.language.decoder import Cache
from idiolect.language.model import Model
from idiolect.performance.beats import end_of_unit
from idiolect.performance.decision import Steering, decide, weigh_tokens
from idiolect.performance.foresight import foresee
from idiolect.performance.plan import Plan
from idiolect.performance.reading import read_unit
from idiolect.performance.recall import count_heard, gather_recent, seeded_in, unit_to_repeat
from idiolect.performance.repertoire import view_repertoire
from idiolect.performance.tongue import inventory_of, model_of, tongue_of
from idiolect.selection.inventory import Inventory, successor

__all__ = [
    "ALL_QUEUED",
    "decide_step",
    "expect_tokens",
    "go_back",
    "skip_heard",
    "skip_unit",
    "source_end",
    "take_unit",
]

ALL_QUEUED = 1 << 40
"""More frames than any unit has: all of the last decided unit is queued."""


@njit
def source_end(
    inventory: Inventory, source_limits: NDArray[np.int64], scale: int, unit: int
) -> int:
    """Bundle frame at which the source of a unit ends."""
    return source_limits[inventory.units[inventory.unit_offset[scale] + unit].source + 1]


@njit
def _open_step(plan: Plan, voice: int) -> None:
    """Begin the next step by keeping the voice's state before it."""
    own = plan.voices[voice]
    step = plan.steps[voice, own.steps % plan.steps.shape[1]]
    step.onset = own.end
    step.heard = own.heard
    step.row = own.row
    step.position = own.position
    step.scale = own.scale
    step.previous = own.previous
    step.following = own.following
    step.sounding = own.sounding
    step.body = own.body
    step.levelled = own.levelled
    step.lift = own.lift
    step.last_start = own.last_start
    step.past[:] = own.past
    step.tongue = own.tongue


@njit
def decide_step(plan: Plan, model: Model, cache: Cache, inventory: Inventory, voice: int) -> None:
    """Decide the voice's next unit and read it.

    Notes
    -----
    Planner thread.  Depends on the context, the parameters and the keys of the random stream;
    never on timing.
    """
    own = plan.voices[voice]
    entry = own.steps % plan.steps.shape[1]
    repeated = unit_to_repeat(plan, voice)
    if repeated >= 0:
        take_unit(plan, inventory, voice, repeated)
        plan.steps[voice, entry].entropy = 0.0
        read_unit(plan, model, cache, inventory, voice, repeated)
        return
    count = gather_recent(plan, voice)
    playable = view_repertoire(plan, inventory, voice)
    steering = steer(plan, inventory, voice)
    entropy = decide(
        model,
        playable,
        plan.hidden[voice, entry],
        own.scale,
        own.previous,
        steering,
        own.seed,
        voice,
        own.steps - own.base,
        plan.recent,
        count,
        plan.choice,
    )
    unit = plan.choice[0]
    if plan.choice[2] == 0:
        unit = foresee(plan, model, cache, playable, voice, steering, count)
    take_unit(plan, inventory, voice, unit)
    plan.steps[voice, entry].entropy = entropy
    read_unit(plan, model, cache, inventory, voice, unit)


@njit
def steer(plan: Plan, inventory: Inventory, voice: int) -> Steering:
    """Gather what leads the voice's next decision."""
    count_heard(plan, voice)
    own = plan.voices[voice]
    return Steering(
        plan.parameters[voice],
        plan.bias[voice],
        plan.tilt[voice],
        plan.heard,
        own.past,
        seeded_in(plan, inventory, voice, own.scale),
    )


@njit
def expect_tokens(plan: Plan, voice: int, probabilities: NDArray[np.float64]) -> None:
    """Weigh the tokens of the voice's next decision, which stays to be made.

    Parameters
    ----------
    plan
        Any tongue's.
    probabilities : float64[tokens of the voice's scale]
        Written, as `decision.weigh_tokens` does.

    Notes
    -----
    Planner thread.  Writes nothing of the plan but scratch.
    """
    own = plan.voices[voice]
    tongue = tongue_of(plan, own.tongue)
    inventory = inventory_of(tongue)
    weigh_tokens(
        model_of(tongue),
        view_repertoire(tongue.plan, inventory, voice),
        tongue.plan.hidden[voice, own.steps % plan.steps.shape[1]],
        own.scale,
        steer(tongue.plan, inventory, voice),
        np.empty(probabilities.size, np.float32),
        probabilities,
    )


@njit
def take_unit(plan: Plan, inventory: Inventory, voice: int, index: int) -> None:
    """Make a unit of the voice's scale its next step, whoever chose it; nothing is queued yet."""
    own = plan.voices[voice]
    _open_step(plan, voice)
    step = plan.steps[voice, own.steps % plan.steps.shape[1]]
    unit = inventory.units[inventory.unit_offset[own.scale] + index]
    step.unit = index
    step.token = unit.token
    step.natural = 1 if index == successor(inventory, own.scale, own.previous) else 0
    step.start = own.end
    step.end, own.heard = end_of_unit(plan, voice, unit.length)
    own.end = step.end
    own.pieced = 0
    own.steps += 1


@njit
def skip_heard(
    plan: Plan, model: Model, cache: Cache, inventory: Inventory, voice: int, frames: int
) -> None:
    """Read the units that sounded because the plan came too late, when more than half of them did.

    Parameters
    ----------
    frames : int64
        How far the voice has run on past its last unit.
    """
    own = plan.voices[voice]
    while own.previous >= 0 and own.following >= 0 and own.sounding == own.tongue:
        unit = successor(inventory, own.scale, own.previous)
        if unit < 0:
            return
        length = inventory.units[inventory.unit_offset[own.scale] + unit].length
        if 2 * frames < length:
            return
        skip_unit(plan, model, cache, inventory, voice)
        frames -= length


@njit
def skip_unit(plan: Plan, model: Model, cache: Cache, inventory: Inventory, voice: int) -> None:
    """Read the natural successor of a voice's last unit as one that has sounded."""
    own = plan.voices[voice]
    unit = successor(inventory, own.scale, own.previous)
    _open_step(plan, voice)
    step = plan.steps[voice, own.steps % plan.steps.shape[1]]
    step.unit = unit
    step.token = inventory.units[inventory.unit_offset[own.scale] + unit].token
    step.natural = 1
    step.start = own.end
    step.end = own.end
    step.entropy = 0.0
    own.steps += 1
    own.following += inventory.units[inventory.unit_offset[own.scale] + unit].length
    read_unit(plan, model, cache, inventory, voice, unit)


@njit
def go_back(plan: Plan, voice: int, step_index: int) -> None:
    """Take the plan back to before a step; what was decided from it on is forgotten."""
    own = plan.voices[voice]
    step = plan.steps[voice, step_index % plan.steps.shape[1]]
    own.steps = step_index
    own.end = step.onset
    own.heard = step.heard
    own.row = step.row
    own.position = step.position
    own.scale = step.scale
    own.previous = step.previous
    own.following = step.following
    own.sounding = step.sounding
    own.body = step.body
    own.levelled = step.levelled
    own.lift = step.lift
    own.last_start = step.last_start
    own.past[:] = step.past
    own.pieced = ALL_QUEUED
