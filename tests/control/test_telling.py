"""What a server tells, of a witness whose every word is known."""

import contextlib
import logging
import math
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from idiolect.bundle.soundness import MOST_SCALES
from idiolect.client import Client, Reply
from idiolect.control import ControlServer, udp
from idiolect.control.brevity import MOST_BYTES
from idiolect.control.clients import GROUPS, MAX_CLIENTS, Credit
from idiolect.control.codec import encode, encode_bundle, parse
from idiolect.control.desk import Desk
from idiolect.control.health import HEALTH, Pulse, resident_mb
from idiolect.control.telling import METERED, Teller, ntp, pack
from idiolect.control.warnings import WarningTap
from idiolect.errors import ControlError
from recording import Applied, RecordingPlayer, Wire

LONG = "\N{MUSICAL SYMBOL G CLEF}" * 400


@dataclass(frozen=True)
class Unit:
    unit: int = 7
    scale: str = "grain"
    token: int = 3
    source: str = "a.wav"
    start: float = 1.5
    duration: float = 0.25
    x: float = -0.5
    y: float = 0.5
    loudness: float = -20.0
    centroid: float = 880.0
    pitch: float = 440.0


@dataclass(frozen=True)
class Sound:
    facts: Unit = Unit()
    voice: int = 2
    seconds: float = 0.25
    gain: float = -6.0
    pan: float = 0.25
    entropy: float = 2.5
    natural: int = 1
    heard_at: float | None = None


@dataclass
class KnownWitness:
    sounds: list[Sound] = field(default_factory=list)
    frame: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)  # from and to which frame, levels
    scales: tuple = (("grain", 100, 12, 0.125), ("note", 20, 5, 0.5))
    scale: str = "grain"
    sources: tuple = (("a.wav", 2.0), ("b.wav", 3.0))

    def watch(self) -> list[Sound]:
        self.frame += 240
        sounds, self.sounds = self.sounds, []
        return sounds

    def levels(self, since: int) -> SimpleNamespace:
        self.asked.append((since, self.frame))
        voices = [(0.5, 0.25)] * 4
        return SimpleNamespace(until=self.frame, voices=voices, outputs=[(1.0, 0.5), (0.75, 0.125)])

    def bundle(self, voice: int) -> SimpleNamespace:
        return SimpleNamespace(
            name="bells", seconds=5.0, sample_rate=48_000, channels=2, descriptors=48,
            scales=self.scales, sources=self.sources,
        )  # fmt: skip

    def unit(self, unit: int, scale: str | float, voice: int) -> Unit:
        if unit >= 100:
            raise ControlError(f"no unit {unit}: scale grain has 100, counted from 0")
        return Unit(unit=unit, scale=scale if isinstance(scale, str) else f"at {scale:g}")

    def exemplar(self, token: int, scale: str | float, voice: int) -> tuple[Unit, int]:
        return Unit(token=token), 12

    def ask_next(self, voice: int, count: int) -> "Future[object]":
        chances = [(token, 1 / (token + 2)) for token in range(count)]
        return done(SimpleNamespace(scale=self.scale, tokens=chances))


def done(result: object) -> "Future[object]":
    future: Future[object] = Future()
    future.set_result(result)
    return future


@pytest.fixture
def witness() -> KnownWitness:
    return KnownWitness()


@pytest.fixture
def daemon(player: RecordingPlayer, witness: KnownWitness) -> Iterator[int]:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None, witness=witness)
    server.start()
    yield server.address[1]
    server.stop()


@pytest.fixture
def client(daemon: int) -> Iterator[Client]:
    with Client(port=daemon) as client:
        yield client


def hear(client: Client, address: str) -> Reply:
    for reply in client.listen(10.0):
        if reply.address == address:
            return reply
    raise AssertionError(f"nothing came on {address}")


def heard(client: Client, seconds: float) -> set[str]:
    return {reply.address for reply in client.listen(seconds)}


def test_a_unit_is_told_with_the_time_at_which_it_is_heard(
    client: Client, witness: KnownWitness
) -> None:
    client.ask("/notify", 1, 0, 30, "grain")
    at = time.time() + 0.5
    witness.sounds = [Sound(heard_at=at)]
    told = hear(client, "/grain")
    assert told.time == pytest.approx(at, abs=1e-5)
    assert told.arguments == (
        2, 7, 3, "grain", "a.wav", 1.5, 0.25, -6.0, 0.25, -0.5, 0.5, -20.0, 880.0, 440.0, 2.5, 1,
    )  # fmt: skip


