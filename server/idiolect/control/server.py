"""The control thread: one event loop that reads packets and sends answers."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from idiolect import __version__
from idiolect.control.desk import Counters, Desk
from idiolect.control.dispatch import Dispatcher
from idiolect.control.door import Player, Recording
from idiolect.control.telling import Teller
from idiolect.control.udp import Network, UdpPeer, UdpSocket, is_allowed, open_sockets
from idiolect.control.witness import Witness
from idiolect.errors import ControlError

__all__ = ["ControlServer"]

T = TypeVar("T")

_log = logging.getLogger(__name__)
_BURST = 128  # packets read before answers, and other sockets, get their turn
_BURST_WORK = 1024  # what they may ask for, as `Dispatcher.receive` counts it
_STOP_S = 5.0
_TICK_S = 1.0  # from an error in telling to the next try


class ControlServer:
    """Listens for OSC and steers a player.

    Parameters
    ----------
    player : Player
        Called on the control thread alone.
    host : str
        A numeric address; loopback in either family listens on both.
    port : int
        UDP; 0 lets the system choose.
    on_quit : callable
        Called on the control thread when ``/quit`` was answered; it is to stop the daemon, and
        with it this server, without waiting here.
    allow : tuple of networks
        Who may send from beyond this machine; needed when `host` is not loopback.
    name : str
        What ``/version`` answers.
    announce : tuple of (str, int)
        Numeric hosts and ports that get ``/startup`` and ``/shutdown`` without asking, so that
        what has no lease yet learns that the daemon is there.
    recording : Recording, optional
        Who writes what is heard to files.
    witness : Witness, optional
        Who knows what sounds, and the language; without it nobody is told of either.

    Notes
    -----
    `start` and `stop` belong to the thread that owns the server; `stop` may also be called on the
    control thread.  Counters may be read anywhere.
    """

    def __init__(
        self,
        player: Player,
        host: str,
        port: int,
        on_quit: Callable[[], None],
        *,
        allow: tuple[Network, ...] = (),
        name: str = "idiolect",
        announce: tuple[tuple[str, int], ...] = (),
        recording: Recording | None = None,
        witness: Witness | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._allow = allow
        self._announce = announce
        self._sockets: list[UdpSocket] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._desk = Desk(
            player,
            name=name,
            defer=self._defer,
            quit=on_quit,
            recording=recording,
            witness=witness,
        )
        self._teller = Teller(self._desk)
        self._dispatcher = Dispatcher(self._desk)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port, the real one when 0 was asked for."""
        port = self._sockets[0].port if self._sockets else self._port
        return self._host, port

    @property
    def counters(self) -> Counters:
        """What happened to packets."""
        return self._desk.counters

    def inherit(self, handles: Sequence[socket.socket], listeners: Sequence[Sequence[Any]]) -> None:
        """Take sockets that are bound already, and the clients to notify, before `start`.

        Parameters
        ----------
        handles
            As `release` returned them.
        listeners
            As `release` returned them; each has a new lease.
        """
        self._sockets = [UdpSocket(handle, self.counters) for handle in handles]
        clients, now = self._desk.clients, self._desk.now()
        for place, groups, rate, *address in listeners:
            clients.add(self._sockets[place].at(tuple(address)), now, tuple(groups), rate)

    def start(self) -> None:
        """Bind, unless there are sockets already, and begin to listen.

        Raises
        ------
        ConfigError
            When the host cannot be used as it is.
        ControlError
            When it runs already, or the port is taken.
        """
        if self._thread is not None:
            raise ControlError("this server runs already: stop it first")
        if not self._sockets:
            self._sockets = open_sockets(self._host, self._port, self._allow, self.counters)
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer what is open, tell the clients, and give the port back."""
        self._end(self._close)

    def release(self) -> tuple[list[int], list[list[Any]]]:
        """Stop listening but keep the sockets open, for a process that goes on in this one's place.

        Returns
        -------
        list of int
            Descriptors of the sockets; what arrives meanwhile waits in them.
        list
            The clients that are notified: place of their socket in that list, groups, rate, then
            host, port and what else their address has.
        """
        self._end(self._leave)
        leases = self._desk.clients.leases(self._desk.now())
        handles = [udp.handle for udp in self._sockets]
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
        self._sockets = []
        return [handle.detach() for handle in handles], listeners

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Call a function on the control thread, while it runs; any other thread."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(function())
            except Exception as error:  # for the one who waits
                done.set_exception(error)

        self._defer(run)
        return done

    def _end(self, close: Callable[[], None]) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._defer(close)
        if thread is not threading.current_thread():
            thread.join(_STOP_S)

    def _serve(self) -> None:
        loop = self._loop
        assert loop is not None
        for udp in self._sockets:
            udp.is_told = self._desk.clients.holds
            loop.add_reader(udp.handle, self._drain, udp)
        loop.call_soon(self._tell, "/startup")
        self._teller.open()
        self._tick()
        try:
            loop.run_forever()
        finally:
            loop.close()
            self._loop = None

    def _tick(self) -> None:
        wait = _TICK_S
        try:
            wait = self._teller.tick()
        except Exception:  # the border: log, and go on telling
            _log.exception("what was to be told was lost to an internal error")
        if self._loop is not None:
            self._loop.call_later(wait, self._tick)

    def _leave(self) -> None:
        self._teller.close()
        self._dispatcher.flush()
        self._desk.abandon()
        assert self._loop is not None
        for udp in self._sockets:
            self._loop.remove_reader(udp.handle)
        self._loop.stop()

    def _close(self) -> None:
        self._leave()
        self._tell("/shutdown")
        self._desk.clients.clear()
        for udp in self._sockets:
            udp.close()
        self._sockets = []

    def _tell(self, address: str) -> None:
        known = [UdpPeer(self._sockets[0], host, port) for host, port in self._announce]
        for peer in dict.fromkeys([*known, *self._desk.clients.listening(self._desk.now())]):
            self._desk.reply(peer, address, self._desk.name, __version__, self.address[1])

    def _defer(self, function: Callable[[], None]) -> None:
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(function)
        except RuntimeError:  # closed between the two lines: nobody is left to answer
            _log.debug("an answer came after the control thread had ended")

    def _drain(self, udp: UdpSocket) -> None:
        try:
            self._read_burst(udp)
            self._dispatcher.flush()
        except Exception:  # the border: log, and listen on
            _log.exception("a packet was lost to an internal error")

    def _read_burst(self, udp: UdpSocket) -> None:
        work = 0
        for _ in range(_BURST):
            if work > _BURST_WORK:
                return
            received = udp.receive()
            if received is None:
                return
            packet, peer = received
            if is_allowed(peer.host, self._allow):
                work += self._dispatcher.receive(packet, peer)
            else:
                self.counters.refused += 1
