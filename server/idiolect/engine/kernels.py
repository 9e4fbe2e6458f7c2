"""Mixing grains: the inner loops.

Every position is a function of the absolute frame, never a sum over blocks, so that the block size
cannot change the sound.
"""

import math

import numpy as np

from idiolect.compiled import realtime
from idiolect.engine.state import State

__all__ = ["add_grain", "fade_in", "fade_out", "ramp_value"]

_QUARTER = np.float32(math.pi / 2)
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)


@realtime
def _norm(sine: float, cosine: float, correlation: float) -> float:
    """Keep the power of two correlated signals constant: g1^2 + g2^2 + 2 rho g1 g2 = 1."""
    return _ONE / np.sqrt(_ONE + _TWO * correlation * sine * cosine)


@realtime
def fade_in(frame: int, frames: int, correlation: float) -> float:
    """Gain of what comes, `frame` frames into a cross-fade.

    Parameters
    ----------
    frame, frames : int64
        Position in the fade, and its length.
    correlation : float32
        Between what goes and what comes, -0.5 to 1; 0 is an equal-power fade.

    Returns
    -------
    float32

    Notes
    -----
    Real time.  M. Fink, M. Holters, U. Zölzer, "Signal-matched power-complementary cross-fading"
    (DAFx-16), section 2.
    """
    x = _QUARTER * (np.float32(frame) + _HALF) / np.float32(frames)
    sine, cosine = np.sin(x), np.cos(x)
    return sine * _norm(sine, cosine, correlation)


@realtime
def fade_out(frame: int, frames: int, correlation: float) -> float:
    """Gain of what goes, `frame` frames into a cross-fade; the twin of `fade_in`."""
    x = _QUARTER * (np.float32(frame) + _HALF) / np.float32(frames)
    sine, cosine = np.sin(x), np.cos(x)
    return cosine * _norm(sine, cosine, correlation)


@realtime
def ramp_value(state: State, row: int, slot: int, frame: int) -> float:
    """Value of a block parameter at an absolute frame, float64."""
    ramp = state.ramps[row, slot]
    passed = frame - ramp.start
    if passed >= ramp.frames:
        return ramp.target
    return ramp.origin + (ramp.target - ramp.origin) * (passed / ramp.frames)


@realtime
def _add_held(state: State, voice: int, first: int, count: int, offset: int) -> None:
    out, weights = state.scratch, state.weights
    for i in range(count):
        out[offset + i, 0] += weights[i] * state.arena[voice, first + i, 0]
        out[offset + i, 1] += weights[i] * state.arena[voice, first + i, 1]


@realtime
def _add_run_on(state: State, voice: int, slot: int, first: int, count: int, offset: int) -> None:
    out, weights = state.scratch, state.weights
    for i in range(count):
        out[offset + i, 0] += weights[i] * state.run_on[voice, slot, first + i, 0]
        out[offset + i, 1] += weights[i] * state.run_on[voice, slot, first + i, 1]


@realtime
def add_grain(state: State, voice: int, index: int, at: int, count: int, offset: int) -> None:
    """Mix one sounding grain into the scratch, over frames in which no fade begins or ends.

    Parameters
    ----------
    state : State
    voice, index : int64
        Which voice, and which of its sounding grains.
    at, count : int64
        First engine frame and how many.
    offset : int64
        Row of the scratch that frame `at` has.

    Notes
    -----
    Real time; `count` steps.
    """
    active = state.active[voice, index]
    position = at - active.start
    fading_in = position < active.in_frames
    fading_out = active.out_start >= 0
    if position >= active.held and active.slot < 0:
        return
    for i in range(count):
        weight = active.gain
        if fading_in:
            weight *= fade_in(position + i, active.in_frames, active.in_correlation)
        if fading_out:
            passed = at + i - active.out_start
            weight *= fade_out(passed, active.out_frames, active.out_correlation)
        state.weights[i] = weight
    if position < active.held:
        _add_held(state, voice, active.data + position, count, offset)
    else:
        _add_run_on(state, voice, active.slot, position - active.held, count, offset)
