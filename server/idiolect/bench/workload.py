"""The daemon under load, on a JACK server of its own, beside callbacks to compare it with."""

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from idiolect.audio.jack import JackOutput
from idiolect.bench import callbacks, flood
from idiolect.bench.jackd import default_server, dummy_server
from idiolect.bench.row import Row, Stopwatch
from idiolect.bench.threads import Interruptions, interruptions, jack_thread
from idiolect.bundle.bundle import Bundle
from idiolect.config.config import load
from idiolect.daemon.app import App
from idiolect.engine.seat import Seat
from idiolect.performance.status import Status

__all__ = ["Daemon", "Floor", "Load", "Result", "beside_floor", "open_daemon", "run", "under_load"]

PERIOD = 64  # frames
PYTHON_SECONDS = 10.0
_FULL = 0.9  # of the lookahead: the planner tops it up in steps
_POLL_SECONDS = 0.02
_REFILL_SECONDS = 30.0
_TRIAL_SECONDS = 3.0


class Played(Protocol):
    """What the load needs of a daemon."""

    @property
    def seat(self) -> Seat:
        """Of its callback."""

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens for OSC."""

    def status(self) -> Status:
        """What it reports."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What the daemon did under load."""

    row: Row
    tally: flood.Tally  # of what was sent to it
    starved: int  # times a voice had nothing planned
    cuts: int  # cuts that took effect
    cuts_late: int  # of these, after their frame
    nan: int  # samples that were no numbers
    interrupted: Interruptions  # of the callback's thread, which waits once for each block
    lookahead_full: float  # milliseconds, before
    lookahead_least: float  # milliseconds
    refill_seconds: float  # until it was full again


@dataclass(frozen=True, kw_only=True, slots=True)
class Floor:
    """What the machine itself loses, while the daemon runs."""

    empty: Row  # a compiled callback that renders nothing
    labour: Row  # one that reads memory, as long as the daemon works
    stolen_ms: float  # processor time the host kept from this machine


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The daemon's callback, what the machine loses meanwhile, and a callback in Python."""

    daemon: Load
    floor: Floor
    python: Row


@dataclass(frozen=True, slots=True)
class Daemon:
    """An `App` with the JACK output, as the load sees it."""

    app: App

    @property
    def seat(self) -> Seat:
        """Of its callback."""
        output = self.app.output
        assert isinstance(output, JackOutput)
        return output.seat

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens for OSC."""
        host, port = self.app.control.address
        return host, port

    def status(self) -> Status:
        """Ask what it reports."""
        return self.app.player.status()


def run(
    bundle: Path,
    *,
    seconds: float = 60.0,
    voices: int = 4,
    period: int = PERIOD,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Measure the daemon, callbacks that do nothing at the same time, and a Python one afterwards.

    Parameters
    ----------
    bundle : Path
        What it plays.
    seconds : float
        How long the load lasts.
    voices : int
        All of them speak.
    period : int
        Frames of a block.
    say : callable
        Told, in a line, what is being done.

    Raises
    ------
    AudioError
        When there is no jackd.
    BundleError
        When the bundle cannot be opened.
    """
    sent = flood.Flood(voices=voices, seconds=seconds)
    with open_daemon(bundle, voices=voices, period=period, say=say) as (daemon, bare):
        load_, floor = beside_floor(daemon, bare, sent, say=say)
    python_seconds = min(seconds, PYTHON_SECONDS)
    say(f"running a Python callback for {python_seconds:g} s")
    with dummy_server(sample_rate=Bundle.open(bundle).sample_rate, period=period):
        plain = callbacks.start("python", python_seconds)
        callbacks.begin(plain)
        python = callbacks.read(plain, python_seconds)
    return Result(daemon=load_, floor=floor, python=python)


