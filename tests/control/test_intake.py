"""What has come is run so much at a time, and others get their turn between."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise

import pytest

from idiolect.control.allowance import Allowance
from idiolect.control.codec import Message, encode, encode_bundle, parse
from idiolect.control.desk import Desk
from idiolect.control.dispatch import MAX_WORK
from idiolect.control.intake import BURST_WORK, Intake
from idiolect.control.schedule import Due, ntp_of, seconds_of
from recording import RecordingPlayer

READING = encode("/voice/1/pan")


class Clock:
    """A witness that knows nothing but the time."""

    def frame_at(self, seconds: float) -> int:
        return round((seconds - 1e9) * 48_000)

    def watch(self) -> list[object]:
        return []


@dataclass(eq=False)
class Sender:
    """Keeps what it is answered."""

    host: str = "192.0.2.1"
    port: int = 1
    answers: list[bytes] = field(default_factory=list)

    def send(self, packet: bytes) -> None:
        self.answers.append(packet)

    def at(self, port: int) -> "Sender":
        return self


@pytest.fixture
def intake() -> Intake:
    player = RecordingPlayer(frame=0)
    desk = Desk(
        player,
        name="test",
        defer=lambda work: work(),
        quit=lambda: None,
        witness=Clock(),  # type: ignore[arg-type]
    )
    return Intake(desk, ())


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No burst ends because it took long: what ends it is the work.  Nor is time let pass."""
    monkeypatch.setattr("idiolect.control.intake.BURST_S", 60.0)
    monkeypatch.setattr("idiolect.control.intake._LOOK_S", 0.0)


def wait_together(intake: Intake, peer: Sender, many: int, at: float) -> None:
    """Let so many OSC bundles wait for one moment."""
    packet = encode_bundle(*[READING] * 100, time_tag=ntp_of(at))
    for _ in range(many):
        intake.desk.schedule.add(Due(at, packet, peer))


def turns(intake: Intake, done: Sequence[object], most: int = 10_000) -> list[int]:
    """Say after each turn of the loop how much was done, until nothing waits any more."""

    async def run() -> list[int]:
        intake.run(())
        counts = [len(done)]
        while len(intake.desk.schedule) and len(counts) < most:
            await asyncio.sleep(0)
            counts.append(len(done))
        return counts

    return asyncio.run(run())


@pytest.mark.usefixtures("untimed")
def test_what_is_due_at_one_moment_is_taken_up_in_bursts(intake: Intake) -> None:
    """However much that is: whoever asks meanwhile is answered in between, and each stays whole."""
    peer, many = Sender(), 100
    wait_together(intake, peer, many, time.time())
    answered = turns(intake, peer.answers)
    steps = [after - before for before, after in pairwise(answered)]
    assert sum(steps) == 100 * many
    assert max(steps) <= BURST_WORK + 100
    assert all(step % 100 == 0 for step in steps)


@pytest.mark.usefixtures("untimed")
def test_what_waited_for_its_time_is_charged_to_who_sent_it(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And who asked for too much waits, with what it has sent, while others do not."""
    monkeypatch.setattr(intake, "_allowance", Allowance(1.0))
    flood, other = Sender(), Sender("192.0.2.2")
    wait_together(intake, flood, 100, time.time())
    wait_together(intake, other, 1, time.time())
    turns(intake, other.answers, 50)
    assert intake.owes(flood.host) > 0
    assert len(flood.answers) < 2 * BURST_WORK
    assert len(other.answers) == 100


def test_all_that_has_one_time_tag_acts_at_one_frame(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many OSC bundles it comes in, and however the clock is read."""
    frames = count(1000)
    monkeypatch.setattr(Clock, "frame_at", lambda self, seconds: next(frames))
    desk, peer, at = intake.desk, Sender(), time.time()
    for seconds, unit in ((at, 1), (at, 2), (at + 0.01, 3), (at + 0.01, 4)):
        packet = encode_bundle(encode("/play", "unit", unit), time_tag=ntp_of(seconds))
        desk.schedule.add(Due(seconds, packet, peer))
    for due in intake.dispatcher.take_due(lambda host: 0.0):
        intake.dispatcher.act(due)
    assert isinstance(desk.player, RecordingPlayer)
    assert [call[2:] for call in desk.player.calls] == [
        (1000, {"unit": 1}),
        (1000, {"unit": 2}),
        (1001, {"unit": 3}),
        (1001, {"unit": 4}),
    ]


def test_nothing_overtakes_what_waits_for_an_earlier_time(intake: Intake) -> None:
    """Also when both are so near that the later could act where it comes."""
    desk, peer, at = intake.desk, Sender(), seconds_of(ntp_of(time.time() + 0.05))
    early, late = (
        encode_bundle(encode("/voice/1/run", run), time_tag=ntp_of(at)) for run in (1, 0)
    )
    desk.time_tags.choose(peer, "honour")
    desk.schedule.add(Due(at, early, peer))
    intake.dispatcher.receive(late, peer)
    for due in intake.dispatcher.take_due(lambda host: 0.0):
        intake.dispatcher.act(due)
    assert isinstance(desk.player, RecordingPlayer)
    assert desk.player.calls == [("set", "run", 1, 1), ("set", "run", 1, 0)]


def test_a_clock_that_may_be_ahead_is_told_to_its_client_and_the_log(
    intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    """On another machine; this one's clock is the daemon's own."""
    packet = encode_bundle(READING, time_tag=ntp_of(time.time() + 5.0))
    far, near = Sender("192.0.2.1"), Sender("127.0.0.1")
    for peer in (far, near, far):
        intake.dispatcher.receive(packet, peer)
    assert near.answers == []
    (answer,) = [parse(answer) for answer in far.answers]
    assert isinstance(answer, Message)
    assert answer == Message("/time_tags", ("auto", pytest.approx(5.0, abs=1.0)))
    (line,) = [line for line in map(str, caplog.messages) if "192.0.2.1" in line]
    assert "192.0.2.1:1" in line
    assert "/time_tags ignore" in line


@pytest.mark.parametrize(
    ("message", "weight"),
    [
        (encode("/allow/region", 0.0, 0.0, 1.0), 4 * 64),
        (encode("/voice/1/allow/sources", "a"), 64),
        (encode("/seed/unit", 1), 4 * 8),
        (encode("/voice/1/pan", 0.5), 1),
    ],
)
def test_what_takes_long_counts_for_more(intake: Intake, message: bytes, weight: int) -> None:
    """So no packet asks for more than a bounded time, whatever is in it."""
    assert isinstance(intake.desk.player, RecordingPlayer)
    packet = encode_bundle(*[message] * 512)
    work = intake.dispatcher.receive(packet, Sender())
    intake.flush()
    assert work - len(packet) // 64 - 1 >= min(512 * weight, MAX_WORK)
    voices = 1 if b"voice" in message else 4
    calls = [call for call in intake.desk.player.calls if call[0] != "set"]
    assert len(calls) <= MAX_WORK // weight * voices
