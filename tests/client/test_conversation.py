"""What is said to a daemon and heard from it, without a daemon: packets in, packets out."""

import contextlib
import time
from collections.abc import Iterator

import pytest

from idiolect.client import RefusedError
from idiolect.client.conversation import Conversation
from idiolect.client.messages import Reply
from idiolect.client.told import Meters, Rounds, grains, group_of
from idiolect.control.codec import Message, OscBundle, encode, encode_bundle, parse
from idiolect.control.telling import METERED, ntp, pack


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("idiolect.client.conversation.time", clock)
    return clock


@pytest.fixture
def sent() -> list[bytes]:
    return []


@pytest.fixture
def conversation(sent: list[bytes]) -> Conversation:
    return Conversation(sent.append, "nowhere")


def messages(packets: list[bytes]) -> list[tuple[object, ...]]:
    parsed = [parse(packet) for packet in packets]
    packets.clear()
    return [(m.address, *m.arguments) for m in parsed if isinstance(m, Message)]


LEASE = encode("/done", "/notify", 0, 32, 60.0)


def test_one_bundle_with_its_time_holds_what_is_sent_meanwhile(
    conversation: Conversation, sent: list[bytes]
) -> None:
    when = time.time() + 0.2
    with conversation.at(when):
        conversation.send("/voice/1/pan", 0.5)
        conversation.send("/voice/1/cut")
        assert sent == []
    conversation.send("/panic")
    first, second = map(parse, sent)
    assert isinstance(first, OscBundle)
    assert first.time_tag == ntp(when)
    inside = [(m.address, list(m.arguments)) for m in first.elements if isinstance(m, Message)]
    assert inside == [("/voice/1/pan", [0.5]), ("/voice/1/cut", [])]
    assert isinstance(second, Message)


def test_bundles_within_each_other_go_their_own_ways(
    conversation: Conversation, sent: list[bytes]
) -> None:
    with conversation.at(2e9):
        conversation.send("/a")
        with conversation.at(None):
            conversation.send("/b")
    assert [packet[8:16] for packet in sent] == [
        (1).to_bytes(8), ntp(2e9).to_bytes(8),
    ]  # fmt: skip


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400, 1e300, -1e300])
def test_a_number_that_osc_has_no_room_for_is_refused_with_the_cure(
    conversation: Conversation, sent: list[bytes], value: float
) -> None:
    with pytest.raises(ValueError, match="send"):
        conversation.send("/sync", value)
    assert sent == []
    for fits in (2**63 - 1, -(2**63), 3.4e38, float("inf")):
        conversation.send("/sync", fits)
    assert [parse(packet).arguments for packet in sent] == [
        (2**63 - 1,), (-(2**63),), (pytest.approx(3.4e38),), (float("inf"),),
    ]  # fmt: skip


def test_nothing_is_sent_of_a_bundle_that_an_error_ends(
    conversation: Conversation, sent: list[bytes]
) -> None:
    with contextlib.suppress(TypeError), conversation.at(None):
        conversation.send("/a")
        conversation.send("/b", None)
        pytest.fail("None can be sent")
    with conversation.at(None):
        pass
    assert sent == []


@pytest.mark.parametrize("when", [0.2, -1.0, float("nan"), float("inf"), 1e12])
def test_a_time_counted_from_now_is_refused_with_the_cure(
    conversation: Conversation, when: float
) -> None:
    with pytest.raises(ValueError, match=r"time\.time\(\) \+ 0\.2"), conversation.at(when):
        pass


def test_a_bundle_that_fits_no_packet_is_refused(conversation: Conversation) -> None:
    bundle = conversation.at(None)
    bundle.__enter__()
    for _ in range(4000):
        conversation.send("/voice/1/seed/random")
    with pytest.raises(ValueError, match="65507"):
        bundle.__exit__(None, None, None)


def test_a_question_within_a_bundle_is_refused(conversation: Conversation) -> None:
    with (
        conversation.at(None),
        pytest.raises(RuntimeError, match="before or after"),
        conversation.ask("/status"),
    ):
        pass


