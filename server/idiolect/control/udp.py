"""OSC over UDP: one packet, one datagram."""

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from idiolect.control.clients import Credit
from idiolect.control.desk import Counters
from idiolect.control.hosts import is_local, port_of
from idiolect.control.intake import BURST_S, BURST_WORK, Intake
from idiolect.control.turns import Turns

__all__ = ["UdpEntrance", "UdpPeer", "UdpSocket"]

_log = logging.getLogger(__name__)
_DATAGRAM = 65536  # bytes, more than UDP can carry
_BUFFER = 4 * 1024 * 1024  # bytes asked of the system for what is not read yet
_REMEMBERED = 256  # senders
_NOTES = socket.CMSG_SPACE(4) if hasattr(socket, "CMSG_SPACE") else 0  # bytes of what comes beside
_SO_RXQ_OVFL = 40  # Linux: tell with each datagram how many were lost before it


@dataclass(frozen=True, slots=True)
class UdpPeer:
    """A sender's address, and the socket it spoke to."""

    socket: "UdpSocket" = field(repr=False)
    host: str
    port: int
    rest: tuple[int, ...] = ()  # IPv6: flow and scope

    def send(self, packet: bytes) -> None:
        """Send without waiting; what the system does not take, or the host has not earned, is counted."""
        if self.socket.may_send(self, len(packet)):
            self.socket.send(packet, (self.host, self.port, *self.rest))
        else:
            self.socket.counters.dropped += 1

    def at(self, port: int) -> "UdpPeer":
        """Return the same host at another port."""
        return UdpPeer(self.socket, self.host, port, self.rest)


class UdpSocket:
    """One bound socket; compared by identity."""

    def __init__(self, bound: socket.socket, counters: Counters) -> None:
        self.handle = bound
        self.counters = counters
        self.credit = Credit()
        self.is_told: Callable[[UdpPeer], bool] = lambda _: False  # whether it asked to be told
        self._lost = 0  # as the system counted when last heard
        self._room = bytearray(_DATAGRAM)
        self._peers: dict[Any, UdpPeer] = {}  # those heard last, by their address
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        if sys.platform == "linux":  # elsewhere what the system loses cannot be counted
            bound.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)

    def receive(self) -> tuple[bytes, UdpPeer] | None:
        """Take one datagram, or None when there is none left."""
        try:
            packet, sender = self._take()
        except (BlockingIOError, ConnectionResetError):  # Windows: an earlier answer was refused
            return None
        if not is_local(sender[0]):
            self.credit.earn(sender[0], len(packet))
        return packet, self._known(sender)

    def _known(self, sender: Any) -> UdpPeer:
        peer = self._peers.get(sender)
        if peer is None:
            if len(self._peers) >= _REMEMBERED:
                self._peers.clear()
            peer = self._peers[sender] = self.at(sender)
        return peer

    def _take(self) -> tuple[bytes, Any]:
        if sys.platform != "linux":
            return self.handle.recvfrom(_DATAGRAM)
        size, notes, _, sender = self.handle.recvmsg_into([self._room], _NOTES)
        for level, kind, raw in notes:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                lost = struct.unpack("=I", raw[:4])[0]
                self.counters.dropped += (lost - self._lost) & 0xFFFFFFFF
                self._lost = lost
        return bytes(memoryview(self._room)[:size]), sender

    def may_send(self, peer: UdpPeer, size: int) -> bool:
        """Tell whether a host of another machine that nobody is told at has earned so many bytes."""
        return is_local(peer.host) or self.is_told(peer) or self.credit.spend(peer.host, size)

    def send(self, packet: bytes, address: tuple[str | int, ...]) -> None:
        """Send one datagram, or count it as lost."""
        try:
            self.handle.sendto(packet, address)
        except OSError:
            self.counters.dropped += 1

    def at(self, address: tuple[Any, ...]) -> UdpPeer:
        """Return the peer at a socket address."""
        return UdpPeer(self, address[0], address[1], tuple(address[2:]))


class UdpEntrance:
    """Reads datagrams, in bursts that leave the other ways in their turn.

    Whatever has come is taken from the system at once and waits here, a line for each sender: the
    system keeps one line for all, in which who floods would be before everyone.
    """

    def __init__(self, bound: list[socket.socket], intake: Intake) -> None:
        self.sockets = [UdpSocket(handle, intake.desk.counters) for handle in bound]
        self._intake = intake
        self._turns = Turns()
        self._next: asyncio.Handle | None = None  # when more of it is run

    @property
    def port(self) -> int:
        """The port it is bound to."""
        return port_of(self.sockets[0].handle)

    def peer(self, host: str, port: int) -> UdpPeer:
        """Return an address that can be sent to."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        fitting = [udp for udp in self.sockets if udp.handle.family == family]
        return UdpPeer((fitting or self.sockets)[0], host, port)

    def open(self) -> None:
        """Begin to read."""
        loop = asyncio.get_running_loop()
        for udp in self.sockets:
            loop.add_reader(udp.handle, self._drain, udp)

    async def close(self) -> None:
        """Read no more; what has been read is run."""
        loop = asyncio.get_running_loop()
        for udp in self.sockets:
            loop.remove_reader(udp.handle)
        if self._next is not None:
            self._next.cancel()
        while not isinstance(taken := self._turns.take(lambda _: 0.0), float):
            self._intake.receive(*taken)
        self._intake.flush()

    def _drain(self, udp: UdpSocket) -> None:
        try:
            self._read_burst(udp)
            if self._next is None:
                self._run()
        except Exception:  # the border: log, and listen on
            _log.exception("a packet was lost to an internal error")

    def _read_burst(self, udp: UdpSocket) -> None:
        """Take in what the system has, without running it: that is several times as fast."""
        loop = asyncio.get_running_loop()
        until = loop.time() + BURST_S
        while loop.time() < until:
            received = udp.receive()
            if received is None:
                return
            packet, peer = received
            if self._intake.admits(peer.host) and not self._turns.add(packet, peer):
                self._intake.desk.counters.dropped += 1

    def _run(self) -> None:
        """Run what has come, so much at a time."""
        self._next = None
        loop = asyncio.get_running_loop()
        work, until = 0, loop.time() + BURST_S
        wait = 0.0
        while work <= BURST_WORK and loop.time() < until:
            taken = self._turns.take(self._intake.owes)
            if isinstance(taken, float):
                wait = taken
                break
            work += self._intake.receive(*taken)
        if len(self._turns):
            self._intake.desk.counters.limited += wait > 0
            self._next = loop.call_later(wait, self._run)
