"""A callback that works as long as the daemon's, and on nothing: what the machine takes from any.

An empty callback is there for a microsecond and hardly ever when the system, or the host of a
virtual machine, takes the processor away for a few milliseconds; one that stays as long as the
daemon's loses what the daemon must lose, without memory, locks or messages that could be at fault.
"""

from functools import cache
from typing import Any

from numba import int32, int64, uint32

from idiolect.audio.jack import JackOutput
from idiolect.compiled import callback
from idiolect.engine.atomics import float32_1d, int64_1d
from idiolect.engine.callback import frames_since_start, port_buffer
from idiolect.engine.clock import monotonic_ns, thread_cpu_ns
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
"""A column that no output uses: nanoseconds of processor time to spend in each block."""


def _process(frames: int, userdata: int) -> int:
    """``JackProcessCallback``: silence, then work until the time is spent."""
    entered, cpu = monotonic_ns(), thread_cpu_ns()
    seat = int64_1d(userdata, (SEAT,))
    since = frames_since_start(seat[SINCE_START], seat[CLIENT])
    start = entered - since * 1_000_000_000 // seat[RATE]
    count = int64(frames)
    for port in int64_1d(seat[PORTS], (seat[CHANNELS],)):
        float32_1d(port_buffer(seat[GET_BUFFER], port, uint32(frames)), (count,))[:] = 0.0
    while thread_cpu_ns() - cpu < seat[_LABOUR]:
        pass
    end = start + count * 1_000_000_000 // seat[RATE]
    note(seat, count, start, end, entered, monotonic_ns(), thread_cpu_ns() - cpu)
    return 0


@cache
def _compiled() -> Any:
    return callback(int32(uint32, int64), _process)


class LabourOutput(JackOutput):
    """The JACK output whose callback works and says nothing.

    Parameters
    ----------
    seat
        Of the callback.
    microseconds : float
        Of processor time, spent in each block.
    """

    def __init__(self, seat: Seat, microseconds: float) -> None:
        seat.columns[_LABOUR] = round(1000 * microseconds)
        super().__init__(seat, "labour")

    def _call_back(self, client: int) -> None:
        address, library = _compiled().address, self._library
        library.jack_set_process_callback(client, address, self.seat.address)
        library.jack_activate(client)
