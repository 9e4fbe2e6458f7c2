"""How the instrument is doing, read from the counters."""

from dataclasses import dataclass

from idiolect.engine.clock import CPU_LONGEST, CPU_SUM, LATE, PERIOD
from idiolect.engine.counters import (
    BLOCKS,
    CLIPPED,
    CUTS,
    CUTS_LATE,
    NAN,
    PLAYS,
    PLAYS_LATE,
    STARVED,
    STOLEN,
)
from idiolect.engine.engine import Engine

__all__ = ["Status", "read_status"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What ``/status`` reports; counts are since the start."""

    voices: int
    running: int
    cpu_average: float  # percent of the period, of the callback's own time
    cpu_peak: float
    sample_rate: float  # Hz
    lookahead_ms: float  # of the running voice that has least
    blocks: int
    starved: int  # times a voice had nothing planned to play
    late: int  # blocks of ours that were late
    clipped: int  # frames the limiter held down
    nan: int  # samples that were no numbers
    cuts: int
    cuts_late: int
    uptime_s: float
    frame: int
    stolen: int  # sub-grains and shots that went because there was too much to mix
    plays: int  # shots played by hand that have begun
    plays_late: int  # of these, after their frame
    plays_refused: int  # that were not, for want of room


def read_status(
    engine: Engine, *, running: int, lookahead: float, uptime: float, plays_refused: int
) -> Status:
    """Read an engine's counters.

    Parameters
    ----------
    engine
    running
        Voices that speak.
    lookahead
        Seconds queued for the one that has least.
    uptime
        Seconds since the start.
    plays_refused
        Shots there was no room for.

    Notes
    -----
    Any thread.
    """
    counters, timing = engine.state.counters, engine.timing
    period = max(1, int(timing[PERIOD]))
    blocks = max(1, int(counters[BLOCKS]))
    return Status(
        voices=engine.voices,
        running=running,
        cpu_average=100.0 * int(timing[CPU_SUM]) / blocks / period,
        cpu_peak=100.0 * int(timing[CPU_LONGEST]) / period,
        sample_rate=float(engine.sample_rate),
        lookahead_ms=1000.0 * lookahead,
        blocks=int(counters[BLOCKS]),
        starved=int(counters[STARVED]),
        late=int(timing[LATE]),
        clipped=int(counters[CLIPPED]),
        nan=int(counters[NAN]),
        cuts=int(counters[CUTS]),
        cuts_late=int(counters[CUTS_LATE]),
        uptime_s=uptime,
        frame=engine.frame,
        stolen=int(counters[STOLEN]),
        plays=int(counters[PLAYS]),
        plays_late=int(counters[PLAYS_LATE]),
        plays_refused=plays_refused,
    )
