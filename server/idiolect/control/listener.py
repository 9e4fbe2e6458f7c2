"""Accepting connections: from those who are allowed, and not too many."""

import asyncio
import logging
import socket
from collections.abc import Callable

from idiolect.control.intake import Intake

__all__ = ["MAX_CONNECTIONS", "MAX_FROM_ONE", "MAX_UNSENT", "PATIENCE_S", "Listener"]

_log = logging.getLogger(__name__)

MAX_CONNECTIONS = 64  # of each way in
MAX_FROM_ONE = 48  # of them, from one machine
MAX_UNSENT = 1024 * 1024  # bytes kept for a peer that does not read; then it is let go
PATIENCE_S = 10.0  # how long a peer may read nothing while something is there for it
_SYSTEM_KEEPS = 256 * 1024  # bytes on their way to a peer, beside `MAX_UNSENT`
_BURST = 32  # connections accepted before others get their turn
_PAUSE_S = 1.0  # when the system has no more files to give


class Listener:
    """Accepts connections on listening sockets.

    Parameters
    ----------
    bound : list of socket
        Listening already.
    intake : Intake
        Says who is allowed; counts who is not.
    connect : callable
        Returns what speaks with one connection.

    Notes
    -----
    asyncio's own server accepts everyone and says so afterwards; here a connection too many costs
    one system call and no memory.
    """

    def __init__(
        self,
        bound: list[socket.socket],
        intake: Intake,
        connect: Callable[[], asyncio.BaseProtocol],
    ) -> None:
        self._bound = bound
        self._intake = intake
        self._connect = connect
        self._connections: dict[socket.socket, str] = {}  # to their hosts; closed ones go late
        self._is_open = False
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin to accept."""
        self._is_open = True
        for handle in self._bound:
            self._resume(handle)

    def close(self) -> None:
        """Accept no more."""
        self._is_open = False
        for handle in self._bound:
            asyncio.get_running_loop().remove_reader(handle)

    def _resume(self, handle: socket.socket) -> None:
        if self._is_open:
            asyncio.get_running_loop().add_reader(handle, self._accept, handle)

    def _accept(self, handle: socket.socket) -> None:
        for _ in range(_BURST):
            try:
                connection, address = handle.accept()
            except (BlockingIOError, ConnectionError, InterruptedError):
                return
            except OSError as error:
                _log.warning("cannot accept a connection: %s", error)
                loop = asyncio.get_running_loop()
                loop.remove_reader(handle)
                loop.call_later(_PAUSE_S, self._resume, handle)
                return
            if self._is_welcome(address[0]):
                self._take(connection, address[0])
            else:
                connection.close()

    def _is_welcome(self, host: str) -> bool:
        if not self._intake.admits(host):
            return False
        self._connections = {
            known: theirs for known, theirs in self._connections.items() if known.fileno() >= 0
        }
        hosts = list(self._connections.values())
        if len(hosts) < MAX_CONNECTIONS and hosts.count(host) < MAX_FROM_ONE:
            return True
        self._intake.desk.counters.turned_away += 1
        return False

    def _take(self, connection: socket.socket, host: str) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SYSTEM_KEEPS)
        self._connections[connection] = host
        self._intake.desk.counters.connections += 1
        task = asyncio.get_running_loop().create_task(self._begin(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(self._connect, connection)
        except OSError:  # gone before it began
            connection.close()