def test_questions_to_one_address_are_answered_in_their_order(conversation: Conversation) -> None:
    with conversation.ask("/voice/1/cut") as first, conversation.ask("/voice/1/cut") as second:
        for fence in (1, 2):
            conversation.take(encode("/clock.reply", 0, 0, fence))
        conversation.take(encode("/done", "/voice/1/cut", 1))
        conversation.take(encode("/fail", "/voice/1/cut", "no"))
        assert [reply.arguments[1] for reply in first.items] == [1]
        with pytest.raises(RefusedError, match="no"):
            second.take()
    conversation.take(encode("/done", "/voice/1/cut", 3))
    assert [reply.arguments[1] for reply in conversation.unread.items] == [3]


def test_numbered_questions_are_answered_in_any_order(
    conversation: Conversation, sent: list[bytes]
) -> None:
    with (
        conversation.ask("/bundle/load", "birds", numbered=True) as slow,
        conversation.ask("/bundle/load", "bells", numbered=True) as quick,
    ):
        (_, _, mark, first), (_, _, _, second) = messages(sent)
        assert mark == "id"
        conversation.take(encode("/done", "/bundle/load", "bells", second))
        conversation.take(encode("/fail", "/bundle/load", "no bundle birds", first))
        assert [reply.arguments[1] for reply in quick.items] == ["bells"]
        with pytest.raises(RefusedError, match="no bundle birds"):
            slow.take()


def test_an_answer_is_nobodys_change(conversation: Conversation) -> None:
    """Changes are told under the same address: what stands before the fence is the answer."""
    changes = conversation.subscribe("state", iter)
    with conversation.ask("/voice/1/pan") as question:
        conversation.take(encode("/voice/2/pan", 0.5))
        conversation.take(encode("/voice/1/pan", -0.5))
        conversation.take(encode("/voice/1/pan", 0.0))
        assert not question.items
        conversation.take(encode("/clock.reply", 0, 0, 1))
        conversation.take(encode("/voice/1/pan", 0.25))
        assert [reply.arguments for reply in question.items] == [(0.0,)]
    assert [reply.arguments for reply in changes.items] == [(0.5,), (-0.5,), (0.25,)]
    assert list(conversation.unread.items) == []


def test_why_a_setting_was_refused_is_no_answer_to_a_question(conversation: Conversation) -> None:
    with conversation.ask("/voice/1/pan") as question:
        conversation.take(encode("/fail", "/voice/1/pan", "pan is a number"))
        conversation.take(encode("/voice/1/pan", 0.0))
        conversation.take(encode("/clock.reply", 0, 0, 1))
        assert question.take() == Reply("/voice/1/pan", (0.0,))
    assert [reply.address for reply in conversation.unread.items] == ["/fail"]


def test_a_question_that_is_refused_says_why(conversation: Conversation) -> None:
    with conversation.ask("/voice/1/speed") as question:
        conversation.take(encode("/fail", "/voice/1/speed", "there is no such address"))
        conversation.take(encode("/clock.reply", 0, 0, 1))
        with pytest.raises(RefusedError, match="no such address"):
            question.take()


@pytest.mark.parametrize("pattern", ["/voice/*/pan", "/voice/{1,2}/pan", "/voice/?/pan"])
def test_patterns_are_sent_and_not_asked(conversation: Conversation, pattern: str) -> None:
    conversation.send(pattern, 0.5)
    with pytest.raises(ValueError, match="ask one"), conversation.ask(pattern):
        pass


def test_a_lease_names_all_groups_that_somebody_waits_for(
    conversation: Conversation, sent: list[bytes], clock: Clock
) -> None:
    units = conversation.subscribe("grain", grains)
    meters = conversation.subscribe("meter", Rounds(), rate=50.0)
    conversation.unsubscribe(units)
    conversation.unsubscribe(meters)
    assert messages(sent) == [
        ("/notify", 1, 0, 30.0, "grain"),
        ("/notify", 1, 0, 50.0, "grain", "meter"),
        ("/notify", 1, 0, 50.0, "meter"),
        ("/notify", 0),
    ]
    clock.now += 100
    conversation.renew()
    conversation.end()
    assert sent == []


def test_a_lease_is_renewed_and_asked_for_again_until_it_is_answered(
    conversation: Conversation, sent: list[bytes], clock: Clock
) -> None:
    conversation.subscribe("state", iter)
    conversation.take(LEASE)
    asked = 0
    for _ in range(200):  # the daemon ends in silence
        clock.now += 0.1
        conversation.renew()
        asked += len(messages(sent))
    assert 10 <= asked <= 20
    conversation.take(LEASE)  # and is back
    asked = 0
    for _ in range(200):
        clock.now += 0.1
        if conversation.renew() and messages(sent):
            asked += 1
            conversation.take(LEASE)
    assert 3 <= asked <= 5
    assert list(conversation.unread.items) == []


