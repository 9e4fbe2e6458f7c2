"""The seat of a callback: the addresses it is given, and what it writes down about its own time.

Clock: real time.  Whoever renders in real time (PortAudio, JACK, the clock of the null output)
does it through a seat.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.atomics import int64_1d, load_acquire, publish, store_release
from idiolect.engine.block import render_block
from idiolect.engine.clock import (
    CALLS,
    CPU_LONGEST,
    CPU_SUM,
    DUE_AT,
    DUE_FRAME,
    DUE_WRITES,
    ENTERED_AT,
    ENTERED_LATE,
    LATE,
    PERIOD,
    TIMING,
    WALL_LONGEST,
    monotonic_ns,
)
from idiolect.engine.counters import FRAME
from idiolect.engine.locking import lock
from idiolect.engine.state import TABLE_SIZE, view_state

__all__ = ["BINS", "SCRATCH_FRAMES", "SEAT", "Renderer", "Seat", "note", "play"]

# Columns of a seat.
TABLE = 0  # address of the engine's table
TIMES = 1  # address of the engine's timing, int64[TIMING]
HISTOGRAM = 2  # address of int64[BINS]
SCRATCH = 3  # address of float32[SCRATCH_FRAMES, channels]
RATE = 4  # Hz
RUNNING = 5  # 1: play; 0: silence, the engine's clock stands still
DOWN = 6  # 1: the server has gone, or the thread that stands in for one shall go
BUFFER = 7  # frames per block, as the server last said
CHANNELS = 8
PORTS = 9  # address of JACK's ports, int64[channels]
CLIENT = 10  # JACK's client
GET_BUFFER, SINCE_START = 11, 12  # addresses of libjack's functions
ENTERED = 13  # `monotonic_ns` of this seat's own last block
SEAT = 16

BINS = 4096
"""Bins of the histogram of processor time, a microsecond each; the last takes all that is longer."""

SCRATCH_FRAMES = 1024

Whole = int | np.int64


class Renderer(Protocol):
    """What a seat needs of `engine.Engine`."""

    table: NDArray[np.int64]  # (TABLE_SIZE,)
    timing: NDArray[np.int64]  # (TIMING,)
    sample_rate: int
    channels: int

    def render(self, out: NDArray[np.float32]) -> None:
        """Fill float32[frames, channels] and advance the clock, where there is no callback."""


class Seat:
    """The memory of one callback, and its owner.

    Parameters
    ----------
    engine
        Who renders.  The seat keeps it alive.
    buffer : int
        Frames of a block.

    Notes
    -----
    Made, started and stopped by the control thread; the callback reads it.  It must outlive the
    callback: a stream that cannot be closed keeps its seat for ever.
    """

    def __init__(self, engine: Renderer, buffer: int) -> None:
        self.engine = engine
        self.histogram: NDArray[np.int64] = np.zeros(BINS, np.int64)
        self.scratch: NDArray[np.float32] = np.zeros((SCRATCH_FRAMES, engine.channels), np.float32)
        self.ports: NDArray[np.int64] = np.zeros(engine.channels, np.int64)
        self.columns: NDArray[np.int64] = np.zeros(SEAT, np.int64)
        self.columns[TABLE] = engine.table.ctypes.data
        self.columns[TIMES] = engine.timing.ctypes.data
        self.columns[HISTOGRAM] = self.histogram.ctypes.data
        self.columns[SCRATCH] = self.scratch.ctypes.data
        self.columns[RATE] = engine.sample_rate
        self.columns[BUFFER] = buffer
        self.columns[CHANNELS] = engine.channels
        self.columns[PORTS] = self.ports.ctypes.data
        lock([self.histogram, self.scratch, self.ports, self.columns])
        self._taken_at = 0

    @property
    def address(self) -> int:
        """What the callback gets as its user data."""
        return int(self.columns.ctypes.data)

    @property
    def seconds_silent(self) -> float:
        """How long ago the last block was asked for, or the seat taken if that was later."""
        last = max(self._taken_at, int(self.columns[ENTERED]))
        return max(0.0, (monotonic_ns() - last) / 1e9)

    def take(self) -> None:
        """Say that a callback is about to be called, from now on."""
        self._taken_at = monotonic_ns()
        publish(self.columns[DOWN : DOWN + 1], 0)

    def run(self, running: bool) -> None:
        """Let the engine play, or stand still in silence, from the next block on."""
        publish(self.columns[RUNNING : RUNNING + 1], int(running))

    def end(self) -> None:
        """Tell a thread that stands in for a device to return."""
        publish(self.columns[DOWN : DOWN + 1], 1)


@realtime
def play(seat: NDArray[np.int64], out: NDArray[np.float32]) -> None:
    """Fill float32[frames, channels] with what the engine says next, or with silence until it is started.

    Notes
    -----
    Real time.
    """
    if load_acquire(seat, RUNNING) != 0:
        render_block(int64_1d(seat[TABLE], (TABLE_SIZE,)), out)
        return
    for i in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[i, c] = 0.0


@realtime
def note(
    seat: NDArray[np.int64],
    frames: Whole,
    start: Whole,
    end: Whole,
    entered: Whole,
    left: Whole,
    cpu: Whole,
) -> None:
    """Write down what a block took, and whether it was late by our own fault.

    A block is late, and ours, when the thread's own processor time exceeded half the period, or
    when it was entered in time (half the period or more was left) and returned after its end.

    Parameters
    ----------
    seat : int64[SEAT]
        Of the callback.
    frames : int
        Length of the block.
    start, end : int
        When it should begin, and by when it must be done, ns.
    entered, left : int
        When it did, ns.
    cpu : int
        The processor time it took, ns.

    Notes
    -----
    Real time.
    """
    timing = int64_1d(seat[TIMES], (TIMING,))
    histogram = int64_1d(seat[HISTOGRAM], (BINS,))
    period = frames * 1_000_000_000 // seat[RATE]
    in_time = entered - start <= period // 2
    timing[PERIOD] = period
    timing[ENTERED_AT] = entered
    seat[ENTERED] = entered
    timing[CPU_SUM] += cpu
    timing[CPU_LONGEST] = max(timing[CPU_LONGEST], cpu)
    timing[WALL_LONGEST] = max(timing[WALL_LONGEST], left - entered)
    histogram[max(0, min(cpu // 1000, BINS - 1))] += 1
    if not in_time:
        timing[ENTERED_LATE] += 1
    if cpu > period // 2 or (in_time and left > end):
        timing[LATE] += 1
    timing[CALLS] += 1
    if load_acquire(seat, RUNNING) != 0:
        _note_due(timing, view_state(int64_1d(seat[TABLE], (TABLE_SIZE,))).counters[FRAME], end)


@realtime
def _note_due(timing: NDArray[np.int64], frame: Whole, end: Whole) -> None:
    """Write down when the frame after a block is due, once for each."""
    if frame == timing[DUE_FRAME]:
        return
    writes = timing[DUE_WRITES]
    store_release(timing, DUE_WRITES, writes + 1)
    store_release(timing, DUE_FRAME, frame)
    store_release(timing, DUE_AT, end)
    store_release(timing, DUE_WRITES, writes + 2)
