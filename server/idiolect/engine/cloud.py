"""The cloud: a unit as a stream of short grains read from it, when it is not played as it is.

The language still steps once for each unit.  At rest nothing here runs, and units sound bit for bit;
when one of the cloud's parameters leaves its rest, the unit gives way to its cloud, and back.

Sub-grains are born at frames that follow from the parameters and from a random stream of the unit's
own, so neither the size of a block nor what the planner did when can change them.
"""

import math

import numpy as np

from idiolect.compiled import realtime
from idiolect.engine.interpolation import MARGIN, UNIT
from idiolect.engine.kernels import level_of, ramp_value
from idiolect.engine.layout import FAR, SUBGRAINS
from idiolect.engine.state import State
from idiolect.engine.subgrains import add_subgrain
from idiolect.engine.timeline import set_pace, timeline_frame
from idiolect.parameters.slots import BLOCK_SLOTS
from idiolect.parameters.table import VOICE
from idiolect.random import PURPOSE_CLOUD, uniform

__all__ = [
    "TURN",
    "add_cloud",
    "enter_cloud",
    "leave_cloud",
    "let_go_old",
    "next_in_cloud",
    "note_unrest",
    "spawn",
]

TURN = 480
"""Frames in which a unit gives way to its cloud, or back: 10 ms at 48 kHz."""

_FROZEN_OVERLAP, _FROZEN_JITTER = 4.0, 0.5  # at least, so that what is held does not buzz
_ATTACK = 96  # frames of rise of a sub-grain that begins a unit: 2 ms at 48 kHz
_SHORTEST = 48  # frames between two sub-grains
_DRAWS = 8  # random numbers kept for each sub-grain
_LAST_SPAWN = 4096  # of a unit, after which its random stream begins again
_OUTLASTED = 200_000
"""Frames of audio that may begin while a sub-grain of what was before them still sounds.

What it reads keeps all that came after it in the arena.  Where time goes sixteen times as fast, a
sub-grain of a second would keep the arena full, and nothing could be queued until it has ended.
This is less than a third of the arena, and more than a second brings at the ordinary pace.
"""
_AT, _WHERE, _RATE, _REVERSE, _PAN = range(5)

_RATE_SLOT, _RATE_SPREAD = BLOCK_SLOTS["rate"], BLOCK_SLOTS["rate_spread"]
_LENGTH, _OVERLAP, _DENSITY = (BLOCK_SLOTS[name] for name in ("length", "overlap", "density"))
_JITTER, _REVERSED = BLOCK_SLOTS["jitter"], BLOCK_SLOTS["reverse"]
_STRETCH, _DURATION, _FREEZE = (BLOCK_SLOTS[n] for n in ("stretch", "duration", "freeze"))
_PAN_SPREAD, _QUALITY = BLOCK_SLOTS["pan_spread"], BLOCK_SLOTS["quality"]
_RESTS = tuple(
    (BLOCK_SLOTS[name], VOICE[name].default)
    for name in (
        "rate", "overlap", "density", "jitter", "reverse", "pan_spread", "rate_spread", "stretch",
        "duration", "freeze",
    )
)  # fmt: skip
_SLOTS = np.array([slot for slot, _ in _RESTS])
_DEFAULTS = np.array([default for _, default in _RESTS])


@realtime
def note_unrest(state: State, row: int, now: int) -> None:
    """Write down up to which frame a voice's parameters keep it from playing units as they are.

    Parameters
    ----------
    row : int64
        Of the ramps; 0 is the master, which has no cloud.
    now : int64
        Engine frame; at it the voice's time takes the pace that the parameters say.

    Notes
    -----
    Real time, when a control has changed.
    """
    if row == 0:
        return
    last = 0
    for k in range(_SLOTS.size):
        ramp = state.ramps[row, _SLOTS[k]]
        last = max(last, FAR if ramp.target != _DEFAULTS[k] else ramp.start + ramp.frames)
    state.voices[row - 1].restless = last
    frozen = state.ramps[row, _FREEZE].target > 0
    stretch = 0.0 if frozen else state.ramps[row, _STRETCH].target
    set_pace(state, row - 1, now, stretch, state.ramps[row, _DURATION].target)


