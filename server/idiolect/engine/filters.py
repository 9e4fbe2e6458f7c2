"""The low-pass and the high-pass of a voice.

Both are the state-variable filter whose integrators follow the trapezoidal rule: its cutoff may
move with every frame without a trace, and it stays stable however fast it does (A. Simper, "Solving
the continuous SVF equations using trapezoidal integration and equivalent currents", 2013;
V. Zavalishin, *The Art of VA Filter Design*, 2012, section 4.4).  Two poles, Butterworth.

A cutoff moves by equal factors in equal times: its ramp is that of its logarithm.

An open filter is no part of the sound: the frames pass it untouched.  On the way there and back
its part grows from nothing or shrinks to it over `TURN` frames.
"""

import math

import numpy as np

from idiolect.compiled import realtime
from idiolect.engine.kernels import ramp_value
from idiolect.engine.state import State
from idiolect.parameters.slots import BLOCK_SLOTS
from idiolect.parameters.table import VOICE

__all__ = ["HIGHPASS", "LOWPASS", "TURN", "filter_voice", "is_closing"]

TURN = 240
"""Frames in which a filter takes hold, or lets go: 5 ms at 48 kHz."""

LOWPASS, HIGHPASS = BLOCK_SLOTS["lowpass"], BLOCK_SLOTS["highpass"]
OPEN_ABOVE, OPEN_BELOW = math.log(VOICE["lowpass"].high), math.log(VOICE["highpass"].low)

_DAMPING = np.float32(math.sqrt(2))  # of a Butterworth filter
_HIGHEST = 0.49  # of the sample rate: at a half of it the tangent has no value
_ONE, _TWO, _NONE = np.float32(1), np.float32(2), np.float32(0)
_STEP = np.float32(1 / TURN)
_SILENT = np.float32(1e-15)  # below it numbers become denormal, and slow
_SANE = np.float32(1e6)


@realtime
def filter_voice(state: State, rate: int, voice: int, now: int, count: int) -> None:
    """Filter the scratch in place, as far as a filter is not open.

    Parameters
    ----------
    rate : int64
        Frames a second.
    voice : int64
        Whose scratch it is.
    now, count : int64
        First engine frame and how many; no parameter begins to move within them.

    Notes
    -----
    Real time.
    """
    if is_closing(state, voice, LOWPASS, now):
        _run(state, rate, voice, LOWPASS, now, count)
    if is_closing(state, voice, HIGHPASS, now):
        _run(state, rate, voice, HIGHPASS, now, count)


@realtime
def _is_open(slot: int, cutoff: float) -> bool:
    return cutoff >= OPEN_ABOVE if slot == LOWPASS else cutoff <= OPEN_BELOW


@realtime
def is_closing(state: State, voice: int, slot: int, now: int) -> bool:
    """Say whether a filter has a part in the sound from `now` on."""
    ramp = state.ramps[voice + 1, slot]
    moving = now < ramp.start + ramp.frames
    return moving or not _is_open(slot, ramp.target) or state.filters[voice, slot].part > _NONE


@realtime
def _run(state: State, rate: int, voice: int, slot: int, now: int, count: int) -> None:
    own, ramp = state.filters[voice, slot], state.ramps[voice + 1, slot]
    settled, opens = ramp.start + ramp.frames, _is_open(slot, ramp.target)
    for i in range(count):
        if now + i <= settled or own.warp == _NONE:
            cutoff = math.exp(ramp_value(state, voice + 1, slot, now + i))
            own.warp = np.float32(math.tan(math.pi * min(cutoff / rate, _HIGHEST)))
        if opens and now + i >= settled:
            own.part = max(_NONE, own.part - _STEP)
        else:
            own.part = min(_ONE, own.part + _STEP)
        for side in range(2):
            heard = state.scratch[side, i]
            passed = _step(state, voice, slot, side, heard)
            if own.part == _ONE:
                state.scratch[side, i] = passed
            elif own.part > _NONE:
                state.scratch[side, i] = heard + own.part * (passed - heard)
    _settle(state, voice, slot)


@realtime
def _step(state: State, voice: int, slot: int, side: int, heard: np.float32) -> np.float32:
    """Take one frame of one side through a filter."""
    own = state.filters[voice, slot]
    first, second = own.first[side], own.second[side]
    gain = _ONE / (_ONE + own.warp * (own.warp + _DAMPING))
    rest = heard - second
    band = gain * (first + own.warp * rest)
    low = second + own.warp * band
    own.first[side] = _alive(_TWO * band - first)
    own.second[side] = _alive(_TWO * low - second)
    return low if slot == LOWPASS else heard - _DAMPING * band - low


@realtime
def _alive(held: np.float32) -> np.float32:
    """Give what an integrator holds, or nothing where that has died away or is no number."""
    return held if _SILENT <= abs(held) < _SANE else _NONE


@realtime
def _settle(state: State, voice: int, slot: int) -> None:
    """Forget all that an open filter holds."""
    own = state.filters[voice, slot]
    if own.part == _NONE:
        for side in range(2):
            own.first[side] = own.second[side] = _NONE
