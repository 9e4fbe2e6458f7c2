"""Somebody who turns every knob at once, over OSC.

A process of its own, ``python -m idiolect.bench.flood``, as a client is.
"""

import math
import subprocess
import sys
import time
from collections.abc import Iterator

from idiolect.client import Client

__all__ = ["messages", "start"]

RATE = 60  # Hz: what a fader of TouchDesigner sends
OTHERS = 16  # messages besides, each time: about a thousand a second

Message = tuple[str, tuple[float | str, ...]]


def messages(tick: int, voices: int) -> Iterator[Message]:
    """Give what is sent at a tick: every voice's temperature, then what else a stage brings.

    Parameters
    ----------
    tick : int
        Counts at `RATE`.
    voices : int
        How many there are.
    """
    angle = 2 * math.pi * tick / (4 * RATE)  # a sweep takes four seconds
    for voice in range(1, voices + 1):
        yield f"/voice/{voice}/temperature", (1 + 0.8 * math.sin(angle + voice),)
    others: tuple[Message, ...] = (
        ("/gain", (-1.0 - tick % 3,)),
        (f"/voice/{1 + tick % voices}/gain", (-3.0 * (tick % 2),)),
        (f"/voice/{1 + tick % voices}/pan", (math.sin(angle),)),
        ("/status", ()),
        ("/voice/99/temperature", (1.0,)),  # no such voice
        ("/no/such/address", ("x" * 100, 1, 2.0)),
        ("/sync", (tick,)),
        ("/voice/1/gain", ("loud",)),  # not a number
    )
    for number in range(OTHERS):
        yield others[number % len(others)]


def run(host: str, port: int, voices: int, seconds: float) -> None:
    """Send for `seconds`; answers are left unread, as a careless client leaves them."""
    begun = time.monotonic()
    with Client(host, port) as client:
        for tick in range(round(seconds * RATE)):
            for address, arguments in messages(tick, voices):
                client.send(address, *arguments)
            time.sleep(max(0.0, begun + (tick + 1) / RATE - time.monotonic()))


def start(host: str, port: int, voices: int, seconds: float) -> "subprocess.Popen[bytes]":
    """Begin `run` in a process of its own."""
    words = [host, str(port), str(voices), str(seconds)]
    return subprocess.Popen([sys.executable, "-m", "idiolect.bench.flood", *words])


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
