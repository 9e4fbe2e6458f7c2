"""Reading audio at any rate: what lies between the frames.

A position is a 32.32 fixed-point number, so it is exact at every frame whatever the block size, and
one that runs backwards is no special case.  Each reader fills a row of its own before anything is
mixed: only so does the compiler make vectors of it.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.vectors import TAPS, copy_four, copy_two, weigh

__all__ = ["CUBIC", "LINEAR", "MARGIN", "NEAR", "NONE", "SINC", "UNIT", "read", "read_pair"]

NONE, LINEAR, CUBIC, SINC = 0, 1, 2, 3
"""Qualities: the nearest frame before, and what is named."""

UNIT = 1 << 32
"""A frame, as a position counts."""

NEAR = 4
"""Neighbours of each frame that are copied side by side before a cubic is laid through them."""

MARGIN = TAPS // 2
"""Frames on either side of what is read that must be there to be looked at."""

_PHASES = 256  # from frame to frame: eight bits of a position; between phases is a straight line
_CUTS = 9  # octaves up to two, in quarters: what is read faster is cut lower
_BETA = 9.0  # of the Kaiser window: 90 dB

_BEFORE = np.uint64(TAPS // 2 - 1)
_24, _32, _4, _2, _1 = np.uint64(24), np.uint64(32), np.uint64(4), np.uint64(2), np.uint64(1)
_FRACTION = np.uint64(0x7FFFFFFF)
_STEP = np.float32(2.0**-31)
_PHASE_BITS, _PART_BITS, _PART = (
    np.uint64(_PHASES - 1),
    np.uint64((1 << 24) - 1),
    np.float32(2.0**-24),
)
_HALF, _THREE_HALVES = np.float32(0.5), np.float32(1.5)


def _sinc_table() -> NDArray[np.float32]:
    """Give the windowed sinc by cutoff and phase, and by tap, float32[cuts * (phases + 1), taps]."""
    cutoff = 2.0 ** (-np.arange(_CUTS) / 4)[:, None, None]
    at = np.arange(TAPS) - (TAPS // 2 - 1) - np.linspace(0, 1, _PHASES + 1)[:, None]
    inside = np.clip(1 - (at / (TAPS // 2)) ** 2, 0, None)
    window = np.i0(_BETA * np.sqrt(inside)) / np.i0(_BETA)
    table = cutoff * np.sinc(cutoff * at) * window
    table /= table.sum(axis=2, keepdims=True)
    return np.ascontiguousarray(table.reshape(-1, TAPS), np.float32)


_TABLE = _sinc_table()
_SPEEDS = np.round(UNIT * 2.0 ** (np.arange(_CUTS) / 4)).astype(np.int64)


@realtime
def read(
    source: NDArray[np.float32],
    position: int,
    step: int,
    quality: int,
    count: int,
    near: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Read `count` frames of one channel from `position` on.

    Parameters
    ----------
    source : float32[frames]
        One channel, with `MARGIN` frames more on either side of all that is read.
    position : int64
        32.32 fixed point, not negative.
    step : int64
        32.32 fixed point, from one frame to the next; negative is backwards.
    quality : int64
        `NONE` to `SINC`.
    count : int64
        At most ``len(out)``.
    near : float32[>= NEAR * count]
        Scratch.
    out : float32[>= count]
        Written.

    Notes
    -----
    Real time; `count` steps, of `TAPS` each for the sinc.  That alone is band-limited when it
    reads faster than recorded.
    """
    if quality == NONE:
        _read_nearest(source, np.uint64(position), np.uint64(step), count, out)
    elif quality == LINEAR:
        _read_linear(source, np.uint64(position), np.uint64(step), count, near, out)
    elif quality == CUBIC:
        _read_cubic(source, np.uint64(position), np.uint64(step), count, near, out)
    else:
        _read_sinc(source, position, step, count, out)


