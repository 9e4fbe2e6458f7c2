"""Where every way in hands over what it has read."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Protocol

from idiolect.control.allowance import Allowance
from idiolect.control.clients import Peer
from idiolect.control.desk import Desk
from idiolect.control.dispatch import Dispatcher
from idiolect.control.hosts import Network, is_allowed
from idiolect.errors import PacketError

__all__ = ["BURST_S", "BURST_WORK", "WORK_PER_SECOND", "Entrance", "Intake"]

_log = logging.getLogger(__name__)

BURST_WORK = 1024  # what one connection or socket may ask for before others get their turn
BURST_S = 0.004  # how long that may take: a question over another way in is answered in time
WORK_PER_SECOND = 250_000.0
"""What the programs of one machine may ask for, as `Dispatcher.receive` counts it: some 125,000
plain messages, or 500 searches of the whole tree."""

_LOOK_S = 0.01  # between two looks at what waits for its time


class Entrance(Protocol):
    """A way in; its sockets are bound before it is made, and are the server's."""

    def open(self) -> None:
        """Begin to listen; on the control thread."""

    async def close(self) -> None:
        """Send what is unsent, and listen no more."""


class Datagrams(Protocol):
    """The part of the way in over UDP that the others need."""

    @property
    def port(self) -> int:
        """The port OSC is read on."""

    def peer(self, host: str, port: int, *rest: int) -> Peer:
        """Return a place that can be sent to; `rest` is an IPv6 address's flow and scope."""


class Intake:
    """Runs packets for peers that are allowed to send them, and no faster than they may.

    Parameters
    ----------
    desk : Desk
        Who answers.
    allow : tuple of networks
        Who may send from beyond this machine.

    Notes
    -----
    Control thread only.
    """

    def __init__(self, desk: Desk, allow: tuple[Network, ...]) -> None:
        self.desk = desk
        self.dispatcher = Dispatcher(desk)
        self.datagrams: Datagrams  # set once it is bound
        self._allow = allow
        self._allowance = Allowance(WORK_PER_SECOND)
        self._flushing = False
        self._timing = False

    def admits(self, host: str) -> bool:
        """Tell whether a sender is allowed in; who is not is counted."""
        if is_allowed(host, self._allow):
            return True
        self.desk.counters.refused += 1
        return False

    def owes(self, host: str) -> float:
        """Return how many seconds a machine that asked for too much is to wait; 0 as a rule."""
        return self._allowance.wait(host, self.desk.now())

    def charge(self, host: str, work: float) -> None:
        """Note what a machine's question took to answer."""
        self._allowance.spend(host, self.desk.now(), work)

    def run(self, packets: Iterable[tuple[bytes | PacketError, Peer]]) -> int:
        """Run packets as they are given, until others are to get their turn; nothing is raised.

        Changes of continuous parameters wait until all that is there was read.

        Parameters
        ----------
        packets
            And who sent each; what was none is answered.

        Returns
        -------
        int
            The work it was.
        """
        total = self._burst(
            (peer.host, partial(self._receive, packet, peer)) for packet, peer in packets
        )
        self._look_after()
        return total

    def forget(self, peer: Peer) -> None:
        """Note that a peer has gone."""
        self.desk.clients.remove(peer)
        self.desk.access.forget(peer)

    def flush(self) -> None:
        """Let the waiting changes through."""
        self._flushing = False
        try:
            self.dispatcher.flush()
        except Exception:  # the border, as above
            _log.exception("changes were lost to an internal error")

    def _burst(self, tasks: Iterable[tuple[str, Callable[[], int]]]) -> int:
        """Do one thing after the other until others are to get their turn; return the work it was.

        Parameters
        ----------
        tasks
            Each with the host that is charged for it.
        """
        work: dict[str, int] = {}
        total, until = 0, time.monotonic() + BURST_S
        for host, task in tasks:
            try:
                done = task()
            except Exception:  # the border: log, and listen on
                _log.exception("a packet was lost to an internal error")
                done = 1
            total += done
            work[host] = work.get(host, 0) + done
            if total > BURST_WORK or time.monotonic() > until:
                break
        for host, done in work.items():
            self.charge(host, done)
        return total

    def _receive(self, packet: bytes | PacketError, peer: Peer) -> int:
        if isinstance(packet, PacketError):
            self._complain(packet, peer)
            return 1
        return self.dispatcher.receive(packet, peer)

    def _look_after(self) -> None:
        """See to it that what waits is taken up, and told: changes soon, OSC bundles at their time."""
        loop = asyncio.get_running_loop()
        if not self._flushing:
            self._flushing = True
            loop.call_soon(self.flush)
        if not self._timing and (len(self.desk.schedule) or self.desk.player.awaits):
            self._timing = True
            loop.call_later(_LOOK_S, self._release)

    def _release(self) -> None:
        """Take up the OSC bundles whose time is near, so many that others get their turn."""
        loop = asyncio.get_running_loop()
        due = self.dispatcher.take_due(cache(self.owes))
        work = self._burst((one.peer.host, partial(self.dispatcher.act, one)) for one in due)
        loop.call_soon(self.desk.announce_changes)
        self._timing = len(self.desk.schedule) > 0 or self.desk.player.awaits
        if self._timing:
            loop.call_later(0.0 if work else _LOOK_S, self._release)

    def _complain(self, error: PacketError, peer: Peer) -> None:
        self.desk.counters.packets += 1
        self.desk.counters.malformed += 1
        self.desk.scold(peer, "/", error)
