"""OSC bundles act at the time their tag says, if that is what the tag means."""

import gc
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import pytest

from idiolect.control import ControlServer
from idiolect.control.codec import OscBundle, encode, encode_bundle, parse
from idiolect.control.schedule import (
    FURTHEST_S,
    MOST_WAITING_EACH,
    Due,
    Schedule,
    TimeTags,
    ntp_of,
    seconds_of,
)
from idiolect.errors import ControlError
from recording import RecordingPlayer, Wire

RATE = 48_000
EPOCH = time.time()  # when the clock below stood at 0


def frame_at(seconds: float) -> int:
    return round((seconds - EPOCH) * RATE)


@dataclass
class TimedPlayer(RecordingPlayer):
    """It also notes at which frame a change is to act, and when it was told."""

    told: list[tuple[str, float, int]] = field(default_factory=list)
    togethers: int = 0

    @property
    def frame(self) -> int:  # type: ignore[override]
        return frame_at(time.time())

    @frame.setter
    def frame(self, _: int) -> None: ...

    def set(self, name: str, voice: int, value: float, ramp: float | None = None) -> None:
        super().set(name, voice, value, ramp)
        self.told.append((name, value, self.at))

    def together(self) -> AbstractContextManager[None]:
        self.togethers += 1
        return nullcontext()


class Clock:
    """A witness that knows nothing but the time."""

    def frame_at(self, seconds: float) -> int:
        return frame_at(seconds)

    def watch(self) -> list[object]:
        return []


@pytest.fixture
def player() -> TimedPlayer:
    return TimedPlayer()


@pytest.fixture
def daemon(player: TimedPlayer) -> Iterator[int]:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None, witness=Clock())
    server.start()
    yield server.address[1]
    server.stop()


def gains(player: TimedPlayer) -> list[tuple[float, int]]:
    return [(value, at) for name, value, at in player.told if name == "gain"]


def tagged(seconds: float, *packets: bytes) -> bytes:
    return encode_bundle(*packets, time_tag=ntp_of(seconds))


def gain(value: float, voice: int = 1) -> bytes:
    return encode(f"/voice/{voice}/gain", value)


def until(seconds: float) -> None:
    time.sleep(max(0.0, seconds - time.time()))


def test_a_tag_and_its_seconds_are_the_same_time() -> None:
    for seconds in (0.0, 946_684_800.5, 1_790_000_000.123456):
        assert seconds_of(ntp_of(seconds)) == pytest.approx(seconds, abs=1e-6)


def test_a_bundle_waits_and_acts_at_its_frame(wire: Wire, player: TimedPlayer) -> None:
    at = time.time() + 0.5
    wire.raw(tagged(at, gain(-3.0), gain(-4.0, 2)))
    wire.raw(gain(-1.0))
    wire.settle()
    assert gains(player) == [(-1.0, -1)]
    until(at)
    wire.settle()
    assert gains(player)[1:] == [(-3.0, frame_at(at)), (-4.0, frame_at(at))]
    assert player.at == -1


def test_bundles_act_in_the_order_of_their_times(wire: Wire, player: TimedPlayer) -> None:
    """Two of one time in the order they came, and none takes the place of another."""
    at = time.time() + 0.6
    for place, late in ((3, 0.02), (0, 0.0), (1, 0.0), (2, 0.01)):
        wire.raw(tagged(at + late, gain(-place)))
    until(at + 0.1)
    wire.settle()
    frames = [frame_at(at), frame_at(at), frame_at(at + 0.01), frame_at(at + 0.02)]
    assert gains(player) == [(-place, frame) for place, frame in enumerate(frames)]


def test_an_inner_bundle_acts_at_its_own_time_and_not_before_the_outer(
    wire: Wire, player: TimedPlayer
) -> None:
    at = time.time() + 0.6
    inner = [tagged(at + 0.1, gain(-2.0)), tagged(at - 0.2, gain(-3.0)), encode_bundle(gain(-4.0))]
    wire.raw(tagged(at, gain(-1.0), *inner))
    until(at + 0.2)
    wire.settle()
    outer, later = frame_at(at), frame_at(at + 0.1)
    # The last of what acts at one frame is what counts.
    assert gains(player) == [(-4.0, outer), (-2.0, later)]


