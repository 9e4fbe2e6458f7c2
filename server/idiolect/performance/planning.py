"""The planner's compiled calls: plan ahead, and take back what a change makes stale."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import brief, njit
from idiolect.engine.atomics import load_acquire
from idiolect.engine.interpolation import UNIT
from idiolect.engine.layout import LINE
from idiolect.engine.state import VOICES, view_state
from idiolect.engine.timeline import read_timeline
from idiolect.language.decoder import Cache
from idiolect.language.model import Model
from idiolect.performance.joins import FADE_FRAMES, LEAD_FRAMES
from idiolect.performance.plan import Plan
from idiolect.performance.queueing import (
    PIECE_FRAMES,
    TAIL_FRAMES,
    note_cut,
    publish_cut,
    push_stop,
    refresh_run_on,
    room,
)
from idiolect.performance.steps import (
    ALL_QUEUED,
    decide_step,
    go_back,
    queue_piece,
    skip_heard,
    source_end,
)
from idiolect.selection.inventory import Inventory, unit_at

__all__ = [
    "AT_BOUNDARY",
    "AT_FINEST",
    "AT_ONCE",
    "LARGEST_GRAIN",
    "RESERVE",
    "ahead_of",
    "begin_voice",
    "cut_plan",
    "engine_frame_of",
    "plan_ahead",
    "stop_voice",
    "timeline_now",
]

AT_BOUNDARY, AT_FINEST, AT_ONCE = 0, 1, 2
"""Where a change acts: the next boundary of the voice's scale, of the finest scale, or the cut."""

LARGEST_GRAIN = 2 * PIECE_FRAMES + TAIL_FRAMES + LEAD_FRAMES

RESERVE = 3 * LARGEST_GRAIN
"""Arena frames that filling up leaves alone, so that a cut finds room for its first grains."""

_FIRST_SECONDS = 0.05  # planned before a cut is published, and whatever else may be waiting


@brief
def timeline_now(table: NDArray[np.int64], voice: int) -> int:
    """Frame of the voice's timeline that is rendered next."""
    return load_acquire(view_state(table).taken, voice * LINE + 2)


@brief
def ahead_of(table: NDArray[np.int64], voice: int, frames: int) -> int:
    """Timeline frames that may pass in so many engine frames; those at rest, when time is slower.

    Notes
    -----
    Planner thread.
    """
    pace = load_acquire(view_state(table).taken, voice * LINE + 3)
    return frames if pace <= UNIT else frames * pace >> 32


@brief
def engine_frame_of(table: NDArray[np.int64], voice: int, frame: int) -> int:
    """Engine frame at which a voice's timeline will come to a frame, as its pace is now.

    Notes
    -----
    Planner thread.  The present frame when it stands still.
    """
    now, timeline, pace = read_timeline(view_state(table), voice)
    ahead = frame - timeline
    if pace == UNIT:
        return now + ahead
    return now + (max(ahead, 0) << 32) // pace if pace > 0 else now


