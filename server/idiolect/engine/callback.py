"""The compiled callbacks: what PortAudio and JACK call for every block, without Python in between.

Clock: real time.  A callback asks the engine for a block and writes down how long that took;
nothing else.
"""

import ctypes
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from idiolect.compiled import callback, realtime
from idiolect.engine.atomics import float32_1d, float32_2d, int64_1d
from idiolect.engine.clock import TIMING, XRUNS, monotonic_ns, thread_cpu_ns
from idiolect.engine.seat import (
    BUFFER,
    CHANNELS,
    CLIENT,
    DOWN,
    ENTERED,
    GET_BUFFER,
    PORTS,
    RATE,
    SCRATCH,
    SCRATCH_FRAMES,
    SEAT,
    SINCE_START,
    TIMES,
    note,
    play,
)

__all__ = ["CALLBACKS", "compiled", "frames_since_start", "port_buffer"]

_UNDERFLOW = 4  # PortAudio's paOutputUnderflow
_WORD, _INT = ir.IntType(64), ir.IntType(32)
_LONG = types.Integer.from_bitwidth(8 * ctypes.sizeof(ctypes.c_ulong), signed=False)


def _pointer(builder: Any, address: Any, result: Any, *arguments: Any) -> Any:
    """Show `address` as a C function that takes `arguments`."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.inttoptr(address, kind.as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def port_buffer(_typing: Any, function: Any, port: Any, frames: Any) -> Any:
    """Call ``jack_port_get_buffer(port, frames)`` at the address `function`."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        call = _pointer(builder, args[0], _WORD, args[1], args[2])
        return builder.call(call, [args[1], args[2]])

    return types.int64(types.int64, types.int64, types.uint32), generate


@intrinsic  # type: ignore[untyped-decorator]
def frames_since_start(_typing: Any, function: Any, client: Any) -> Any:
    """Call ``jack_frames_since_cycle_start(client)`` at the address `function`."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        frames = builder.call(_pointer(builder, args[0], _INT, args[1]), [args[1]])
        return builder.zext(frames, _WORD)

    return types.int64(types.int64, types.int64), generate


def _portaudio(_input: int, output: int, frames: int, _time: int, flags: int, userdata: int) -> int:
    """``PaStreamCallback``: interleaved float32."""
    entered, cpu = monotonic_ns(), thread_cpu_ns()
    seat = int64_1d(userdata, (SEAT,))
    count = np.int64(frames)
    timing = int64_1d(seat[TIMES], (TIMING,))
    play(seat, float32_2d(output, (count, seat[CHANNELS])))
    # PortAudio does not say when a block is due: a period after the last one.
    period = count * 1_000_000_000 // seat[RATE]
    due = seat[ENTERED] + period
    start = due if seat[ENTERED] > 0 and entered - due > period // 2 else entered
    if np.int64(flags) & _UNDERFLOW:
        timing[XRUNS] += 1
    left = monotonic_ns()
    note(seat, count, start, start + period, entered, left, thread_cpu_ns() - cpu)
    return 0  # paContinue


@realtime
def _jack_play(seat: NDArray[np.int64], frames: np.int64) -> None:
    """Render `frames` and put each channel into its port's buffer."""
    channels = seat[CHANNELS]
    ports = int64_1d(seat[PORTS], (channels,))
    done = np.int64(0)
    while done < frames:
        count = min(np.int64(SCRATCH_FRAMES), frames - done)
        scratch = float32_2d(seat[SCRATCH], (count, channels))
        play(seat, scratch)
        for c in range(channels):
            address = port_buffer(seat[GET_BUFFER], ports[c], np.uint32(frames))
            buffer = float32_1d(address, (frames,))
            for i in range(count):
                buffer[done + i] = scratch[i, c]
        done += count


def _jack_process(frames: int, userdata: int) -> int:
    """``JackProcessCallback``."""
    entered, cpu = monotonic_ns(), thread_cpu_ns()
    seat = int64_1d(userdata, (SEAT,))
    # Not `jack_get_cycle_times`: its times are smoothed over seconds, and wrong for as long after
    # the server was late.
    since = frames_since_start(seat[SINCE_START], seat[CLIENT])
    start = entered - since * 1_000_000_000 // seat[RATE]
    count = np.int64(frames)
    _jack_play(seat, count)
    end = start + count * 1_000_000_000 // seat[RATE]
    left = monotonic_ns()
    note(seat, count, start, end, entered, left, thread_cpu_ns() - cpu)
    return 0


def _jack_xrun(userdata: int) -> int:
    """``JackXRunCallback``; not the process thread."""
    seat = int64_1d(userdata, (SEAT,))
    int64_1d(seat[TIMES], (TIMING,))[XRUNS] += 1
    return 0


def _jack_buffer(frames: int, userdata: int) -> int:
    """``JackBufferSizeCallback``; not the process thread."""
    int64_1d(userdata, (SEAT,))[BUFFER] = np.int64(frames)
    return 0


def _jack_shutdown(userdata: int) -> None:
    """``JackShutdownCallback``: the server has gone; not the process thread."""
    int64_1d(userdata, (SEAT,))[DOWN] = 1


def _jack_message(_text: int) -> None:
    """Take what libjack says about itself, and say nothing: errors come back as codes."""


_address, _code, _frames = types.int64, types.int32, types.uint32
CALLBACKS: dict[str, tuple[Any, Any]] = {
    "portaudio": (_code(_address, _address, _LONG, _address, _LONG, _address), _portaudio),
    "jack_process": (_code(_frames, _address), _jack_process),
    "jack_xrun": (_code(_address), _jack_xrun),
    "jack_buffer": (_code(_frames, _address), _jack_buffer),
    "jack_shutdown": (types.void(_address), _jack_shutdown),
    "jack_message": (types.void(_address), _jack_message),
}
"""Signature and body of every callback.  An address is an int64, which C passes as a pointer."""


@cache
def compiled(name: str) -> Any:
    """Compile a callback, or take it from the disk.

    Parameters
    ----------
    name : str
        A key of `CALLBACKS`.

    Returns
    -------
    numba.core.ccallback.CFunc
        With the C function's `address`.

    Notes
    -----
    Control thread, before a stream opens: compiling takes seconds.
    """
    signature, body = CALLBACKS[name]
    return callback(signature, body)
