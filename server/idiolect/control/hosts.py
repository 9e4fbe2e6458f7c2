"""Where the daemon listens, and who is let in: the same for every way in."""

import errno
import ipaddress
import socket
from functools import lru_cache

from idiolect.errors import ConfigError, ControlError

__all__ = ["Network", "bind", "is_allowed", "is_loopback"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_WAITING = 128  # connections the system keeps until they are accepted


def bind(
    kind: socket.SocketKind, host: str, port: int, allow: tuple[Network, ...], flag: str
) -> list[socket.socket]:
    """Bind where the daemon is to listen.

    Parameters
    ----------
    kind : SocketKind
        ``SOCK_DGRAM`` for UDP; ``SOCK_STREAM`` for TCP, which listens from now on.
    host : str
        A numeric address.  ``localhost``, ``127.0.0.1`` and ``::1`` all mean both loopbacks, so
        that a client reaches the daemon whichever its system picks; the one named comes first.
    port : int
        0 lets the system choose.
    allow : tuple of networks
        Who may send from beyond this machine.
    flag : str
        What chooses another port, for the error's text.

    Raises
    ------
    ConfigError
        When the host is not numeric, or lies beyond loopback without anyone allowed.
    ControlError
        When the address cannot be bound.
    """
    address = _parse(host)
    if not address.is_loopback and not allow:
        raise ConfigError(
            f"host {host} can be reached by other machines, and OSC has no passwords: "
            "say who may send with an allow-list (as in 192.168.1.0/24), or use 127.0.0.1"
        )
    first = _bind(kind, address, port, flag)
    if not address.is_loopback:
        return [first]
    other = ipaddress.ip_address("::1" if address.version == 4 else "127.0.0.1")
    try:
        return [first, _bind(kind, other, first.getsockname()[1], flag)]
    except ControlError:  # a machine without IPv6, or a port taken there: one is enough
        return [first]


@lru_cache(maxsize=1024)
def is_allowed(host: str, allow: tuple[Network, ...]) -> bool:
    """Tell whether what a sender sends is read."""
    address = ipaddress.ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)  # an IPv4 sender seen by an IPv6 socket
    address = mapped or address
    return address.is_loopback or any(address in network for network in allow)


def is_loopback(host: str) -> bool:
    """Tell whether nobody else's machine can reach a host."""
    return _parse(host).is_loopback


def _parse(host: str) -> _Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise ConfigError(
            f"host {host!r} is no numeric address: use 127.0.0.1, or one of this machine's own"
        ) from None


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
