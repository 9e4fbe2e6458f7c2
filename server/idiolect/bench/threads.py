"""What the system says about a thread of this process, and about its memory.  Linux alone says it."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from idiolect.audio.libjack import load_libjack
from idiolect.engine.seat import CLIENT, Seat

__all__ = ["Interruptions", "interruptions", "is_realtime", "jack_thread", "private_mib"]

_TASKS = Path("/proc/self/task")
_STATUS = Path("/proc/self/status")
_MINOR_FAULTS, _MAJOR_FAULTS = 7, 9  # fields after the name
_POLICY = 38
_REALTIME = (1, 2)  # SCHED_FIFO, SCHED_RR


class Interruptions(NamedTuple):
    """How often the system has made a thread stop."""

    waits: int  # it gave the processor up itself: a semaphore, a lock, a sleep
    preemptions: int  # the processor was taken from it
    minor_faults: int  # a page was in memory, but not where it looked
    major_faults: int  # a page had to come from the disk

    def since(self, before: "Interruptions") -> "Interruptions":
        """Count what has come after `before`."""
        return Interruptions(*(now - then for now, then in zip(self, before, strict=True)))


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


def interruptions(thread: int) -> Interruptions:
    """Count how often a thread of this process has been made to stop since it began.

    Thread 0 is one of which the system does not say; it never was.
    """
    if not thread:
        return Interruptions(0, 0, 0, 0)
    status = (_TASKS / str(thread) / "status").read_text("ascii")
    switches = dict(line.split(":", 1) for line in status.splitlines() if "_ctxt_" in line)
    fields = _fields(thread)
    return Interruptions(
        waits=int(switches["voluntary_ctxt_switches"]),
        preemptions=int(switches["nonvoluntary_ctxt_switches"]),
        minor_faults=int(fields[_MINOR_FAULTS]),
        major_faults=int(fields[_MAJOR_FAULTS]),
    )


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
