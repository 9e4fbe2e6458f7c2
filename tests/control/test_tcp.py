"""OSC over TCP, against a real server, by clients that behave and clients that do not."""

import asyncio
import contextlib
import itertools
import socket
import struct
import time
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idiolect.control import ControlServer
from idiolect.control.allowance import Allowance
from idiolect.control.codec import MAX_PACKET, encode, encode_bundle
from idiolect.control.desk import Desk
from idiolect.control.framing import Framing, Sized, Slip
from idiolect.control.intake import Intake
from idiolect.control.listener import MAX_FROM_ONE
from idiolect.control.tcp import TcpPeer
from recording import Applied, RecordingPlayer, TcpWire, Wire


def until_closed(wire: TcpWire) -> None:
    """Read until the server has closed the connection."""
    try:
        while wire.socket.recv(65536):
            pass
    except ConnectionError:
        pass


@pytest.fixture(params=[Slip, Sized])
def tcp(daemon: int, request: pytest.FixtureRequest) -> Iterator[TcpWire]:
    framing: type[Framing] = request.param
    wire = TcpWire(daemon, framing=framing())
    yield wire
    wire.socket.close()


def test_it_is_steered_and_answers_as_over_udp(tcp: TcpWire, player: RecordingPlayer) -> None:
    tcp.send("/voice/2/temperature", 0.5)
    assert tcp.ask("/voice/2/temperature") == ("/voice/2/temperature", 0.5)
    assert tcp.ask("/status")[0] == "/status.reply"
    assert tcp.ask("/voice/1/cut")[:3] == ("/done", "/voice/1/cut", 1)
    assert tcp.ask("/nowhere")[:2] == ("/fail", "/nowhere")
    assert ("set", "temperature", 2, 0.5) in player.calls


def test_a_notified_connection_hears_what_another_way_in_changes(tcp: TcpWire, wire: Wire) -> None:
    assert tcp.ask("/notify", 1)[:3] == ("/done", "/notify", 0)
    wire.send("/mute", 1)
    assert tcp.receive() == ("/mute", 1)
    assert tcp.ask("/notify", 0)[:3] == ("/done", "/notify", 0)


def test_it_can_name_a_udp_port_of_its_host(tcp: TcpWire) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(10)
        tcp.ask("/notify", 1, other.getsockname()[1])
        tcp.send("/mute", 1)
        assert other.recv(100) == encode("/mute", 1)


def test_who_leaves_is_told_nothing_more(tcp: TcpWire, wire: Wire) -> None:
    tcp.ask("/notify", 1)
    tcp.socket.close()
    deadline = time.monotonic() + 10
    while wire.ask("/notify", 1)[2] != 0:  # the number of who left is free again
        wire.ask("/notify", 0)
        assert time.monotonic() < deadline


def test_stopping_says_goodbye_before_it_closes(
    tcp: TcpWire, server: ControlServer, player: RecordingPlayer
) -> None:
    player.held = []
    tcp.ask("/notify", 1)
    tcp.send("/voice/1/cut")
    tcp.ask("/mute")
    server.stop()
    assert tcp.receive() == ("/fail", "/voice/1/cut", "the daemon is stopping")
    assert tcp.receive()[0] == "/shutdown"
    with pytest.raises(EOFError):
        tcp.receive()


