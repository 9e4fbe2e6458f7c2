"""Changes that come in one burst, and the same one by one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idiolect.control.codec import Message, encode, parse
from idiolect.control.desk import Desk
from idiolect.control.dispatch import Dispatcher
from recording import RecordingPlayer

SENT = st.tuples(
    st.sampled_from(["/voice/1/gain", "/voice/2/gain", "/gain", "/voice/*/pan", "/norm/voice/1/gain"]),
    st.lists(
        st.floats(-100, 100, width=32) | st.sampled_from([float("nan"), float("inf"), "loud"]),
        min_size=1,
        max_size=3,
    ),
)  # fmt: skip


class Sender:
    host, port = "127.0.0.1", 4000

    def __init__(self) -> None:
        self.told: list[Any] = []

    def send(self, packet: bytes) -> None:
        self.told.append(parse(packet))

    def at(self, port: int) -> "Sender":
        return self


def made() -> tuple[RecordingPlayer, Dispatcher]:
    player = RecordingPlayer()
    desk = Desk(player, name="test", defer=lambda work: work(), quit=lambda: None)
    return player, Dispatcher(desk)


def obeyed(messages: list[tuple[str, list[Any]]], *, in_a_burst: bool) -> tuple[Any, ...]:
    """What the player has in the end, how often it was turned, and what was answered."""
    (player, dispatcher), sender = made(), Sender()
    for address, arguments in messages:
        dispatcher.receive(encode(address, *arguments), sender)
        if not in_a_burst:
            dispatcher.flush()
    dispatcher.flush()
    return player.values, len(player.calls), sender.told


@given(st.lists(SENT, max_size=30))
def test_a_burst_ends_where_its_messages_would_one_by_one_and_is_answered_alike(
    messages: list[tuple[str, list[Any]]],
) -> None:
    values, turned, told = obeyed(messages, in_a_burst=True)
    values_apart, turned_apart, told_apart = obeyed(messages, in_a_burst=False)
    assert values == values_apart
    assert told == told_apart
    # Two gains of voices, that of all, and four pans: each a value, and a ramp that begins there.
    assert turned <= min(turned_apart, 2 * 7)


def test_one_value_that_is_none_is_refused_though_another_takes_its_place() -> None:
    messages = [("/voice/1/gain", [float("nan")]), ("/voice/1/gain", [-6.0])]
    values, turned, told = obeyed(messages, in_a_burst=True)
    assert (values["gain", 1], turned) == (-6.0, 1)
    (answer,) = told
    assert isinstance(answer, Message)
    assert answer.arguments[:2] == ("/voice/1/gain", "gain is nan: send a finite number")


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ([(-90.0, 0.0), (0.0, 4.0)], [(-90.0, 0.0), (0.0, 4.0)]),
        ([(-90.0,), (0.0, 4.0)], [(-90.0, 0.0), (0.0, 4.0)]),
        ([(-20.0,), (-90.0,), (0.0, 4.0), (-3.0, 2.0)], [(-90.0, 0.0), (-3.0, 2.0)]),
        ([(-90.0,), (0.0, 4.0), (-6.0,)], [(-6.0,)]),
        ([(-90.0, 2.0), (0.0, 4.0)], [(0.0, 4.0)]),
    ],
)
def test_what_a_ramp_begins_from_is_there_before_it(
    sent: list[tuple[float, ...]], heard: list[tuple[float, ...]]
) -> None:
    """In one burst as one by one, and no more than one value and one ramp of each."""
    player, dispatcher = made()
    for arguments in sent:
        dispatcher.receive(encode("/voice/1/gain", *arguments), Sender())
    dispatcher.flush()
    assert player.calls == [("set", "gain", 1, *arguments) for arguments in heard]
