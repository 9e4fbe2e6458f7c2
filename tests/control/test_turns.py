"""Senders of datagrams take turns."""

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idiolect.control import ControlServer
from idiolect.control.turns import MOST_BYTES, MOST_EACH, MOST_LINES, Turns
from recording import RecordingPlayer, Wire


@dataclass(frozen=True)
class Sender:
    port: int
    host: str = "127.0.0.1"

    def send(self, packet: bytes) -> None: ...

    def at(self, port: int) -> "Sender":
        return Sender(port, self.host)


def taken(turns: Turns) -> list[tuple[bytes, object]]:
    """Everything that waits, in the order in which it is run."""
    found = []
    while not isinstance(one := turns.take(lambda _: 0.0), float):
        found.append(one)
    return found


def test_who_sends_once_waits_for_one_packet_of_who_floods() -> None:
    turns = Turns()
    for number in range(1000):
        assert turns.add(b"%d" % number, Sender(1))
    assert turns.add(b"asks", Sender(2))
    assert [packet for packet, _ in taken(turns)][:3] == [b"0", b"asks", b"1"]


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(max_size=3))))
def test_what_one_sends_stays_in_order_and_nothing_is_lost(sent: list[tuple[int, bytes]]) -> None:
    turns = Turns()
    for port, packet in sent:
        assert turns.add(packet, Sender(port))
    found = taken(turns)
    for port in range(5):
        theirs = [packet for packet, peer in found if peer == Sender(port)]
        assert theirs == [packet for sender, packet in sent if sender == port]
    assert len(turns) == 0


def test_a_host_that_is_to_wait_holds_nobody_else_up() -> None:
    turns = Turns()
    turns.add(b"much", Sender(1))
    turns.add(b"little", Sender(1, "192.0.2.1"))
    waits = {"127.0.0.1": 0.5, "192.0.2.1": 0.0}
    assert turns.take(waits.__getitem__) == (b"little", Sender(1, "192.0.2.1"))
    assert turns.take(waits.__getitem__) == 0.5
    assert turns.take(lambda _: 0.0) == (b"much", Sender(1))
    assert turns.take(lambda _: 0.0) == math.inf


def test_what_waits_is_bounded_and_room_comes_back() -> None:
    turns = Turns()
    assert sum(turns.add(b"x", Sender(1)) for _ in range(MOST_EACH + 5)) == MOST_EACH
    assert sum(turns.add(b"x", Sender(n)) for n in range(2, MOST_LINES + 9)) == MOST_LINES - 1
    taken(turns)
    large = bytes(65_536)
    assert sum(turns.add(large, Sender(n)) for n in range(100)) == MOST_BYTES // len(large)
    taken(turns)
    assert turns.add(large, Sender(1))


def test_a_burst_of_steps_is_kept_whole_and_in_order(wire: Wire, player: RecordingPlayer) -> None:
    for number in range(2000):
        wire.send("/voice/1/random_seed", number)
    wire.settle()
    assert [call[3] for call in player.calls] == list(range(2000))


def test_a_machine_that_asks_for_too_much_waits_and_is_counted(
    wire: Wire, player: RecordingPlayer, server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that it sent is lost."""
    monkeypatch.setattr(server._intake._allowance, "_rate", 2000.0)
    for number in range(1500):
        wire.send("/voice/1/random_seed", number)
    wire.settle()
    assert [call[3] for call in player.calls] == list(range(1500))
    assert server.counters.limited > 0
    assert server.counters.dropped == 0
