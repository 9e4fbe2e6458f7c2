"""Whether the daemon still answers, and plays, while packets that nobody should send flood in.

The flood and the client that asks are processes of their own, ``python -m idiolect.bench.besieged``.
"""

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from idiolect.bench.jackd import dummy_server
from idiolect.bench.packets import Mutator, from_clients
from idiolect.bench.threads import private_mib
from idiolect.bundle.bundle import Bundle
from idiolect.config.config import load
from idiolect.control.codec import encode
from idiolect.control.framing import Slip
from idiolect.control.namespace import Namespace
from idiolect.daemon.app import App

__all__ = ["measure"]

VOICES = 4
PERIOD = 64  # frames
_POOL = 50_000  # packets, sent around and around: making them takes longer than sending them
_ASK_SECONDS = 0.02  # between two questions
_RETRY_SECONDS = 0.05  # until a datagram is sent again
_SPEAK_SECONDS = 1.0  # until voices that the flood has stopped are told to speak again
_PATIENCE = 10.0  # seconds for an answer
_SETTLED = 0.25  # of the time: from then on memory has to stay as it is
_STATUS, _REPLY = encode("/status"), b"/status.reply\0"


def measure(
    bundle: Path, *, seconds: float, seed: int, output: str, say: Callable[[str], None]
) -> dict[str, object]:
    """Play four voices while packets come as fast as they can be sent.

    Parameters
    ----------
    bundle : Path
        What is played.
    seconds : float
        How long.
    seed : int
        Of the packets.
    output : str
        ``jack``, on a server of its own, or ``null``.
    say : callable
        Told, in a line, what is being done.

    Returns
    -------
    dict
        ``sent`` and ``taken`` packets, of these ``malformed``; ``limited``, datagrams that were lost
        since their machine asked for too much; ``dropped``, those the system lost; ``tcp_ms`` and
        ``udp_ms``, time to the answer to ``/status``, over UDP with asking again, each ``median``,
        ``p99``, ``most`` and ``count``; ``late``, ``starved`` and ``nan``; ``faults``, errors in
        the log; ``memory_mib``, private, settled and at most.

    Raises
    ------
    AudioError
        When there is no jackd.
    BundleError
        When the bundle cannot be opened.
    """
    rate = Bundle.open(bundle).sample_rate
    jack = dummy_server(sample_rate=rate, period=PERIOD) if output == "jack" else nullcontext()
    with TemporaryDirectory() as folder, jack, _counted_errors() as errors:
        flags = {
            "audio.output": output,
            "audio.recordings": folder,
            "control.port": 0,
            "performance.voices": VOICES,
            "performance.autostart": VOICES,
        }
        with App(bundle, load(flags=flags), say=say) as app:
            time.sleep(2)
            say(f"flooding it for {seconds:g} s")
            before = app.player.status()
            flood = _start("flood", app, seconds, seed)
            client = _start("ask", app, seconds, seed)
            memory = _watch_memory(seconds, client)
            asked, sent = _read(client), _read(flood)
            after, counters = app.player.status(), app.control.counters
            return {
                **sent,
                "taken": counters.packets,
                "malformed": counters.malformed,
                "limited": counters.limited,
                "dropped": counters.dropped,
                **asked,
                "blocks": after.blocks - before.blocks,
                "late": after.late - before.late,
                "starved": after.starved - before.starved,
                "nan": after.nan - before.nan,
                "faults": len(errors),
                "memory_mib": memory,
            }


class _Keeper(logging.Handler):
    """Keeps what it is told."""

    def __init__(self, found: list[logging.LogRecord]) -> None:
        super().__init__(logging.ERROR)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(record)


@contextmanager
def _counted_errors() -> Iterator[list[logging.LogRecord]]:
    """Keep what the log is told of faults."""
    found: list[logging.LogRecord] = []
    handler = _Keeper(found)
    log = logging.getLogger("idiolect")
    log.addHandler(handler)
    try:
        yield found
    finally:
        log.removeHandler(handler)


def _watch_memory(seconds: float, client: "subprocess.Popen[str]") -> dict[str, float]:
    begun, settled, most = time.monotonic(), 0.0, 0.0
    while client.poll() is None:
        time.sleep(0.2)
        if time.monotonic() - begun > _SETTLED * seconds:
            now = private_mib()
            settled, most = settled or now, max(most, now)
    return {"settled": settled, "most": most}


def _start(what: str, app: App, seconds: float, seed: int) -> "subprocess.Popen[str]":
    host, port = app.control.address
    words = [what, host, str(port), str(seconds), str(seed)]
    program = [sys.executable, "-m", "idiolect.bench.besieged", *words]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True)


def _read(process: "subprocess.Popen[str]") -> dict[str, object]:
    out, _ = process.communicate()
    found: dict[str, object] = json.loads(out)
    return found


def flood(host: str, port: int, seconds: float, seed: int) -> dict[str, object]:
    """Send as fast as it goes; what the system does not take is not sent."""
    made = [*from_clients().values()]
    made += islice(Mutator(list(Namespace(VOICES).leaves), seed), _POOL)
    packets = [packet for packet in made if len(packet) < 65_000]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.connect((host, port))
        wire.setblocking(False)
        end, sent = time.monotonic() + seconds, 0
        for number, packet in enumerate(cycle(packets)):
            with suppress(OSError):  # full, or an answer was not taken
                wire.send(packet)
                sent += 1
            if number % 256 == 0 and time.monotonic() > end:
                break
        return {"sent": sent}


def ask(host: str, port: int, seconds: float) -> dict[str, object]:
    """Ask how it is, over TCP and over UDP by turns."""
    over_tcp: list[float] = []
    over_udp: list[float] = []
    with socket.create_connection((host, port)) as stream:
        stream.settimeout(_PATIENCE)
        begun = time.monotonic()
        spoke = begun
        while (now := time.monotonic()) < begun + seconds:
            if now - spoke > _SPEAK_SECONDS:
                spoke = now
                stream.sendall(Slip().frame(encode("/run", 1)))
            over_tcp.append(_ask_stream(stream))
            over_udp.append(_ask_wire(host, port))
            time.sleep(_ASK_SECONDS)
    return {"tcp_ms": _told(over_tcp), "udp_ms": _told(over_udp)}


def _ask_stream(stream: socket.socket) -> float:
    begun, came = time.monotonic(), b""
    stream.sendall(Slip().frame(_STATUS))
    while _REPLY not in came:
        received = stream.recv(65_536)
        if not received:
            return 1000 * _PATIENCE
        came += received
    return 1000 * (time.monotonic() - begun)


def _ask_wire(host: str, port: int) -> float:
    """Ask from a port of its own, so that no answer to an earlier question is taken for this one's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(_RETRY_SECONDS)
        wire.connect((host, port))
        begun = time.monotonic()
        while (taken := time.monotonic() - begun) < _PATIENCE:
            with suppress(OSError):  # nothing came: once more
                wire.send(_STATUS)
                while not wire.recv(65_536).startswith(_REPLY):
                    pass
                return 1000 * (time.monotonic() - begun)
        return 1000 * taken


def _told(taken: list[float]) -> dict[str, float]:
    return {
        "median": float(np.median(taken)),
        "p99": float(np.quantile(taken, 0.99)),
        "most": max(taken),
        "count": len(taken),
    }


if __name__ == "__main__":
    _what, _host, _port, _seconds, _seed = sys.argv[1:]
    if _what == "flood":
        _found = flood(_host, int(_port), float(_seconds), int(_seed))
    else:
        _found = ask(_host, int(_port), float(_seconds))
    sys.stdout.write(json.dumps(_found))
