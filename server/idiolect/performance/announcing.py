"""What is about to sound, once nothing can take it back any more.

The planner leaves numbers here, without a word of what they mean; who tells them to the world does
that on a thread of its own.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import brief
from idiolect.engine.interpolation import UNIT
from idiolect.engine.state import view_state
from idiolect.engine.timeline import read_timeline
from idiolect.performance.joins import FADE_FRAMES
from idiolect.performance.plan import Plan
from idiolect.performance.planning import ahead_of

__all__ = ["SOUNDING", "Announcer"]

SOUNDING = np.dtype(
    [
        ("frame", np.int64),  # engine frame at which the unit's own first frame is rendered
        ("frames", np.int64),  # engine frames until the next unit takes over, as planned
        ("voice", np.int64),  # counted from 0
        ("tongue", np.int64),  # number of the one it is spoken in
        ("scale", np.int64),
        ("unit", np.int64),  # in its scale
        ("token", np.int64),
        ("natural", np.int64),  # 1: it followed in the corpus
        ("entropy", np.float64),  # of the choice, bits
        ("first", np.int64),  # bundle frame at which what is played by hand begins; -1: the unit's
        ("read", np.int64),  # frames of the bundle that are
        ("gain", np.float64),  # dB, of its own
        ("pan", np.float64),  # of its own
    ]
)
"""A unit that will sound, whatever comes, or that was played by hand and has begun."""

_AT_ONCE = 256  # units found in one pass
_KEPT = 1024  # passes; the oldest are forgotten when nobody listens


@brief
def gather(
    plan: Plan, table: NDArray[np.int64], margin: int, told: NDArray[np.int64],
    found: NDArray[np.void],
) -> int:  # fmt: skip
    """Collect the units that no cut can reach any more and that were not collected before.

    A cut drops what starts at its frame or later, a margin from now; one inside a unit also what
    begins later than its own fade.  So what starts before the margin and has its onset no later
    than a fade after it stays.  A plan that waits to be published is looked at when it is.

    Parameters
    ----------
    margin : int64
        How far ahead of now the earliest cut lies, in frames.
    told : int64[voices]
        Steps of each voice that were looked at; moved on.
    found : SOUNDING[n]
        Written.

    Returns
    -------
    int64
        How many units were found.

    Notes
    -----
    Planner thread.
    """
    state = view_state(table)
    count = 0
    for voice in range(told.size):
        own = plan.voices[voice]
        now, timeline, pace = read_timeline(state, voice)
        if own.cut >= 0 or pace == 0:
            continue
        limit = timeline + ahead_of(table, voice, margin) if own.running == 1 else own.earliest
        told[voice] = min(told[voice], own.steps)
        while told[voice] < own.steps and count < found.size:
            step = plan.steps[voice, told[voice] % plan.steps.shape[1]]
            if step.start >= limit or step.onset > limit + FADE_FRAMES:
                break
            told[voice] += 1
            if step.end > step.onset:  # else it sounded while the plan was late
                out = found[count]
                out.frame = now + _engine_frames(step.onset - timeline, pace)
                out.frames = _engine_frames(step.end - step.onset, pace)
                out.voice = voice
                out.tongue = step.tongue
                out.scale = step.scale
                out.unit = step.unit
                out.token = step.token
                out.natural = step.natural
                out.entropy = step.entropy
                out.first = -1
                count += 1
        if own.running == 0:
            told[voice] = own.steps
    return count


@brief
def _engine_frames(frames: int, pace: int) -> int:
    """Give the engine frames in which so many of a timeline pass."""
    return frames if pace == UNIT else -((-frames << 32) // pace)


class Announcer:
    """Watches a plan for what will sound.

    Parameters
    ----------
    plan : Plan
    table : int64[TABLE_SIZE]
        The engine's.
    margin : int
        Of the planner, frames.

    Notes
    -----
    `look` belongs to the planner thread; `announced` is written there, and emptied by the one who
    listens, on any other.
    """

    def __init__(self, plan: Plan, table: NDArray[np.int64], margin: int) -> None:
        self.announced: deque[NDArray[np.void]] = deque(maxlen=_KEPT)
        self._plan, self._table, self._margin = plan, table, margin
        self._told: NDArray[np.int64] = np.zeros(len(plan.voices), np.int64)
        self._found: NDArray[np.void] = np.zeros(_AT_ONCE, SOUNDING)

    def look(self) -> None:
        """Announce what has become certain since the last look."""
        count = gather(self._plan, self._table, self._margin, self._told, self._found)
        if count:
            self.announced.append(self._found[:count].copy())
