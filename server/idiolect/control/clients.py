"""Who is listening."""

from dataclasses import dataclass
from typing import Protocol

from idiolect.errors import ControlError

__all__ = ["LEASE_S", "MAX_CLIENTS", "Clients", "Peer"]

MAX_CLIENTS = 32
LEASE_S = 60.0  # a client that fell asleep is forgotten; sending /notify again renews


class Peer(Protocol):
    """The other end of a way in, whatever carries it; equal and hashable by where it is."""

    @property
    def host(self) -> str:
        """Its numeric address."""

    @property
    def port(self) -> int:
        """Its port."""

    def send(self, packet: bytes) -> None:
        """Send without waiting."""

    def at(self, port: int) -> "Peer":
        """Return the same host at another port."""


@dataclass(slots=True)
class _Lease:
    peer: Peer
    ends: float  # seconds, of the clock handed in


class Clients:
    """Those who asked to be told of every change, each under a number from 0."""

    def __init__(self) -> None:
        self._leases: list[_Lease | None] = [None] * MAX_CLIENTS

    def add(self, peer: Peer, now: float) -> int:
        """Begin or renew a lease; returns the client's number.

        Raises
        ------
        ControlError
            When all numbers are taken.
        """
        self._expire(now)
        number = self._find(peer)
        if number < 0:
            if None not in self._leases:
                raise ControlError(
                    f"all {MAX_CLIENTS} clients are taken: let one go with /notify 0, "
                    f"or wait {LEASE_S:g} s for a lease to end"
                )
            number = self._leases.index(None)
        self._leases[number] = _Lease(peer, now + LEASE_S)
        return number

    def remove(self, peer: Peer) -> int:
        """End a lease; returns the number it had, -1 when it had none."""
        number = self._find(peer)
        if number >= 0:
            self._leases[number] = None
        return number

    def clear(self) -> None:
        """End every lease."""
        self._leases = [None] * MAX_CLIENTS

    def listening(self, now: float) -> list[Peer]:
        """Return those whose lease runs, by number."""
        self._expire(now)
        return [lease.peer for lease in self._leases if lease is not None]

    def _find(self, peer: Peer) -> int:
        for number, lease in enumerate(self._leases):
            if lease is not None and lease.peer == peer:
                return number
        return -1

    def _expire(self, now: float) -> None:
        for number, lease in enumerate(self._leases):
            if lease is not None and lease.ends <= now:
                self._leases[number] = None