@realtime
def next_in_cloud(state: State, voice: int, at: int) -> int:
    """Turn to the cloud or back when that is due; return the frame of the next thing that happens.

    Parameters
    ----------
    at : int64
        Engine frame.

    Returns
    -------
    int64
        Engine frame after `at`: a sub-grain's beginning or end, or that of a turn.
    """
    own = state.voices[voice]
    wanted = 1 if at < own.restless else 0
    if wanted != own.cloud:
        own.cloud = wanted
        # A turn that is turned back is as far from its end as it was from its beginning.
        own.turned = at - max(0, TURN - (at - own.turned))
        own.next = at
        if wanted == 0:
            _resume(state, voice, at)
    following = own.turned + TURN if own.turned + TURN > at else FAR
    if own.cloud == 1:
        following = min(following, own.restless, max(own.next, at + 1))
    for index in range(own.subgrains):
        sub = state.subgrains[voice, index]
        end = sub.start + sub.frames
        if sub.out_start >= 0:
            end = min(end, sub.out_start + sub.out_frames)
            following = min(following, sub.out_start if sub.out_start > at else FAR)
        following = min(following, end)
    return following


@realtime
def _passed(state: State, voice: int, index: int, at: int) -> int:
    """Give how many frames of a grain's audio have passed, as the voice's time goes."""
    own, active = state.voices[voice], state.active[voice, index]
    passed = (timeline_frame(state, voice, at) - active.begun) * own.reading
    return min(int(passed), active.held)


@realtime
def _resume(state: State, voice: int, at: int) -> None:
    """Let what sounds go on as it is from where the cloud has come to."""
    head = state.voices[voice].count - 1
    if head < 0:
        return
    active = state.active[voice, head]
    if active.slot < 0:
        active.start = at - _passed(state, voice, head, at)
        active.end = max(active.start + active.held, at + TURN)


@realtime
def enter_cloud(state: State, voice: int, onset: int) -> None:
    """Let the next sub-grain begin with a unit that did not follow from the last, and be sharp."""
    own = state.voices[voice]
    own.next = min(own.next, onset)
    own.sharp = 1
    own.spawned = 0


@realtime
def leave_cloud(state: State, voice: int, at: int, fade: int) -> None:
    """Let every sub-grain that sounds go, within `fade` frames."""
    for index in range(state.voices[voice].subgrains):
        sub = state.subgrains[voice, index]
        if sub.out_start < 0:
            sub.out_start = at
            sub.out_frames = max(1, fade)


@realtime
def let_go_old(state: State, voice: int, at: int) -> None:
    """Let those sub-grains go, within 10 ms, whose unit lies too far back to be kept for them."""
    own = state.voices[voice]
    for index in range(own.subgrains):
        sub = state.subgrains[voice, index]
        if sub.out_start < 0 and own.brought - sub.brought > _OUTLASTED:
            sub.out_start = at
            sub.out_frames = TURN


@realtime
def add_cloud(state: State, voice: int, at: int, count: int, offset: int) -> None:
    """Mix the sub-grains of a voice into the scratch, and forget those that have ended.

    Parameters
    ----------
    at, count : int64
        First engine frame and how many; no sub-grain begins or ends within.
    offset : int64
        Column of the scratch that frame `at` has.
    """
    own = state.voices[voice]
    left, right = state.arena[voice, 0], state.arena[voice, 1]
    kept = 0
    for index in range(own.subgrains):
        sub = state.subgrains[voice, index]
        add_subgrain(sub, left, right, at, count, state.rows, state.near, state.scratch, offset)
        over = at + count >= sub.start + sub.frames
        gone = sub.out_start >= 0 and at + count >= sub.out_start + sub.out_frames
        if not (over or gone):
            state.subgrains[voice, kept] = sub
            kept += 1
    own.subgrains = kept


