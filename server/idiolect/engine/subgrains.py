"""The short grains of a cloud: a window over audio that is read at any rate, mixed in.

Which ones there are is decided in `engine.cloud`.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.interpolation import UNIT, read

__all__ = ["add_subgrain"]

_HALF, _ONE = np.float32(0.5), np.float32(1.0)
_TWO, _THREE = np.float32(2.0), np.float32(3.0)


@realtime
def add_subgrain(
    sub: np.void,
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    at: int,
    count: int,
    rows: NDArray[np.float32],
    products: NDArray[np.float32],
    out: NDArray[np.float32],
    offset: int,
) -> None:
    """Mix one sub-grain, over frames in which it neither begins nor ends.

    Parameters
    ----------
    sub : SUBGRAIN
    left, right : float32[frames]
        What it reads; `right` only when it has two channels.
    at, count : int64
        First engine frame and how many.
    rows : float32[2, >= count]
        Scratch.
    products : float32[TAPS]
        Scratch.
    out : float32[2, frames]
        Added to, from column `offset` on.

    Notes
    -----
    Real time; `count` steps: one pass to read each channel, and one to mix.
    """
    age = at - sub.start
    position = sub.position + age * sub.pace
    if sub.pace == UNIT and position & (UNIT - 1) == 0:
        _mix(sub, left, right, position >> 32, at, count, out, offset)
        return
    read(left, position, sub.pace, sub.quality, count, products, rows[0])
    if sub.channels > 1:
        read(right, position, sub.pace, sub.quality, count, products, rows[1])
    _mix(sub, rows[0], rows[1], 0, at, count, out, offset)


@realtime
def _mix(
    sub: np.void,
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    first: int,
    at: int,
    count: int,
    out: NDArray[np.float32],
    offset: int,
) -> None:
    """Add it under its window, fading when it is made to leave."""
    age, frames = at - sub.start, np.float32(np.int32(sub.frames))
    attack, release, gain_left, gain_right = sub.attack, sub.release, sub.left, sub.right
    shown, slope = _ONE, np.float32(0)
    if sub.out_start >= 0:
        slope = -_ONE / np.float32(np.int32(sub.out_frames))
        shown = _ONE + slope * np.float32(np.int32(sub.start - sub.out_start))
    if sub.channels > 1:
        for i in range(count):
            passed = np.float32(np.int32(age + i)) + _HALF
            weight = _window(passed, frames, attack, release) * (shown + slope * passed)
            out[0, offset + i] += weight * gain_left * left[first + i]
            out[1, offset + i] += weight * gain_right * right[first + i]
        return
    for i in range(count):
        passed = np.float32(np.int32(age + i)) + _HALF
        weight = _window(passed, frames, attack, release) * (shown + slope * passed)
        value = weight * left[first + i]
        out[0, offset + i] += value * gain_left
        out[1, offset + i] += value * gain_right


@realtime
def _window(passed: float, frames: float, attack: float, release: float) -> float:
    """Rise and fall as 3 x^2 - 2 x^3: what falls and what rises by it add up to 1."""
    rise, fall = passed * attack, (frames - passed) * release
    least = rise if rise < fall else fall
    x = least if least < _ONE else _ONE
    return x * x * (_THREE - _TWO * x)
