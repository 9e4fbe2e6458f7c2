"""OSC over TCP."""

import asyncio
import socket
from collections import deque
from collections.abc import Iterator
from typing import cast

from idiolect.control.clients import Peer
from idiolect.control.framing import Framing, recognise
from idiolect.control.intake import Intake
from idiolect.control.listener import MAX_UNSENT, PATIENCE_S, Listener
from idiolect.errors import ControlError, PacketError

__all__ = ["TcpEntrance", "TcpPeer"]

_GOODBYE_S = 0.5  # for what is unsent when the daemon ends


class TcpPeer(asyncio.Protocol):
    """One connection; compared by identity.

    While packets wait to be run, or answers to be read, no more is read of it: a client that
    floods waits, and loses nothing.  One that speaks no more has its answers before the connection
    is closed, and what was read of one that has gone is run.
    """

    def __init__(self, intake: Intake) -> None:
        self.host = ""
        self.port = 0
        self._rest: list[int] = []  # IPv6: flow and scope
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._intake = intake
        self._framing: Framing | None = None
        self._is_over = False  # the other end speaks no more
        self._is_gone = False  # nor does it hear
        self._waiting: deque[bytes | PacketError] = deque()
        self._next: asyncio.TimerHandle | None = None  # when more of it is run
        self._giving_up: asyncio.TimerHandle | None = None  # runs while answers are not read

    def send(self, packet: bytes) -> None:
        """Send without waiting; a peer that does not read is let go."""
        if self._framing is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > MAX_UNSENT:
            self._give_up()
        else:
            self._transport.write(self._framing.frame(packet))

    def at(self, port: int) -> Peer:
        """Return the same host at another port, where it is spoken to over UDP."""
        return self._intake.datagrams.peer(self.host, port, *self._rest)

    def close(self) -> None:
        """Send what is unsent, then close."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername") or ("127.0.0.1", 0)
        self.host, self.port, *self._rest = address
        handle = transport.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self._framing is None:
            self._framing = recognise(data[0])
        self._waiting.extend(self._framing.feed(data))
        if self._next is None and self._giving_up is None:
            self._run()

    def pause_writing(self) -> None:
        """Stop reading too, since what is asked could not be answered."""
        self._transport.pause_reading()
        loop = asyncio.get_running_loop()
        self._giving_up = loop.call_later(PATIENCE_S, self._give_up)

    def resume_writing(self) -> None:
        """Go on."""
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
        if self._next is None:
            self._run()

    def eof_received(self) -> bool:
        """Keep the connection until what came is answered: the other end may still read."""
        self._is_over = True
        if self._next is None and self._giving_up is None:
            self._run()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Run what came before that."""
        self._is_gone = True
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
        if self._next is None:
            self._run()

    def _run(self) -> None:
        """Run what has come, so much at a time."""
        self._next = None
        self._intake.run(self._take())
        if self._giving_up is not None or (self._transport.is_closing() and not self._is_gone):
            return
        wait = self._intake.owes(self.host)
        self._intake.desk.counters.limited += wait > 0
        if self._is_gone and wait:
            self._waiting.clear()  # else who floods, and comes anew each time, could fill the memory
        elif self._waiting or wait:
            self._transport.pause_reading()
            self._next = asyncio.get_running_loop().call_later(wait, self._run)
            return
        self._go_on()

    def _go_on(self) -> None:
        """Read on, when everything that came was run, or end."""
        if self._is_gone:
            self._intake.forget(self)
            self.gone.set_result(None)
        elif self._is_over or (self._framing is not None and self._framing.is_lost):
            self._transport.pause_reading()
            self._intake.flush()  # what could not be changed is answered, too
            try:
                self._intake.desk.backlog.after(self, self._transport.close)
            except ControlError:  # too many wait already
                self._transport.close()
        else:
            self._transport.resume_reading()

    def _take(self) -> Iterator[tuple[bytes | PacketError, Peer]]:
        while self._waiting and self._giving_up is None:
            yield self._waiting.popleft(), self

    def _give_up(self) -> None:
        if not self._transport.is_closing():
            self._intake.desk.counters.unread += 1
        self._transport.abort()


class TcpEntrance:
    """Accepts connections that speak OSC."""

    def __init__(self, bound: list[socket.socket], intake: Intake) -> None:
        self._intake = intake
        self._listener = Listener(bound, intake, self._connect)
        self._peers: set[TcpPeer] = set()

    def open(self) -> None:
        """Begin to accept."""
        self._listener.open()

    async def close(self) -> None:
        """Send what is unsent, and listen no more."""
        self._listener.close()
        leaving = [peer.gone for peer in self._peers]
        for peer in list(self._peers):
            peer.close()
        if leaving:
            await asyncio.wait(leaving, timeout=_GOODBYE_S)

    def _connect(self) -> TcpPeer:
        peer = TcpPeer(self._intake)
        self._peers.add(peer)
        peer.gone.add_done_callback(lambda _: self._peers.discard(peer))
        return peer