@realtime
def read_pair(
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    position: int,
    step: int,
    quality: int,
    count: int,
    near: NDArray[np.float32],
    rows: NDArray[np.float32],
) -> None:
    """Read two channels as `read` does one, into two rows, float32[2, >= count].

    Notes
    -----
    Real time.
    """
    if quality == SINC:
        _read_sincs(left, right, position, step, count, rows)
    else:
        read(left, position, step, quality, count, near, rows[0])
        read(right, position, step, quality, count, near, rows[1])


@realtime
def _read_nearest(
    source: NDArray[np.float32],
    position: np.uint64,
    step: np.uint64,
    count: int,
    out: NDArray[np.float32],
) -> None:
    for i in range(count):
        out[i] = source[(position + np.uint64(i) * step) >> _32]


@realtime
def _read_linear(
    source: NDArray[np.float32],
    position: np.uint64,
    step: np.uint64,
    count: int,
    near: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    for i in range(count):
        k = np.uint64(i)
        copy_two(source, (position + k * step) >> _32, near, _2 * k)
    for i in range(count):
        k = np.uint64(i)
        part = _between(position + k * step)
        here = near[_2 * k]
        out[i] = here + part * (near[_2 * k + _1] - here)


@realtime
def _read_cubic(
    source: NDArray[np.float32],
    position: np.uint64,
    step: np.uint64,
    count: int,
    near: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Read by a cubic through four frames (E. Catmull and R. Rom, 1974)."""
    for i in range(count):
        k = np.uint64(i)
        copy_four(source, ((position + k * step) >> _32) - _1, near, _4 * k)
    for i in range(count):
        k = np.uint64(i)
        x = _between(position + k * step)
        k *= _4
        a, b, c, d = near[k], near[k + _1], near[k + _2], near[k + _2 + _1]
        slope = _HALF * (c - a)
        third = _THREE_HALVES * (b - c) + _HALF * (d - a)
        second = a - b + slope - third
        out[i] = ((third * x + second) * x + slope) * x + b


@realtime
def _between(position: np.uint64) -> np.float32:
    """How far a position lies past a frame, 0 to 1, float32."""
    return np.float32(np.int32((position >> _1) & _FRACTION)) * _STEP


@realtime
def _read_sinc(
    source: NDArray[np.float32], position: int, step: int, count: int, out: NDArray[np.float32]
) -> None:
    """Read by a windowed sinc, cut where what is read would fold.

    After J. O. Smith, "Digital audio resampling home page" (CCRMA, 2002).
    """
    first, at, each = _first_row(abs(step)), np.uint64(position), np.uint64(step)
    for i in range(count):
        row, part, frame = first + _phase(at), _past(at), (at >> _32) - _BEFORE
        out[i] = weigh(_TABLE, row, part, source, frame)
        at += each


@realtime
def _read_sincs(
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    position: int,
    step: int,
    count: int,
    rows: NDArray[np.float32],
) -> None:
    """Read two channels as `_read_sinc` does: what weighs them is read and laid between phases once."""
    first, at, each = _first_row(abs(step)), np.uint64(position), np.uint64(step)
    for i in range(count):
        row, part, frame = first + _phase(at), _past(at), (at >> _32) - _BEFORE
        here = weigh(_TABLE, row, part, left, frame)
        there = weigh(_TABLE, row, part, right, frame)  # before anything is written: see above
        rows[0, i] = here
        rows[1, i] = there
        at += each


@realtime
def _first_row(speed: int) -> np.uint64:
    """Find the table for so many frames a frame; give its first row."""
    cut = 0
    while cut < _CUTS - 1 and speed > _SPEEDS[cut]:
        cut += 1
    return np.uint64(cut * (_PHASES + 1))


@realtime
def _phase(position: np.uint64) -> np.uint64:
    """Phase before a position, 0 to `_PHASES` - 1."""
    return (position >> _24) & _PHASE_BITS


@realtime
def _past(position: np.uint64) -> np.float32:
    """How far a position lies past its phase, 0 to 1, float32; exact."""
    return np.float32(np.int32(position & _PART_BITS)) * _PART
