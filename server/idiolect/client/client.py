"""A client that speaks to one daemon."""

import numbers
import socket
import struct
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.parsing.osc_types import ParseError

__all__ = ["DEFAULT_PORT", "Client", "RefusedError", "Reply"]

DEFAULT_PORT = 57300
_DATAGRAM = 65536  # bytes
_BUNDLE = b"#bundle\0"
_SINCE_1900 = 2_208_988_800  # seconds, from NTP's beginning to Unix'


class RefusedError(Exception):
    """The daemon answered ``/fail``; the text is its reason."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message from the daemon."""

    address: str
    arguments: tuple[int | float | str, ...]
    time: float | None = None  # Unix seconds, when it came in an OSC bundle that says

    def is_about(self, address: str) -> bool:
        """Tell whether it answers a message to this address."""
        if self.address in ("/done", "/fail", "/progress"):
            return self.arguments[:1] == (address,)
        if address == "/sync":
            return self.address == "/synced"
        return self.address in (address, f"{address}.reply")


class Client:
    """Sends to a daemon and reads what it answers.

    Parameters
    ----------
    host : str
        Where the daemon listens.
    port : int
        Its UDP port.

    Notes
    -----
    For one thread at a time.  Nothing runs in the background: messages wait in the system's
    buffer until `ask`, `receive` or `listen` reads them.

    Examples
    --------
    ::

        with Client() as idiolect:
            idiolect.send("/voice/1/temperature", 0.8)
            print(idiolect.ask("/voice/1/temperature").arguments)
    """

    def __init__(self, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[
            0
        ]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.connect(address)  # so that only this daemon is heard
        self._unread: deque[Reply] = deque()
        self._packet: deque[Reply] = deque()  # what the last packet had more than one of

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def send(self, address: str, *arguments: float | str) -> None:
        """Send one message and wait for nothing.

        Parameters
        ----------
        address : str
            An address or a pattern.
        *arguments : int, float, bool or str
            Numpy's scalars will do.

        Raises
        ------
        TypeError
            When an argument is of another type.
        ConnectionRefusedError
            When an earlier message found nobody listening.
        """
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(*_typed(argument))
        self._socket.send(builder.build().dgram)

    def ask(self, address: str, *arguments: float | str, timeout: float = 2.0) -> Reply:
        """Send one message and wait for its answer.

        Parameters
        ----------
        address : str
            A parameter to read, or a command.
        *arguments : int, float, bool or str
            As for `send`.
        timeout : float
            Seconds.

        Returns
        -------
        Reply
            What arrives beside it is kept for `receive`, but for how far what was asked for is.

        Raises
        ------
        RefusedError
            When the daemon answers ``/fail``.
        TimeoutError
            When no answer comes, as when a parameter is set.
        ConnectionRefusedError
            When nobody listens.
        """
        self.send(address, *arguments)
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            reply = self._read(left)
            if reply is None:
                break
            if not reply.is_about(address):
                self._unread.append(reply)
            elif reply.address == "/fail":
                raise RefusedError(str(reply.arguments[1]))
            elif reply.address != "/progress":
                return reply
        raise TimeoutError(f"no answer to {address} in {timeout:g} s: is the daemon running?")

    def receive(self, timeout: float = 2.0) -> Reply | None:
        """Return the next message, or None when none comes in `timeout` seconds."""
        if self._unread:
            return self._unread.popleft()
        return self._read(timeout)

    def listen(self, seconds: float) -> Iterator[Reply]:
        """Yield messages as they come, for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            reply = self.receive(left)
            if reply is not None:
                yield reply

    def _read(self, timeout: float) -> Reply | None:
        end = time.monotonic() + timeout
        while not self._packet and (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                self._packet.extend(_replies(self._socket.recv(_DATAGRAM), None))
            except TimeoutError:
                return None
            except (ParseError, struct.error):
                continue  # not OSC, so not from a daemon
        return self._packet.popleft() if self._packet else None


def _replies(packet: bytes, when: float | None) -> Iterator[Reply]:
    """Read a message, or those of an OSC bundle, each with its time."""
    if not packet.startswith(_BUNDLE):
        message = OscMessage(packet)
        yield Reply(message.address, tuple(message.params), when)
        return
    (tag,) = struct.unpack_from(">Q", packet, len(_BUNDLE))
    when = None if tag <= 1 else tag / 2**32 - _SINCE_1900
    at = len(_BUNDLE) + 8
    while at < len(packet):
        (size,) = struct.unpack_from(">i", packet, at)
        if size <= 0:
            return
        yield from _replies(packet[at + 4 : at + 4 + size], when)
        at += 4 + size


def _typed(argument: object) -> tuple[int | float | str, str]:
    """Choose among i, f and s; python-osc alone would send booleans and large ints otherwise."""
    item = getattr(argument, "item", None)  # numpy's scalars
    value = item() if callable(item) else argument
    if isinstance(value, numbers.Integral):
        return int(value), "i" if -(2**31) <= int(value) < 2**31 else "h"
    if isinstance(value, numbers.Real):
        return float(value), "f"
    if isinstance(value, str):
        return value, "s"
    raise TypeError(f"{type(value).__name__} cannot be sent over OSC: use int, float or str")