def test_a_unit_whose_time_nobody_knows_is_told_at_once(
    client: Client, witness: KnownWitness
) -> None:
    client.ask("/notify", 1, 0, 30, "grain")
    witness.sounds = [Sound()]
    assert hear(client, "/grain").time is None


def test_meters_are_one_float_for_each_address(client: Client, witness: KnownWitness) -> None:
    witness.sounds = [Sound(voice=2), Sound(voice=3, facts=Unit(unit=9))]
    client.ask("/notify", 1, 0, 60, "meter")
    time.sleep(0.3)
    latest = {reply.address: reply.arguments for reply in client.listen(0.3)}
    assert all(len(values) == 1 and isinstance(values[0], float) for values in latest.values())
    assert latest["/meter/output/2/peak"] == (0.75,)
    assert latest["/meter/voice/4/rms"] == (0.25,)
    assert latest["/meter/voice/3/unit"] == (9.0,)
    assert {f"/meter/voice/2/{name}" for name in METERED} < latest.keys()
    assert "/meter/voice/1/unit" not in latest


def test_an_onset_is_told_once_and_when_it_is_heard(client: Client, witness: KnownWitness) -> None:
    client.ask("/notify", 1, 0, 60, "meter")
    at = time.time() + 0.4
    witness.sounds = [Sound(heard_at=at)]
    onsets = [
        (time.time(), reply.arguments[0])
        for reply in client.listen(1.0)
        if reply.address == "/meter/voice/2/onset"
    ]
    assert onsets[0][0] >= at
    assert sum(value for _, value in onsets) == 1
    assert onsets[0][1] == 1


class Ear:
    """A place to which is told; counts what comes, by address."""

    host, port = "127.0.0.1", 1

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def send(self, packet: bytes) -> None:
        element = parse(packet)
        for message in getattr(element, "elements", (element,)):
            self.told.append((message.address, message.arguments[0]))

    def take(self, address: str) -> list[object]:
        """Give what came on an address, and forget all."""
        told, self.told = self.told, []
        return [value for name, value in told if name == address]


@dataclass
class Stage:
    """A teller whose clock is turned by hand."""

    witness: KnownWitness
    desk: Desk
    teller: Teller
    time: float = 1000.0

    def turn(self, seconds: float) -> None:
        end = self.time + seconds
        while self.time < end:
            self.time += 0.005
            self.teller.tick()


@pytest.fixture
def stage(player: RecordingPlayer, witness: KnownWitness, monkeypatch: pytest.MonkeyPatch) -> Stage:
    desk = Desk(player, name="", defer=lambda act: None, quit=lambda: None, witness=witness)
    stage = Stage(witness, desk, Teller(desk))
    monkeypatch.setattr(desk, "now", lambda: stage.time)
    return stage


ONSET = "/meter/voice/2/onset"


def test_renewing_is_no_onset(stage: Stage) -> None:
    ear, clients = Ear(), stage.desk.clients
    clients.add(ear, stage.time, ("meter",))
    stage.witness.sounds = [Sound()]
    stage.turn(1.0)
    assert sum(ear.take(ONSET)) == 1
    for _ in range(5):
        clients.add(ear, stage.time, ("meter", "log"), 60.0)
        stage.turn(1.0)
        assert set(ear.take(ONSET)) == {0.0}


@pytest.mark.parametrize("before", [(), ("log",)])
def test_what_had_begun_before_it_was_asked_for_is_no_onset(
    stage: Stage, before: tuple[str, ...]
) -> None:
    ear, clients = Ear(), stage.desk.clients
    if before:
        clients.add(ear, stage.time, before)
    stage.witness.sounds = [Sound()]
    stage.turn(1.0)
    clients.add(ear, stage.time, ("meter",))
    stage.turn(1.0)
    assert set(ear.take(ONSET)) == {0.0}


def test_a_meter_shows_no_more_than_was_heard_since_the_last(stage: Stage) -> None:
    """Whoever renews is told of each frame once, and who is new of none from before."""
    ear, clients = Ear(), stage.desk.clients
    stage.witness.frame = begun = stage.desk.player.status().frame
    for _ in range(3):
        clients.add(ear, stage.time, ("meter",))
        stage.turn(0.5)
    since, until = zip(*stage.witness.asked, strict=True)
    assert since == (begun, *until[:-1])


