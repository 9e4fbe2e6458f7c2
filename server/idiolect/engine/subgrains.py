"""The short grains of a cloud: a window over audio that is read at any rate, mixed in.

Which ones there are is decided in `engine.cloud`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.interpolation import UNIT, read, read_pair

__all__ = ["add_subgrain", "level_at"]

_HALF, _ONE = np.float32(0.5), np.float32(1.0)
_LEFT, _RIGHT = np.uint64(0), np.uint64(1)
_TWO, _THREE = np.float32(2.0), np.float32(3.0)


@realtime
def add_subgrain(
    sub: Any,
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    at: int,
    count: int,
    rows: NDArray[np.float32],
    near: NDArray[np.float32],
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
    near : float32[NEAR * CHUNK]
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
    if sub.channels > 1:
        read_pair(left, right, position, sub.pace, sub.quality, count, near, rows)
    else:
        read(left, position, sub.pace, sub.quality, count, near, rows[0])
    _mix(sub, rows[0], rows[1], 0, at, count, out, offset)


@realtime
def level_at(sub: Any, at: int) -> np.float32:
    """Gain of a sub-grain at an engine frame, its window included and its leaving not, float32."""
    passed = np.float32(np.int32(at - sub.start)) + _HALF
    window = _window(passed, np.float32(np.int32(sub.frames)), sub.attack, sub.release)
    return window * (sub.left if sub.left > sub.right else sub.right)


@realtime
def _mix(
    sub: Any,
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
    # Indices without a sign need no look at whether they count from the end: vectors come of it.
    source, place = np.uint64(first), np.uint64(offset)
    if sub.channels > 1:
        for i in range(count):
            passed = np.float32(np.int32(age + i)) + _HALF
            weight = _window(passed, frames, attack, release) * (shown + slope * passed)
            k = np.uint64(i)
            out[_LEFT, place + k] += weight * gain_left * left[source + k]
            out[_RIGHT, place + k] += weight * gain_right * right[source + k]
        return
    for i in range(count):
        passed = np.float32(np.int32(age + i)) + _HALF
        k = np.uint64(i)
        value = _window(passed, frames, attack, release) * (shown + slope * passed)
        value *= left[source + k]
        out[_LEFT, place + k] += value * gain_left
        out[_RIGHT, place + k] += value * gain_right


@realtime
def _window(
    passed: np.float32, frames: np.float32, attack: np.float32, release: np.float32
) -> np.float32:
    """Rise and fall as 3 x^2 - 2 x^3: what falls and what rises by it add up to 1."""
    rise, fall = passed * attack, (frames - passed) * release
    least = rise if rise < fall else fall
    x = least if least < _ONE else _ONE
    return x * x * (_THREE - _TWO * x)
