"""A private JACK server with a dummy device, for measurements and tests."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple

from idiolect.audio.libjack import load_libjack, open_client
from idiolect.errors import AudioError

__all__ = ["Server", "default_server", "dummy_server"]

_START_SECONDS = 20.0
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.05
_numbers = count()


class Server(NamedTuple):
    """A JACK server that runs."""

    name: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def dummy_server(
    *, sample_rate: int = 48_000, period: int = 64, name: str = ""
) -> Iterator["Server"]:
    """Run ``jackd -d dummy``, realtime where that is permitted.

    Parameters
    ----------
    sample_rate : int
        Hz.
    period : int
        Frames per block.
    name : str
        Of the server; empty is one that nobody else has.

    Yields
    ------
    Server
        Inside the block it is this process' default server.

    Raises
    ------
    AudioError
        When jackd is not installed, or does not start.
    """
    if shutil.which("jackd") is None:
        raise AudioError("jackd is not installed; apt install jackd2")
    name = name or f"idiolect-{os.getpid()}-{next(_numbers)}"
    with tempfile.TemporaryFile() as log, default_server(name):
        process = subprocess.Popen(
            _command(name, sample_rate, period), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            if not _answers(process):
                log.seek(0)
                last = log.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise AudioError(f"jackd does not start: {last!r}; try it by hand")
            yield Server(name, process)
        finally:
            _end(process)


@contextmanager
def default_server(name: str) -> Iterator[None]:
    """Make `name` the server that this process' clients, and its children's, look for."""
    kept = {key: os.environ.get(key) for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")}
    os.environ["JACK_DEFAULT_SERVER"] = name
    os.environ["JACK_NO_START_SERVER"] = "1"
    try:
        yield
    finally:
        for key, value in kept.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def _command(name: str, sample_rate: int, period: int) -> list[str]:
    schedule = "-R" if _may_be_realtime() else "-r"
    driver = ["-d", "dummy", "-r", str(sample_rate), "-p", str(period)]
    return ["jackd", "-n", name, schedule, *driver]


def _may_be_realtime() -> bool:
    if sys.platform != "linux":
        return True  # macOS and Windows let audio threads be
    kept, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    os.sched_setscheduler(0, kept, priority)
    return True


def _answers(process: "subprocess.Popen[bytes]") -> bool:
    """Wait until a client is let in; False when the server ends before, or takes too long."""
    library = load_libjack()
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client = open_client("idiolect-waits")
        except AudioError:
            time.sleep(_POLL_SECONDS)
            continue
        library.jack_client_close(client)
        return True
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
