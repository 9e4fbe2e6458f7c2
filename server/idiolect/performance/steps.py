"""One step of a voice: decide the next unit, read it, queue it; and going back over steps."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.language.decoder import Cache
from idiolect.language.model import Model
from idiolect.parameters import PLANNER_SLOTS
from idiolect.performance.decision import Steering, decide
from idiolect.performance.foresight import foresee
from idiolect.performance.joins import ATTACK_FRAMES, JOIN_FRAMES, find_join, match_level
from idiolect.performance.plan import Plan
from idiolect.performance.queueing import PIECE_FRAMES, level_at, push_grain
from idiolect.performance.reading import read_unit
from idiolect.performance.recall import count_heard, gather_recent, seeded_in, unit_to_repeat
from idiolect.performance.repertoire import view_repertoire
from idiolect.performance.tongue import tongue_of
from idiolect.selection.inventory import Inventory, successor

__all__ = [
    "ALL_QUEUED",
    "decide_step",
    "go_back",
    "queue_piece",
    "skip_heard",
    "source_end",
    "take_unit",
]

TEMPO, QUANTIZE = PLANNER_SLOTS["tempo"], PLANNER_SLOTS["quantize"]
LEVELLING = PLANNER_SLOTS["levelling"]
GLIDE_SECONDS = 0.25  # from a levelled join back to the level that was recorded
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
    count_heard(plan, voice)
    playable = view_repertoire(plan, inventory, voice)
    steering = Steering(
        plan.parameters[voice],
        plan.bias[voice],
        plan.tilt[voice],
        plan.heard,
        own.past,
        seeded_in(plan, inventory, voice, own.scale),
    )
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
    step.end = _end_of(plan, voice, unit.length)
    own.end = step.end
    own.pieced = 0
    own.steps += 1


@njit
def _end_of(plan: Plan, voice: int, length: int) -> int:
    """Give the timeline frame at which a unit that begins now gives way: on the voice's grid, if any."""
    onset, parameters = plan.voices[voice].end, plan.parameters[voice]
    if not parameters[QUANTIZE] > 0:
        return onset + length
    grid = plan.sample_rate * 60.0 / parameters[TEMPO] * parameters[QUANTIZE]
    # The first line that lies past the onset, half a frame for rounding, or the nearest to its end.
    line = max(np.floor((onset + 0.5) / grid) + 1, np.round((onset + length) / grid))
    return int(np.round(line * grid))


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
        _open_step(plan, voice)
        step = plan.steps[voice, own.steps % plan.steps.shape[1]]
        step.unit = unit
        step.token = inventory.units[inventory.unit_offset[own.scale] + unit].token
        step.natural = 1
        step.start = own.end
        step.end = own.end
        step.entropy = 0.0
        own.steps += 1
        own.following += length
        frames -= length
        read_unit(plan, model, cache, inventory, voice, unit)


@njit
def queue_piece(
    plan: Plan,
    table: NDArray[np.int64],
    audio: NDArray[np.float32],
    inventory: Inventory,
    source_limits: NDArray[np.int64],
    voice: int,
) -> None:
    """Queue the next piece of the last decided unit; the first one brings the join.

    Parameters
    ----------
    audio, inventory, source_limits
        Of the tongue that unit is spoken in.
    """
    own = plan.voices[voice]
    step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
    unit = inventory.units[inventory.unit_offset[step.scale] + step.unit]
    limit = source_limits[unit.source + 1]
    frame = unit.start + own.pieced
    left = step.end - step.onset - own.pieced
    length = left if left < 2 * PIECE_FRAMES else PIECE_FRAMES
    lead, fade, correlation = 0, 0, 0.0
    first = 1 if own.pieced == 0 else 0
    if own.following > audio.shape[0]:  # cut where it was held beyond the end: nothing sounds
        own.following = -1
    if first == 1 and (own.following != frame or own.sounding != step.tongue):
        lead, fade, correlation = _join(plan, audio, voice, frame, source_limits[unit.source])
    start = step.onset + own.pieced - lead
    if first == 1 and own.following != frame:
        _level(plan, audio, voice, start, frame, unit.length)
    if first == 1:
        step.start = start
        own.body = 0
    push_grain(
        plan, table, audio, voice, start, lead, fade, correlation, length, frame, limit, first
    )
    own.pieced += length
    own.body += length
    own.following = frame + length if frame + length <= limit else -1
    own.sounding = step.tongue


@njit
def _level(
    plan: Plan, audio: NDArray[np.float32], voice: int, start: int, frame: int, length: int
) -> None:
    """Let a unit that does not follow what sounds begin about as loud, and glide to its own level.

    Parameters
    ----------
    start : int64
        Timeline frame at which it begins to sound.
    frame : int64
        First bundle frame of the unit.
    length : int64
        Its frames.
    """
    own, most = plan.voices[voice], plan.parameters[voice, LEVELLING]
    gain, count = 1.0, min(JOIN_FRAMES, own.body, length)
    if most > 0 and own.following >= 0 and count >= ATTACK_FRAMES:
        heard = level_at(plan, voice, start)
        gain = heard * match_level(audio, own.following - count, frame, count)
        gain = min(max(gain, 10 ** (-most / 20)), 10 ** (most / 20))
    glide = int(GLIDE_SECONDS * plan.sample_rate)
    own.levelled = start + glide
    own.lift = (gain - 1.0) / glide


@njit
def _join(
    plan: Plan, audio: NDArray[np.float32], voice: int, frame: int, source_start: int
) -> tuple[int, int, float]:
    """Find how a unit that does not follow what sounds takes over from it.

    Returns
    -------
    int64, int64, float64
        Frames that sound before the unit's own first one, frames of cross-fade, correlation.
    """
    own = plan.voices[voice]
    onset = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]].onset
    before = frame - source_start
    attack = ATTACK_FRAMES if before > 0 or own.following >= 0 else 0
    if own.following < 0:
        return 0, attack, 0.0
    reach, sounding = plan.coupling, tongue_of(plan, own.sounding).audio
    lead, fade, correlation = _search_join(
        sounding, own.following, audio, frame, before, own.body, reach
    )
    latest = onset - own.earliest
    if lead > latest:  # a cut has come closer than the best place for the fade
        lead, fade, correlation = _search_join(
            sounding, own.following, audio, frame, min(before, latest), own.body, reach
        )
    if fade == 0:
        return 0, attack, 0.0
    return lead, fade, correlation


@njit
def _search_join(
    sounding: NDArray[np.float32],
    following: int,
    audio: NDArray[np.float32],
    frame: int,
    before: int,
    body: int,
    reach: int,
) -> tuple[int, int, float]:
    """Find lead, fade and correlation within `before` frames ahead of the onset; fade 0: none."""
    space = min(before, body // 2)
    fade = min(JOIN_FRAMES, space)
    if fade < ATTACK_FRAMES:
        return 0, 0, 0.0
    search = min(reach, space - fade, body // 4)
    shift, correlation = find_join(sounding, following, audio, frame, fade, search)
    return fade + shift, fade, correlation


@njit
def go_back(plan: Plan, voice: int, step_index: int) -> None:
    """Take the plan back to before a step; what was decided from it on is forgotten."""
    own = plan.voices[voice]
    step = plan.steps[voice, step_index % plan.steps.shape[1]]
    own.steps = step_index
    own.end = step.onset
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
