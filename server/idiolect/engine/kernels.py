"""Mixing grains: the inner loops.

Every position is a function of the absolute frame, never a sum over blocks, so that the block size
cannot change the sound.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.interpolation import MARGIN
from idiolect.engine.state import State

__all__ = ["add_grain", "fade_in", "fade_out", "level_of", "mix", "ramp_value"]

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
def level_of(gain: np.float32, settle: int, position: int) -> np.float32:
    """Gain of a grain on its way from where it was levelled to how it was recorded.

    Parameters
    ----------
    gain : float32
        At its start.
    settle : int64
        Frames from its start within which it comes to 1.
    position : int64
        Frames since its start.

    Returns
    -------
    float32
        A straight line, and exactly 1 where it has ended.

    Notes
    -----
    Real time.
    """
    if position >= settle:
        return _ONE
    return _ONE + (gain - _ONE) * (np.float32(settle - position) / np.float32(settle))


@realtime
def mix(
    row: NDArray[np.float32],
    first: int,
    weights: NDArray[np.float32],
    gain: np.float32,
    out: NDArray[np.float32],
    offset: int,
    count: int,
) -> None:
    """Add `count` frames of one channel to another, each with its weight and all with a gain.

    Parameters
    ----------
    row : float32[]
        Read from `first` on.
    weights : float32[>= count]
        Of each frame.
    gain : float32
        Of all of them.
    out : float32[]
        Added to, from `offset` on.

    Notes
    -----
    Real time.
    """
    # Indices without a sign need no look at whether they count from the end: vectors come of it.
    source, place = np.uint64(first), np.uint64(offset)
    for i in range(count):
        k = np.uint64(i)
        out[place + k] += weights[i] * gain * row[source + k]


@realtime
def add_grain(
    state: State, voice: int, index: int, at: int, count: int, offset: int, shown: int, turn: int
) -> None:
    """Mix one sounding grain into the scratch, over frames in which no fade begins or ends.

    Parameters
    ----------
    state : State
    voice, index : int64
        Which voice, and which of its sounding grains.
    at, count : int64
        First engine frame and how many.
    offset : int64
        Column of the scratch that frame `at` has.
    shown, turn : int64
        It is heard to `shown` parts of abs(`turn`) at `at`, and from frame to frame to one part
        more or, when `turn` is negative, less; 0: all of it is.

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
    gain, settle = active.gain, active.settle
    for i in range(count):
        weight: Any = level_of(gain, settle, position + i)
        if fading_in:
            weight *= fade_in(position + i, active.in_frames, active.in_correlation)
        if fading_out:
            passed = at + i - active.out_start
            weight *= fade_out(passed, active.out_frames, active.out_correlation)
        if turn > 0:
            weight *= np.float32(shown + i) / np.float32(turn)
        if turn < 0:
            weight *= np.float32(shown - i) / np.float32(-turn)
        state.weights[i] = weight
    for c in range(2):
        if position < active.held:
            row, first = state.arena[voice, c], MARGIN + active.data + position
        else:
            row, first = state.run_on[voice, active.slot, c], position - active.held
        mix(row, first, state.weights, _ONE, state.scratch[c], offset, count)
