"""Senders of datagrams taking turns: who floods waits behind itself, and behind nobody else."""

from collections import OrderedDict, deque
from collections.abc import Callable

from idiolect.control.clients import Peer

__all__ = ["MOST_BYTES", "MOST_EACH", "MOST_LINES", "Turns"]

MOST_BYTES = 4 * 1024 * 1024  # of all that waits
MOST_EACH = 8192  # packets of one sender
MOST_LINES = 256  # senders of whom something waits


class Turns:
    """What has come and is not run yet: a line for each sender, and one packet of each in turn."""

    def __init__(self) -> None:
        self._lines: OrderedDict[Peer, deque[bytes]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, packet: bytes, peer: Peer) -> bool:
        """Let a packet wait behind the sender's others; False when there is no room for it."""
        if self._bytes + len(packet) > MOST_BYTES:
            return False
        line = self._lines.get(peer)
        if line is None:
            if len(self._lines) >= MOST_LINES:
                return False
            line = self._lines[peer] = deque()
        elif len(line) >= MOST_EACH:
            return False
        line.append(packet)
        self._bytes += len(packet)
        return True

    def take(self, wait: Callable[[str], float]) -> tuple[bytes, Peer] | float:
        """Take the next packet, of the next sender whose host need not wait.

        Parameters
        ----------
        wait : callable
            Tells the seconds for which a host is to wait.

        Returns
        -------
        bytes and Peer, or float
            The packet and who sent it; else the least seconds until there is one, infinite when
            nothing waits.
        """
        least = float("inf")
        for peer in self._lines:
            seconds = wait(peer.host)
            if not seconds:
                return self._pop(peer), peer
            least = min(least, seconds)
        return least

    def _pop(self, peer: Peer) -> bytes:
        line = self._lines[peer]
        packet = line.popleft()
        self._bytes -= len(packet)
        if line:
            self._lines.move_to_end(peer)
        else:
            del self._lines[peer]
        return packet
