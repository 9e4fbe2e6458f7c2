"""Beginning and ending a voice, and taking back what a change makes stale of its plan."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import brief, njit
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.beats import begin_clock, follow_clock, pass_time
from idiolect.performance.joins import FADE_FRAMES, LEAD_FRAMES
from idiolect.performance.plan import Plan
from idiolect.performance.queueing import PIECE_FRAMES, note_cut, publish_cut, push_stop
from idiolect.performance.steps import ALL_QUEUED, go_back
from idiolect.performance.tongue import inventory_of, tongue_of
from idiolect.selection.inventory import unit_at

__all__ = ["AT_BOUNDARY", "AT_FINEST", "AT_ONCE", "begin_voice", "cut_plan", "run_voice"]

RUN = PLANNER_SLOTS["run"]
_STOP_SECONDS = 0.02

AT_BOUNDARY, AT_FINEST, AT_ONCE = 0, 1, 2
"""Where a change acts: the next boundary of the voice's scale, of the finest scale, or the cut."""


def run_voice(plan: Plan, table: NDArray[np.int64], voice: int, value: float, at: int) -> None:
    """Let a voice speak, or fade out and rest, from timeline frame `at` on, unless it does."""
    plan.parameters[voice, RUN] = value
    running = bool(plan.voices["running"][voice])
    if value and not running:
        begin_voice(plan, table, voice, at)
    elif running and not value:
        _stop_voice(plan, table, voice, at)


@brief
def begin_voice(plan: Plan, table: NDArray[np.int64], voice: int, onset: int) -> None:
    """Let a resting voice speak from timeline frame `onset` on."""
    own = plan.voices[voice]
    own.end = onset
    begin_clock(plan, table, voice)
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
def _stop_voice(plan: Plan, table: NDArray[np.int64], voice: int, at: int) -> None:
    """Fade a voice out from timeline frame `at` on; it rests."""
    cut_plan(plan, table, voice, at, AT_ONCE)
    own = plan.voices[voice]
    _open_plan(plan, table, voice, at, at)
    own.running = 0
    push_stop(plan, table, voice, at, int(_STOP_SECONDS * plan.sample_rate))
    publish_cut(plan, table, voice)
    own.following = -1


@brief
def cut_plan(plan: Plan, table: NDArray[np.int64], voice: int, earliest: int, where: int) -> int:
    """Take back what a change makes stale, from the decision point on.

    Parameters
    ----------
    earliest : int64
        Timeline frame before which nothing may be changed any more; that of an earlier cut where
        that is later, as it may be when time has been stretched since.
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
    earliest = max(earliest, own.earliest)
    if where == AT_BOUNDARY:
        return _cut_at_boundary(plan, table, voice, earliest)
    index = _step_at(plan, voice, earliest + FADE_FRAMES)
    if index < 0:
        return own.end
    point = _point(plan, voice, index, earliest + FADE_FRAMES, where)
    reach = LEAD_FRAMES if where == AT_FINEST else FADE_FRAMES
    _truncate(plan, voice, index, point, reach)
    follow_clock(plan, table, voice, True)
    # What has begun to fade in by then goes on: nothing earlier may be taken back.
    _open_plan(plan, table, voice, earliest, max(own.last_start + 1, point - reach, earliest))
    return point


@njit
def _cut_at_boundary(plan: Plan, table: NDArray[np.int64], voice: int, earliest: int) -> int:
    own = plan.voices[voice]
    found = own.steps
    while found > max(own.floor, own.steps - plan.steps.shape[1] // 2):
        if plan.steps[voice, (found - 1) % plan.steps.shape[1]].start < earliest:
            break
        found -= 1
    if found < own.steps:
        go_back(plan, voice, found)
        follow_clock(plan, table, voice, True)
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
def _point(plan: Plan, voice: int, index: int, at: int, where: int) -> int:
    """Timeline frame of the decision point inside a step."""
    if where == AT_ONCE:
        return at
    step = plan.steps[voice, index % plan.steps.shape[1]]
    inventory = inventory_of(tongue_of(plan, step.tongue))
    unit = inventory.units[inventory.unit_offset[step.scale] + step.unit]
    finest = inventory.units[unit_at(inventory, 0, unit.start + at - step.onset)]
    return min(step.end, step.onset + finest.start + finest.length - unit.start)


@njit
def _truncate(plan: Plan, voice: int, index: int, point: int, reach: int) -> None:
    """End a step at `point` and forget the steps after it; what it sounds of stays the context."""
    own = plan.voices[voice]
    if index + 1 < own.steps:
        go_back(plan, voice, index + 1)
    step = plan.steps[voice, index % plan.steps.shape[1]]
    inventory = inventory_of(tongue_of(plan, step.tongue))
    unit = inventory.units[inventory.unit_offset[step.scale] + step.unit]
    step.end = point
    own.end = point
    own.heard = step.heard + pass_time(plan, voice, point - step.onset)
    if own.pieced >= point - step.onset:
        own.following = unit.start + point - step.onset
        own.sounding = step.tongue
        own.body = point - step.onset
        own.pieced = ALL_QUEUED
    pieces = max(1, unit.length // PIECE_FRAMES)
    piece = max(0, min((point - reach - step.onset) // PIECE_FRAMES, pieces - 1))
    own.last_start = step.onset + piece * PIECE_FRAMES if piece > 0 else step.start