def test_immediately_means_now(wire: Wire, player: TimedPlayer) -> None:
    wire.raw(encode_bundle(gain(-5.0)))
    wire.settle()
    assert gains(player) == [(-5.0, -1)]
    assert player.togethers


def test_what_comes_late_acts_at_once_and_is_answered(wire: Wire, player: TimedPlayer) -> None:
    wire.ask("/time_tags", "honour")
    wire.raw(tagged(time.time() - 0.25, gain(-6.0)))
    address, late, about = wire.receive()
    assert (address, about) == ("/late", "/voice/1/gain")
    assert 250 <= late < 5000
    wire.settle()
    assert gains(player) == [(-6.0, -1)]


def test_lateness_is_answered_so_often_and_no_oftener(wire: Wire) -> None:
    wire.ask("/time_tags", "honour")
    for _ in range(200):
        wire.raw(tagged(time.time() - 1, gain(-6.0)))
    assert sum(answer[0] == "/late" for answer in wire.settle()) <= 30


@pytest.mark.parametrize(
    "tag",
    [0, 2, ntp_of(900_000_000.0), ntp_of(EPOCH + 3600), 2**64 - 1],
    ids=["zero", "two", "long ago", "in an hour", "the last"],
)
def test_a_tag_of_no_clock_of_ours_means_now_and_is_told_once(
    wire: Wire, player: TimedPlayer, tag: int
) -> None:
    for value in (-1.0, -2.0):
        wire.raw(encode_bundle(gain(value), time_tag=tag))
    answers = wire.settle()
    assert [value for value, _ in gains(player)] in ([-1.0, -2.0], [-2.0])
    assert [answer[:2] for answer in answers] == [("/fail", "/")]
    assert f"0 to {FURTHEST_S:g} s" in answers[0][2]


def test_a_policy_is_one_clients_own(wire: Wire, daemon: int, player: TimedPlayer) -> None:
    assert wire.ask("/time_tags", "ignore") == ("/time_tags", "ignore")
    other = Wire(daemon)
    assert other.ask("/time_tags") == ("/time_tags", "auto")
    at = time.time() + 0.4
    for sender, value in ((wire, -1.0), (other, -2.0)):
        sender.raw(tagged(at, gain(value)))
        sender.settle()
    assert gains(player) == [(-1.0, -1)]
    assert wire.ask("/time_tags", "later")[:2] == ("/fail", "/time_tags")
    until(at)
    other.settle()
    assert gains(player)[1:] == [(-2.0, frame_at(at))]
    other.socket.close()


def test_the_schedule_can_be_cleared(wire: Wire, player: TimedPlayer) -> None:
    at = time.time() + 0.4
    for _ in range(3):
        wire.raw(tagged(at, gain(-1.0)))
    assert wire.ask("/clear_sched") == ("/done", "/clear_sched", 3)
    assert ("recall",) in player.calls  # also what is to be played and was handed on
    until(at)
    wire.settle()
    assert gains(player) == []


def test_the_clock_says_the_time_and_what_was_sent(wire: Wire) -> None:
    before = time.time()
    address, seconds, fraction, *echo = wire.ask("/clock", 7, 0.5, "mine")
    told = seconds_of((seconds % 2**32 << 32) + fraction % 2**32)
    assert (address, echo) == ("/clock.reply", [7, 0.5, "mine"])
    assert before - 1e-3 <= told <= time.time() + 1e-3


def test_the_clock_sends_no_more_back_than_one_packet_takes(wire: Wire) -> None:
    assert wire.ask("/clock", "x" * 1367)[0] == "/clock.reply"
    address, of, says = wire.ask("/clock", "x" * 1368)
    assert (address, of) == ("/fail", "/clock")
    assert "1404 bytes, 1400 at most" in says


def read_all(leads: list[float], every: float = 1 / 60) -> list[bool]:
    """Say of each tag, so far ahead of its arrival, whether it is waited for."""
    tags, peer = TimeTags(), object()
    return [
        tags.read(ntp_of(1e9 + n * every + lead), peer, wall=1e9 + n * every, now=1 + n * every)  # type: ignore[arg-type]
        is not None
        for n, lead in enumerate(leads)
    ]


def test_a_clock_that_drifts_away_is_not_waited_for() -> None:
    """An hour of a client that stamps the time of sending, its clock 50 parts in a million fast."""
    drift = [n / 60 * 50e-6 for n in range(60 * 3600)]
    late = [lead - (0.1 if n % 500 == 0 else 0.002) for n, lead in enumerate(drift)]
    assert not any(read_all(late))


