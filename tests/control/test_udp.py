"""Datagrams as the system hands them over."""

import asyncio
import ipaddress
import socket
import sys
from collections.abc import Iterator

import pytest

from idiolect.control.allowance import Allowance
from idiolect.control.codec import encode
from idiolect.control.desk import Desk
from idiolect.control.hosts import Network
from idiolect.control.intake import BURST_WORK, Intake
from idiolect.control.udp import UdpSocket
from recording import RecordingPlayer


def make_intake(*allow: Network) -> Intake:
    desk = Desk(RecordingPlayer(), name="test", defer=lambda work: work(), quit=lambda: None)
    return Intake(desk, allow)


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        handle.bind(("127.0.0.1", 0))
        handle.setblocking(False)
        yield handle


@pytest.fixture
def sender(bound: socket.socket) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        handle.connect(bound.getsockname())
        yield handle


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell")
def test_what_the_system_loses_is_counted(bound: socket.socket, sender: socket.socket) -> None:
    intake = make_intake()
    own = UdpSocket(bound, intake)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    read = 0
    for sent in (100, 200):
        for _ in range(100):
            sender.send(bytes(100))
        while taken := len(list(own.read())):
            read += taken
        assert 0 < read < sent
        assert intake.desk.counters.dropped == sent - read


def test_a_sender_is_one_peer_and_those_that_are_remembered_are_bounded(
    bound: socket.socket, sender: socket.socket
) -> None:
    own = UdpSocket(bound, make_intake())
    sender.send(b"one")
    sender.send(b"two")
    (first, peer), (second, again) = own.read()
    assert (first, second) == (b"one", b"two")
    assert peer is again
    assert (peer.host, peer.port) == sender.getsockname()
    for _ in range(300):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.connect(bound.getsockname())
            other.send(b"x")
            assert len(list(own.read())) == 1
    assert len(own._peers) <= 256


def test_who_is_not_allowed_is_counted_and_never_remembered(
    bound: socket.socket, sender: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = make_intake(ipaddress.ip_network("192.0.2.0/24"))
    own = UdpSocket(bound, intake)
    monkeypatch.setattr(intake, "admits", lambda host: False)
    sender.send(b"x")
    assert list(own.read()) == []
    monkeypatch.undo()
    sender.send(b"x")
    assert len(list(own.read())) == 1


def test_a_burst_ends_with_the_packet_that_asks_for_too_much(
    bound: socket.socket, sender: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left is not taken; the work is charged to who asked for it."""

    async def run() -> None:
        intake = make_intake()
        monkeypatch.setattr(intake, "_allowance", Allowance(BURST_WORK))
        monkeypatch.setattr("idiolect.control.intake.BURST_S", 60.0)  # nor does time end it
        peer = UdpSocket(bound, intake).at(sender.getsockname())
        packets = iter([(encode("/voice/1/pan", 0.5), peer)] * BURST_WORK)
        work = intake.run(packets)
        intake.flush()
        assert BURST_WORK < work <= BURST_WORK + 2
        assert len(list(packets)) == BURST_WORK - work // 2
        assert intake.owes(peer.host) > 0

    asyncio.run(run())
