"""The planner's compiled calls: what time it is for a voice, and planning ahead."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import brief, njit
from idiolect.engine.atomics import load_acquire
from idiolect.engine.interpolation import UNIT
from idiolect.engine.layout import LINE
from idiolect.engine.state import VOICES, view_state
from idiolect.engine.timeline import read_timeline
from idiolect.performance.joins import LEAD_FRAMES
from idiolect.performance.plan import Plan
from idiolect.performance.queueing import (
    PIECE_FRAMES,
    TAIL_FRAMES,
    publish_cut,
    refresh_run_on,
    room,
)
from idiolect.performance.steps import decide_step, queue_piece, skip_heard, source_end
from idiolect.performance.tongue import inventory_of, model_of, tongue_of

__all__ = [
    "LARGEST_GRAIN",
    "RESERVE",
    "ahead_of",
    "engine_frame_of",
    "plan_ahead",
    "queued_until",
    "timeline_now",
]

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
def plan_ahead(plan: Plan, table: NDArray[np.int64], lookahead: int) -> None:
    """Fill every running voice's queue up to the lookahead, the nearest onsets first.

    A waiting change (``plan.interrupted``) ends it early, but never before each voice has its
    first 50 ms and its cut is published, and then half a lookahead.

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
    shortest = int(_FIRST_SECONDS * plan.sample_rate)
    for reach in (shortest, lookahead // 2, lookahead):
        for voice in range(table[VOICES]):
            own = plan.voices[voice]
            first = ahead_of(table, voice, shortest)
            if own.running == 1:
                goal = max(timeline_now(table, voice), own.earliest, own.point) + first
                goal = max(goal, timeline_now(table, voice) + ahead_of(table, voice, reach))
                _extend(plan, table, voice, goal, reach == lookahead)
                if own.cut >= 0 and queued_until(plan, voice) >= own.point + first:
                    publish_cut(plan, table, voice)
    for voice in range(table[VOICES]):
        own = plan.voices[voice]
        if own.running == 1 and own.steps > 0:
            step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
            if step.tongue == own.tongue and own.held == own.tongue:
                tongue = tongue_of(plan, own.tongue)
                inventory, limits = inventory_of(tongue), tongue.source_limits
                limit = source_end(inventory, limits, step.scale, step.unit)
                refresh_run_on(plan, table, tongue.audio, voice, limit)


@brief
def queued_until(plan: Plan, voice: int) -> int:
    """Timeline frame up to which a voice's queue reaches."""
    own = plan.voices[voice]
    if own.steps == 0:
        return own.end
    step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
    return min(own.end, step.onset + own.pieced)


@njit
def _extend(plan: Plan, table: NDArray[np.int64], voice: int, goal: int, may_stop: bool) -> None:
    """Queue what a voice says up to a timeline frame, deciding as it goes."""
    own = plan.voices[voice]
    while queued_until(plan, voice) < goal:
        if room(plan, table, voice) < (RESERVE if may_stop else LARGEST_GRAIN):
            return
        if may_stop and load_acquire(plan.interrupted, 0) != 0:
            return
        if queued_until(plan, voice) >= own.end:
            _decide(plan, table, voice)
        step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
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
    decide_step(tongue.plan, model, tongue.cache, inventory, voice)