@njit
def plan_ahead(
    plan: Plan,
    model: Model,
    cache: Cache,
    inventory: Inventory,
    source_limits: NDArray[np.int64],
    audio: NDArray[np.float32],
    table: NDArray[np.int64],
    lookahead: int,
    sample_rate: int,
) -> None:
    """Fill every running voice's queue up to the lookahead, the nearest onsets first.

    A waiting change (``plan.interrupted``) ends it early, but never before each voice has its
    first 50 ms and its cut is published, and then half a lookahead.

    Notes
    -----
    Planner thread; the GIL is released throughout.
    """
    shortest = int(_FIRST_SECONDS * sample_rate)
    for reach in (shortest, lookahead // 2, lookahead):
        for voice in range(table[VOICES]):
            own = plan.voices[voice]
            first = ahead_of(table, voice, shortest)
            if own.running == 1:
                goal = max(timeline_now(table, voice), own.earliest, own.point) + first
                goal = max(goal, timeline_now(table, voice) + ahead_of(table, voice, reach))
                _extend(
                    plan, model, cache, inventory, source_limits, audio, table, voice, goal,
                    reach == lookahead,
                )  # fmt: skip
                if own.cut >= 0 and queued_until(plan, voice) >= own.point + first:
                    publish_cut(plan, table, voice)
    for voice in range(table[VOICES]):
        own = plan.voices[voice]
        if own.running == 1 and own.steps > 0:
            step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
            limit = source_end(inventory, source_limits, step.scale, step.unit)
            refresh_run_on(plan, table, audio, voice, limit)


@brief
def queued_until(plan: Plan, voice: int) -> int:
    """Timeline frame up to which a voice's queue reaches."""
    own = plan.voices[voice]
    if own.steps == 0:
        return own.end
    step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
    return min(own.end, step.onset + own.pieced)


@njit
def _extend(
    plan: Plan,
    model: Model,
    cache: Cache,
    inventory: Inventory,
    source_limits: NDArray[np.int64],
    audio: NDArray[np.float32],
    table: NDArray[np.int64],
    voice: int,
    goal: int,
    may_stop: bool,
) -> None:
    own = plan.voices[voice]
    while queued_until(plan, voice) < goal:
        if room(plan, table, voice) < (RESERVE if may_stop else LARGEST_GRAIN):
            return
        if may_stop and load_acquire(plan.interrupted, 0) != 0:
            return
        if queued_until(plan, voice) >= own.end:
            late = timeline_now(table, voice) - own.end
            if late > 0:
                skip_heard(plan, model, cache, inventory, voice, late)
            decide_step(plan, model, cache, inventory, voice)
        queue_piece(plan, table, audio, inventory, source_limits, voice)


@brief
def begin_voice(plan: Plan, table: NDArray[np.int64], voice: int, onset: int) -> None:
    """Let a resting voice speak from timeline frame `onset` on."""
    own = plan.voices[voice]
    own.end = onset
    _open_plan(plan, table, voice, onset, onset)
    own.running = 1
    own.following = -1
    own.last_start = onset
    own.pieced = ALL_QUEUED


@njit
def _open_plan(plan: Plan, table: NDArray[np.int64], voice: int, earliest: int, cut: int) -> None:
    """Start a new epoch, to be published with `cut` when enough of it is queued."""
    own = plan.voices[voice]
    if own.cut >= 0:  # replaced before it was published: its grains must go too
        note_cut(plan, table, voice)
    own.epoch += 1
    own.earliest = earliest
    own.point = own.end
    own.cut = cut


@brief
def stop_voice(
    plan: Plan, inventory: Inventory, table: NDArray[np.int64], voice: int, at: int, fade: int
) -> None:
    """Fade a voice out from timeline frame `at` on; it rests."""
    cut_plan(plan, inventory, table, voice, at, AT_ONCE)
    own = plan.voices[voice]
    _open_plan(plan, table, voice, at, at)
    own.running = 0
    push_stop(plan, table, voice, at, fade)
    publish_cut(plan, table, voice)
    own.following = -1


@brief
def cut_plan(
    plan: Plan,
    inventory: Inventory,
    table: NDArray[np.int64],
    voice: int,
    earliest: int,
    where: int,
) -> int:
    """Take back what a change makes stale, from the decision point on.

    Parameters
    ----------
    earliest : int64
        Timeline frame before which nothing may be changed any more.
    where : int64
        `AT_BOUNDARY`, `AT_FINEST` or `AT_ONCE`.

    Returns
    -------
    int64
        Timeline frame from which on the plan will be drawn anew: the decision point.

    Notes
    -----
    Planner thread.  Nothing is published here: the old plan plays until the new one is queued.
    """
    own = plan.voices[voice]
    if where == AT_BOUNDARY:
        return _cut_at_boundary(plan, table, voice, earliest)
    index = _step_at(plan, voice, earliest + FADE_FRAMES)
    if index < 0:
        return own.end
    point = _point(plan, inventory, voice, index, earliest + FADE_FRAMES, where)
    reach = LEAD_FRAMES if where == AT_FINEST else FADE_FRAMES
    _truncate(plan, inventory, voice, index, point, reach)
    _open_plan(plan, table, voice, earliest, max(own.last_start + 1, point - reach))
    return point


@njit
def _cut_at_boundary(plan: Plan, table: NDArray[np.int64], voice: int, earliest: int) -> int:
    own = plan.voices[voice]
    found = own.steps
    while found > max(0, own.steps - plan.steps.shape[1] // 2):
        if plan.steps[voice, (found - 1) % plan.steps.shape[1]].start < earliest:
            break
        found -= 1
    if found < own.steps:
        go_back(plan, voice, found)
        _open_plan(plan, table, voice, earliest, own.last_start + 1)
    return own.end


@njit
def _step_at(plan: Plan, voice: int, at: int) -> int:
    """Index of the step that sounds at timeline frame `at`; -1 when none is planned for it."""
    own = plan.voices[voice]
    for index in range(own.steps - 1, max(-1, own.steps - plan.steps.shape[1] // 2), -1):
        step = plan.steps[voice, index % plan.steps.shape[1]]
        if step.onset <= at < step.end:
            return index
        if step.end <= at:
            return -1
    return -1


@njit
def _point(plan: Plan, inventory: Inventory, voice: int, index: int, at: int, where: int) -> int:
    """Timeline frame of the decision point inside a step."""
    if where == AT_ONCE:
        return at
    step = plan.steps[voice, index % plan.steps.shape[1]]
    unit = inventory.units[inventory.unit_offset[step.scale] + step.unit]
    finest = inventory.units[unit_at(inventory, 0, unit.start + at - step.onset)]
    return min(step.end, step.onset + finest.start + finest.length - unit.start)


@njit
def _truncate(
    plan: Plan, inventory: Inventory, voice: int, index: int, point: int, reach: int
) -> None:
    """End a step at `point` and forget the steps after it; what it sounds of stays the context."""
    own = plan.voices[voice]
    if index + 1 < own.steps:
        go_back(plan, voice, index + 1)
    step = plan.steps[voice, index % plan.steps.shape[1]]
    unit = inventory.units[inventory.unit_offset[step.scale] + step.unit]
    step.end = point
    own.end = point
    if own.pieced >= point - step.onset:
        own.following = unit.start + point - step.onset
        own.body = point - step.onset
        own.pieced = ALL_QUEUED
    pieces = max(1, unit.length // PIECE_FRAMES)
    piece = max(0, min((point - reach - step.onset) // PIECE_FRAMES, pieces - 1))
    own.last_start = step.onset + piece * PIECE_FRAMES if piece > 0 else step.start
