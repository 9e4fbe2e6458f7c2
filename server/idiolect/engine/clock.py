"""What time it is, for compiled code; and what the callbacks write down about their own time.

Numba has no clock, and a `ctypes` pointer cannot be cached on disk, so the C library's functions
are called by name.  Nothing here allocates: a `timespec` lies on the stack.

On Windows there is no cheap clock of a thread's own time; there `thread_cpu_ns` is the wall time,
which counts a block as longer than it was whenever something else had the processor.
"""

import sys
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from idiolect.compiled import realtime

__all__ = [
    "CALLS",
    "CPU_LONGEST",
    "CPU_SUM",
    "DUE_AT",
    "DUE_FRAME",
    "DUE_WRITES",
    "ENTERED_AT",
    "ENTERED_LATE",
    "LATE",
    "PERIOD",
    "TIMING",
    "WALL_LONGEST",
    "XRUNS",
    "monotonic_ns",
    "sleep_ns",
    "thread_cpu_ns",
]

# Columns of `Engine.timing`, all written by the callback but XRUNS, which JACK counts from a thread
# of its own; anyone may read them.  Times are nanoseconds.
CALLS = 0  # blocks asked for since the start
LATE = 1  # blocks that were late by our own fault
CPU_LONGEST = 2  # the most processor time one block took
CPU_SUM = 3  # processor time of all blocks together
PERIOD = 4  # what a block lasts
ENTERED_LATE = 5  # blocks asked for when half their time had gone: not our fault
ENTERED_AT = 6  # `monotonic_ns` of the last block: the heartbeat
XRUNS = 7  # gaps the device itself reports
WALL_LONGEST = 8  # the longest time from entry to return, whoever had the processor
DUE_FRAME, DUE_AT = 9, 10  # an engine frame, and when the device was to take it; of one block
DUE_WRITES = 11  # how often these were touched, odd while they are being written
TIMING = 16
"""How many columns there are room for."""

_BILLION = 1_000_000_000
_WORD = ir.IntType(64)
_INT = ir.IntType(32)

# Linux and macOS number their clocks differently.  macOS' CLOCK_UPTIME_RAW is what Python's
# `time.monotonic` reads there; its CLOCK_MONOTONIC has only microseconds.
_MONOTONIC, _THREAD_CPU = (8, 16) if sys.platform == "darwin" else (1, 3)


def _call(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """Call the C function `name`, found when the code is loaded."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def _read_posix(builder: Any, clock: int) -> Any:
    pair = cgutils.alloca_once(builder, ir.ArrayType(_WORD, 2))  # timespec: seconds, nanoseconds
    _call(builder, "clock_gettime", _INT, _INT(clock), pair)
    seconds, rest = (builder.load(cgutils.gep_inbounds(builder, pair, 0, i)) for i in (0, 1))
    return builder.add(builder.mul(seconds, _WORD(_BILLION)), rest)


def _read_windows(builder: Any) -> Any:
    ticks, rate = cgutils.alloca_once(builder, _WORD), cgutils.alloca_once(builder, _WORD)
    _call(builder, "QueryPerformanceCounter", _INT, ticks)
    _call(builder, "QueryPerformanceFrequency", _INT, rate)
    count, rate = builder.load(ticks), builder.load(rate)
    # Seconds and rest apart: ticks times a billion would overflow after a quarter of an hour.
    seconds = builder.mul(builder.udiv(count, rate), _WORD(_BILLION))
    rest = builder.udiv(builder.mul(builder.urem(count, rate), _WORD(_BILLION)), rate)
    return builder.add(seconds, rest)


def _reader(clock: int) -> Any:
    @intrinsic  # type: ignore[untyped-decorator]
    def read(_typing: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
            if sys.platform == "win32":
                return _read_windows(builder)
            return _read_posix(builder, clock)

        return types.int64(), generate

    return read


_read_monotonic = _reader(_MONOTONIC)
_read_thread_cpu = _reader(_THREAD_CPU)


@intrinsic  # type: ignore[untyped-decorator]
def _sleep(_typing: Any, nanoseconds: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        if sys.platform == "win32":
            whole = builder.trunc(builder.udiv(args[0], _WORD(1_000_000)), _INT)
            _call(builder, "Sleep", ir.VoidType(), whole)
        else:
            pair = cgutils.alloca_once(builder, ir.ArrayType(_WORD, 2))
            parts = (builder.udiv(args[0], _WORD(_BILLION)), builder.urem(args[0], _WORD(_BILLION)))
            for i, part in enumerate(parts):
                builder.store(part, cgutils.gep_inbounds(builder, pair, 0, i))
            nowhere = ir.Constant(pair.type, None)
            _call(builder, "nanosleep", _INT, pair, nowhere)
        return context.get_dummy_value()

    return types.void(types.int64), generate


@realtime
def monotonic_ns() -> int:
    """Nanoseconds of a clock that nobody sets: Python's `time.monotonic_ns`, except on Windows.

    Notes
    -----
    Any thread; real time.
    """
    return _read_monotonic()


@realtime
def thread_cpu_ns() -> int:
    """Nanoseconds that the calling thread has had a processor for (wall time on Windows).

    Notes
    -----
    Any thread; real time, one system call.
    """
    return _read_thread_cpu()


@realtime
def sleep_ns(nanoseconds: int) -> None:
    """Rest for at least `nanoseconds`, or until a signal comes.

    Notes
    -----
    Never in a callback: for the thread that stands in for a device.
    """
    _sleep(nanoseconds)
