"""A voice's own time: where its plan stands when the engine's clock is at a frame.

A timeline runs with the engine's clock, but for three things: a voice that had to run on past its
plan is moved by as much; one that is stretched, or whose units are made longer or shorter, runs at
another pace; a frozen one stands.  Grains are planned in timeline frames, so none of this touches
the plan.
"""

from typing import Any

from idiolect.compiled import brief, realtime
from idiolect.engine.atomics import load_acquire, store_release
from idiolect.engine.interpolation import UNIT
from idiolect.engine.layout import FAR, LINE
from idiolect.engine.state import State

__all__ = [
    "NEAR_SECONDS",
    "anchor_timeline",
    "due_frame",
    "engine_frame",
    "pace_of",
    "publish_timeline",
    "read_timeline",
    "set_pace",
    "timeline_frame",
]

_PACE, _FRAME, _WRITES = 3, 4, 5
"""Beside the timeline itself, in the voice's line of ``State.taken``: its pace, the engine frame it
belongs to, and how often all three were touched, odd while they are being written."""

_TRIES = 1000

NEAR_SECONDS = 0.02
"""How far a grain's start may be moved for its onset to be on the beat."""


@realtime
def timeline_frame(state: State, voice: int, frame: int) -> int:
    """Give the timeline frame of an engine frame that is not before the anchor."""
    own = state.voices[voice]
    if own.pace == UNIT:
        return own.timeline + (frame - own.anchor)
    return own.timeline + ((frame - own.anchor) * own.pace >> 32)


@realtime
def engine_frame(state: State, voice: int, frame: int) -> int:
    """Give the first engine frame at which the timeline has come to a frame; `FAR` when never."""
    own = state.voices[voice]
    ahead = frame - own.timeline
    if own.pace == UNIT:
        return own.anchor + ahead
    if ahead <= 0:
        return own.anchor
    if own.pace == 0:
        return FAR
    return own.anchor + ((ahead << 32) + own.pace - 1) // own.pace


@realtime
def due_frame(state: State, rate: int, voice: int, grain: Any) -> int:
    """Give the engine frame at which a grain begins; `FAR` when never.

    Parameters
    ----------
    rate : int64
        Frames a second.
    grain : GRAIN
        One that is held to a beat begins so that its onset is, where that is near.
    """
    due = engine_frame(state, voice, grain.start)
    if grain.beat == 0 or due == FAR:
        return due
    own, lead = state.voices[voice], grain.onset - grain.start
    beat = grain.heard - (lead if own.pace == UNIT else ((lead << 32) + own.pace - 1) // own.pace)
    return beat if abs(beat - due) <= int(NEAR_SECONDS * rate) else due


@realtime
def anchor_timeline(state: State, voice: int, frame: int, timeline: int) -> None:
    """Let the timeline stand at a frame when the engine is at another.

    Notes
    -----
    Real time, at frames that the size of a block has no part in: what had passed of a timeline
    frame is forgotten.
    """
    own = state.voices[voice]
    own.anchor = frame
    own.timeline = timeline


@realtime
def pace_of(slower: float) -> int:
    """Give the pace of time that passes so many times slower; 0 is frozen."""
    return UNIT if slower == 1 else (0 if slower <= 0 else round(UNIT / slower))


@realtime
def set_pace(state: State, voice: int, frame: int, stretch: float, duration: float) -> None:
    """Let time pass `stretch` times `duration` times slower from an engine frame on; 0 is frozen."""
    own = state.voices[voice]
    pace = pace_of(stretch * duration)
    own.reading = duration
    if pace != own.pace:
        anchor_timeline(state, voice, frame, timeline_frame(state, voice, frame))
        own.pace = pace


@realtime
def publish_timeline(state: State, voice: int, frame: int) -> None:
    """Tell the planner where the timeline stands when all frames before this one are rendered."""
    line = voice * LINE
    writes = state.taken[line + _WRITES]
    store_release(state.taken, line + _WRITES, writes + 1)
    store_release(state.taken, line + _PACE, state.voices[voice].pace)
    store_release(state.taken, line + 2, timeline_frame(state, voice, frame))
    store_release(state.taken, line + _FRAME, frame)
    store_release(state.taken, line + _WRITES, writes + 2)


@brief
def read_timeline(state: State, voice: int) -> tuple[int, int, int]:
    """Give an engine frame, the timeline frame it is at, and the pace; all of one moment.

    Notes
    -----
    Planner thread.  What the callback is writing just now is read again: it takes nanoseconds.
    """
    line = voice * LINE
    frame, timeline, pace = 0, 0, 0
    for _ in range(_TRIES):
        writes = load_acquire(state.taken, line + _WRITES)
        pace = load_acquire(state.taken, line + _PACE)
        timeline = load_acquire(state.taken, line + 2)
        frame = load_acquire(state.taken, line + _FRAME)
        if writes % 2 == 0 and load_acquire(state.taken, line + _WRITES) == writes:
            break
    return frame, timeline, pace
