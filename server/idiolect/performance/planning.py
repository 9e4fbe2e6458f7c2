"""The planner's compiled calls: what time it is for a voice, and planning ahead."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import brief, njit
from idiolect.engine.atomics import load_acquire
from idiolect.engine.interpolation import UNIT
from idiolect.engine.layout import LINE
from idiolect.engine.state import VOICES, view_state
from idiolect.engine.timeline import read_timeline
from idiolect.performance.beats import follow_clock
from idiolect.performance.joins import LEAD_FRAMES
from idiolect.performance.pieces import queue_piece
from idiolect.performance.plan import Plan
from idiolect.performance.queueing import (
    PIECE_FRAMES,
    TAIL_FRAMES,
    publish_cut,
    refresh_run_on,
    room,
)
from idiolect.performance.steps import decide_step, skip_heard, skip_unit, source_end
from idiolect.performance.tongue import inventory_of, model_of, tongue_of

__all__ = [
    "RESERVE",
    "ROOM_TO_CUT",
    "ahead_of",
    "engine_frame_of",
    "least_queued",
    "plan_ahead",
    "plan_first",
    "plan_grain",
    "queued_until",
    "timeline_frame_of",
    "timeline_now",
]

LARGEST_GRAIN = 2 * PIECE_FRAMES + TAIL_FRAMES + LEAD_FRAMES

ROOM_TO_CUT = 3 * LARGEST_GRAIN
"""Arena frames with which a cut is made: there is room for half a lookahead of another plan."""

RESERVE = ROOM_TO_CUT + LARGEST_GRAIN
"""Arena frames that filling up leaves alone, so that a cut finds its room."""

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


@brief
def timeline_frame_of(table: NDArray[np.int64], voice: int, frame: int) -> int:
    """Frame that a voice's timeline will have come to at an engine frame, as its pace is now.

    Notes
    -----
    Planner thread.
    """
    now, timeline, pace = read_timeline(view_state(table), voice)
    ahead = max(0, frame - now)
    return timeline + (ahead if pace == UNIT else ahead * pace >> 32)


@njit
def plan_ahead(plan: Plan, table: NDArray[np.int64], lookahead: int) -> None:
    """Fill every running voice's queue up to the lookahead, the nearest onsets first.

    A waiting change (``plan.interrupted``) ends it early, but never before each voice has its
    first 50 ms and its cut is published, and then half a lookahead.  That is of the voice's time;
    where time goes faster, more is queued as long as room is left for a cut.

    Parameters
    ----------
    plan
        Any tongue's.
    lookahead : int64
        Frames.

    Notes
    -----
    Planner thread; the GIL is released throughout.
    """
    plan_first(plan, table)
    for share in (8, 4, 2):
        _extend_all(plan, table, lookahead // share, 0, LARGEST_GRAIN, False)
    _extend_all(plan, table, 0, lookahead // 2, RESERVE, False)
    _extend_all(plan, table, 0, lookahead, RESERVE, True)
    for voice in range(table[VOICES]):
        own = plan.voices[voice]
        if own.running == 1 and own.steps > 0:
            step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
            if step.tongue == own.tongue and own.held == own.tongue:
                tongue = tongue_of(plan, own.tongue)
                inventory, limits = inventory_of(tongue), tongue.source_limits
                limit = source_end(inventory, limits, step.scale, step.unit)
                refresh_run_on(plan, table, tongue.audio, voice, limit)


@njit
def plan_first(plan: Plan, table: NDArray[np.int64]) -> None:
    """Queue every running voice's next 50 ms, and after a cut those after its point; then publish it.

    Parameters
    ----------
    plan
        Any tongue's.

    Notes
    -----
    Planner thread; the GIL is released throughout.
    """
    for voice in range(table[VOICES]):
        own = plan.voices[voice]
        if own.running == 1:
            first = ahead_of(table, voice, int(_FIRST_SECONDS * plan.sample_rate))
            goal = max(timeline_now(table, voice), own.earliest, own.point) + first
            _extend(plan, table, voice, goal, LARGEST_GRAIN, False)
            if own.cut >= 0 and queued_until(plan, voice) >= own.point + first:
                publish_cut(plan, table, voice)


def least_queued(plan: Plan, table: NDArray[np.int64]) -> int:
    """Frames queued for the running voice that has least; 0 when none runs.  Any thread."""
    running = map(int, np.flatnonzero(plan.voices["running"]))
    ahead = [queued_until(plan, voice) - timeline_now(table, voice) for voice in running]
    return max(0, min(ahead, default=0))


@brief
def queued_until(plan: Plan, voice: int) -> int:
    """Timeline frame up to which a voice's queue reaches."""
    own = plan.voices[voice]
    if own.steps == 0:
        return own.end
    step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
    return min(own.end, step.onset + own.pieced)


