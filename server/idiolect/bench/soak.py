"""Everything at once, for long: late blocks, starvations, memory that grows, pages that fault."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from idiolect.bench.flood import RATE, Flood
from idiolect.bench.threads import is_realtime, jack_thread, major_faults, private_mib
from idiolect.bench.workload import Load, beside_empty, open_daemon
from idiolect.bundle import Bundle
from idiolect.control.system import SYSTEM_COMMANDS

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
        self._due = time.monotonic() + settle_seconds
        self.settled = self.most = 0.0

    def look(self) -> None:
        """Look again, when it is time."""
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
        What is played; where the daemon can swap bundles it goes by two names.
    minutes
        How long.
    say
        Told, in a line, what is being done.

    Returns
    -------
    dict
        ``late``, ``starved``, ``nan``; ``p999_share``, the processor time that one block in a
        thousand exceeds, over the period; ``memory_mib``, private, after the first minute and at
        most afterwards; ``major_faults`` of the callback's thread; ``messages``; ``daemon`` and
        ``empty``, all that is known of each callback.

    Raises
    ------
    AudioError
        When there is no jackd.
    BundleError
        When the bundle cannot be opened.
    """
    seconds, opened = 60 * minutes, Bundle.open(bundle)
    swaps = any(command.address == "/bundle/swap" for command in SYSTEM_COMMANDS)
    sent = Flood(
        voices=VOICES,
        seconds=seconds,
        others=MESSAGES // RATE + 1 - VOICES,
        scales=len(opened.scales),
        bundles=_NAMES[::-1] if swaps else (),
    )
    with TemporaryDirectory() as folder:
        for name in _NAMES:
            (Path(folder) / f"{name}.idiolect").symlink_to(bundle.resolve())
        first = Path(folder) / f"{_NAMES[0]}.idiolect"
        with open_daemon(first, voices=VOICES, period=PERIOD, say=say) as (daemon, server):
            memory = _Memory(min(SETTLE_SECONDS, seconds / 2))
            thread = jack_thread(daemon.seat)
            faults = major_faults(thread) if thread else 0
            load, empty, stolen = beside_empty(daemon, server, sent, say=say, look=memory.look)
            faults = major_faults(thread) - faults if thread else 0
            realtime = is_realtime(thread) if thread else False
    return {
        "minutes": minutes,
        "voices": VOICES,
        "period": PERIOD,
        "realtime": realtime,
        **_counts(load, PERIOD / opened.sample_rate),
        "memory_mib": {"settled": memory.settled, "most": memory.most},
        "major_faults": faults,
        "swaps": swaps,
        "empty": empty.as_dict(),
        "stolen_ms": stolen,
    }


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