@realtime
def spawn(state: State, rate: int, voice: int, at: int) -> bool:
    """Let a sub-grain of what sounds begin at `at`, when one is due, and set when the next will.

    Parameters
    ----------
    rate : int64
        Frames a second.

    Returns
    -------
    bool
        Whether anything was due.
    """
    own, row = state.voices[voice], voice + 1
    if own.cloud == 0 or at < own.next:
        return False
    length = ramp_value(state, row, _LENGTH, at) * rate
    overlap = ramp_value(state, row, _OVERLAP, at)
    density = ramp_value(state, row, _DENSITY, at)
    if density > 0:
        overlap = min(16.0, density * length / rate)
    head = own.count - 1
    wait = length / overlap
    if head >= 0 and own.resting == 0:
        jitter = ramp_value(state, row, _JITTER, at)
        if own.pace == 0:
            overlap, jitter = max(overlap, _FROZEN_OVERLAP), max(jitter, _FROZEN_JITTER)
            wait = length / overlap
        wait *= 1 + jitter * (2 * _draw(state, voice, head, _AT) - 1)
        if own.subgrains < SUBGRAINS:
            _bear(state, voice, head, at, length, overlap, jitter)
        own.spawned = (own.spawned + 1) % _LAST_SPAWN
        own.sharp = 0
    own.next = at + max(_SHORTEST, round(wait))
    return True


@realtime
def _draw(state: State, voice: int, head: int, which: int) -> float:
    """Draw a number of the present sub-grain's own, uniform in [0, 1)."""
    active, spawned = state.active[voice, head], state.voices[voice].spawned
    return uniform(active.seed, voice, active.step, PURPOSE_CLOUD + _DRAWS * spawned + which)


@realtime
def _bear(
    state: State, voice: int, head: int, at: int, length: float, overlap: float, jitter: float
) -> None:
    """Write the record of a sub-grain that begins now, if what there is to read lasts for one."""
    own, active, row = state.voices[voice], state.active[voice, head], voice + 1
    cents = ramp_value(state, row, _RATE_SLOT, at)
    cents += ramp_value(state, row, _RATE_SPREAD, at) * (2 * _draw(state, voice, head, _RATE) - 1)
    speed = 2.0 ** (cents / 1200)
    room = int((active.held - 2) / speed)
    if room < 2 * _ATTACK:  # it would read what is not this grain's
        return
    frames = min(max(2 * _ATTACK, round(length)), room)
    reach = int(frames * speed) + 1  # frames it reads
    if reach > active.held:  # its source ends here
        return
    passed = _passed(state, voice, head, at)
    first = passed + int((frames - reach + 1) / 2)  # its middle sounds when it would have anyway
    first += int(jitter * frames * (_draw(state, voice, head, _WHERE) - 0.5))
    if own.pace == 0:  # anywhere in the unit
        first = int((active.due - active.begun) * _draw(state, voice, head, _WHERE))
    first = max(0, min(first, active.held - reach))
    backwards = _draw(state, voice, head, _REVERSE) < ramp_value(state, row, _REVERSED, at)
    sub = state.subgrains[voice, own.subgrains]
    own.subgrains += 1
    sub.start = at
    sub.frames = frames
    sub.position = (MARGIN + active.data + first + (reach if backwards else 0)) << 32
    sub.pace = -round(speed * UNIT) if backwards else round(speed * UNIT)
    sub.quality = int(ramp_value(state, row, _QUALITY, at))
    sub.channels = active.channels
    sub.serial = active.serial
    sub.brought = own.brought
    sub.out_start = -1
    sub.out_frames = 1
    plain = cents == 0 and jitter == 0 and not backwards and own.pace == UNIT
    _shape(state, voice, head, at, frames, overlap, plain)


@realtime
def _shape(
    state: State, voice: int, head: int, at: int, frames: int, overlap: float, plain: bool
) -> None:
    """Write a sub-grain's window and gains.

    Where neighbours agree, as they do when they read what would have sounded anyway, their levels
    add up; else their powers do.
    """
    own, active = state.voices[voice], state.active[voice, head]
    sub = state.subgrains[voice, own.subgrains - 1]
    # Neighbours overlap by as much as each of them rises and falls, up to half of it.
    fade = max(_ATTACK, min(frames / 2, frames * (1 - 1 / overlap)))
    sub.attack = np.float32(1 / (_ATTACK if own.sharp == 1 else fade))
    sub.release = np.float32(1 / fade)
    level = 1.0
    if overlap > 2:
        level = 2 / overlap if plain else math.sqrt(2 / overlap)
    spread = ramp_value(state, voice + 1, _PAN_SPREAD, at)
    side = spread * (2 * _draw(state, voice, head, _PAN) - 1)
    gain = level * level_of(active.gain, active.settle, _passed(state, voice, head, at))
    sub.left = np.float32(gain * min(1.0, 1.0 - side))
    sub.right = np.float32(gain * min(1.0, 1.0 + side))
