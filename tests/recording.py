"""A player that remembers what it was asked, behind a real server on a real socket."""

import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from idiolect.control import ControlServer
from idiolect.control.codec import Message, encode, parse
from idiolect.control.framing import Framing, Slip
from idiolect.errors import ControlError
from idiolect.parameters.bias import voice_parameters
from idiolect.parameters.table import MASTER

UNITS = 100
TIMEOUT = 10.0


@dataclass(frozen=True)
class Applied:
    voice: int
    frame: int
    units: int
    unit: int = -1
    source: str = ""
    start: float = 0.0


@dataclass
class Status:
    voices: int
    running: int = 0
    cpu_average: float = 12.5
    cpu_peak: float = 25.0
    sample_rate: float = 48000.0
    lookahead_ms: float = 1000.0
    blocks: int = 2**31 + 5
    starved: int = 0
    late: int = 0
    clipped: int = 0
    nan: int = 0
    cuts: int = 0
    cuts_late: int = 0
    uptime_s: float = 3.25
    frame: int = 48000
    stolen: int = 0
    plays: int = 0
    plays_late: int = 0
    plays_refused: int = 0


@dataclass
class RecordingPlayer:
    voices: int = 4
    scales: tuple[str, ...] = ("grain", "note")
    loaded: list[str] = field(default_factory=lambda: ["first"])
    descriptors: tuple[str, ...] = ("loudness", "centroid")
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    held: list["Future[Applied]"] | None = None  # a list: nothing is answered until released
    frame: int = 48480
    at: int = -1
    lead_seconds: float = 0.04
    awaits: bool = False

    def __post_init__(self) -> None:
        self.values = {(name, 0): p.default for name, p in MASTER.items()}
        own = voice_parameters(self.descriptors)
        self.playing = dict.fromkeys(range(1, self.voices + 1), "first")
        for voice in range(1, self.voices + 1):
            self.values |= {(name, voice): p.default for name, p in own.items()}
        self.announced = dict(self.values)

    def changes(self) -> list[tuple[str, int, float]]:
        before, self.announced = self.announced, dict(self.values)
        return [(*key, value) for key, value in self.values.items() if before.get(key) != value]

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def scales_of(self, voice: int) -> tuple[str, ...]:
        return self.scales

    def bundle_of(self, voice: int) -> str:
        return self.playing[voice]

    def bundles(self) -> dict[str, bool]:
        return dict.fromkeys(self.loaded, True) | {"unread": False}

    def load(self, name: str) -> "Future[Any]":
        self.loaded.append(name)
        return self._take("load", 0, name)

    def unload(self, name: str) -> None:
        if name not in self.loaded:
            raise ControlError(f"{name} is not loaded")
        self.loaded.remove(name)

    def speak(self, voice: int, name: str) -> "Future[Applied]":
        self.playing[voice] = name
        return self._take("speak", voice, name)

    def speak_all(self, name: str) -> "Future[Applied]":
        self.playing = dict.fromkeys(self.playing, name)
        return self._take("speak_all", 0, name)

    def get(self, name: str, voice: int) -> float:
        return self.values[name, voice]

    def set(self, name: str, voice: int, value: float, ramp: float | None = None) -> None:
        self.calls.append(("set", name, voice, value, *(() if ramp is None else (ramp,))))
        if (name, voice) not in self.values:
            raise KeyError(name)
        self.values[name, voice] = value

    def seed_tokens(self, voice: int, tokens: list[int]) -> "Future[Applied]":
        return self._take("seed_tokens", voice, tokens, units=len(tokens))

    def seed_unit(self, voice: int, unit: int) -> "Future[Applied]":
        if not 0 <= unit < UNITS:
            raise ControlError(f"no unit {unit}: the scale has {UNITS}, counted from 0")
        return self._take("seed_unit", voice, unit, units=32)

    def seed_file(self, voice: int, name: str, start: float, duration: float) -> "Future[Applied]":
        return self._take("seed_file", voice, name, start, duration, units=7)

    def seed_map(
        self, voice: int, x: float, y: float, scale: str | float | None
    ) -> "Future[Applied]":
        return self._take("seed_map", voice, x, y, scale, units=9)

    def allow_sources(self, voice: int, names: list[str]) -> "Future[Applied]":
        return self._take("allow_sources", voice, names, units=50)

    def allow_stretch(
        self, voice: int, name: str, start: float, duration: float
    ) -> "Future[Applied]":
        return self._take("allow_stretch", voice, name, start, duration, units=5)

    def allow_region(self, voice: int, x: float, y: float, radius: float) -> "Future[Applied]":
        return self._take("allow_region", voice, x, y, radius, units=4)

    def allow_all(self, voice: int) -> "Future[Applied]":
        return self._take("allow_all", voice, units=UNITS)

    def seed_random(self, voice: int) -> "Future[Applied]":
        return self._take("seed_random", voice, units=64)

    def seed_clear(self, voice: int) -> "Future[Applied]":
        return self._take("seed_clear", voice)

    def play(self, voice: int, **wish: Any) -> "Future[Applied]":
        if wish.get("unit") == -1:
            raise ControlError("no unit -1")
        return self._take("play", voice, self.at, wish)

    def cut(self, voice: int) -> "Future[Applied]":
        return self._take("cut", voice)

    def recall(self) -> None:
        self.calls.append(("recall",))

    def panic(self) -> None:
        self.calls.append(("panic",))
        for voice in range(1, self.voices + 1):
            self.values["run", voice] = 0

    def status(self) -> Status:
        return Status(
            self.voices,
            running=sum(self.values["run", voice] > 0 for voice in range(1, self.voices + 1)),
        )

    def _take(self, what: str, voice: int, *rest: object, units: int = 0) -> "Future[Applied]":
        self.calls.append((what, voice, *rest))
        future: Future[Applied] = Future()
        if self.held is None:
            future.set_result(Applied(voice, self.frame, units))
        else:
            self.held.append(future)
        return future