@njit
def _extend_all(
    plan: Plan, table: NDArray[np.int64], frames: int, heard: int, spare: int, may_stop: bool
) -> None:
    """Extend every running voice as `_extend`, by frames of its timeline or as they are heard."""
    for voice in range(table[VOICES]):
        if plan.voices[voice].running == 1:
            reach = frames + ahead_of(table, voice, heard)
            goal = timeline_now(table, voice) + reach
            _extend(plan, table, voice, goal, spare, may_stop)


@njit
def _extend(
    plan: Plan, table: NDArray[np.int64], voice: int, goal: int, spare: int, may_stop: bool
) -> None:
    """Queue what a voice says up to a timeline frame, deciding as it goes.

    Parameters
    ----------
    goal : int64
        The timeline frame.
    spare : int64
        Without so much room for a grain nothing more is queued.
    may_stop : bool
        Whether a change that waits ends it.
    """
    own = plan.voices[voice]
    while queued_until(plan, voice) < goal:
        if room(plan, table, voice) < spare:
            return
        if may_stop and load_acquire(plan.interrupted, 0) != 0:
            return
        if queued_until(plan, voice) >= own.end:
            _decide(plan, table, voice)
        _queue(plan, table, voice)


@njit
def plan_grain(plan: Plan, table: NDArray[np.int64], voice: int, skipped: int, heard: int) -> None:
    """Queue a voice's next grain, whatever the time, as `plan_ahead` would.

    Parameters
    ----------
    plan
        Any tongue's.
    skipped : int64
        Units that had sounded because the plan came too late.
    heard : int64
        Engine frame at which its unit is heard.
    """
    own = plan.voices[voice]
    if queued_until(plan, voice) >= own.end:
        tongue = tongue_of(plan, own.tongue)
        model, inventory = model_of(tongue), inventory_of(tongue)
        for _ in range(skipped):
            skip_unit(tongue.plan, model, tongue.cache, inventory, voice)
        own.heard = heard
        decide_step(tongue.plan, model, tongue.cache, inventory, voice)
    _queue(plan, table, voice)


@njit
def _queue(plan: Plan, table: NDArray[np.int64], voice: int) -> None:
    """Queue the next piece of what was decided last."""
    step = plan.steps[voice, (plan.voices[voice].steps - 1) % plan.steps.shape[1]]
    tongue = tongue_of(plan, step.tongue)
    inventory, limits = inventory_of(tongue), tongue.source_limits
    queue_piece(plan, table, tongue.audio, inventory, limits, voice)


@njit
def _decide(plan: Plan, table: NDArray[np.int64], voice: int) -> None:
    """Decide a voice's next unit, after what sounded because that comes late."""
    own = plan.voices[voice]
    tongue = tongue_of(plan, own.tongue)
    model, inventory = model_of(tongue), inventory_of(tongue)
    late = timeline_now(table, voice) - own.end
    if late > 0:
        skip_heard(tongue.plan, model, tongue.cache, inventory, voice, late)
    follow_clock(plan, table, voice, False)
    decide_step(tongue.plan, model, tongue.cache, inventory, voice)
