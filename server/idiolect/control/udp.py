"""OSC over UDP: one packet, one datagram."""

import asyncio
import contextlib
import logging
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from idiolect.control.clients import Credit, Peer
from idiolect.control.hosts import is_local, port_of
from idiolect.control.intake import BURST_S, Intake
from idiolect.control.turns import Turns

__all__ = ["UdpEntrance", "UdpPeer", "UdpSocket"]

_log = logging.getLogger(__name__)
_DATAGRAM = 65536  # bytes, more than UDP can carry
_BUFFER = 4 * 1024 * 1024  # bytes asked of the system for what is not read yet
_REMEMBERED = 256  # senders
_SO_MEMINFO = 55  # Linux: what a socket holds, and last how many datagrams it has lost
_COUNTS = struct.Struct("=9I")


class UdpPeer(NamedTuple):
    """A sender's address, and the socket it spoke to."""

    socket: "UdpSocket"
    host: str
    port: int
    rest: tuple[int, ...] = ()  # IPv6: flow and scope

    def send(self, packet: bytes) -> None:
        """Send without waiting; what the system does not take, or the host has not earned, is counted."""
        self.socket.send(packet, self)

    def tell(self, packet: bytes) -> bool:
        """Send what nobody asked for, whatever the host has earned; say whether the system took it."""
        return self.socket.put(packet, self)

    def at(self, port: int) -> "UdpPeer":
        """Return the same host at another port."""
        return self._replace(port=port)


class UdpSocket:
    """One bound socket; compared by identity."""

    def __init__(self, bound: socket.socket, intake: Intake) -> None:
        self.handle = bound
        self.credit = Credit()
        self._intake = intake
        self._lost = 0  # as the system counted when last asked
        self._peers: dict[Any, UdpPeer] = {}  # those who may send, heard last, by their address
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)

    def read(self) -> Iterator[tuple[bytes, UdpPeer]]:
        """Take what the system has, as long as a burst lasts, of those who may send."""
        until = time.monotonic() + BURST_S
        while time.monotonic() < until:
            try:
                packet, address = self.handle.recvfrom(_DATAGRAM)
            except (BlockingIOError, ConnectionResetError):
                break  # there is none; or Windows tells that an earlier answer was refused
            peer = self._peers.get(address) or self._meet(address)
            if peer is not None:
                if not is_local(peer.host):
                    self.credit.earn(peer.host, len(packet))
                yield packet, peer
        self._count_lost()

    def send(self, packet: bytes, peer: UdpPeer) -> None:
        """Send one datagram that its host has earned, or count it as lost."""
        sent = self._may_send(peer, len(packet)) and self.put(packet, peer)
        self._intake.desk.counters.dropped += not sent

    def put(self, packet: bytes, peer: UdpPeer) -> bool:
        """Send one datagram; say whether the system took it."""
        with contextlib.suppress(OSError):
            return self.handle.sendto(packet, (peer.host, peer.port, *peer.rest)) > 0
        return False

    def at(self, address: tuple[Any, ...]) -> UdpPeer:
        """Return the peer at a socket address."""
        return UdpPeer(self, address[0], address[1], tuple(address[2:]))

    def _meet(self, address: tuple[Any, ...]) -> UdpPeer | None:
        if not self._intake.admits(address[0]):
            return None
        if len(self._peers) >= _REMEMBERED:
            self._peers.clear()
        return self._peers.setdefault(address, self.at(address))

    def _may_send(self, peer: UdpPeer, size: int) -> bool:
        """Tell whether a host of another machine that nobody is told at has earned so many bytes."""
        is_told = self._intake.desk.clients.holds
        return is_local(peer.host) or is_told(peer) or self.credit.spend(peer.host, size)

    def _count_lost(self) -> None:
        if sys.platform == "linux":  # elsewhere what the system loses cannot be counted
            counts = self.handle.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _COUNTS.size)
            lost = _COUNTS.unpack(counts)[-1]
            self._intake.desk.counters.dropped += (lost - self._lost) & 0xFFFFFFFF
            self._lost = lost


class UdpEntrance:
    """Reads datagrams, in bursts that leave the other ways in their turn.

    Whatever has come is taken from the system at once and waits here, a line for each sender: the
    system keeps one line for all, in which who floods would be before everyone.
    """

    def __init__(self, bound: list[socket.socket], intake: Intake) -> None:
        self.sockets = [UdpSocket(handle, intake) for handle in bound]
        self._intake = intake
        self._turns = Turns()
        self._next: asyncio.Handle | None = None  # when more of it is run
        self._wait = 0.0  # seconds until somebody of those who wait may go on

    @property
    def port(self) -> int:
        """The port it is bound to."""
        return port_of(self.sockets[0].handle)

    def peer(self, host: str, port: int, *rest: int) -> UdpPeer:
        """Return an address that can be sent to, equal to the one that is heard from there.

        Parameters
        ----------
        host, port
            Numeric; an IPv4 host is spoken to over an IPv6 socket where there is no other.
        *rest : int
            IPv6: flow and scope, where they are known.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        fitting = [udp for udp in self.sockets if udp.handle.family == family]
        udp = (fitting or self.sockets)[0]
        if udp.handle.family == socket.AF_INET:
            return UdpPeer(udp, host, port)
        return UdpPeer(udp, host if ":" in host else f"::ffff:{host}", port, rest or (0, 0))

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
        while len(self._turns):
            self._intake.run(self._in_turn(lambda _: 0.0))
        self._intake.flush()

    def _drain(self, udp: UdpSocket) -> None:
        """Take in what the system has, without running it: that is several times as fast."""
        try:
            counters = self._intake.desk.counters
            for packet, peer in udp.read():
                counters.dropped += not self._turns.add(packet, peer)
            if self._next is None:
                self._run()
        except Exception:  # the border: log, and listen on
            _log.exception("a packet was lost to an internal error")

    def _run(self) -> None:
        """Run what has come, so much at a time."""
        self._next, self._wait = None, 0.0
        self._intake.run(self._in_turn(cache(self._intake.owes)))  # asked once of each host
        if len(self._turns):
            self._intake.desk.counters.limited += self._wait > 0
            self._next = asyncio.get_running_loop().call_later(self._wait, self._run)

    def _in_turn(self, wait: Callable[[str], float]) -> Iterator[tuple[bytes, Peer]]:
        while not isinstance(taken := self._turns.take(wait), float):
            yield taken
        self._wait = taken
