"""Calibration: how much this machine can mix, found out once, before anything sounds."""

import time

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.engine.interpolation import MARGIN, NEAR, UNIT
from idiolect.engine.layout import CHUNK, SUBGRAIN
from idiolect.engine.overload import COSTS
from idiolect.engine.subgrains import add_subgrain

__all__ = ["make_subgrains", "measure_capacity"]

_ROUNDS, _REPEATS = 9, 20
_PACE = UNIT * 5 // 4  # between frames, and no sinc table's own
_LARGEST = 2**31 - 1  # so that a session can write it down


def measure_capacity(sample_rate: int) -> int:
    """Time the kernels that mix, and say what the machine can do in the time of a frame.

    Parameters
    ----------
    sample_rate : int
        Hz.

    Returns
    -------
    int
        Picoseconds a frame of the machine that `engine.overload.COSTS` are of: as many more than a
        frame lasts as this machine is faster, by the kernel that gains least.

    Notes
    -----
    Control thread; some milliseconds, once everything is compiled.  The fastest of some rounds
    counts, which other programs disturb least.
    """
    slowest = max(_picoseconds(quality) / cost for quality, cost in enumerate(COSTS) if quality > 0)
    return min(_LARGEST, round(1e12 / sample_rate / slowest))


def make_subgrains(count: int, frames: int, *, quality: int, channels: int) -> NDArray[np.void]:
    """Give sub-grains that rise for half of their frames and fall for the other, SUBGRAIN[count]."""
    subs = np.zeros(count, SUBGRAIN)
    subs["frames"], subs["attack"], subs["release"] = frames, 2 / frames, 2 / frames
    subs["quality"], subs["channels"], subs["out_start"] = quality, channels, -1
    return subs


def _picoseconds(quality: int) -> float:
    """Time a frame of a sub-grain of one channel."""
    subs = make_subgrains(1, CHUNK, quality=quality, channels=1)
    subs["position"], subs["pace"] = MARGIN * UNIT, _PACE
    subs["left"] = subs["right"] = 0.5
    source = np.zeros(2 * CHUNK + 2 * MARGIN, np.float32)
    rows, near = np.zeros((2, CHUNK), np.float32), np.zeros(NEAR * CHUNK, np.float32)
    out = np.zeros((2, CHUNK), np.float32)
    best = np.inf
    for _ in range(_ROUNDS):
        begun = time.perf_counter_ns()
        _mix_often(subs, source, rows, near, out)
        best = min(best, time.perf_counter_ns() - begun)
    return 1000 * best / (_REPEATS * CHUNK)


@njit
def _mix_often(
    subs: NDArray[np.void],
    source: NDArray[np.float32],
    rows: NDArray[np.float32],
    near: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    for _ in range(_REPEATS):
        add_subgrain(subs[0], source, source, 0, CHUNK, rows, near, out, 0)
