"""The null output: a clock that asks for blocks as a device would, and throws them away.

It is how the instrument runs without a sound card.  The thread is Python's, but it enters compiled
code once and stays there, without the GIL, until it is stopped.
"""

import contextlib
import os
import sys
import threading

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.atomics import load_acquire
from idiolect.engine.clock import monotonic_ns, sleep_ns, thread_cpu_ns
from idiolect.engine.locking import lock
from idiolect.engine.seat import BUFFER, DOWN, RATE, Seat, Whole, note, play

__all__ = ["NullOutput"]

_PRIORITY = 10  # of SCHED_FIFO: that of JACK's server, below what keeps the machine alive

_PATIENCE = 500_000_000
"""Nanoseconds it makes good by hurrying.  Later than that the machine slept or was stopped, and it
goes on from there, as a device does: to hurry through minutes would outrun the planner."""


@realtime
def _beat(seat: NDArray[np.int64], out: NDArray[np.float32], due: Whole) -> None:
    """Render the block that is due at `due` (ns)."""
    entered, cpu = monotonic_ns(), thread_cpu_ns()
    play(seat, out)
    left = monotonic_ns()
    end = due + seat[BUFFER] * 1_000_000_000 // seat[RATE]
    note(seat, seat[BUFFER], due, end, entered, left, thread_cpu_ns() - cpu)


@realtime
def keep_time(seat: NDArray[np.int64], out: NDArray[np.float32]) -> None:
    """Ask for a block each time one is due, until the seat's DOWN is set.

    Parameters
    ----------
    seat : int64[SEAT]
        With the block's frames in BUFFER.
    out : float32[frames, channels]
        Where the blocks go.

    Notes
    -----
    The null output's own thread.  When it is late it catches up; no frame is ever left out.
    """
    origin = monotonic_ns()
    seconds, frames = 0, 0  # since the origin: the error of a division must not add up
    while load_acquire(seat, DOWN) == 0:
        due = origin + seconds * 1_000_000_000 + frames * 1_000_000_000 // seat[RATE]
        wait = due - monotonic_ns()
        if wait > 0:
            sleep_ns(wait)
        elif wait < -_PATIENCE:
            origin -= wait
            due -= wait
        _beat(seat, out, due)
        frames += seat[BUFFER]
        seconds += frames // seat[RATE]
        frames %= seat[RATE]


class NullOutput:
    """A way out that is heard by nobody, in real time.

    Parameters
    ----------
    seat
        Of the clock's thread; its BUFFER says how long the blocks are.

    Notes
    -----
    Control thread; it owns the thread that keeps time.
    """

    def __init__(self, seat: Seat) -> None:
        self.name = "null"
        self.sample_rate = seat.engine.sample_rate
        self.block_size = int(seat.columns[BUFFER])
        self.latency_frames = 0
        self.seat = seat
        self._out: NDArray[np.float32] = np.zeros(
            (self.block_size, seat.engine.channels), np.float32
        )
        lock([self._out])
        seat.end()
        keep_time(seat.columns, self._out)  # a visit that ends at once compiles it
        seat.take()
        self._thread = threading.Thread(target=self._work, name="idiolect-null", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        _ask_for_realtime()
        keep_time(self.seat.columns, self._out)

    @property
    def alive(self) -> bool:
        """Whether the thread keeps time."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Let the engine play."""
        self.seat.run(True)

    def stop(self) -> None:
        """End the thread; at most a block passes until then."""
        self.seat.end()
        self._thread.join()


def _ask_for_realtime() -> None:
    """Let the calling thread go before all ordinary ones, where the system permits it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # `idiolect doctor` says how it would be permitted
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
