"""Who is listening, and what a host may be answered."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from idiolect.errors import ControlError

__all__ = [
    "DEFAULT_RATE",
    "GROUPS",
    "LEASE_S",
    "MAX_CLIENTS",
    "PLAIN",
    "RATES",
    "Clients",
    "Credit",
    "Lease",
    "Peer",
]

GROUPS = ("state", "meter", "grain", "health", "log")
"""What a client may be told of; the first is what it is told when it names none."""

PLAIN = "plain"
"""What a client names beside groups that cannot read OSC bundles."""

RATES = (1.0, 60.0)  # messages a second, of the meters
DEFAULT_RATE = 30.0

_REMEMBERED = 256  # hosts, the latest
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
class Lease:
    """A client that is told, until it ends."""

    peer: Peer
    ends: float  # seconds, of the clock handed in
    groups: tuple[str, ...] = GROUPS[:1]
    rate: float = DEFAULT_RATE  # meters a second
    metered_at: float = 0.0  # when it was sent them last or asked for them, of the same clock
    metered_to: int | None = None  # the engine's frame up to which; None: it has just asked
    turn: int = 0  # which of so many a second that was, counted from the clock's beginning


class Clients:
    """Those who asked to be told of every change, each under a number from 0."""

    def __init__(self) -> None:
        self._leases: dict[int, Lease] = {}  # by number

    def add(
        self,
        peer: Peer,
        now: float,
        groups: tuple[str, ...] = GROUPS[:1],
        rate: float = DEFAULT_RATE,
    ) -> int:
        """Begin or renew a lease, which goes on from what was told; returns the client's number.

        Raises
        ------
        ControlError
            When all numbers are taken.
        """
        self._expire(now)
        number = self._find(peer)
        if number < 0:
            if len(self._leases) == MAX_CLIENTS:
                raise ControlError(
                    f"all {MAX_CLIENTS} clients are taken: let one go with /notify 0, "
                    f"or wait {LEASE_S:g} s for a lease to end"
                )
            number = next(free for free in range(MAX_CLIENTS) if free not in self._leases)
        lease = self._leases.get(number) or Lease(peer, now)
        if "meter" not in lease.groups:
            lease.metered_at, lease.metered_to = now, None
        lease.ends, lease.groups, lease.rate = now + LEASE_S, groups, rate
        self._leases[number] = lease
        return number

    def remove(self, peer: Peer) -> int:
        """End a lease; returns the number it had, -1 when it had none."""
        number = self._find(peer)
        self._leases.pop(number, None)
        return number

    def clear(self) -> None:
        """End every lease."""
        self._leases.clear()

    def leases(self, now: float, *groups: str) -> list[Lease]:
        """Return the leases that run, and name one of the groups if any is given, by number."""
        self._expire(now)
        return [
            lease
            for _, lease in sorted(self._leases.items())
            if not groups or not set(groups).isdisjoint(lease.groups)
        ]

    def listening(self, now: float, *groups: str) -> list[Peer]:
        """Return those whose lease runs, and names one of the groups if any is given, by number."""
        return [lease.peer for lease in self.leases(now, *groups)]

    def holds(self, peer: Peer) -> bool:
        """Tell whether a peer has a lease."""
        return self._find(peer) >= 0

    def _find(self, peer: Peer) -> int:
        return next((n for n, lease in self._leases.items() if lease.peer == peer), -1)

    def _expire(self, now: float) -> None:
        self._leases = {n: lease for n, lease in self._leases.items() if lease.ends > now}


class Credit:
    """What each host may be answered: so many bytes for each byte it has sent, and no more.

    A sender's address can be forged; whoever it belongs to must not be flooded with answers that
    somebody else asked for.
    """

    FACTOR = 32  # bytes out for one in
    MOST = 65536  # bytes that may be saved up

    def __init__(self) -> None:
        self._left: OrderedDict[str, int] = OrderedDict()

    def earn(self, host: str, size: int) -> None:
        """Note that a host has sent so many bytes."""
        left = min(self._left.pop(host, 0) + self.FACTOR * size, self.MOST)
        self._left[host] = left
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)

    def spend(self, host: str, size: int) -> bool:
        """Take so many bytes from what a host has earned, or return False."""
        left = self._left.get(host, 0)
        if size > left:
            return False
        self._left[host] = left - size
        return True