def test_both_loopbacks_are_connected_to(daemon: int) -> None:
    try:
        wire = TcpWire(daemon, "::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    assert wire.ask("/mute") == ("/mute", 0)
    wire.socket.close()


def test_who_speaks_no_more_is_answered_all_that_is_open_and_then_closed(
    tcp: TcpWire, wire: Wire, player: RecordingPlayer
) -> None:
    """As `nc -N` does, and whatever else ends its side when it has asked."""
    held = player.held = []
    tcp.send("/voice/1/cut", "id", 3)
    assert tcp.ask("/mute") == ("/mute", 0)
    tcp.send("/sync", 5)
    tcp.socket.shutdown(socket.SHUT_WR)
    for _ in range(2):  # when these are answered, that has been read to its end
        assert wire.ask("/mute") == ("/mute", 0)
    held[0].set_result(Applied(1, 1, 1))
    assert tcp.receive()[:3] == ("/done", "/voice/1/cut", 1)
    assert tcp.receive() == ("/synced", 5)
    with pytest.raises(EOFError):
        tcp.receive()


def test_who_has_asked_nothing_or_has_his_answers_is_closed(tcp: TcpWire, daemon: int) -> None:
    tcp.send("/mute")
    tcp.socket.shutdown(socket.SHUT_WR)
    assert tcp.receive() == ("/mute", 0)
    with pytest.raises(EOFError):
        tcp.receive()
    with socket.create_connection(("127.0.0.1", daemon), 10) as silent:
        silent.shutdown(socket.SHUT_WR)
        assert silent.recv(1) == b""


class Cable(asyncio.Transport):
    """A transport that leads nowhere, and can be pulled."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 9), "socket": Mock()})
        self.pulled = False

    def is_closing(self) -> bool:
        return self.pulled

    def pause_reading(self) -> None:
        """It has no more."""

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: object) -> None:
        """It leads nowhere."""


def run_and_pull(per_second: float, packets: list[bytes]) -> tuple[RecordingPlayer, Desk]:
    """Read packets of one connection at once, and lose it before all of them are run."""

    async def run() -> tuple[RecordingPlayer, Desk]:
        player, cable = RecordingPlayer(), Cable()
        desk = Desk(player, name="test", defer=lambda work: work(), quit=lambda: None)
        intake = Intake(desk, ())
        intake._allowance = Allowance(per_second)
        peer = TcpPeer(intake)
        peer.connection_made(cable)
        peer.data_received(b"".join(map(Slip().frame, packets)))
        assert len(player.calls) < len(packets)
        cable.pulled = True
        peer.connection_lost(ConnectionResetError())
        await peer.gone
        return player, desk

    return asyncio.run(run())


def test_what_was_read_of_who_has_gone_is_run() -> None:
    """He sends a lot, reads no answers and leaves, which resets the connection."""
    packets = [encode("/voice/1/run", i % 2) for i in range(3000)]
    player, desk = run_and_pull(1e6, [*packets, encode("/notify", 1)])
    assert [call[3] for call in player.calls] == [i % 2 for i in range(3000)]
    assert desk.clients.leases(desk.now()) == []  # he is told nothing more


def test_who_floods_and_leaves_is_not_waited_for() -> None:
    packets = [encode("/voice/1/run", i % 2) for i in range(3000)]
    player, _ = run_and_pull(100.0, packets)
    assert 0 < len(player.calls) < 3000


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.lists(st.integers(0, 200), max_size=6))
def test_packets_may_come_in_any_pieces(
    tcp: TcpWire, player: RecordingPlayer, at: list[int]
) -> None:
    tcp.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    packets = [encode("/voice/1/run", i % 2) for i in range(4)]
    stream = b"".join(map(tcp.framing.frame, packets))
    places = sorted({0, len(stream), *(place for place in at if place < len(stream))})
    player.calls.clear()
    for a, b in itertools.pairwise(places):
        tcp.socket.sendall(stream[a:b])
    assert tcp.settle() == []
    assert [call[3] for call in player.calls] == [0, 1, 0, 1]


def test_more_than_a_datagram_holds_is_refused_and_the_next_packet_read(daemon: int) -> None:
    wire = TcpWire(daemon)
    wire.socket.sendall(b"\xc0" + b"a" * 3 * MAX_PACKET + b"\xc0")
    answer = wire.receive()
    assert answer[:2] == ("/fail", "/")
    assert str(MAX_PACKET) in answer[2]
    assert wire.ask("/mute") == ("/mute", 0)
    wire.socket.close()


def test_bad_slip_is_answered_and_counted(daemon: int, server: ControlServer) -> None:
    wire = TcpWire(daemon)
    wire.socket.sendall(b"\xc0/mu\xdbte\xc0")
    assert wire.receive()[:2] == ("/fail", "/")
    assert wire.ask("/mute") == ("/mute", 0)
    assert server.counters.malformed == 1
    wire.socket.close()


@pytest.mark.parametrize("size", [0, 2**24 - 1, MAX_PACKET + 1])
def test_a_size_that_cannot_be_is_answered_and_ends_the_connection(daemon: int, size: int) -> None:
    wire = TcpWire(daemon, framing=Sized())
    wire.socket.sendall(size.to_bytes(4))
    assert wire.receive()[:2] == ("/fail", "/")
    with pytest.raises(EOFError):
        wire.receive()
    wire.socket.close()


def test_half_a_packet_holds_nobody_up(daemon: int, wire: Wire) -> None:
    half = [socket.create_connection(("127.0.0.1", daemon)) for _ in range(20)]
    for number, connection in enumerate(half):
        connection.sendall(b"\xc0/mute" if number % 2 else struct.pack(">i", 5000) + b"/mute")
    assert wire.ask("/mute") == ("/mute", 0)
    whole = TcpWire(daemon)
    assert whole.ask("/mute") == ("/mute", 0)
    for connection in [*half, whole.socket]:
        connection.close()


def test_connections_beyond_the_bound_are_closed_and_the_others_served(
    daemon: int, server: ControlServer, wire: Wire
) -> None:
    first = TcpWire(daemon)
    assert first.ask("/mute") == ("/mute", 0)
    many = [socket.create_connection(("127.0.0.1", daemon), 10) for _ in range(1000)]
    assert first.ask("/mute") == ("/mute", 0)
    assert wire.ask("/mute") == ("/mute", 0)
    for connection in many:
        connection.close()
    deadline = time.monotonic() + 10
    while server.counters.turned_away < 1000 - MAX_FROM_ONE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    while True:  # those that were served have gone: there is room again
        again = TcpWire(daemon)
        try:
            again.raw(encode("/mute"))
            assert again.receive() == ("/mute", 0)
        except (EOFError, ConnectionError):
            assert time.monotonic() < deadline
        else:
            break
        finally:
            again.socket.close()
    first.socket.close()


def test_who_asks_and_does_not_read_waits_and_then_is_let_go(
    daemon: int, server: ControlServer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idiolect.control.tcp.PATIENCE_S", 0.2)
    deaf = TcpWire(daemon)
    deaf.socket.settimeout(0.5)
    question = Slip().frame(encode_bundle(*[encode("/voice/*/*")] * 20))
    sent = 0
    with contextlib.suppress(OSError):  # a time-out or a reset, whichever comes first
        while sent < 64 * 1024 * 1024:
            sent += deaf.socket.send(question)
    assert sent < 64 * 1024 * 1024
    deadline = time.monotonic() + 20
    while server.counters.unread == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert wire.ask("/mute") == ("/mute", 0)
    deaf.socket.close()


def test_who_is_notified_and_does_not_read_is_let_go(
    daemon: int, server: ControlServer, wire: Wire
) -> None:
    deaf = TcpWire(daemon)
    deaf.ask("/notify", 1)
    sweep = [
        encode_bundle(*[encode("/voice/*/random_seed", 256 * i + k) for k in range(256)])
        for i in range(400)
    ]
    for packet in sweep:
        wire.raw(packet)
        wire.settle()
        if server.counters.unread:
            break
    assert server.counters.unread == 1
    until_closed(deaf)
    deaf.socket.close()


def test_a_flood_over_tcp_waits_and_loses_nothing(
    daemon: int, server: ControlServer, wire: Wire, player: RecordingPlayer
) -> None:
    """Steps all count: 60,000 of them, and another client is answered meanwhile."""
    flood = TcpWire(daemon)
    flood.socket.settimeout(60)
    packet = encode_bundle(*[encode("/voice/1/run", i % 2) for i in range(200)])
    for _ in range(300):
        flood.raw(packet)
    assert wire.ask("/mute") == ("/mute", 0)
    flood.settle()
    assert len([call for call in player.calls if call[1] == "run"]) == 60_000
    assert server.counters.dropped == 0
    flood.socket.close()


def test_a_flood_of_patterns_is_slowed_down(
    daemon: int, server: ControlServer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server._intake._allowance, "_rate", 1000.0)
    flood = TcpWire(daemon)
    for number in range(60):  # a new pattern each, so none is remembered
        flood.send(f"/voice/*{'?' * (number % 8)}/pan{'*' * (number // 8)}", 1)
    assert wire.ask("/nowhere")[0] == "/fail" or server.counters.limited
    flood.settle()
    assert server.counters.limited > 0
    flood.socket.close()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300))
def test_no_bytes_end_the_server(daemon: int, wire: Wire, body: bytes) -> None:
    with socket.create_connection(("127.0.0.1", daemon), 10) as connection:
        connection.sendall(body)
    assert wire.ask("/mute") == ("/mute", 0)
