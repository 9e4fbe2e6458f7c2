"""The filters of a voice: a low-pass and a high-pass of two poles, bypassed while they are open.

A trapezoidal state-variable filter keeps its stability and its tune however fast it is turned, which
is why it is one.  What is decided, is decided on a grid of absolute frames, so that the size of a
block leaves no trace in the sound.
"""

import math

import numpy as np

from idiolect.compiled import realtime
from idiolect.engine.kernels import ramp_value
from idiolect.engine.state import State
from idiolect.parameters import BLOCK_SLOTS, VOICE

__all__ = ["FILTER_GRID", "FILTER_TURN", "filter_voice", "is_filtering"]

FILTER_GRID = 16
"""Frames between two looks at the parameters; the coefficients move on a line in between."""

FILTER_TURN = 30 * FILTER_GRID
"""Frames in which a filter comes in, or goes: 10 ms at 48 kHz."""

LOW, HIGH = 0, 1  # columns of `State.filters`
_SLOTS = np.array([BLOCK_SLOTS["lowpass"], BLOCK_SLOTS["highpass"]])
_OPEN = np.array([VOICE["lowpass"].default, VOICE["highpass"].default])
_HIGHEST = 0.45  # of the sample rate: the tangent has its pole at a half
_DAMPING = math.sqrt(2)  # no bump at the cutoff: Butterworth
_SILENT, _LOUDEST = 1e-15, 1e6


@realtime
def is_filtering(state: State, voice: int, kind: int, at: int) -> bool:
    """Say whether a filter of a voice is in what is heard at an engine frame of the grid."""
    own = state.filters[voice, kind]
    return own.on == 1 or at - own.turned < FILTER_TURN


@realtime
def filter_voice(state: State, rate: int, voice: int, now: int, count: int) -> None:
    """Filter the scratch, which holds `count` frames of a voice from engine frame `now` on.

    Parameters
    ----------
    rate : int64
        Frames a second.

    Notes
    -----
    Real time; `count` steps for each filter that is not open, whatever passes through it.
    """
    for kind in range(2):
        done = 0
        while done < count:
            at = now + done
            if at % FILTER_GRID == 0:
                _aim(state, rate, voice, kind, at)
            part = min(count - done, FILTER_GRID - at % FILTER_GRID)
            if is_filtering(state, voice, kind, at):
                _run(state, voice, kind, at, part, done)
            done += part


@realtime
def _tune(state: State, rate: int, voice: int, kind: int, at: int) -> float:
    """Give the integrators' gain for the cutoff at an engine frame."""
    hertz = ramp_value(state, voice + 1, _SLOTS[kind], at)
    return math.tan(math.pi * max(1.0, min(hertz, _HIGHEST * rate)) / rate)


@realtime
def _aim(state: State, rate: int, voice: int, kind: int, at: int) -> None:
    """Let a filter in or out, and say where its coefficient shall be at the next frame of the grid."""
    own, ramp = state.filters[voice, kind], state.ramps[voice + 1, _SLOTS[kind]]
    wanted = 1 if ramp.target != _OPEN[kind] or at < ramp.start + ramp.frames else 0
    asleep = not is_filtering(state, voice, kind, at)
    if wanted != own.on:
        own.on = wanted
        # A turn that is turned back is as far from its end as it was from its beginning.
        own.turned = at - max(0, FILTER_TURN - (at - own.turned))
        if asleep:
            own.gain = _tune(state, rate, voice, kind, at)
            own.left_1, own.left_2, own.right_1, own.right_2 = 0.0, 0.0, 0.0, 0.0
    elif asleep:
        return
    own.step = (_tune(state, rate, voice, kind, at + FILTER_GRID) - own.gain) / FILTER_GRID
    own.left_1, own.left_2 = _sane(own.left_1), _sane(own.left_2)
    own.right_1, own.right_2 = _sane(own.right_1), _sane(own.right_2)


@realtime
def _sane(kept: float) -> float:
    """Forget what is too small to be heard and slow to count with, and what is no sound."""
    return kept if _SILENT < abs(kept) < _LOUDEST else 0.0


@realtime
def _run(state: State, voice: int, kind: int, at: int, count: int, offset: int) -> None:
    """Filter some frames up to the next of the grid.

    Notes
    -----
    A. Simper, "Linear trapezoidal integrated state variable filter with low noise optimisation"
    (Cytomic, 2013); V. Zavalishin, "The art of VA filter design" (2018), section 4.
    """
    own = state.filters[voice, kind]
    gain, step = own.gain, own.step
    left_1, left_2, right_1, right_2 = own.left_1, own.left_2, own.right_1, own.right_2
    share, slope = _shown(own.on, at - own.turned)
    for i in range(count):
        a1 = 1.0 / (1.0 + gain * (gain + _DAMPING))
        a2 = gain * a1
        a3 = gain * a2
        left, right = (
            np.float64(state.scratch[0, offset + i]),
            np.float64(state.scratch[1, offset + i]),
        )
        left_band = a1 * left_1 + a2 * (left - left_2)
        left_low = left_2 + a2 * left_1 + a3 * (left - left_2)
        right_band = a1 * right_1 + a2 * (right - right_2)
        right_low = right_2 + a2 * right_1 + a3 * (right - right_2)
        left_1, left_2 = 2.0 * left_band - left_1, 2.0 * left_low - left_2
        right_1, right_2 = 2.0 * right_band - right_1, 2.0 * right_low - right_2
        if kind == HIGH:
            left_low = left - _DAMPING * left_band - left_low
            right_low = right - _DAMPING * right_band - right_low
        shown = share + slope * i
        state.scratch[0, offset + i] = np.float32(left + shown * (left_low - left))
        state.scratch[1, offset + i] = np.float32(right + shown * (right_low - right))
        gain += step
    own.gain = gain
    own.left_1, own.left_2, own.right_1, own.right_2 = left_1, left_2, right_1, right_2


@realtime
def _shown(on: int, passed: int) -> tuple[float, float]:
    """Give how much of what is filtered is heard, and how much more from frame to frame."""
    if passed >= FILTER_TURN:
        return 1.0 * on, 0.0
    share = passed / FILTER_TURN
    return (share, 1.0 / FILTER_TURN) if on == 1 else (1.0 - share, -1.0 / FILTER_TURN)
