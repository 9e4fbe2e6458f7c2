"""Millions of packets that nobody should send, over the codec and the dispatcher."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Any

from idiolect.bench.packets import HOSTILE, Mutator, from_clients
from idiolect.bench.threads import private_mib
from idiolect.control.desk import Desk
from idiolect.control.dispatch import Dispatcher
from idiolect.control.door import SOON
from idiolect.parameters.bias import voice_parameters
from idiolect.parameters.table import MASTER
from idiolect.performance.status import Status

__all__ = ["Target", "costs", "measure", "summary"]

VOICES = 4
DESCRIPTORS = ("loudness", "centroid", "pitch")
SENDERS = 300  # more than are remembered
_SETTLED = 0.1  # of the packets: from then on memory has to stay as it is
_BURST = 100  # packets between two flushes
_LOOK = 100_000  # packets between two looks at memory
_TRIES = 9  # of a packet whose cost is told: what the system adds is not ours
_FAULT = b"internal error"


class _Applied:
    voice, frame, units, unit, source, start = 1, 48_000, 1, -1, "", 0.0


class _Nobody:
    """A player that takes everything and does nothing, so that the cost is the control side's."""

    at = SOON
    frame = 48_000
    lead_seconds = 0.04
    awaits = False
    voices = VOICES
    descriptors = DESCRIPTORS

    def __init__(self) -> None:
        self._values: dict[tuple[str, int], float] = {(n, 0): p.default for n, p in MASTER.items()}
        for voice in range(1, VOICES + 1):
            own = voice_parameters(DESCRIPTORS)
            self._values |= {(name, voice): p.default for name, p in own.items()}

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def scales_of(self, _voice: int) -> tuple[str, ...]:
        return ("grain", "note")

    def bundle_of(self, _voice: int) -> str:
        return "first"

    def bundles(self) -> dict[str, bool]:
        return {"first": True}

    def get(self, name: str, voice: int) -> float:
        return self._values[name, voice]

    def set(self, name: str, voice: int, value: float, _ramp: float | None = None) -> None:
        self._values[name, voice] = value

    def changes(self) -> list[tuple[str, int, float]]:
        return []

    def unload(self, _name: str) -> None: ...

    def panic(self) -> None: ...

    def recall(self) -> None: ...

    def load(self, name: str) -> Any:
        return _come(name)

    def _take(self, *_: Any, **__: Any) -> Any:
        return _come(_Applied())

    seed_tokens = seed_unit = seed_file = seed_map = seed_random = seed_clear = _take
    allow_sources = allow_stretch = allow_region = allow_all = _take
    speak = speak_all = play = cut = _take

    def status(self) -> Status:
        counts = dict.fromkeys(Status.__dataclass_fields__, 0)
        return Status(**counts | {"voices": VOICES, "sample_rate": 48_000})


def _come(value: object) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(value)
    return future


class _Sender:
    """The other end; it counts answers, and those that tell of a fault of ours."""

    def __init__(self, port: int, target: "Target") -> None:
        self.host, self.port, self._target = "127.0.0.1", port, target

    def send(self, packet: bytes) -> None:
        self._target.answers += 1
        self._target.faults += _FAULT in packet

    def at(self, port: int) -> "_Sender":
        return self._target.senders[port % SENDERS]


class Target:
    """The control side without its sockets, its player a stand-in."""

    def __init__(self) -> None:
        self.answers = self.faults = 0
        self.senders = [_Sender(port, self) for port in range(SENDERS)]
        self.desk = Desk(
            _Nobody(), name="target", defer=lambda function: function(), quit=lambda: None
        )
        self.dispatcher = Dispatcher(self.desk)

    @property
    def addresses(self) -> list[str]:
        """Every one there is, as the mutator wants them."""
        return list(self.dispatcher.namespace.leaves)

    def receive(self, packet: bytes, sender: int = 0) -> int:
        """Run a packet; return the processor time it took, nanoseconds."""
        begun = time.thread_time_ns()
        self.dispatcher.receive(packet, self.senders[sender])
        return time.thread_time_ns() - begun

    def settle(self) -> None:
        """Let through what waits for its burst to end, and what waits for its time."""
        self.dispatcher.flush()
        for due in self.dispatcher.take_due(lambda host: 0.0):
            self.dispatcher.act(due)

    def cost(self, packet: bytes) -> float:
        """Tell the processor time a packet takes, microseconds: the least of several times."""
        taken = []
        for _ in range(_TRIES):
            taken.append(self.receive(packet) / 1000)
            self.settle()
        return min(taken)


def costs() -> dict[str, float]:
    """Tell what each packet that has a name costs, microseconds."""
    named = {**from_clients(), **HOSTILE}
    return {name: Target().cost(packet) for name, packet in named.items()}


def measure(
    count: int, *, seconds: float, seed: int, say: Callable[[str], None]
) -> dict[str, object]:
    """Run packets until there were so many, or so much time has passed.

    Parameters
    ----------
    count : int
        Packets.
    seconds : float
        At most.
    seed : int
        Of the packets.
    say : callable
        Told, in a line, how far it is.

    Returns
    -------
    dict
        ``packets``; ``each_second``, with the making of them; ``malformed`` of them; ``answers``;
        ``faults``, answers that tell of a fault of ours: 0; ``worst_us``, the processor time of the
        dearest packet when it is run again, and ``worst``, its beginning; ``named_us``, of the
        packets that have names, the dearest five; ``memory_mib``, private, settled and at most.

    Notes
    -----
    Whatever is raised is not caught: then there is a fault.
    """
    target, scales = Target(), Target()
    dearest, worst = 0, b""
    memory: list[float] = []
    begun, done = time.monotonic(), 0
    for packet in _limited(Mutator(target.addresses, seed), count, begun + seconds):
        cost = target.receive(packet, done % SENDERS)
        if cost > dearest:
            cost = int(1000 * scales.cost(packet))
            dearest, worst = max((dearest, worst), (cost, packet))
        done += 1
        if done % _BURST == 0:
            target.settle()
        if done % _LOOK == 0:
            memory.append(private_mib())
            say(f"{done:,} packets, {time.monotonic() - begun:.0f} s, {memory[-1]:.0f} MiB")
    passed = time.monotonic() - begun
    settled = memory[int(_SETTLED * len(memory)) :]
    named = sorted(costs().items(), key=lambda item: -item[1])
    return {
        "packets": done,
        "seconds": passed,
        "each_second": done / passed,
        "malformed": target.desk.counters.malformed,
        "answers": target.answers,
        "faults": target.faults,
        "worst_us": dearest / 1000,
        "worst": worst[:64].hex(),
        "named_us": dict(named[:5]),
        "memory_mib": {"settled": settled[0], "most": max(settled)} if settled else {},
    }


def _limited(packets: Mutator, count: int, until: float) -> Iterator[bytes]:
    for number, packet in enumerate(islice(packets, count)):
        if number % 256 == 0 and time.monotonic() > until:
            return
        yield packet


def summary(found: dict[str, object]) -> list[str]:
    """Lay the figures out as text, a line each."""
    return [f"{name:<12}{value}" for name, value in found.items()]
