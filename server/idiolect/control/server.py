"""The control thread: one event loop, and the ways in that are opened and closed on it."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from importlib import import_module
from typing import Any, TypeVar

from idiolect import __version__
from idiolect.control.codec import encode
from idiolect.control.desk import Counters, Desk
from idiolect.control.door import Player
from idiolect.control.hosts import Network, Sockets, is_loopback, open_sockets, sort_sockets
from idiolect.control.inheritance import bequeath, renew
from idiolect.control.intake import Entrance, Intake
from idiolect.control.keepers import Devices, Presets, Recording
from idiolect.control.mdns import OSC, OSCQUERY, Announcement
from idiolect.control.tcp import TcpEntrance
from idiolect.control.telling import Teller
from idiolect.control.udp import UdpEntrance
from idiolect.control.witness import Witness
from idiolect.errors import ControlError

__all__ = ["ControlServer"]

T = TypeVar("T")

_log = logging.getLogger(__name__)
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
    recording : Recording, optional
        Who writes what is heard to files.
    witness : Witness, optional
        Who knows what sounds, and the language; without it nobody is told of either.
    presets : Presets, optional
        Who keeps snapshots.
    devices : Devices, optional
        Who knows the sound devices.
    token : str
        What must be shown before what lasts is obeyed; empty: nothing.
    origins : tuple of str
        Web pages of others that may speak to it, like ``https://example.org``.
    output : callable, optional
        Gives the name of the way out and how it is: ``here``, ``lost`` or ``restarting``.
    time_tags : str
        What is done with time tags, of `config.TIME_TAGS`, for clients that do not choose.
    takes_dirt : bool
        Whether it plays what SuperDirt is asked for.

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
        recording: Recording | None = None,
        witness: Witness | None = None,
        presets: Presets | None = None,
        devices: Devices | None = None,
        token: str = "",
        origins: tuple[str, ...] = (),
        output: Callable[[], tuple[str, str]] = lambda: ("", "here"),
        time_tags: str = "auto",
        takes_dirt: bool = False,
    ) -> None:
        self._host = host
        self._port = port
        self._http_port = http_port
        self._allow = allow
        self._announce = announce
        self._origins = origins
        self._sockets = Sockets([], [], [])
        self._listeners: Sequence[Sequence[Any]] = ()
        self._gives_back = False  # whether the ports are, when it ends
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._desk = Desk(
            player,
            name=name,
            defer=self._defer,
            quit=on_quit,
            recording=recording,
            witness=witness,
            presets=presets,
            devices=devices,
            token=token,
            output=output,
            time_tags=time_tags,
            takes_dirt=takes_dirt,
        )
        self._teller = Teller(self._desk)
        self._intake = Intake(self._desk, allow)
        self._entrances: list[Entrance] = []

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port, the real one when 0 was asked for."""
        return self._host, self._sockets.port if self._sockets.datagrams else self._port

    @property
    def http_address(self) -> tuple[str, int] | None:
        """Where it answers HTTP: host and port; None when it does not."""
        return (self._host, self._sockets.http_port) if self._sockets.http else None

    @property
    def counters(self) -> Counters:
        """What happened to packets."""
        return self._desk.counters

    def inherit(self, handles: Sequence[socket.socket], listeners: Sequence[Sequence[Any]]) -> None:
        """Take sockets that are bound already, and the clients to notify, before `start`.

        Parameters
        ----------
        handles, listeners
            As `release` returned them; each of those who listen has a new lease.
        """
        self._sockets = sort_sockets(handles)
        self._listeners = listeners

    def start(self) -> None:
        """Bind, unless there are sockets already, and begin to listen.

        Raises
        ------
        ConfigError
            When the host cannot be used as it is.
        ControlError
            When it runs already, or a port is taken.
        """
        if self._thread is not None:
            raise ControlError("this server runs already: stop it first")
        if not self._sockets.datagrams:
            self._sockets = open_sockets(self._host, self._port, self._http_port, self._allow)
        self._make_entrances()
        runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._loop, self._over = runner.get_loop(), asyncio.Event()
        thread = threading.Thread(target=self._serve, args=(runner,), name="control", daemon=True)
        self._thread = thread
        thread.start()

    def stop(self) -> None:
        """Answer what is open, tell the clients, and give the ports back."""
        self._end(gives_back=True)

    def release(self) -> tuple[list[int], list[list[Any]]]:
        """Stop listening but keep the sockets open, for a process that goes on in this one's place.

        Connections end; what speaks over UDP notices nothing.

        Returns
        -------
        list of int
            Descriptors of the sockets; what arrives meanwhile waits in them.
        list
            The clients that are notified, for `inherit`.
        """
        self._end(gives_back=False)
        left = bequeath(self._sockets, self._desk.clients.leases(self._desk.now()))
        self._sockets = Sockets([], [], [])
        return left

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

    def tell_output(self) -> None:
        """Tell clients that are notified how the way out is now; any thread."""
        desk = self._desk
        self._defer(lambda: desk.announce("/output/state", *desk.output(), also="health"))

    def _make_entrances(self) -> None:
        udp = UdpEntrance(self._sockets.datagrams, self._intake)
        self._udp = self._intake.datagrams = udp
        renew(self._listeners, udp, self._desk.clients, self._desk.now())
        self._listeners = ()
        self._entrances = [udp, TcpEntrance(self._sockets.streams, self._intake)]
        if not is_loopback(self._host):
            http = {OSCQUERY: self._sockets.http_port} if self._sockets.http else {}
            services = {OSC: self._sockets.port, **http}
            self._entrances.append(Announcement(self._desk.name, self._host, services))

    def _end(self, *, gives_back: bool) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._gives_back = gives_back
        self._defer(self._over.set)
        if thread is not threading.current_thread():
            thread.join(_STOP_S)

    def _tick(self) -> None:
        wait = _TICK_S
        try:
            wait = self._teller.tick()
        except Exception:  # the border: log, and go on telling
            _log.exception("what was to be told was lost to an internal error")
        if not self._over.is_set():
            asyncio.get_running_loop().call_later(wait, self._tick)

    def _serve(self, runner: asyncio.Runner) -> None:
        with runner:
            runner.run(self._live())
        if self._gives_back:
            for handle in self._sockets.all:
                handle.close()
            self._sockets = Sockets([], [], [])

    async def _live(self) -> None:
        for entrance in self._entrances:
            entrance.open()
        self._tell("/startup")
        self._teller.open()
        self._tick()
        opening = asyncio.create_task(self._open_web())
        await self._over.wait()
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        self._teller.close()
        self._intake.flush()
        self._desk.abandon()
        if self._gives_back:
            self._tell("/shutdown")
            self._desk.clients.clear()
        await asyncio.gather(*(entrance.close() for entrance in self._entrances))

    async def _open_web(self) -> None:
        """Answer HTTP, as soon as what that needs is imported; until then questions wait."""
        if not self._sockets.http:
            return
        try:
            web = await asyncio.to_thread(import_module, "idiolect.control.web")
            entrance = web.WebEntrance(self._sockets.http, self._intake, self._origins)
            entrance.open()
            self._entrances.append(entrance)
        except Exception:  # the border: OSC goes on without it
            _log.exception("HTTP is not answered")

    def _tell(self, address: str) -> None:
        desk, facts = self._desk, (self._desk.name, __version__, self.address[1])
        known = dict.fromkeys(self._udp.peer(*place) for place in self._announce)
        for place in known:
            if not place.tell(encode(address, *facts)):
                _log.warning(
                    "%s of control.announce is not told %s: --host %s cannot reach it",
                    *(place.host, address, self._host),
                )
        for peer in desk.clients.listening(desk.now()):
            if peer not in known:
                desk.reply(peer, address, *facts)

    def _defer(self, function: Callable[[], None]) -> None:
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(function)
        except RuntimeError:  # closed before: nobody is left to answer
            _log.debug("an answer came after the control thread had ended")
