"""Overload: when there is more to mix than a machine can, the quietest sub-grains and shots go.

What sounds is counted against what the machine can do, which was found out at the start; no clock is
read, so that a session played again loses the same sub-grains.  It is counted on a grid of absolute
frames, over all voices at once, so the size of a block does not come into it.
"""

from typing import Any

import numpy as np

from idiolect.compiled import realtime
from idiolect.engine.counters import STOLEN
from idiolect.engine.filters import HIGHPASS, LOWPASS, is_closing
from idiolect.engine.interpolation import LINEAR, NONE, SINC, UNIT
from idiolect.engine.kernels import ramp_value
from idiolect.engine.layout import FAR
from idiolect.engine.state import CAPACITY, SAMPLE_RATE, VOICES, State
from idiolect.engine.subgrains import level_at
from idiolect.parameters.slots import BLOCK_SLOTS

__all__ = ["COSTS", "OVERLOAD_GRID", "next_count", "relieve"]

OVERLOAD_GRID = 64
"""Frames between two counts."""

COSTS = (380, 830, 950, 2_700)
"""Picoseconds that a frame of a sub-grain takes, by its quality and for each of its channels, on the
machine that capacities refer to: what `idiolect bench mixer` measured (docs/log.md)."""

_VOICE_COST = 3_000  # of a frame of a voice, at rest too: its gain and pan, and its share
_UNIT_COST = 2_000  # of a frame of a grain that sounds as it is
_FILTER_COST = 6_000  # of a frame of a filter that is not open
_LIMIT = 0.7  # of the capacity: the rest is the planner's, and the machine's
_FADE_MS = 2
_AT_MOST = 32  # stolen at one count: as many as sixteen voices can bear between two

_GAIN = BLOCK_SLOTS["gain"]


@realtime
def next_count(capacity: int, now: int) -> int:
    """Give the first engine frame after `now` at which is counted; `FAR` when nothing is stolen."""
    return FAR if capacity == 0 else now + OVERLOAD_GRID - now % OVERLOAD_GRID


@realtime
def relieve(state: State, table: Any, now: int) -> None:
    """Let the quietest sub-grains and shots go when what sounds is too much, at frames of the grid.

    Parameters
    ----------
    table : int64[TABLE_SIZE]
        Its capacity is in picoseconds a frame; 0 is without limit.
    now : int64
        Engine frame.

    Notes
    -----
    Real time; as many steps as there are of them, and again for each one stolen.
    """
    if table[CAPACITY] == 0 or now % OVERLOAD_GRID != 0:
        return
    fade = table[SAMPLE_RATE] * _FADE_MS // 1000
    limit = np.int64(_LIMIT * table[CAPACITY])
    load = _load_by_hand(state, now, fade)
    for voice in range(table[VOICES]):
        load += _load(state, voice, now, fade)
    if load <= limit:
        return
    for voice in range(table[VOICES]):
        _note_levels(state, voice, now)
    for index in range(state.shot_counts[1]):
        sub = state.sounding[index]
        gain = np.float32(ramp_value(state, sub.voice + 1, _GAIN, now))
        sub.level = gain * level_at(sub, now)
    for _ in range(_AT_MOST):
        freed = _steal(state, table[VOICES], now, fade) if load > limit else 0
        if freed == 0:
            return
        load -= freed


@realtime
def _load(state: State, voice: int, now: int, fade: int) -> int:
    """Picoseconds a frame of what will still sound when a fade from now on has ended."""
    own = state.voices[voice]
    load = _VOICE_COST + _UNIT_COST * own.count
    for slot in (LOWPASS, HIGHPASS):
        load += _FILTER_COST if is_closing(state, voice, slot, now) else 0
    for index in range(own.subgrains):
        sub = state.subgrains[voice, index]
        if _stays(sub, now + fade):
            load += _cost(sub)
    return load


@realtime
def _load_by_hand(state: State, now: int, fade: int) -> int:
    """Picoseconds a frame of the shots that will still sound when a fade from now on has ended."""
    load = 0
    for index in range(state.shot_counts[1]):
        sub = state.sounding[index]
        if _stays(sub, now + fade):
            load += _cost(sub)
    return load


@realtime
def _stays(sub: Any, frame: int) -> bool:
    """Say whether a sub-grain sounds beyond an engine frame."""
    left = sub.out_start >= 0 and sub.out_start + sub.out_frames <= frame
    return sub.start + sub.frames > frame and not left


@realtime
def _cost(sub: Any) -> int:
    """Picoseconds for a frame of a sub-grain."""
    aligned = sub.pace == UNIT and sub.position & (UNIT - 1) == 0
    quality = NONE if aligned else max(NONE, min(sub.quality, SINC))
    if quality == NONE:
        each = COSTS[0]
    elif quality == LINEAR:
        each = COSTS[1]
    else:
        each = COSTS[3] if quality == SINC else COSTS[2]
    return np.int64(each) * sub.channels


@realtime
def _note_levels(state: State, voice: int, now: int) -> None:
    """Write down how loud each sub-grain is now, but for what it reads."""
    gain = np.float32(ramp_value(state, voice + 1, _GAIN, now))
    for index in range(state.voices[voice].subgrains):
        sub = state.subgrains[voice, index]
        sub.level = gain * level_at(sub, now)


@realtime
def _steal(state: State, voices: int, now: int, fade: int) -> int:
    """Fade out the quietest of those that stay; return what that frees, 0 when there is none."""
    quietest, found, place = np.float32(np.inf), -1, -1
    for voice in range(voices):
        for index in range(state.voices[voice].subgrains):
            sub = state.subgrains[voice, index]
            if sub.out_start < 0 and sub.level < quietest and _stays(sub, now + fade):
                quietest, found, place = sub.level, voice, index
    for index in range(state.shot_counts[1]):
        sub = state.sounding[index]
        if sub.out_start < 0 and sub.level < quietest and _stays(sub, now + fade):
            quietest, found, place = sub.level, voices, index
    if found < 0:
        return 0
    state.counters[STOLEN] += 1
    if found == voices:
        return _send_away(state.sounding[place], now, fade)
    return _send_away(state.subgrains[found, place], now, fade)


@realtime
def _send_away(sub: Any, now: int, fade: int) -> int:
    """Let one fade out; return what that frees."""
    sub.out_start = now
    sub.out_frames = fade
    return _cost(sub)
