"""Queueing a decided unit, piece by piece; the first one brings the join with what sounds."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.joins import (
    ATTACK_FRAMES,
    LEAD_FRAMES,
    LEVEL_FRAMES,
    find_join,
    match_level,
)
from idiolect.performance.plan import Plan
from idiolect.performance.queueing import PIECE_FRAMES, level_at, push_grain
from idiolect.performance.tongue import tongue_of
from idiolect.selection.inventory import Inventory

__all__ = ["GLIDE_SECONDS", "queue_piece"]

LEVELLING = PLANNER_SLOTS["levelling"]
GLIDE_SECONDS = 0.25  # from a levelled join back to the level that was recorded


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
    if own.following >= 0 and own.following > tongue_of(plan, own.sounding).audio.shape[0]:
        own.following = -1  # cut where it was held beyond the end: nothing sounds
    joined = first == 1 and (own.following != frame or own.sounding != step.tongue)
    if joined:
        lead, fade, correlation = _join(plan, audio, voice, frame, source_limits[unit.source])
    start = step.onset + own.pieced - lead
    if joined:
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
    gain, count = 1.0, min(LEVEL_FRAMES, own.body, length)
    if most > 0 and own.following >= 0 and count >= ATTACK_FRAMES:
        heard = level_at(plan, voice, start)
        sounding = tongue_of(plan, own.sounding).audio
        gain = heard * match_level(sounding, own.following - count, audio, frame, count)
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
    spare, sounding = plan.coupling, tongue_of(plan, own.sounding).audio
    lead, fade, correlation = _search_join(
        sounding, own.following, audio, frame, before, own.body, spare
    )
    latest = onset - own.earliest
    if lead > latest:  # a cut has come closer: it is heard as soon as it can be
        lead, fade, correlation = _search_join(
            sounding, own.following, audio, frame, min(before, latest), own.body, 0
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
    spare: int,
) -> tuple[int, int, float]:
    """Find lead, fade and correlation within `before` frames ahead of the onset; fade 0: none."""
    lead = min(LEAD_FRAMES, before, body // 2)
    if lead < ATTACK_FRAMES:
        return 0, 0, 0.0
    return find_join(sounding, following, audio, frame, lead, spare)
