"""The control thread: one event loop, and the ways in that are opened and closed on it."""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from idiolect import __version__
from idiolect.control.desk import Counters, Desk
from idiolect.control.door import Player
from idiolect.control.hosts import Network, bind, is_loopback
from idiolect.control.intake import Entrance, Intake
from idiolect.control.mdns import OSC, OSCQUERY, Announcement
from idiolect.control.namespace import Namespace
from idiolect.control.tcp import TcpEntrance
from idiolect.control.udp import UdpEntrance
from idiolect.errors import ControlError

if TYPE_CHECKING:
    from idiolect.control.web import WebEntrance

__all__ = ["ControlServer"]

_log = logging.getLogger(__name__)
_STOP_S = 5.0
_TRIES = 16  # for a port that is free for everything, when any will do


class ControlServer:
    """Listens for OSC and steers a player.

    Parameters
    ----------
    player : Player
        Called on the control thread alone.
    host : str
        A numeric address; loopback in either family listens on both.
    port : int
        UDP and TCP; 0 lets the system choose.
    on_quit : callable
        Called on the control thread when ``/quit`` was answered; it is to stop the daemon, and
        with it this server, without waiting here.
    http_port : int
        OSCQuery and WebSockets, over TCP; 0 is the one above `port`, -1 none.
    allow : tuple of networks
        Who may send from beyond this machine; needed when `host` is not loopback.
    name : str
        What ``/version`` answers.
    announce : tuple of (str, int)
        Numeric hosts and ports that get ``/startup`` and ``/shutdown`` without asking, so that
        what has no lease yet learns that the daemon is there.

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
        http_port: int = -1,
        allow: tuple[Network, ...] = (),
        name: str = "idiolect",
        announce: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self._host = host
        self._port = port
        self._http_port = http_port
        self._allow = allow
        self._announce = announce
        self._bound: tuple[int, int] = (port, -1)  # OSC and HTTP, when it runs
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._desk = Desk(player, name=name, defer=self._defer, quit=on_quit)
        self._intake = Intake(self._desk, allow)
        self._entrances: list[Entrance] = []
        self._web: WebEntrance | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port, the real one when 0 was asked for."""
        return self._host, self._bound[0]

    @property
    def http_address(self) -> tuple[str, int] | None:
        """Where it answers HTTP: host and port; None when it does not."""
        return (self._host, self._bound[1]) if self._bound[1] > 0 else None

    @property
    def counters(self) -> Counters:
        """What happened to packets."""
        return self._desk.counters

    def start(self) -> None:
        """Bind and begin to listen.

        Raises
        ------
        ConfigError
            When the host cannot be used as it is.
        ControlError
            When it runs already, or a port is taken.
        """
        if self._thread is not None:
            raise ControlError("this server runs already: stop it first")
        datagrams, streams, http = self._bind()
        udp = UdpEntrance(datagrams, self._intake)
        self._intake.datagrams = udp
        self._bound = (udp.port, http[0].getsockname()[1] if http else -1)
        self._entrances = [udp, TcpEntrance(streams, self._intake)]
        if not is_loopback(self._host):
            services = {OSC: udp.port} | ({OSCQUERY: self._bound[1]} if http else {})
            self._entrances.append(Announcement(self._desk.name, self._host, services))
        runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._loop, self._over = runner.get_loop(), asyncio.Event()
        self._thread = threading.Thread(
            target=self._serve, args=(runner, http), name="control", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Answer what is open, tell the clients, and give the ports back."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._defer(self._over.set)
        if thread is not threading.current_thread():
            thread.join(_STOP_S)

    def renew(self) -> None:
        """Read the addresses anew from the player; who is connected is told.  Any thread."""
        self._defer(self._renew)

    def _bind(self) -> tuple[list[socket.socket], list[socket.socket], list[socket.socket]]:
        """Bind for UDP, TCP and HTTP; when any port will do, one that is free for all three."""
        for _ in range(_TRIES - 1):
            try:
                return self._bind_all()
            except ControlError:
                if self._port:
                    raise
        return self._bind_all()

    def _bind_all(self) -> tuple[list[socket.socket], list[socket.socket], list[socket.socket]]:
        with contextlib.ExitStack() as undo:

            def take(kind: socket.SocketKind, port: int, flag: str) -> list[socket.socket]:
                bound = bind(kind, self._host, port, self._allow, flag)
                for handle in bound:
                    undo.callback(handle.close)
                return bound

            datagrams = take(socket.SOCK_DGRAM, self._port, "--port")
            port = datagrams[0].getsockname()[1]
            streams = take(socket.SOCK_STREAM, port, "--port")
            http = []
            if self._http_port >= 0:
                http = take(socket.SOCK_STREAM, self._http_port or port + 1, "--http-port")
            undo.pop_all()
            return datagrams, streams, http

    def _serve(self, runner: asyncio.Runner, http: list[socket.socket]) -> None:
        with runner:
            runner.run(self._live(http))

    async def _live(self, http: list[socket.socket]) -> None:
        for entrance in self._entrances:
            entrance.open()
        self._tell("/startup")
        opening = asyncio.create_task(self._open_web(http))
        await self._over.wait()
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        self._intake.flush()
        self._desk.abandon()
        self._tell("/shutdown")
        self._desk.clients.clear()
        await asyncio.gather(*(entrance.close() for entrance in self._entrances))
        self._entrances, self._web = [], None

    async def _open_web(self, bound: list[socket.socket]) -> None:
        """Answer HTTP, as soon as what that needs is imported; until then questions wait."""
        if not bound:
            return
        try:
            entrance = await asyncio.to_thread(_load_web)
            self._web = entrance(bound, self._intake)
            self._entrances.append(self._web)
            self._web.open()
        except Exception:  # the border: OSC goes on without it
            _log.exception("HTTP is not answered")
        finally:
            if self._web is None:
                for handle in bound:
                    handle.close()

    def _renew(self) -> None:
        self._intake.flush()
        player = self._desk.player
        self._intake.dispatcher.namespace = Namespace(player.voices, player.descriptors)
        if self._web is not None:
            self._web.renew()

    def _tell(self, address: str) -> None:
        known = [self._intake.datagrams.peer(host, port) for host, port in self._announce]
        for peer in dict.fromkeys([*known, *self._desk.clients.listening(self._desk.now())]):
            self._desk.reply(peer, address, self._desk.name, __version__, self.address[1])

    def _defer(self, function: Callable[[], None]) -> None:
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(function)
        except RuntimeError:  # closed before: nobody is left to answer
            _log.debug("an answer came after the control thread had ended")


def _load_web() -> "type[WebEntrance]":
    from idiolect.control.web import WebEntrance

    return WebEntrance