@pytest.mark.parametrize("rate", [1.0, 7.0, 30.0, 37.5, 50.0, 60.0])
def test_meters_come_at_the_rate_that_was_asked_for(stage: Stage, rate: float) -> None:
    ear = Ear()
    stage.desk.clients.add(ear, stage.time, ("meter",), rate)
    stage.turn(40.0)
    assert len(ear.take("/meter/voice/1/peak")) == pytest.approx(40 * rate, abs=2)


def test_what_is_the_same_for_many_is_made_once(stage: Stage) -> None:
    ears = [Ear() for _ in range(MAX_CLIENTS)]
    for ear in ears:
        stage.desk.clients.add(ear, stage.time, ("meter",), 30.0)
        stage.turn(0.01)
    stage.turn(1.0)
    for ear in ears:
        ear.told.clear()
    stage.witness.asked.clear()
    stage.turn(1.0)
    assert len({len(ear.take("/meter/voice/1/peak")) for ear in ears}) == 1
    assert len(stage.witness.asked) <= 31


def test_meters_come_as_often_as_was_asked_for_and_no_oftener(client: Client) -> None:
    client.ask("/notify", 1, 0, 10, "meter")
    came = [reply for reply in client.listen(2.0) if reply.address == "/meter/voice/1/peak"]
    assert 5 <= len(came) <= 21


def test_health_is_told_once_a_second(client: Client) -> None:
    client.ask("/notify", 1, 0, 30, "health")
    assert hear(client, "/health/late").arguments == (0,)
    came = [reply.address for reply in client.listen(2.5)]
    assert {f"/health/{f.name}" for f in HEALTH} == set(came)
    assert 1 <= came.count("/health/cpu") <= 3


def test_who_cannot_read_osc_bundles_gets_each_message_by_itself(
    daemon: int, witness: KnownWitness
) -> None:
    told = Wire(daemon)
    told.send("/notify", 1, 0, 60, "grain meter health plain")
    told.receive()
    witness.sounds = [Sound(heard_at=time.time() + 0.5)]
    wanted, seen = {"grain", "meter", "health"}, set()
    while seen != wanted:
        packet = told.socket.recv(65536)
        assert packet.startswith(b"/")
        seen.add(packet.split(b"/")[1].split(b"\0")[0].decode())
    told.socket.close()


def test_warnings_are_told(client: Client) -> None:
    client.ask("/notify", 1, 0, 30, "log")
    logging.getLogger("idiolect.somewhere").warning("the %s is loose", "string")
    assert hear(client, "/log").arguments == ("warning", "the string is loose")


def test_a_client_is_told_of_its_own_groups_alone(daemon: int, witness: KnownWitness) -> None:
    with contextlib.ExitStack() as stack:
        clients = {group: stack.enter_context(Client(port=daemon)) for group in GROUPS}
        for group, client in clients.items():
            client.ask("/notify", 1, 0, 30, group)
        witness.sounds = [Sound()]
        logging.getLogger("idiolect.somewhere").warning("loose")
        other = Wire(daemon)
        other.send("/mute", 1)
        other.settle()
        other.socket.close()
        time.sleep(1.5)  # health comes once a second
        for group, client in clients.items():
            kinds = {address.split("/")[1] for address in heard(client, 0.2)}
            assert kinds == {"mute" if group == "state" else group}


def test_without_groups_it_is_told_of_changes_alone(client: Client, witness: KnownWitness) -> None:
    client.ask("/notify", 1)
    witness.sounds = [Sound()]
    client.send("/mute", 1)
    assert heard(client, 1.5) == {"/mute"}


def test_all_groups_may_be_named_at_once_and_renewed_to_others(client: Client, daemon: int) -> None:
    assert client.ask("/notify", 1, 0, 30, "all").arguments[1] == 0
    assert client.ask("/notify", 1, "health,log", "grain").arguments[1] == 0
    client.send("/mute", 1)
    assert "/mute" not in heard(client, 0.3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("health",), "1 or 0"),
        ((1, 0, 30, "meters"), "no group 'meters'"),
        ((1, 0, math.nan), "rate"),
        ((1, -1), "port"),
        ((1, "grain", 0), "a group"),
        ((1, 0, 30, 4), "groups"),
    ],
)
def test_what_cannot_be_told_is_refused(wire: Wire, arguments: tuple, says: str) -> None:
    answer = wire.ask("/notify", *arguments)
    assert answer[:2] == ("/fail", "/notify")
    assert says in answer[2]


