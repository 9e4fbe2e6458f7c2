"""Commands that are not answered yet, and the ``/sync`` that wait for them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from idiolect.control.clients import Peer
from idiolect.errors import ControlError

__all__ = ["MAX_WAITING", "Backlog"]

MAX_WAITING = 4096  # commands and syncs, of all senders


@dataclass(slots=True)
class _Line:
    """One sender's."""

    open: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)  # by ticket
    syncs: deque[tuple[int, Callable[[], None]]] = field(default_factory=deque)


class Backlog:
    """Counts commands out and in again.

    Notes
    -----
    Control thread only.  Tickets count up, so a ``/sync`` need only remember the last one before
    it: it is due when the sender's oldest open ticket is a later one.
    """

    def __init__(self) -> None:
        self._lines: dict[Peer, _Line] = {}
        self._last = 0
        self._waiting = 0

    def open(self, peer: Peer, address: str, request: tuple[int, ...] = ()) -> int:
        """Note a command that will be answered later, and its own number; returns its ticket.

        Raises
        ------
        ControlError
            When too many wait already.
        """
        self._count()
        self._last += 1
        self._lines.setdefault(peer, _Line()).open[self._last] = (address, request)
        return self._last

    def close(self, peer: Peer, ticket: int) -> None:
        """Note that a command was answered, and run the syncs that waited for it alone."""
        line = self._lines.get(peer)
        if line is None or line.open.pop(ticket, None) is None:
            return
        self._waiting -= 1
        oldest = next(iter(line.open), self._last + 1)
        while line.syncs and line.syncs[0][0] < oldest:
            _, answer = line.syncs.popleft()
            self._waiting -= 1
            answer()
        if not line.open:
            del self._lines[peer]

    def after(self, peer: Peer, answer: Callable[[], None]) -> None:
        """Run `answer` once every command so far of this sender is answered.

        Raises
        ------
        ControlError
            When too many wait already.
        """
        line = self._lines.get(peer)
        if line is None:
            answer()
            return
        self._count()
        line.syncs.append((self._last, answer))

    def is_open(self, peer: Peer, ticket: int) -> bool:
        """Tell whether a command still waits for its answer."""
        return peer in self._lines and ticket in self._lines[peer].open

    def unanswered(self) -> list[tuple[Peer, int, str, tuple[int, ...]]]:
        """Return every open command, the oldest first: sender, ticket, address, its own number."""
        return [
            (peer, ticket, address, request)
            for peer, line in self._lines.items()
            for ticket, (address, request) in line.open.items()
        ]

    def _count(self) -> None:
        if self._waiting >= MAX_WAITING:
            raise ControlError(
                f"{MAX_WAITING} commands wait for an answer already: wait for /done, then go on"
            )
        self._waiting += 1