def test_a_daemon_that_begins_anew_is_asked_at_once(
    conversation: Conversation, sent: list[bytes], clock: Clock
) -> None:
    conversation.subscribe("state", iter)
    conversation.take(LEASE)
    messages(sent)
    conversation.renew()
    assert sent == []
    conversation.take(encode("/startup", "idiolect", "0.1.0", 57300))
    conversation.renew()
    assert messages(sent) == [("/notify", 1, 0, 30.0, "state")]


def test_a_lease_that_is_refused_says_why(conversation: Conversation) -> None:
    subscription = conversation.subscribe("state", iter)
    conversation.take(encode("/fail", "/notify", "all 32 clients are taken"))
    with pytest.raises(RefusedError, match="32 clients"):
        subscription.take()


def test_who_closes_lets_go_of_a_lease_that_was_asked_for_by_hand(
    conversation: Conversation, sent: list[bytes]
) -> None:
    conversation.send("/notify", 1, 0, 30, "all")
    sent.clear()
    conversation.end()
    assert messages(sent) == [("/notify", 0)]
    conversation.end()
    assert sent == []


def test_nobody_there_ends_a_subscription_only_where_nobody_ever_was(
    conversation: Conversation,
) -> None:
    subscription = conversation.subscribe("state", iter)
    conversation.refuse()
    with pytest.raises(ConnectionRefusedError, match=r"nowhere.*idiolect serve"):
        subscription.take()
    conversation.take(LEASE)
    conversation.refuse()
    assert subscription.take() is None
    with pytest.raises(ConnectionRefusedError):
        conversation.unread.take()


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("/grain", "grain"), ("/meter/output/1/rms", "meter"), ("/health/cpu", "health"),
        ("/log", "log"), ("/voice/1/gain", "state"), ("/record/state", "state"),
        ("/done", None), ("/synced", None), ("/status.reply", None), ("/startup", None), ("/late", None),
    ],
)  # fmt: skip
def test_every_message_belongs_to_one_group_or_is_an_answer(
    address: str, group: str | None
) -> None:
    assert group_of(address) == group


def rounds(count: int) -> Iterator[bytes]:
    """Packets of meters, as a daemon of four voices sends them."""
    for number in range(count):
        places = [("output", 1), ("output", 2), *(("voice", n) for n in range(1, 5))]
        said = [
            encode(f"/meter/{where}/{n}/{name}", number + n / 10)
            for where, n in places
            for name in ("peak", "rms")
        ]
        said += [
            encode(f"/meter/voice/{n}/{name}", float(number))
            for n in range(1, 5)
            for name in METERED
        ]
        yield from pack(said)


def test_meters_come_by_the_round_however_many_packets_it_took(conversation: Conversation) -> None:
    subscription = conversation.subscribe("meter", Rounds())
    packets = list(rounds(4))
    assert len(packets) > 4
    for packet in packets:
        conversation.take(packet)
    heard: list[Meters] = list(subscription.items)
    assert [meters.outputs[2].peak for meters in heard] == pytest.approx([0.2, 1.2, 2.2])
    assert all(set(meters.voices) == set(meters.units) == {1, 2, 3, 4} for meters in heard)
    assert [set(meters.units[3].values()) for meters in heard] == [{0.0}, {1.0}, {2.0}]


def test_a_packet_of_meters_that_was_lost_leaves_a_gap_and_nothing_else(
    conversation: Conversation,
) -> None:
    subscription = conversation.subscribe("meter", Rounds())
    each = len(list(rounds(1)))
    for number, packet in enumerate(rounds(4)):
        if number != each:  # the first of the second round
            conversation.take(packet)
    assert [len(meters.outputs) for meters in subscription.items] == [2, 0, 2]


def test_what_is_no_osc_is_not_heard(conversation: Conversation) -> None:
    for packet in (b"", b"nonsense", b"#bundle\0", b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xff"):
        conversation.take(packet)
    conversation.take(encode_bundle(encode("/voice/1/pan", 0.5)))
    assert [reply.address for reply in conversation.unread.items] == ["/voice/1/pan"]
