"""Shots: stretches of audio that are played by hand, each from a frame of its own.

They sound in a voice's mix beside what it says, in front of its filters, gain and pan, whether it
speaks or rests; the language knows nothing of them.  The planner copies what each reads into an
arena of their own and pushes its record; from then on it sounds, whatever comes.  What comes after
its frame begins at once, and is counted.
"""

from typing import Any

import numpy as np

from idiolect.compiled import realtime
from idiolect.engine.atomics import load_acquire, store_release
from idiolect.engine.counters import PLAYS, PLAYS_LATE
from idiolect.engine.events import PLAYED
from idiolect.engine.layout import FAR, SHOT_CAPACITY
from idiolect.engine.reports import report
from idiolect.engine.state import State
from idiolect.engine.subgrains import add_subgrain

__all__ = ["add_shots", "begin_shots", "release_shots", "take_shots"]

_WAITING, _SOUNDING = 0, 1  # columns of the counts

_AT_ONCE = np.float32(2.0)
"""Share of a rise that a frame is where there is none: its middle is past the end."""


@realtime
def take_shots(state: State, now: int) -> None:
    """Move what is in the ring to what waits; "now" becomes the block's first frame.

    Notes
    -----
    Real time; as many steps as there are new ones, times those that wait for a later frame.
    """
    pushed = load_acquire(state.shot_pushed, 0)
    taken = state.shot_taken[0]
    while taken < pushed:
        shot = state.shots[taken % SHOT_CAPACITY]
        if shot.frame < 0:
            shot.frame = now
        _wait(state, taken)
        taken += 1
    state.shot_taken[0] = taken


@realtime
def _wait(state: State, serial: int) -> None:
    """Put a shot among those that wait, behind all that begin no later."""
    frame = state.shots[serial % SHOT_CAPACITY].frame
    place = state.shot_counts[_WAITING]
    while place > 0 and state.shots[state.waiting[place - 1] % SHOT_CAPACITY].frame > frame:
        state.waiting[place] = state.waiting[place - 1]
        place -= 1
    state.waiting[place] = serial
    state.shot_counts[_WAITING] += 1


@realtime
def begin_shots(state: State, now: int) -> int:
    """Begin the shots that are due at `now`; return the frame of the next one.

    Returns
    -------
    int64
        `FAR` when nothing waits.

    Notes
    -----
    Real time.
    """
    count, due = state.shot_counts[_WAITING], 0
    while due < count and state.shots[state.waiting[due] % SHOT_CAPACITY].frame <= now:
        shot = state.shots[state.waiting[due] % SHOT_CAPACITY]
        if shot.kind == 1:
            _hush(state, shot, now)
        elif shot.kind == 2:
            _forget(state, shot)
        elif shot.frames > 0:
            _begin(state, shot, now)
        due += 1
    if due > 0:
        count -= due
        for k in range(count):
            state.waiting[k] = state.waiting[k + due]
        state.shot_counts[_WAITING] = count
    return state.shots[state.waiting[0] % SHOT_CAPACITY].frame if count > 0 else FAR


@realtime
def _begin(state: State, shot: Any, now: int) -> None:
    sub = state.sounding[state.shot_counts[_SOUNDING]]
    state.shot_counts[_SOUNDING] += 1
    sub.start = now
    sub.frames = shot.frames
    sub.position = (shot.data << 32) + shot.offset
    sub.pace = shot.pace
    sub.quality = shot.quality
    sub.channels = shot.channels
    sub.serial = shot.serial
    sub.out_start = -1
    sub.out_frames = 1
    sub.attack = _share(shot.attack)
    sub.release = _share(shot.release)
    sub.left = shot.left
    sub.right = shot.right
    sub.voice = shot.voice
    state.counters[PLAYS] += 1
    state.counters[PLAYS_LATE] += 1 if shot.frame < now else 0
    report(state, now, shot.voice, PLAYED, shot.serial, shot.unit, float(now - shot.frame))


@realtime
def _share(frames: int) -> np.float32:
    """Share of a rise of so many frames that one is."""
    return np.float32(1 / frames) if frames > 0 else _AT_ONCE


@realtime
def _hush(state: State, shot: Any, now: int) -> None:
    """Let a voice's shots, or all, fade out; those that were pushed before and wait never begin."""
    for index in range(state.shot_counts[_SOUNDING]):
        sub = state.sounding[index]
        if sub.out_start < 0 and (shot.voice < 0 or sub.voice == shot.voice):
            sub.out_start = now
            sub.out_frames = max(1, shot.release)
    _forget(state, shot)
    report(state, now, shot.voice, PLAYED, shot.serial, -1, float(now - shot.frame))


@realtime
def _forget(state: State, shot: Any) -> None:
    """Let a voice's shots, or all, never begin that were pushed before and wait."""
    for k in range(state.shot_counts[_WAITING]):
        other = state.shots[state.waiting[k] % SHOT_CAPACITY]
        if other.serial < shot.serial and (shot.voice < 0 or other.voice == shot.voice):
            other.frames = 0


@realtime
def add_shots(state: State, voice: int, now: int, count: int) -> None:
    """Mix the shots of a voice into the scratch, in the order in which they began.

    Parameters
    ----------
    now, count : int64
        First engine frame and how many; no shot begins within.

    Notes
    -----
    Real time; a few steps for each shot that sounds, and those of its frames.
    """
    left, right = state.shot_arena[0], state.shot_arena[1]
    for index in range(state.shot_counts[_SOUNDING]):
        sub = state.sounding[index]
        frames = min(count, _end(sub) - now)
        if sub.voice == voice and frames > 0:
            add_subgrain(sub, left, right, now, frames, state.rows, state.near, state.scratch, 0)


@realtime
def _end(sub: Any) -> int:
    """Engine frame at which a shot has ended, or has been made to leave."""
    end = sub.start + sub.frames
    return end if sub.out_start < 0 else min(end, sub.out_start + sub.out_frames)


@realtime
def release_shots(state: State, now: int) -> None:
    """Forget the shots that have ended by engine frame `now`, and publish what is no longer read.

    Notes
    -----
    Real time.
    """
    kept, oldest = 0, state.shot_taken[0]
    for index in range(state.shot_counts[_SOUNDING]):
        sub = state.sounding[index]
        if _end(sub) > now:
            oldest = min(oldest, sub.serial)
            if kept < index:
                state.sounding[kept] = sub
            kept += 1
    state.shot_counts[_SOUNDING] = kept
    for k in range(state.shot_counts[_WAITING]):
        oldest = min(oldest, state.waiting[k])
    store_release(state.shot_taken, 1, oldest)
