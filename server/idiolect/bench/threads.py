"""What the system says about a thread of this process, and about its memory.  Linux alone says it."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from idiolect.audio.libjack import load_libjack
from idiolect.engine.seat import CLIENT, Seat

__all__ = ["is_realtime", "jack_thread", "major_faults", "private_mib"]

_TASKS = Path("/proc/self/task")
_STATUS = Path("/proc/self/status")
_MAJOR_FAULTS = 9  # fields after the name and the state
_POLICY = 38
_REALTIME = (1, 2)  # SCHED_FIFO, SCHED_RR


def jack_thread(seat: Seat) -> int:
    """Find the system's number of the thread in which libjack calls the seat's callback.

    Returns
    -------
    int
        0 where the system does not say.

    Notes
    -----
    On Linux a thread's processor clock has its number in it, inverted, above three bits of kind.
    """
    if not _TASKS.is_dir():
        return 0
    library = load_libjack()
    find: Callable[[int], int] = library.jack_client_thread_id
    library.jack_client_thread_id.restype = ctypes.c_ulong
    library.jack_client_thread_id.argtypes = [ctypes.c_void_p]
    clock, system = ctypes.c_int(0), ctypes.CDLL(None)
    thread = ctypes.c_ulong(find(int(seat.columns[CLIENT])))
    if system.pthread_getcpuclockid(thread, ctypes.byref(clock)):
        return 0
    return ~(clock.value >> 3)


def major_faults(thread: int) -> int:
    """Count how often a thread of this process has waited for the disk to bring it a page.

    Thread 0 is one of which the system does not say; it never did.
    """
    return int(_fields(thread)[_MAJOR_FAULTS]) if thread else 0


def is_realtime(thread: int) -> bool:
    """Say whether a thread of this process is scheduled before all ordinary ones."""
    return thread != 0 and int(_fields(thread)[_POLICY]) in _REALTIME


def _fields(thread: int) -> list[str]:
    """Fields of ``/proc/self/task/TID/stat`` after the name, which may have spaces in it."""
    return (_TASKS / str(thread) / "stat").read_text("ascii").rpartition(")")[2].split()


def private_mib() -> float:
    """Memory that this process has for itself alone, files it has mapped aside; 0: nobody says."""
    if not _STATUS.is_file():
        return 0.0
    lines: dict[str, Any] = dict(
        line.split(":", 1) for line in _STATUS.read_text("ascii").splitlines()
    )
    return int(lines["RssAnon"].split()[0]) / 1024
