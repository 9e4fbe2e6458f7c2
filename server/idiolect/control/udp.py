"""OSC over UDP: sockets, senders, and who is let in."""

import errno
import ipaddress
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from idiolect.control.clients import Credit
from idiolect.control.desk import Counters
from idiolect.errors import ConfigError, ControlError

__all__ = ["Network", "UdpPeer", "UdpSocket", "is_allowed", "is_local", "open_sockets"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_DATAGRAM = 65536  # bytes, more than UDP can carry
_BUFFER = 4 * 1024 * 1024  # bytes asked of the system for what is not read yet
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
        bound.setblocking(False)

    @property
    def port(self) -> int:
        """The port it is bound to."""
        return int(self.handle.getsockname()[1])

    def receive(self) -> tuple[bytes, UdpPeer] | None:
        """Take one datagram, or None when there is none left."""
        try:
            packet, sender = self._take()
        except (BlockingIOError, ConnectionResetError):  # Windows: an earlier answer was refused
            return None
        if not is_local(sender[0]):
            self.credit.earn(sender[0], len(packet))
        return packet, self.at(sender)

    def _take(self) -> tuple[bytes, Any]:
        if sys.platform != "linux":
            return self.handle.recvfrom(_DATAGRAM)
        packet, notes, _, sender = self.handle.recvmsg(_DATAGRAM, socket.CMSG_SPACE(4))
        for level, kind, raw in notes:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                lost = struct.unpack("=I", raw[:4])[0]
                self.counters.dropped += (lost - self._lost) & 0xFFFFFFFF
                self._lost = lost
        return packet, sender

    def may_send(self, peer: UdpPeer, size: int) -> bool:
        """Tell whether a host of another machine that nobody is told at has earned so many bytes."""
        return is_local(peer.host) or self.is_told(peer) or self.credit.spend(peer.host, size)

    def send(self, packet: bytes, address: tuple[str | int, ...]) -> None:
        """Send one datagram, or count it as lost."""
        try:
            self.handle.sendto(packet, address)
        except OSError:
            self.counters.dropped += 1

    def at(self, address: tuple[Any, ...]) -> "UdpPeer":
        """Return the peer at a socket address."""
        return UdpPeer(self, address[0], address[1], tuple(address[2:]))

    def close(self) -> None:
        """Give the port back."""
        self.handle.close()


def open_sockets(
    host: str, port: int, allow: tuple[Network, ...], counters: Counters
) -> list[UdpSocket]:
    """Bind where the daemon is to listen.

    Parameters
    ----------
    host : str
        A numeric address.  ``localhost``, ``127.0.0.1`` and ``::1`` all mean both loopbacks, so
        that a client reaches the daemon whichever its system picks; the one named comes first.
    port : int
        0 lets the system choose.
    allow : tuple of networks
        Who may send from beyond this machine.
    counters : Counters
        Where losses are counted.

    Raises
    ------
    ConfigError
        When the host is not numeric, or lies beyond loopback without anyone allowed.
    ControlError
        When the address cannot be bound.
    """
    address = _parse_host(host)
    if not address.is_loopback and not allow:
        raise ConfigError(
            f"host {host} can be reached by other machines, and OSC has no passwords: "
            "say who may send with an allow-list (as in 192.168.1.0/24), or use 127.0.0.1"
        )
    first = UdpSocket(_bind(address, port), counters)
    if not address.is_loopback:
        return [first]
    other = ipaddress.ip_address("::1" if address.version == 4 else "127.0.0.1")
    try:
        return [first, UdpSocket(_bind(other, first.port), counters)]
    except ControlError:  # a machine without IPv6, or a port taken there: one is enough
        return [first]


@lru_cache(maxsize=1024)
def is_local(host: str) -> bool:
    """Tell whether a host is this machine by its loopback, which nobody elsewhere can forge."""
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


@lru_cache(maxsize=1024)
def is_allowed(host: str, allow: tuple[Network, ...]) -> bool:
    """Tell whether a sender's packets are read."""
    address = ipaddress.ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)  # an IPv4 sender seen by an IPv6 socket
    address = mapped or address
    return address.is_loopback or any(address in network for network in allow)


def _parse_host(host: str) -> _Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise ConfigError(
            f"host {host!r} is no numeric address: use 127.0.0.1, or one of this machine's own"
        ) from None


def _bind(address: _Address, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    handle = socket.socket(family, socket.SOCK_DGRAM)
    try:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        _count_losses(handle)
        handle.bind((str(address), port))
    except OSError as error:
        handle.close()
        raise _cannot_bind(address, port, error) from error
    return handle


def _count_losses(handle: socket.socket) -> None:
    if sys.platform == "linux":  # elsewhere what the system loses cannot be counted
        handle.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)


def _cannot_bind(address: _Address, port: int, error: OSError) -> ControlError:
    if error.errno == errno.EADDRINUSE:
        cure = "another daemon may be running: stop it, or choose another with --port"
        return ControlError(f"UDP port {port} on {address} is taken: {cure}")
    reason = error.strerror or str(error)
    return ControlError(
        f"cannot listen on {address}, UDP port {port}: {reason}; choose with --host and --port"
    )
