"""Somebody who turns every knob at once, over OSC, and counts the answers.

A process of its own, ``python -m idiolect.bench.flood``, as a client is.
"""

import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from idiolect.client import Client

__all__ = ["Flood", "Tally", "messages", "read", "start", "switches"]

RATE = 60  # Hz: what a fader of TouchDesigner sends
OTHERS = 16  # messages besides, each time: about a thousand a second
SWAP = "/bundle/swap"
# Commands that are answered, each once; refusals are too, but so many in a second and no more.
COMMANDS = ("/sync", "/status", SWAP)
PATIENCE_SECONDS = 2.0  # for the last answers
SWITCH_TICKS = RATE // 2  # between two switches of scale, each of another voice
SWAP_TICKS = 10 * RATE  # between two swaps of the bundle

Message = tuple[str, tuple[float | str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flood:
    """What is sent, and for how long."""

    voices: int  # there are
    seconds: float
    others: int = OTHERS  # messages at each tick beside the voices' own
    scales: int = 1  # that voices switch between
    bundles: tuple[str, ...] = ()  # names that are swapped in turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What became of a flood."""

    sent: int
    asked: int  # of these, messages that are answered
    answered: int
    swapped: int  # times that every voice went over to another bundle


def messages(tick: int, voices: int, others: int = OTHERS) -> Iterator[Message]:
    """Give what is sent at a tick: every voice's temperature, then what else a stage brings.

    Parameters
    ----------
    tick : int
        Counts at `RATE`.
    voices : int
        How many there are.
    others : int
        Messages beside those to each voice.
    """
    angle = 2 * math.pi * tick / (4 * RATE)  # a sweep takes four seconds
    for voice in range(1, voices + 1):
        yield f"/voice/{voice}/temperature", (1 + 0.8 * math.sin(angle + voice),)
    besides: tuple[Message, ...] = (
        ("/gain", (-1.0 - tick % 3,)),
        (f"/voice/{1 + tick % voices}/gain", (-3.0 * (tick % 2),)),
        (f"/voice/{1 + tick % voices}/pan", (math.sin(angle),)),
        ("/status", ()),
        ("/voice/99/temperature", (1.0,)),  # no such voice
        ("/no/such/address", ("x" * 100, 1, 2.0)),
        ("/sync", (tick,)),
        ("/voice/1/gain", ("loud",)),  # not a number
    )
    for number in range(others):
        yield besides[number % len(besides)]


def switches(tick: int, voices: int, scales: int, bundles: Sequence[str]) -> Iterator[Message]:
    """Give what is switched at a tick: now and then a voice's scale, seldom the bundle."""
    turn, rest = divmod(tick, SWITCH_TICKS)
    if rest == 0 and scales > 1:
        yield f"/voice/{1 + turn % voices}/scale", (turn // voices % scales,)
    turn, rest = divmod(tick, SWAP_TICKS)
    if rest == 0 and turn > 0 and bundles:
        yield SWAP, (bundles[turn % len(bundles)],)


def run(host: str, port: int, flood: Flood) -> Tally:
    """Send for as long as it says; count what comes back."""
    begun = time.monotonic()
    sent = asked = 0
    with Client(host, port) as client:
        answers = _Answers(client)
        for tick in range(round(flood.seconds * RATE)):
            for message in _due(tick, flood):
                client.send(message[0], *message[1])
                sent += 1
                asked += message[0] in COMMANDS
            until = begun + (tick + 1) / RATE
            answers.read(max(0.0, until - time.monotonic()), asked)
            time.sleep(max(0.0, until - time.monotonic()))
        answers.read(PATIENCE_SECONDS, asked)
    return Tally(sent=sent, asked=asked, answered=answers.count, swapped=answers.swapped)


def _due(tick: int, flood: Flood) -> Iterator[Message]:
    yield from messages(tick, flood.voices, flood.others)
    yield from switches(tick, flood.voices, flood.scales, flood.bundles)


class _Answers:
    """Counts what comes back."""

    def __init__(self, client: Client) -> None:
        self.count = self.swapped = 0
        self._client = client

    def read(self, seconds: float, asked: int) -> None:
        """Read until there are as many as were asked for, or the seconds have passed."""
        end = time.monotonic() + seconds
        while self.count < asked and (left := end - time.monotonic()) > 0:
            reply = self._client.receive(left)
            if reply is None:
                return
            self.count += any(map(reply.is_about, COMMANDS))
            self.swapped += reply.address == "/done" and reply.is_about(SWAP)


def start(host: str, port: int, flood: Flood) -> "subprocess.Popen[str]":
    """Begin `run` in a process of its own."""
    words = [host, str(port), json.dumps(asdict(flood))]
    program = [sys.executable, "-m", "idiolect.bench.flood", *words]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True)


def read(process: "subprocess.Popen[str]") -> Tally:
    """Wait for what `start` began, and give its tally."""
    out, _ = process.communicate()
    return Tally(**json.loads(out))


if __name__ == "__main__":
    told = json.loads(sys.argv[3])
    told["bundles"] = tuple(told["bundles"])
    tally = run(sys.argv[1], int(sys.argv[2]), Flood(**told))
    sys.stdout.write(json.dumps(asdict(tally)))
