"""Callbacks to compare with: compiled ones that render nothing, and one in plain Python.

Each runs in a process of its own, started with ``python -m idiolect.bench.callbacks``, since a
process can be the client of one JACK server only.
"""

import ctypes
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from idiolect.audio.jack import JackOutput, server_rate
from idiolect.audio.libjack import load_libjack
from idiolect.bench.labour import LabourOutput
from idiolect.bench.row import Row, Stopwatch
from idiolect.engine.clock import TIMING, XRUNS
from idiolect.engine.seat import CLIENT, Seat, note
from idiolect.engine.state import TABLE_SIZE
from idiolect.errors import AudioError

__all__ = ["Silence", "begin", "measure", "read", "spin", "start"]

SETTLE_SECONDS = 1.0
"""A server misses blocks while a client joins; what is measured begins afterwards."""

_MARGIN_SECONDS = 60.0
_READY = "ready"
_VOICES = 4
_Process = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


class Silence:
    """An engine that has nothing to say, for a seat whose engine is never started."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.channels = 2
        self.table: NDArray[np.int64] = np.zeros(TABLE_SIZE, np.int64)
        self.timing: NDArray[np.int64] = np.zeros(TIMING, np.int64)

    def render(self, out: NDArray[np.float32]) -> None:
        """Fill float32[frames, 2] with silence."""
        out[:] = 0


def spin(stop: threading.Event) -> None:
    """Be an ordinary Python thread that never rests."""
    while not stop.is_set():
        sum(number * number for number in range(1000))


def measure(
    kind: str, seconds: float, ready: Callable[[], object], *, microseconds: float = 0.0
) -> Row:
    """Run a callback on the default JACK server.

    Parameters
    ----------
    kind : str
        ``empty``: compiled, rendering nothing.  ``labour``: compiled, reading memory.
        ``python``: a Python function that mixes a few grains with numpy, beside a Python thread
        that never rests.
    seconds : float
        How long.
    ready : callable
        Called once it runs; returns when the seconds shall begin.
    microseconds : float
        Of processor time, which ``labour`` spends in each block.
    """
    seat = Seat(Silence(server_rate()), 0)
    output = _open(kind, seat, microseconds)
    stop = threading.Event()
    if kind == "python":
        threading.Thread(target=spin, args=(stop,), daemon=True).start()
    time.sleep(SETTLE_SECONDS)
    ready()
    watch = Stopwatch(seat)
    time.sleep(seconds)
    row = watch.read()
    stop.set()
    output.stop()
    return row


def _open(kind: str, seat: Seat, microseconds: float) -> JackOutput:
    if kind == "python":
        return _PythonOutput(seat)
    return LabourOutput(seat, microseconds) if kind == "labour" else JackOutput(seat, "empty")


class _PythonOutput(JackOutput):
    """The JACK output with its callbacks in Python, as one would write them with ctypes."""

    def _call_back(self, client: int) -> None:
        self._rng = np.random.default_rng(0)
        self._source = self._rng.normal(size=(_VOICES, 1 << 16)).astype(np.float32)
        self._at = 0
        self._kept = (_Process(self._process), ctypes.CFUNCTYPE(ctypes.c_int)(self._count_xrun))
        process, xrun = (ctypes.cast(function, ctypes.c_void_p) for function in self._kept)
        self._library.jack_set_process_callback(client, process, None)
        self._library.jack_set_xrun_callback(client, xrun, None)
        self._library.jack_activate(client)

    def _count_xrun(self) -> int:
        self.seat.engine.timing[XRUNS] += 1
        return 0

    def _process(self, frames: int, _: int) -> int:
        entered, cpu = time.monotonic_ns(), time.thread_time_ns()
        seat, library = self.seat.columns, self._library
        since = library.jack_frames_since_cycle_start(int(seat[CLIENT]))
        start = entered - since * 1_000_000_000 // self.sample_rate
        self._mix(frames)
        end = start + frames * 1_000_000_000 // self.sample_rate
        # Entered in time by definition: the wait for the interpreter is its own fault.
        left, cpu = time.monotonic_ns(), time.thread_time_ns() - cpu
        note(seat, np.int64(frames), start, end, start, left, cpu)
        return 0

    def _mix(self, frames: int) -> None:
        """Mix a grain per voice into the ports, as few numpy calls as it takes."""
        fade = np.linspace(0, 1, frames, dtype=np.float32)
        mixed = (self._source[:, self._at : self._at + frames] * fade).sum(axis=0) / _VOICES
        self._at = (self._at + frames) % (self._source.shape[1] - frames)
        for port in self.seat.ports:
            address = self._library.jack_port_get_buffer(int(port), frames)
            buffer = ctypes.cast(address, ctypes.POINTER(ctypes.c_float))
            np.ctypeslib.as_array(buffer, (frames,))[:] = mixed


def start(kind: str, seconds: float, *, microseconds: float = 0.0) -> "subprocess.Popen[str]":
    """Prepare `measure` in a process of its own, on what is now the default server.

    Raises
    ------
    AudioError
        When it fails; it has said why on standard error.
    """
    module = [sys.executable, "-m", "idiolect.bench.callbacks"]
    program = [*module, kind, str(seconds), str(microseconds)]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if process.stdout.readline().strip() != _READY:
        process.kill()
        raise AudioError(f"the {kind} callback to compare with did not start; see above")
    return process


def begin(process: "subprocess.Popen[str]") -> None:
    """Let what `start` prepared begin to measure."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def read(process: "subprocess.Popen[str]", seconds: float) -> Row:
    """Wait for what `begin` began, and give its row.

    Raises
    ------
    AudioError
        When it failed; it has said why on standard error.
    """
    out, _ = process.communicate(timeout=seconds + _MARGIN_SECONDS)
    if process.returncode:
        raise AudioError("the callback to compare with failed; see above")
    return Row(**json.loads(out))


def _wait_for_word() -> None:
    sys.stdout.write(f"{_READY}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    load_libjack()
    wanted = float(sys.argv[3])
    found = measure(sys.argv[1], float(sys.argv[2]), _wait_for_word, microseconds=wanted)
    sys.stdout.write(json.dumps(found.as_dict()))
