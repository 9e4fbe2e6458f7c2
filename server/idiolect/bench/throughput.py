"""How many parameter messages are taken in a second, beside python-osc's own server and scsynth.

Each is sent the same: messages of their own datagram to eight parameters, in batches, each followed
by a question that is answered when what came before has been obeyed; the next batch but one waits for
that, so nothing is dropped.  Who sends, and python-osc's server, are processes of their own,
``python -m idiolect.bench.throughput``, and the daemon plays four voices all the while.
"""

import gc
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

from idiolect.bench.jackd import dummy_server
from idiolect.bench.reaction import NEEDED, NODE, compile_synth, scsynth
from idiolect.bundle.bundle import Bundle
from idiolect.config.config import load
from idiolect.control.codec import encode
from idiolect.daemon.app import App

__all__ = ["measure"]

VOICES = 4
PERIOD = 64  # frames
BATCH = 50
"""Messages, the same for each; two batches fit a socket's buffer as the system has it."""
ROUNDS = 5
_WARM_SECONDS = 0.5
_PATIENCE = 5.0
_VALUES = 1000  # different messages
_ADDRESSES = [f"/voice/{n}/{name}" for n in range(1, VOICES + 1) for name in ("gain", "pan")]
_BUFFER = 4 * 1024 * 1024  # bytes asked of the system, as the daemon asks


def measure(
    bundle: Path, *, seconds: float, output: str, say: Callable[[str], None], rounds: int = ROUNDS
) -> dict[str, object]:
    """Send to each in turn, several rounds.

    Parameters
    ----------
    bundle : Path
        What the daemon plays meanwhile.
    seconds : float
        For each, in each round.
    output : str
        ``jack``, on a server of its own, or ``null``; without JACK there is no scsynth.
    say : callable
        Told, in a line, what is being done.
    rounds : int
        How many.

    Returns
    -------
    dict
        By who takes them: messages a second, the median of the rounds.  ``rounds``, each of them, of
        which every other goes backwards, so that nobody is always first.  ``cpu_us``, processor time
        that a message costs the one who takes it, microseconds, whatever else the machine does:
        of the daemon its control thread's, of python-osc its process'.  ``dropped`` by the daemon
        or its system; ``limited``, times that who sends had to wait, since it asked for more than
        one machine may; the daemon's ``late`` blocks and ``starved`` voices: 0.

    Raises
    ------
    AudioError
        When there is no jackd.
    BundleError
        When the bundle cannot be opened.
    """
    flags = {
        "audio.output": output,
        "control.port": 0,
        "performance.voices": VOICES,
        "performance.autostart": VOICES,
    }
    with ExitStack() as opened:
        place = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        if output == "jack":
            rate = Bundle.open(bundle).sample_rate
            opened.enter_context(dummy_server(sample_rate=rate, period=PERIOD))
        app = opened.enter_context(App(bundle, load(flags=flags), say=say))
        theirs, their_process = opened.enter_context(_theirs())
        ports = {"idiolect": app.control.address[1], "python-osc": theirs}
        clocks: dict[str, Callable[[], float]] = {
            "idiolect": lambda: app.control.call(time.thread_time).result(),
            "python-osc": partial(_processor_time, their_process),
        }
        if output == "jack" and all(map(shutil.which, NEEDED)):
            compile_synth(place)
            ports["scsynth"] = opened.enter_context(scsynth(place)).port
        taken: dict[str, list[float]] = {who: [] for who in ports}
        costs: dict[str, list[float]] = {who: [] for who in clocks}
        before, order = app.player.status(), list(ports)
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            order.reverse()
            for who in order:
                used = clocks[who]() if who in clocks else 0.0
                found = _pump_apart(who, ports[who], seconds)
                taken[who].append(found["each_second"])
                if who in clocks:
                    costs[who].append(1e6 * (clocks[who]() - used) / found["sent"])
        after = app.player.status()
        return {
            **{who: median(rounds_) for who, rounds_ in taken.items()},
            "rounds": {who: [round(each) for each in rounds_] for who, rounds_ in taken.items()},
            "cpu_us": {who: median(rounds_) for who, rounds_ in costs.items()},
            "dropped": app.control.counters.dropped,
            "limited": app.control.counters.limited,
            "late": after.late - before.late,
            "starved": after.starved - before.starved,
        }


def _processor_time(process: int) -> float:
    """Read what a process has used, seconds; 0 where the system does not say."""
    stat = Path(f"/proc/{process}/stat")
    if sys.platform == "win32" or not stat.is_file():
        return 0.0
    fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pump_apart(who: str, port: int, seconds: float) -> dict[str, float]:
    words = [who, str(port), str(seconds)]
    program = [sys.executable, "-m", "idiolect.bench.throughput", *words]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextmanager
def _theirs() -> Iterator[tuple[int, int]]:
    """Run python-osc's server in a process of its own; give its port, and the process."""
    program = [sys.executable, "-m", "idiolect.bench.throughput", "serve"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline()), process.pid
        finally:
            process.terminate()


def serve() -> None:
    """Be python-osc's server: with the addresses that are sent to alone: more cost it more.

    Its buffer is as large as the daemon's, and its collector passes over what was imported here.
    """
    kept: dict[str, float] = {}
    dispatcher = Dispatcher()
    for address in _ADDRESSES:
        dispatcher.map(address, kept.__setitem__)
    dispatcher.map("/sync", lambda _, number: ("/synced", number))
    server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    gc.collect()
    gc.freeze()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


def messages(who: str) -> list[bytes]:
    """Lay out what is sent: gains and pans of the voices, or a synth's level."""
    values = (number / _VALUES for number in range(_VALUES))
    if who == "scsynth":
        return [encode("/n_set", NODE, "level", value) for value in values]
    return [
        encode(address, value) for address, value in zip(cycle(_ADDRESSES), values, strict=False)
    ]


def pump(who: str, port: int, seconds: float) -> dict[str, float]:
    """Send batches, two of them on their way; give how many were sent, and taken in a second."""
    packets = cycle(messages(who))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(_PATIENCE)
        wire.connect(("127.0.0.1", port))

        def send(number: int) -> None:
            for packet in islice(packets, BATCH):
                wire.send(packet)
            wire.send(encode("/sync", number))

        numbers = count()
        send(next(numbers))
        begun, first = time.monotonic(), 0
        for number in numbers:
            send(number)
            _answered(wire, number - 1)
            now = time.monotonic()
            if first == 0 and now > begun + _WARM_SECONDS:
                begun, first = now, number
            elif first and now > begun + seconds:
                break
        rate = BATCH * (number - first) / (now - begun)
        return {"each_second": rate, "sent": BATCH * (number + 1)}


def _answered(wire: socket.socket, number: int) -> None:
    """Wait for the answer to a question; however it is laid out, its number comes last."""
    ending = number.to_bytes(4)
    while True:
        answer = wire.recv(4096)
        if answer.startswith(b"/synced\0") and answer.endswith(ending):
            return


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        sys.stdout.write(json.dumps(pump(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
