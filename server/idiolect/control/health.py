"""How the daemon is: what is told once a second to who wants to know."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from idiolect.control.desk import Counters, wrap
from idiolect.control.door import Status

__all__ = ["HEALTH", "HealthField", "Pulse", "resident_mb"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """How it was at two moments."""

    before: Status
    now: Status
    counters: Counters

    def cpu(self) -> float:
        """Share of the block's time that the callback used in between, percent."""
        blocks = self.now.blocks - self.before.blocks
        if blocks <= 0:
            return 0.0
        used = self.now.cpu_average * self.now.blocks - self.before.cpu_average * self.before.blocks
        return max(0.0, used / blocks)


@dataclass(frozen=True, slots=True)
class HealthField:
    """One address below ``/health``."""

    tag: str  # OSC type
    name: str
    doc: str
    read: Callable[[Pulse], int | float]


HEALTH: tuple[HealthField, ...] = (
    HealthField("f", "lookahead_ms", "planned ahead, milliseconds", lambda p: p.now.lookahead_ms),
    HealthField("f", "cpu", "of the block's time used since the last, percent", Pulse.cpu),
    HealthField("f", "cpu_peak", "the largest since the start, percent", lambda p: p.now.cpu_peak),
    HealthField("i", "blocks", "blocks rendered", lambda p: wrap(p.now.blocks)),
    HealthField("i", "late", "blocks that took too long", lambda p: wrap(p.now.late)),
    HealthField("i", "starved", "times a voice had nothing to play", lambda p: wrap(p.now.starved)),
    HealthField("i", "clipped", "samples held at the ceiling", lambda p: wrap(p.now.clipped)),
    HealthField("i", "nan", "samples that were no numbers", lambda p: wrap(p.now.nan)),
    HealthField("i", "running", "voices that speak", lambda p: p.now.running),
    HealthField("i", "dropped", "packets lost, in or out", lambda p: wrap(p.counters.dropped)),
    HealthField("f", "memory_mb", "of the process, in RAM", lambda _: resident_mb()),
    HealthField("i", "uptime_s", "seconds since the start", lambda p: wrap(int(p.now.uptime_s))),
)


def resident_mb() -> float:
    """Give the memory the process has in RAM, MiB; on macOS the most it ever had, elsewhere 0."""
    if sys.platform == "win32":
        return 0.0
    import resource  # there is none on Windows

    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / 2**20