def test_no_packet_is_longer_than_a_network_takes(
    client: Client, wire: Wire, witness: KnownWitness
) -> None:
    """And none of another type than i, f and s: `parse` would show it."""
    facts = Unit(source=LONG, scale="grain")
    witness.sounds = [Sound(facts=facts, voice=voice) for voice in (1, 2, 3, 4)]
    witness.sources = tuple((f"{n}{LONG}", 1.0) for n in range(100))
    wire.ask("/notify", 1, 0, 60, "all")
    logging.getLogger("idiolect.somewhere").warning(LONG * 3)
    witness.scales = tuple((f"{n}{LONG}", 1, 2, 3.0) for n in range(MOST_SCALES))
    for address in ("/sources", "/scales"):
        wire.send(address)
    wire.send("/unit/info", 1)
    deadline, sizes = time.monotonic() + 1.5, []
    while time.monotonic() < deadline:
        packet = wire.socket.recv(65536)
        parse(packet)
        sizes.append(len(packet))
    assert len(sizes) > 20
    assert max(sizes) <= MOST_BYTES


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        (f"/{LONG}", ()),
        ("/voice/1/scale", (LONG,)),
        ("/voice/1/gain", (LONG,)),
        ("/voice/1/seed/unit", (1,)),
        ("/time_tags", (LONG,)),
        ("/status", ()),
        ("/version", ()),
        ("/output", ()),
        ("/unit/info", (1, LONG)),
        ("/model/next", (1, 64)),
    ],
)
def test_no_answer_is_longer_than_a_network_takes(
    player: RecordingPlayer, witness: KnownWitness, address: str, arguments: tuple[object, ...]
) -> None:
    """Neither for what was sent, nor for names in a bundle, of a device or of the daemon."""
    seed = Applied(1, 0, 1, 7, LONG, 0.0)
    player.seed_unit = lambda voice, unit: done(seed)
    player.scales = tuple(f"{n}{LONG}" for n in range(9))
    witness.scale = LONG
    server = ControlServer(
        player, "127.0.0.1", 0, on_quit=lambda: None, witness=witness, name=LONG,
        output=lambda: (LONG, "here"),
    )  # fmt: skip
    server.start()
    wire = Wire(server.address[1])
    wire.send(address, *arguments)
    packet = wire.socket.recv(65536)
    wire.socket.close()
    server.stop()
    assert len(packet) <= MOST_BYTES
    assert "\N{REPLACEMENT CHARACTER}" not in str(parse(packet))


def test_packing_keeps_every_message_and_its_order() -> None:
    messages = [encode("/meter/voice/1/peak", float(k)) for k in range(500)]
    packets = list(pack(iter(messages)))
    assert all(len(packet) <= MOST_BYTES for packet in packets)
    told = [m.arguments[0] for packet in packets for m in parse(packet).elements]
    assert told == list(range(500))
    assert list(pack([])) == []


def test_a_time_tag_counts_from_1900() -> None:
    assert ntp(None) == 1
    assert ntp(0.5) == (2_208_988_800 << 32) + (1 << 31)


def test_too_many_warnings_are_left_out_and_counted() -> None:
    tap = WarningTap()

    def warn(count: int) -> None:
        for number in range(count):
            tap.handle(logging.LogRecord("idiolect", logging.WARNING, "", 0, "%d", (number,), None))

    warn(500)
    lines = tap.take(100.0)
    assert len(lines) <= 12
    warn(1)
    lines += tap.take(200.0)
    assert lines[-1] == ("warning", "0")
    left_out = [int(text.split()[0][1:]) for _, text in lines if "left out" in text]
    assert len(lines) - len(left_out) + sum(left_out) == 501


def test_cpu_is_that_of_the_last_second() -> None:
    @dataclass
    class Then:
        cpu_average: float
        blocks: int

    before, now = Then(10.0, 100), Then(20.0, 200)
    assert Pulse(before, now, None).cpu() == pytest.approx(30.0)
    assert Pulse(before, before, None).cpu() == 0.0


def test_memory_is_that_of_this_process() -> None:
    assert 10 < resident_mb() < 100_000