@dataclass
class Take:
    name: str
    seconds: float = 0.0
    lost_frames: int = 0
    failure: str = ""


@dataclass
class Tape:
    """A recording that does as it is told."""

    take: Take | None = None
    running: bool = False
    done: "Future[Take]" = field(default_factory=Future)

    def start(self, name: str) -> "Future[Take]":
        if self.running:
            raise ControlError("something is recorded already")
        self.take, self.running, self.done = Take(name), True, Future()
        return self.done

    def stop(self) -> "Future[Take]":
        if not self.running:
            raise ControlError("nothing is recorded")
        self.end(Take(self.take.name, 1.5, 7) if self.take else Take(""))
        return self.done

    def end(self, take: Take) -> None:
        self.take, self.running = take, False
        self.done.set_result(take)


class Wire:
    """A client that speaks bytes."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect((host, port))
        self.sent = 0

    def raw(self, packet: bytes) -> None:
        self.socket.send(packet)

    def send(self, address: str, *arguments: object) -> None:
        self.raw(encode(address, *arguments))

    def take(self) -> bytes:
        return self.socket.recv(65536)

    def receive(self) -> tuple[Any, ...]:
        message = parse(self.take())
        assert isinstance(message, Message)
        return (message.address, *message.arguments)

    def ask(self, address: str, *arguments: object) -> tuple[Any, ...]:
        self.send(address, *arguments)
        return self.receive()

    def settle(self) -> list[tuple[Any, ...]]:
        """Wait until all that was sent is done; what was answered on the way."""
        self.sent += 1
        self.send("/sync", self.sent)
        answers = []
        while (answer := self.receive()) != ("/synced", self.sent):
            answers.append(answer)
        return answers


class TcpWire(Wire):
    """The same over TCP, in the framing of OSC 1.1 or of OSC 1.0."""

    def __init__(self, port: int, host: str = "127.0.0.1", framing: Framing | None = None) -> None:
        self.framing = framing or Slip()
        self.packets: list[bytes] = []
        self.socket = socket.create_connection((host, port), TIMEOUT)
        self.sent = 0

    def raw(self, packet: bytes) -> None:
        self.socket.sendall(self.framing.frame(packet))

    def take(self) -> bytes:
        while not self.packets:
            received = self.socket.recv(65536)
            if not received:
                raise EOFError
            packets = self.framing.feed(received)
            assert all(isinstance(packet, bytes) for packet in packets)
            self.packets += packets
        return self.packets.pop(0)


@pytest.fixture
def player() -> RecordingPlayer:
    return RecordingPlayer()


@pytest.fixture
def quits() -> list[str]:
    return []


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def server(player: RecordingPlayer, quits: list[str], tape: Tape) -> Iterator[ControlServer]:
    server = ControlServer(
        player, "127.0.0.1", 0, on_quit=lambda: quits.append("quit"), http_port=0, recording=tape
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
def daemon(server: ControlServer) -> int:
    """The OSC port of something that can be steered."""
    return server.address[1]


@pytest.fixture
def wire(daemon: int) -> Iterator[Wire]:
    wire = Wire(daemon)
    yield wire
    wire.socket.close()
