"""What a process leaves to the one that goes on in its place: sockets, and who listens."""

from collections.abc import Iterable, Sequence
from typing import Any

from idiolect.control.clients import Clients, Lease
from idiolect.control.hosts import Sockets
from idiolect.control.udp import UdpEntrance, UdpPeer

__all__ = ["bequeath", "renew"]


def bequeath(sockets: Sockets, leases: Iterable[Lease]) -> tuple[list[int], list[list[Any]]]:
    """Let go of sockets without closing them.

    Returns
    -------
    list of int
        Their descriptors; what arrives meanwhile waits in them.
    list
        The clients that are told over UDP: place of their socket in that list, groups, rate, then
        host, port and what else their address has.
    """
    handles = sockets.all
    listeners = [
        [
            handles.index(lease.peer.socket.handle),
            [*lease.groups],
            lease.rate,
            *(lease.peer.host, lease.peer.port, *lease.peer.rest),
        ]
        for lease in leases
        if isinstance(lease.peer, UdpPeer)
    ]
    return [handle.detach() for handle in handles], listeners


def renew(
    listeners: Sequence[Sequence[Any]], udp: UdpEntrance, clients: Clients, now: float
) -> None:
    """Give clients that were left, as `bequeath` returned them, a new lease."""
    for place, groups, rate, *address in listeners:
        clients.add(udp.sockets[place].at(tuple(address)), now, tuple(groups), rate)