def test_a_client_that_plans_is_believed_from_its_first_tag_on() -> None:
    assert all(read_all([0.2, 0.199, 0.2, -0.05, 0.02]))
    assert read_all([0.0, -0.01, 0.0, 0.2, 0.0]) == [False, False, False, True, True]


def test_that_a_client_is_believed_is_said_once_with_how_far_it_is_ahead() -> None:
    told: list[tuple[object, float]] = []
    tags, peer, other = TimeTags(believe=lambda *what: told.append(what)), object(), object()
    for n, lead in enumerate((0.0, 0.3, 0.3, 0.5)):
        tags.read(ntp_of(1e9 + n + lead), peer, wall=1e9 + n, now=n)  # type: ignore[arg-type]
    tags.choose(other, "honour")  # type: ignore[arg-type]
    tags.read(ntp_of(1e9 + 1), other, wall=1e9, now=9.0)  # type: ignore[arg-type]
    assert told == [(peer, pytest.approx(0.3, abs=1e-6))]


@dataclass(frozen=True)
class Sender:
    """Somebody at a port of a machine."""

    host: str = "192.0.2.1"
    port: int = 1


def nobody_waits(host: str) -> float:
    return 0.0


def take_all(schedule: Schedule, until: float) -> list[Due]:
    return list(iter(lambda: schedule.take(until, nobody_waits), None))


def test_what_waits_is_bounded() -> None:
    schedule, each = Schedule(), 64
    peers = [Sender(port=port) for port in range(8)]
    packet = bytes(MOST_WAITING_EACH // each - Due(0.0, b"", peers[0]).size)  # type: ignore[arg-type]
    for peer in peers[:4]:
        for n in range(each):
            schedule.add(Due(float(n), packet, peer))  # type: ignore[arg-type]
    for peer in (peers[0], peers[5]):  # one has its share, then all have
        with pytest.raises(ControlError, match="/clear_sched"):
            schedule.add(Due(0.0, packet, peer))  # type: ignore[arg-type]
    assert len(take_all(schedule, 0.0)) == 4
    schedule.add(Due(0.0, packet, peers[5]))  # type: ignore[arg-type]
    assert schedule.clear() == 4 * (each - 1) + 1
    assert len(schedule) == 0
    schedule.add(Due(0.0, packet, peers[0]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "elements",
    [(), (gain(-1.0),), (encode_bundle(),) * 20, (encode("/x", "y" * 500),)],
    ids=["empty", "a message", "more inside", "long"],
)
def test_what_waits_takes_no_more_memory_than_is_counted(elements: tuple[bytes, ...]) -> None:
    schedule, peer, counted = Schedule(), Sender(), 0
    tracemalloc.start()
    for n in range(500):
        packet = tagged(EPOCH + n / 1e6, *elements)
        bundle = parse(packet)
        assert isinstance(bundle, OscBundle)
        due = Due(seconds_of(bundle.time_tag), bundle.packet, peer)  # type: ignore[arg-type]
        schedule.add(due)
        counted += due.size
    gc.collect()  # also what Python keeps for the next tuples
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < counted


def test_a_host_that_is_to_wait_keeps_nobody_else_waiting() -> None:
    schedule, one, other = Schedule(), Sender("192.0.2.1"), Sender("192.0.2.2")
    for seconds, peer in ((1.0, one), (3.0, other), (2.0, one)):
        schedule.add(Due(seconds, b"", peer))  # type: ignore[arg-type]
    first = schedule.take(9.0, lambda host: float(host == one.host))
    assert first is not None
    assert first.peer == other
    assert schedule.take(9.0, lambda host: float(host == one.host)) is None
    assert [due.seconds for due in take_all(schedule, 9.0)] == [1.0, 2.0]


def test_a_whole_score_may_wait_in_one_packet(wire: Wire, player: TimedPlayer) -> None:
    """What lies in an OSC bundle is counted by itself, not once more for each of its neighbours."""
    at = time.time() + 5.0
    notes = [tagged(at + n / 1000, encode("/x", "y" * 300)) for n in range(150)]
    wire.raw(encode_bundle(*notes))
    assert wire.ask("/clear_sched") == ("/done", "/clear_sched", len(notes))
