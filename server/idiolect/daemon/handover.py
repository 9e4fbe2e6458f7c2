"""A daemon that takes its own place: the same process, begun anew, with its sockets and its state.

Some of what an audio library holds cannot be let go of inside a process: PortAudio never comes back
from closing a stream whose device died, and a bundle is played at one rate.  So the program replaces
itself (POSIX `execv`): the process number stays, the sockets stay open and lose no packet, and the
performance goes on from a snapshot.
"""

import contextlib
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from idiolect.errors import AudioError
from idiolect.performance.snapshots.documents import read_json, write_json

__all__ = ["Handover", "replace_process", "take_over"]

_FLAG = "--resume"


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover:
    """What one process leaves to the next."""

    sockets: list[int]  # descriptors of the bound sockets
    listeners: list[list[Any]]  # clients that are notified, as `ControlServer.release` gives them
    sample_rate: int  # Hz, at which it played
    snapshot: dict[str, Any]  # of `performance.snapshots.snapshot`
    device: str = ""  # that was chosen last


def replace_process(handover: Handover) -> NoReturn:
    """Begin this program anew, in this process' place, as it was started.

    Parameters
    ----------
    handover
        Its sockets stay open across the change, and nothing else does but the standard streams.

    Raises
    ------
    AudioError
        Where the system cannot do that.

    Notes
    -----
    The main thread, when every other has ended or may be cut short.
    """
    if sys.platform == "win32":
        raise AudioError("the way out needs a new process; start the daemon again")
    handle, name = tempfile.mkstemp(prefix="idiolect-", suffix=".json")
    os.close(handle)
    write_json(Path(name), asdict(handover))
    for descriptor in _open_descriptors():
        with contextlib.suppress(OSError):  # the one that the list was read through
            os.set_inheritable(descriptor, descriptor in handover.sockets)
    arguments = sys.orig_argv
    if _FLAG in arguments:
        arguments = arguments[: arguments.index(_FLAG)]
    os.execv(sys.executable, [*arguments, _FLAG, name])  # noqa: S606 - what we were started as


def take_over(path: Path) -> Handover:
    """Read what the process before left, once.

    Raises
    ------
    ConfigError
        When nothing was left.
    """
    handover = Handover(**read_json(path))
    path.unlink()
    return handover


def _open_descriptors() -> list[int]:
    """List the process' descriptors beyond the standard streams; libraries may leave theirs open."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            return [int(path.name) for path in Path(folder).iterdir() if int(path.name) > 2]
    return list(range(3, 256))
