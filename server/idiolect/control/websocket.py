"""OSC and OSCQuery over a WebSocket: packets in binary messages, commands as JSON in text."""

import asyncio
import contextlib
import json
from collections.abc import Callable

from aiohttp import WSCloseCode, WSMsgType, web

from idiolect.control.clients import Peer
from idiolect.control.codec import MAX_PACKET
from idiolect.control.intake import BURST_WORK, Intake
from idiolect.control.listener import MAX_UNSENT, PATIENCE_S
from idiolect.control.namespace import NORM
from idiolect.control.oscquery import Directory

__all__ = ["Audience", "WebPeer", "accept"]

_LONGEST_COMMAND = 4096  # characters
_MUCH_UNSENT = 64 * 1024  # bytes; no more is read of a peer for which more than that is there
_HEARTBEAT_S = 30.0  # between two questions whether the other end is still there
_GOODBYE_S = 0.5


class Audience:
    """Who is connected, and which addresses each listens to.

    Parameters
    ----------
    intake : Intake
        Its desk tells of every change, while somebody listens.
    """

    def __init__(self, intake: Intake) -> None:
        self.peers: set[WebPeer] = set()
        self._desk = intake.desk
        self._dispatcher = intake.dispatcher
        self._listening: dict[str, set[WebPeer]] = {}

    def listen(self, peer: "WebPeer", address: str) -> None:
        """Tell a peer of every change of an address."""
        if not self._listening:
            self._desk.watchers.append(self._tell)
        self._listening.setdefault(address, set()).add(peer)

    def ignore(self, peer: "WebPeer", address: str) -> None:
        """Tell it no more."""
        peers = self._listening.get(address, set())
        peers.discard(peer)
        if not peers and self._listening.pop(address, None) is not None and not self._listening:
            self._desk.watchers.remove(self._tell)

    def forget(self, peer: "WebPeer") -> None:
        """Note that a peer has gone."""
        self.peers.discard(peer)
        for address in [a for a, peers in self._listening.items() if peer in peers]:
            self.ignore(peer, address)

    def _tell(self, address: str, arguments: tuple[object, ...]) -> None:
        self._reply(address, *arguments)
        twin = NORM + address
        if twin in self._listening:  # it changes with what it is the twin of
            leaf = self._dispatcher.namespace.leaves[twin]
            self._reply(twin, self._dispatcher.steering.shown(leaf, leaf.voices[0]))

    def _reply(self, address: str, *arguments: object) -> None:
        for peer in tuple(self._listening.get(address, ())):
            self._desk.reply(peer, address, *arguments)


class WebPeer:
    """One WebSocket; compared by identity."""

    def __init__(self, request: web.BaseRequest, socket: web.WebSocketResponse, intake: Intake):
        assert request.transport is not None
        self._transport = request.transport
        self.host, self.port, *self._rest = self._transport.get_extra_info("peername")
        self._socket = socket
        self._intake = intake
        self._queue: asyncio.Queue[bytes | str | None] = asyncio.Queue()  # None: the end
        self._unsent = 0  # bytes
        self._has_room = asyncio.Event()
        self._has_room.set()

    def send(self, packet: bytes | str) -> None:
        """Send a packet, or text, without waiting; a peer that does not read is let go."""
        if self._unsent > MAX_UNSENT:
            self._give_up()
            return
        self._unsent += len(packet)
        self._queue.put_nowait(packet)
        if self._unsent > _MUCH_UNSENT:
            self._has_room.clear()

    def at(self, port: int) -> Peer:
        """Return the same host at another port, where it is spoken to over UDP."""
        return self._intake.datagrams.peer(self.host, port, *self._rest)

    def close(self) -> None:
        """Send what is unsent, then close."""
        self._queue.put_nowait(None)

    async def converse(self, directory: Callable[[], Directory], audience: Audience) -> None:
        """Read until the other end leaves."""
        sender = asyncio.create_task(self._send_all())
        work = 0
        async for message in self._socket:
            if message.type == WSMsgType.BINARY:
                work += self._intake.run([(message.data, self)])
            elif message.type == WSMsgType.TEXT:
                work += self._obey(message.data, directory(), audience)
            wait = self._intake.owes(self.host)
            self._intake.desk.counters.limited += wait > 0
            if wait or work > BURST_WORK:
                await asyncio.sleep(wait)
                work = 0
            await self._has_room.wait()
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sender

    def _obey(self, text: str, directory: Directory, audience: Audience) -> int:
        """Run one of OSCQuery's commands; what is none is counted and not answered."""
        self._intake.charge(self.host, 1)
        try:
            command = json.loads(text[:_LONGEST_COMMAND])
            name, address = command["COMMAND"], command["DATA"]
        except (ValueError, RecursionError, TypeError, KeyError):
            name, address = None, None
        known = isinstance(address, str) and directory.is_readable(address)
        if name == "LISTEN" and known:
            audience.listen(self, address)
            self._intake.desk.reply(self, address, directory.value(address))
        elif name == "IGNORE" and known:
            audience.ignore(self, address)
        else:
            self._intake.desk.counters.malformed += 1
        return 1

    async def _send_all(self) -> None:
        try:
            while (item := await self._queue.get()) is not None:
                async with asyncio.timeout(PATIENCE_S):
                    if isinstance(item, str):
                        await self._socket.send_str(item)
                    else:
                        await self._socket.send_bytes(item)
                self._unsent -= len(item)
                if self._unsent <= _MUCH_UNSENT:
                    self._has_room.set()
            await self._socket.close(code=WSCloseCode.GOING_AWAY)
        except TimeoutError:
            self._give_up()
        except ConnectionError:  # the other end has gone: so does the reader, by itself
            self._has_room.set()

    def _give_up(self) -> None:
        self._has_room.set()
        if not self._transport.is_closing():
            self._intake.desk.counters.unread += 1
            self._transport.abort()


async def accept(
    request: web.BaseRequest,
    intake: Intake,
    directory: Callable[[], Directory],
    audience: Audience,
) -> web.StreamResponse:
    """Speak with one WebSocket until it closes."""
    socket = web.WebSocketResponse(
        max_msg_size=MAX_PACKET, compress=False, heartbeat=_HEARTBEAT_S, timeout=_GOODBYE_S
    )
    await socket.prepare(request)
    peer = WebPeer(request, socket, intake)
    audience.peers.add(peer)
    try:
        await peer.converse(directory, audience)
    finally:
        audience.forget(peer)
        intake.forget(peer)
    return socket
