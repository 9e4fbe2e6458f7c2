"""Keeping time: units that begin on the beats of a grid, as it is heard.

The plan counts in frames of the voice's timeline, which runs at another pace than the engine's clock
when the voice is stretched.  So each step also says at which engine frame its onset will be heard,
and units end where the beat then is.  The callback holds them to that frame where the timeline is a
little ahead of it or behind (`engine.timeline.due_frame`): what it rounds, and what the planner does
not know of the moment a pace changed at, never adds up.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.engine.interpolation import UNIT
from idiolect.engine.state import view_state
from idiolect.engine.timeline import NEAR_SECONDS, pace_of, read_timeline
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.plan import Plan

__all__ = ["begin_clock", "end_of_unit", "follow_clock", "is_beat", "pass_time"]

TEMPO, QUANTIZE = PLANNER_SLOTS["tempo"], PLANNER_SLOTS["quantize"]
STRETCH, DURATION = PLANNER_SLOTS["stretch"], PLANNER_SLOTS["duration"]

_COARSE = 64
"""Engine frames to which what is read off a clock with another pace is rounded.

Which frame that is, rounded down, depends on when it is read; the plan should not.
"""


@njit
def _slower(plan: Plan, voice: int) -> float:
    return plan.parameters[voice, STRETCH] * plan.parameters[voice, DURATION]


@njit
def _grid(plan: Plan, voice: int) -> float:
    """Engine frames between two lines of the voice's grid; 0 when it has none."""
    parameters = plan.parameters[voice]
    return plan.sample_rate * 60.0 / parameters[TEMPO] * max(parameters[QUANTIZE], 0.0)


@njit
def pass_time(plan: Plan, voice: int, frames: int) -> int:
    """Engine frames that so many frames of a voice's timeline take, when it is not frozen."""
    slower = _slower(plan, voice)
    return frames if slower == 1 else int(np.round(frames * slower))


@njit
def end_of_unit(plan: Plan, voice: int, length: int) -> tuple[int, int]:
    """Give the frame at which a unit that begins now gives way: on the voice's grid, if any.

    Parameters
    ----------
    length : int64
        Timeline frames that it would last.

    Returns
    -------
    int64, int64
        Timeline frame, and the engine frame that is.

    Notes
    -----
    Planner thread.
    """
    own, grid = plan.voices[voice], _grid(plan, voice)
    heard = own.heard + pass_time(plan, voice, length)
    if not grid > 0:
        return own.end + length, heard
    # The first line that lies past the onset, half a frame for rounding, or the nearest to its end.
    line = max(np.floor((own.heard + 0.5) / grid) + 1, np.round(heard / grid))
    heard = int(np.round(line * grid))
    lasts = int(np.round((heard - own.heard) / _slower(plan, voice)))
    return own.end + max(1, lasts), heard


@njit
def is_beat(plan: Plan, voice: int, heard: int) -> bool:
    """Say whether an engine frame is a line of the voice's grid."""
    grid = _grid(plan, voice)
    return grid > 0 and int(np.round(np.round(heard / grid) * grid)) == heard


@njit
def begin_clock(plan: Plan, table: NDArray[np.int64], voice: int) -> None:
    """Find out at which engine frame the voice's next unit begins, wherever it was before."""
    plan.voices[voice].heard = _read_clock(plan, table, voice)


@njit
def follow_clock(plan: Plan, table: NDArray[np.int64], voice: int, turned: bool) -> None:
    """Correct the engine frame at which the voice's next unit begins, where the plan has lost it.

    Parameters
    ----------
    turned : bool
        Whether a change has just been made: the pace is, or is about to be, what it says, whatever
        it is just now.

    Notes
    -----
    Planner thread.  A plan that has kept time is left as it is, so one drawn again is the same.
    """
    own = plan.voices[voice]
    if not plan.parameters[voice, QUANTIZE] > 0:
        return
    _, _, pace = read_timeline(view_state(table), voice)
    if not turned and pace != pace_of(_slower(plan, voice)):
        return
    heard = _read_clock(plan, table, voice)
    # At half of what the callback makes good, so that nothing is too far for it and left alone here.
    if 2 * abs(heard - own.heard) > int(NEAR_SECONDS * plan.sample_rate):
        own.heard = heard


@njit
def _read_clock(plan: Plan, table: NDArray[np.int64], voice: int) -> int:
    """Engine frame at which the voice's last unit ends, when its time goes on as the plan says."""
    now, timeline, pace = read_timeline(view_state(table), voice)
    own = plan.voices[voice]
    if own.turns > now:
        passed = (own.turns - now) * pace >> 32
        if pace > 0 and own.end - timeline <= passed:
            return now + ((own.end - timeline) << 32) // pace
        now, timeline = own.turns, timeline + passed
    heard = now + pass_time(plan, voice, own.end - timeline)
    if pace == UNIT and _slower(plan, voice) == 1:
        return heard
    return (heard + _COARSE // 2) // _COARSE * _COARSE