@contextmanager
def open_daemon(
    bundle: Path,
    *,
    voices: int,
    period: int,
    say: Callable[[str], None],
    session: Path | None = None,
) -> Iterator[tuple[Daemon, str]]:
    """Open the daemon on a JACK server of its own; all its voices speak.

    With a `session` it writes down all that decides the sound.

    Yields
    ------
    Daemon, str
        And the name of another server, on which nothing runs.
    """
    config = load(
        flags={
            "audio.output": "jack",
            "control.port": 0,
            "performance.name": "bench",
            "performance.voices": voices,
            "performance.autostart": voices,
        }
    )
    servers = partial(dummy_server, sample_rate=Bundle.open(bundle).sample_rate, period=period)
    with servers() as bare, servers():
        say("opening the daemon on a JACK server of its own")
        with App(bundle, config, say=say, session=session) as app:
            yield Daemon(app), bare.name


def beside_floor(
    daemon: Played,
    server: str,
    sent: flood.Flood,
    *,
    say: Callable[[str], None],
    look: Callable[[], object] = lambda: None,
) -> tuple[Load, Floor]:
    """Load the daemon while callbacks that render nothing run on another server.

    Returns
    -------
    Load, Floor
        What the daemon did, and what the machine lost meanwhile.
    """
    say(f"trying the load for {_TRIAL_SECONDS:g} s: how long a block takes")
    trial = under_load(daemon, replace(sent, seconds=_TRIAL_SECONDS)).row
    with default_server(server):
        empty = callbacks.start("empty", sent.seconds)
        labour = callbacks.start("labour", sent.seconds, microseconds=trial.cpu_mean)
    say(f"loading it for {sent.seconds:g} s, beside two callbacks that render nothing")
    stolen = _stolen_ms()
    for process in (empty, labour):
        callbacks.begin(process)
    found = under_load(daemon, sent, look)
    stolen = _stolen_ms() - stolen
    rows = [callbacks.read(process, sent.seconds) for process in (empty, labour)]
    return found, Floor(empty=rows[0], labour=rows[1], stolen_ms=stolen)


def under_load(
    daemon: Played, sent: flood.Flood, look: Callable[[], object] = lambda: None
) -> Load:
    """Let a Python thread spin in this process and a client turn every knob; watch the daemon.

    Parameters
    ----------
    daemon
        Playing, with all its voices.
    sent
        What the client sends, and for how long.
    look : callable
        Called now and then meanwhile.

    Notes
    -----
    Any thread that is not the daemon's own.
    """
    time.sleep(callbacks.SETTLE_SECONDS)
    before = daemon.status()
    least = full = before.lookahead_ms
    stop = threading.Event()
    spinner = threading.Thread(target=callbacks.spin, args=(stop,), name="spin", daemon=True)
    thread = jack_thread(daemon.seat)
    watch, begun = Stopwatch(daemon.seat), interruptions(thread)
    spinner.start()
    client = flood.start(*daemon.address, sent)
    while client.poll() is None:
        least = min(least, daemon.status().lookahead_ms)
        look()
        time.sleep(_POLL_SECONDS)
    refill = _refill_seconds(daemon, full)
    row, interrupted = watch.read(), interruptions(thread).since(begun)
    after = daemon.status()
    stop.set()
    spinner.join()
    return Load(
        row=row,
        tally=flood.read(client),
        starved=after.starved - before.starved,
        cuts=after.cuts - before.cuts,
        cuts_late=after.cuts_late - before.cuts_late,
        nan=after.nan - before.nan,
        interrupted=interrupted,
        lookahead_full=full,
        lookahead_least=least,
        refill_seconds=refill,
    )


def _refill_seconds(daemon: Played, full: float) -> float:
    """Wait until the lookahead is full again, the Python thread still spinning."""
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < _REFILL_SECONDS:
        if daemon.status().lookahead_ms >= _FULL * full:
            return passed
        time.sleep(_POLL_SECONDS)
    return math.inf


def _stolen_ms() -> float:
    """Processor time the host of a virtual machine has kept for others; 0 where nobody says."""
    stat = Path("/proc/stat")
    if sys.platform == "win32" or not stat.is_file():
        return 0.0
    ticks = int(stat.read_text(encoding="ascii").split()[8])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")