def test_the_language_answers(client: Client, witness: KnownWitness) -> None:
    assert client.ask("/bundle/info").arguments == ("bells", 5.0, 48000, 2, 2, 2, 120, 48)
    assert client.ask("/scales").arguments == ("grain", 100, 12, 0.125, "note", 20, 5, 0.5)
    assert client.ask("/sources").arguments == (2, 0, "a.wav", 2.0, "b.wav", 3.0)
    assert client.ask("/sources", 1).arguments == (2, 1, "b.wav", 3.0)
    told = client.ask("/unit/info", 9, "note").arguments
    assert told == (9, "note", 3, "a.wav", 1.5, 0.25, -0.5, 0.5, -20.0, 880.0, 440.0)
    assert client.ask("/unit/info", 9).arguments[1] == "at 0"
    assert client.ask("/token/exemplar", 5, 1).arguments[:4] == (12, 7, "grain", 5)
    assert client.ask("/model/next", 2, 2).arguments == (
        "/model/next", 2, "grain", 0, 0.5, 1, pytest.approx(1 / 3),
    )  # fmt: skip


def test_a_list_that_is_too_long_goes_on_where_it_is_asked_to(
    client: Client, witness: KnownWitness
) -> None:
    witness.sources = tuple((f"source number {n}.wav", float(n)) for n in range(300))
    names: list[str] = []
    while len(names) < 300:
        total, first, *rest = client.ask("/sources", len(names)).arguments
        assert (total, first) == (300, len(names))
        names += [str(name) for name in rest[::2]]
    assert names == [name for name, _ in witness.sources]


@pytest.mark.parametrize(
    ("address", "arguments", "says"),
    [
        ("/unit/info", (), "a unit"),
        ("/unit/info", (100,), "no unit 100"),
        ("/unit/info", ("x",), "a number"),
        ("/token/exemplar", (1, 2, 3, 4), "scale"),
        ("/sources", (3,), "no source 3"),
        ("/model/next", (), "a voice"),
    ],
)
def test_a_wrong_question_is_answered_with_the_reason(
    wire: Wire, address: str, arguments: tuple, says: str
) -> None:
    answer = wire.ask(address, *arguments)
    assert answer[:2] == ("/fail", address)
    assert says in answer[2]


def test_without_a_witness_nothing_is_known(player: RecordingPlayer) -> None:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None)
    server.start()
    wire = Wire(server.address[1])
    for address in ("/scales", "/bundle/info", "/sources"):
        assert wire.ask(address)[:2] == ("/fail", address)
    wire.socket.close()
    server.stop()


def test_the_name_of_the_daemon_is_in_its_status(player: RecordingPlayer) -> None:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None, name="left wall")
    server.start()
    wire = Wire(server.address[1])
    assert wire.ask("/status")[-1] == "left wall"
    wire.socket.close()
    server.stop()


def test_what_a_host_is_answered_is_a_small_multiple_of_what_it_sent() -> None:
    credit = Credit()
    assert not credit.spend("192.0.2.1", 1)
    credit.earn("192.0.2.1", 10)
    assert credit.spend("192.0.2.1", 10 * Credit.FACTOR)
    assert not credit.spend("192.0.2.1", 1)
    credit.earn("192.0.2.1", 10**9)
    assert not credit.spend("192.0.2.1", Credit.MOST + 1)
    for host in range(2000):
        credit.earn(f"host {host}", 1)
    assert len(credit._left) <= 256


def test_nobody_elsewhere_can_be_flooded_in_his_name(
    daemon: int, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine plays another one: its loopback counts for nothing here."""
    monkeypatch.setattr(udp, "is_local", lambda _: False)
    sent = received = 0
    questions = [
        encode("//*"), encode("/voice/*/*"), encode("/status"), encode("/nothing"), b"junk",
        encode_bundle(*[encode("/*")] * 20), encode("/scales"), encode("/voice/1/cut"),
    ]  # fmt: skip
    wire.socket.settimeout(0.3)
    for question in questions * 3:
        wire.raw(question)
        sent += len(question)
    try:
        while True:
            received += len(wire.socket.recv(65536))
    except TimeoutError:
        pass
    assert 0 < received <= Credit.FACTOR * sent


def test_who_is_told_may_read_as_much_as_he_likes(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "is_local", lambda _: False)
    wire.ask("/notify", 1)
    wire.send("/voice/*/*")
    assert len(wire.settle()) > 100


def test_a_lease_holds_one_client_for_one_place(client: Client, witness: KnownWitness) -> None:
    """What is sent to another port goes there, and not to who asked."""
    with Client(port=1) as other:
        port = other._socket.getsockname()[1]
    client.ask("/notify", 1, port, 30, "grain")
    witness.sounds = [replace(Sound(), natural=0)]
    assert "/grain" not in heard(client, 0.5)
