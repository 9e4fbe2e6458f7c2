"""Everything at once, for long: late blocks, starvations, memory that grows, pages that fault."""

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from idiolect.bench.again import play_again
from idiolect.bench.flood import RATE, Flood
from idiolect.bench.threads import is_realtime, jack_thread, private_mib
from idiolect.bench.workload import Load, beside_floor, open_daemon
from idiolect.bundle.bundle import Bundle

__all__ = ["measure", "summary"]

VOICES = 8
PERIOD = 64  # frames
MESSAGES = 1000  # a second
SETTLE_SECONDS = 60.0  # after which memory has to stay as it is
_LOOK_SECONDS = 0.5
_NAMES = ("first", "second")


class _Memory:
    """Looks at this process' private memory: once it has settled, and from then on."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle = settle_seconds
        self._due = 0.0
        self.settled = self.most = 0.0

    def look(self) -> None:
        """Look again, when it is time; the first time it only begins to wait."""
        self._due = self._due or time.monotonic() + self._settle
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _LOOK_SECONDS
        now = private_mib()
        self.settled = self.settled or now
        self.most = max(self.most, now)


def measure(bundle: Path, *, minutes: float, say: Callable[[str], None]) -> dict[str, object]:
    """Play with all voices under load: messages, switches, swaps, and a Python thread that spins.

    Parameters
    ----------
    bundle
        What is played; it is copied twice, and swapped for its copy.
    minutes
        How long.
    say
        Told, in a line, what is being done.

    Returns
    -------
    dict
        ``late``, ``starved``, ``nan``; ``p999_share``, the processor time that one block in a
        thousand exceeds, over the period; ``memory_mib``, private, after the first minute and at
        most afterwards; ``interrupted``, how often the callback's thread was made to stop (it
        waits once for each block); ``messages``; ``daemon``, ``empty`` and ``labour``, all that is
        known of its callback, of one that renders nothing, and of one that reads locked memory for
        as long as the daemon's works: what that one loses, the machine has taken; ``again``, what
        the same blocks cost when the session is played twice more: what is late then too is our
        own doing.

    Raises
    ------
    AudioError
        When there is no jackd.
    BundleError
        When the bundle cannot be opened.

    Notes
    -----
    Faults and memory are 0 where the system does not tell them: only Linux does.
    """
    seconds, opened = 60 * minutes, Bundle.open(bundle)
    memory = _Memory(min(SETTLE_SECONDS, seconds / 2))
    with TemporaryDirectory() as folder:
        first, session = _copy_twice(bundle, Path(folder)), Path(folder) / "session.osc"
        with open_daemon(first, voices=VOICES, period=PERIOD, say=say, session=session) as (
            daemon,
            server,
        ):
            sent = _flood(seconds, len(opened.scales))
            realtime = is_realtime(jack_thread(daemon.seat))
            load, floor = beside_floor(daemon, server, sent, say=say, look=memory.look)
        say("playing the session again, block by block")
        again = play_again(session, first, period=PERIOD)
    return {
        "minutes": minutes,
        "voices": VOICES,
        "period": PERIOD,
        "realtime": realtime,
        **_counts(load, PERIOD / opened.sample_rate),
        "memory_mib": {"settled": memory.settled, "most": memory.most},
        "interrupted": load.interrupted._asdict(),
        "empty": floor.empty.as_dict(),
        "labour": floor.labour.as_dict(),
        "stolen_ms": floor.stolen_ms,
        "again": again,
    }


def _copy_twice(bundle: Path, folder: Path) -> Path:
    """Copy a bundle into a folder under two names; return the path of the first.

    A daemon that may be told which bundle to load follows no link out of its folder.
    """
    for name in _NAMES:
        shutil.copytree(bundle, folder / f"{name}.idiolect")
    return folder / f"{_NAMES[0]}.idiolect"


def _flood(seconds: float, scales: int) -> Flood:
    others = MESSAGES // RATE + 1 - VOICES  # beside one to each voice
    return Flood(voices=VOICES, seconds=seconds, others=others, scales=scales, bundles=_NAMES)


def _counts(load: Load, period: float) -> dict[str, object]:
    return {
        "late": load.row.late,
        "starved": load.starved,
        "nan": load.nan,
        "cuts": load.cuts,
        "cuts_late": load.cuts_late,
        "p999_share": 1e-6 * load.row.cpu_p999 / period,
        "lookahead_least_ms": load.lookahead_least,
        "messages": asdict(load.tally),
        "daemon": load.row.as_dict(),
    }


def summary(found: dict[str, object]) -> list[str]:
    """Lay the figures out as text, a line each."""
    return [f"{name:<20}{value}" for name, value in found.items()]
