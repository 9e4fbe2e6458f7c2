"""A callback that works as long as the daemon's, on as much memory: what the machine takes from any.

An empty callback is there for a microsecond and hardly ever when the system, or the host of a
virtual machine, takes the processor away for a few milliseconds; one that stays as long as the
daemon's loses what the daemon must lose, without locks or messages that could be at fault.  It
reads memory as the daemon does, locked and a few words of each page: a host that takes pages away,
or that translates addresses itself, makes readers wait and says nothing of it to its guest.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import int32, int64, uint32
from numpy.typing import NDArray

from idiolect.audio.jack import JackOutput
from idiolect.compiled import callback
from idiolect.engine.atomics import float32_1d, int64_1d
from idiolect.engine.callback import frames_since_start, port_buffer
from idiolect.engine.clock import monotonic_ns, thread_cpu_ns
from idiolect.engine.locking import lock
from idiolect.engine.seat import (
    CHANNELS,
    CLIENT,
    GET_BUFFER,
    PORTS,
    RATE,
    SEAT,
    SINCE_START,
    Seat,
    note,
)

__all__ = ["LabourOutput"]

_LABOUR = SEAT - 1
"""A column that no output uses: the address of what to do."""

_SPENT, _MEMORY, _PAGE, _SUM, _TASK = range(5)
"""Columns of that: nanoseconds of processor time to spend in each block, the address of the memory
to read, the page at which it has arrived, and what it has read so far, added up."""

_WORDS = 512  # of a page
_PAGES = 16384  # 64 MiB: of the daemon's memory, what its callback may read in a few seconds
_STRIDE = 4099  # pages from one that is read to the next; it shares no factor with their number
_AT_ONCE = 8  # pages between two looks at the clock


def _process(frames: int, userdata: int) -> int:
    """``JackProcessCallback``: silence, then page after page until the time is spent."""
    entered, cpu = monotonic_ns(), thread_cpu_ns()
    seat = int64_1d(userdata, (SEAT,))
    since = frames_since_start(seat[SINCE_START], seat[CLIENT])
    start = entered - since * 1_000_000_000 // seat[RATE]
    count = int64(frames)
    for port in int64_1d(seat[PORTS], (seat[CHANNELS],)):
        float32_1d(port_buffer(seat[GET_BUFFER], port, uint32(frames)), (count,))[:] = 0.0
    task = int64_1d(seat[_LABOUR], (_TASK,))
    memory = int64_1d(task[_MEMORY], (_PAGES * _WORDS,))
    while thread_cpu_ns() - cpu < task[_SPENT]:
        for _ in range(_AT_ONCE):
            task[_PAGE] = (task[_PAGE] + _STRIDE) % _PAGES
            task[_SUM] += memory[task[_PAGE] * _WORDS]
    end = start + count * 1_000_000_000 // seat[RATE]
    note(seat, count, start, end, entered, monotonic_ns(), thread_cpu_ns() - cpu)
    return 0


@cache
def _compiled() -> Any:
    return callback(int32(uint32, int64), _process)


class LabourOutput(JackOutput):
    """The JACK output whose callback reads memory and says nothing.

    Parameters
    ----------
    seat
        Of the callback.
    microseconds : float
        Of processor time, spent in each block.
    """

    def __init__(self, seat: Seat, microseconds: float) -> None:
        self._memory: NDArray[np.int64] = np.zeros(_PAGES * _WORDS, np.int64)
        self._task: NDArray[np.int64] = np.zeros(_TASK, np.int64)
        self._task[_SPENT] = round(1000 * microseconds)
        self._task[_MEMORY] = self._memory.ctypes.data
        lock([self._memory, self._task])
        seat.columns[_LABOUR] = self._task.ctypes.data
        super().__init__(seat, "labour")

    def _call_back(self, client: int) -> None:
        address, library = _compiled().address, self._library
        library.jack_set_process_callback(client, address, self.seat.address)
        library.jack_activate(client)
