"""Where the daemon listens, and who is let in: the same for every way in."""

import contextlib
import errno
import ipaddress
import logging
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from idiolect.errors import ConfigError, ControlError

__all__ = [
    "Network",
    "Sockets",
    "is_allowed",
    "is_local",
    "is_loopback",
    "open_sockets",
    "port_of",
    "sort_sockets",
]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_log = logging.getLogger(__name__)

_WAITING = 128  # connections the system keeps until they are accepted
_TRIES = 16  # for a port that is free for everything, when any will do


@dataclass(frozen=True, slots=True)
class Sockets:
    """What the daemon listens on; the loopback that was named comes first."""

    datagrams: list[socket.socket]  # OSC over UDP
    streams: list[socket.socket]  # OSC over TCP
    http: list[socket.socket]  # empty when there is none

    @property
    def all(self) -> list[socket.socket]:
        """Every socket, those for UDP first."""
        return [*self.datagrams, *self.streams, *self.http]

    @property
    def port(self) -> int:
        """The port OSC is read on."""
        return port_of(self.datagrams[0])

    @property
    def http_port(self) -> int:
        """The port HTTP is answered on; -1 when it is not."""
        return port_of(self.http[0]) if self.http else -1


def open_sockets(host: str, port: int, http_port: int, allow: tuple[Network, ...]) -> Sockets:
    """Bind where the daemon is to listen.

    Parameters
    ----------
    host : str
        A numeric address.  ``localhost``, ``127.0.0.1`` and ``::1`` all mean both loopbacks, so
        that a client reaches the daemon whichever its system picks; the one named comes first.
    port : int
        0 lets the system choose one that is free for all that is to be bound.
    http_port : int
        0 is the one above `port`, -1 none.
    allow : tuple of networks
        Who may send from beyond this machine.

    Raises
    ------
    ConfigError
        When the host is not numeric, or lies beyond loopback without anyone allowed.
    ControlError
        When an address cannot be bound.
    """
    address = _parse(host)
    if not address.is_loopback and not allow:
        raise ConfigError(
            f"host {host} can be reached by other machines, and OSC has no passwords: "
            "say who may send with --allow (as in --allow 192.168.1.0/24), or use 127.0.0.1"
        )
    if not address.is_loopback:
        _log.warning(
            "whoever is in %s can steer this daemon, and who pretends to be; OSC is not encrypted",
            ", ".join(map(str, allow)),
        )
    for _ in range(_TRIES - 1):
        try:
            return _open(address, port, http_port)
        except ControlError:
            if port:
                raise
    return _open(address, port, http_port)


def sort_sockets(handles: Iterable[socket.socket]) -> Sockets:
    """Say which is which of sockets that another process has opened."""
    sorted_ = Sockets([], [], [])
    for handle in handles:
        handle.setblocking(False)
        if handle.type == socket.SOCK_DGRAM:
            sorted_.datagrams.append(handle)
        else:
            is_osc = port_of(handle) == sorted_.port
            (sorted_.streams if is_osc else sorted_.http).append(handle)
    return sorted_


def port_of(handle: socket.socket) -> int:
    """Return the port a socket is bound to."""
    return int(handle.getsockname()[1])


@lru_cache(maxsize=1024)
def is_local(host: str) -> bool:
    """Tell whether a host is this machine by its loopback, which nobody elsewhere can forge."""
    return _unmap(ipaddress.ip_address(host.partition("%")[0])).is_loopback


@lru_cache(maxsize=1024)
def is_allowed(host: str, allow: tuple[Network, ...]) -> bool:
    """Tell whether what a sender sends is read."""
    address = _unmap(ipaddress.ip_address(host))
    return address.is_loopback or any(address in network for network in allow)


def is_loopback(host: str) -> bool:
    """Tell whether nobody else's machine can reach a host."""
    return _parse(host).is_loopback


def _unmap(address: _Address) -> _Address:
    """Give an IPv4 sender's own address where an IPv6 socket has seen it."""
    return getattr(address, "ipv4_mapped", None) or address


def _parse(host: str) -> _Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise ConfigError(
            f"host {host!r} is no numeric address: use 127.0.0.1, or one of this machine's own"
        ) from None


def _open(address: _Address, port: int, http_port: int) -> Sockets:
    with contextlib.ExitStack() as undo:

        def take(kind: socket.SocketKind, port: int, flag: str) -> list[socket.socket]:
            bound = _bind_loopbacks(kind, address, port, flag)
            for handle in bound:
                undo.callback(handle.close)
            return bound

        # The port that was named before those that were not: another try would find it taken, too.
        http = take(socket.SOCK_STREAM, http_port, "--http-port") if http_port > 0 else []
        datagrams = take(socket.SOCK_DGRAM, port, "--port")
        port = port_of(datagrams[0])
        streams = take(socket.SOCK_STREAM, port, "--port")
        if http_port == 0:
            http = take(socket.SOCK_STREAM, port + 1, "--http-port")
        undo.pop_all()
        return Sockets(datagrams, streams, http)


def _bind_loopbacks(
    kind: socket.SocketKind, address: _Address, port: int, flag: str
) -> list[socket.socket]:
    first = _bind(kind, address, port, flag)
    if not address.is_loopback:
        return [first]
    other = ipaddress.ip_address("::1" if address.version == 4 else "127.0.0.1")
    try:
        return [first, _bind(kind, other, port_of(first), flag)]
    except ControlError:  # a machine without IPv6, or a port taken there: one is enough
        return [first]


def _bind(kind: socket.SocketKind, address: _Address, port: int, flag: str) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    handle = socket.socket(family, kind)
    handle.setblocking(False)
    try:
        if kind == socket.SOCK_STREAM:  # connections of an earlier run may still be ending
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        handle.bind((str(address), port))
        if kind == socket.SOCK_STREAM:
            handle.listen(_WAITING)
    except (OSError, OverflowError) as error:
        handle.close()
        name = f"{'TCP' if kind == socket.SOCK_STREAM else 'UDP'} port {port}"
        raise _cannot_bind(f"{name} on {address}", flag, error) from error
    return handle


def _cannot_bind(place: str, flag: str, error: Exception) -> ControlError:
    if getattr(error, "errno", None) == errno.EADDRINUSE:
        cure = f"another daemon may be running: stop it, or choose another with {flag}"
        return ControlError(f"{place} is taken: {cure}")
    reason = getattr(error, "strerror", None) or str(error)
    return ControlError(f"cannot listen on {place}: {reason}; choose with --host and {flag}")
