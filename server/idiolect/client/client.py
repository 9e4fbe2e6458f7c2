"""A client that waits where it stands."""

import contextlib
import math
import socket
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from idiolect.client.conversation import (
    DEFAULT_PORT,
    DEFAULT_RATE,
    Conversation,
    Inbox,
    Subscription,
)
from idiolect.client.messages import Reply
from idiolect.client.parameters import Voice
from idiolect.client.place import voice_address
from idiolect.client.told import Grain, Meters, Rounds, grains, health, named_status

__all__ = ["Client"]

_DATAGRAM = 65536  # bytes

T = TypeVar("T")


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
    buffer until something is waited for here.

    Items are parameters, by their address: ``client["/gain"] = -6``, ``client["/temperature"]``.

    Examples
    --------
    ::

        with Client() as idiolect:
            voice = idiolect.voice(1)
            voice.run = True
            voice.temperature = 0.8
            voice.ask("seed/random")
            for grain in idiolect.grains(seconds=10):
                print(grain.source, grain.start)
    """

    def __init__(self, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[
            0
        ]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.connect(address)  # so that only this daemon is heard
        self._conversation = Conversation(self._transmit, f"{host}:{port}")

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
        """Ask to be told nothing more, and give the socket back."""
        self._conversation.end()
        self._socket.close()

    def voice(self, number: int) -> "Voice[Client]":
        """Return a voice, counted from 1; its parameters are attributes."""
        return Voice(self, voice_address(number))

    def __getitem__(self, address: str) -> Any:
        values = self.ask(address).arguments
        return values[0] if len(values) == 1 else values

    def __setitem__(self, address: str, value: float | str) -> None:
        self.send(address, value)

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
        ValueError
            When a number is too large for OSC.
        ConnectionRefusedError
            When an earlier message found nobody listening.
        """
        self._conversation.send(address, *arguments)

    def at(self, when: float | None) -> contextlib.AbstractContextManager[None]:
        """Send all that is sent in a ``with`` as one OSC bundle, which is obeyed as a whole.

        Parameters
        ----------
        when : float, optional
            Its time tag, in Unix seconds: ``time.time() + 0.2``; None is at once.

        Raises
        ------
        ValueError
            When it is no such time, or the bundle does not fit into a packet.
        """
        return self._conversation.at(when)

    def ask(
        self, address: str, *arguments: float | str, timeout: float = 2.0, numbered: bool = False
    ) -> Reply:
        """Send one message and wait for its answer.

        Parameters
        ----------
        address : str
            A parameter to read, or a command.
        *arguments : int, float, bool or str
            As for `send`.
        timeout : float
            Seconds.
        numbered : bool
            Whether the request goes with a number (``id``, and one that no other has), so that it
            is known by it where answers overtake each other.

        Returns
        -------
        Reply
            What arrives beside it is kept for `receive`.

        Raises
        ------
        RefusedError
            When the daemon answers ``/fail``.
        TimeoutError
            When no answer comes, as when a parameter is set.
        ConnectionRefusedError
            When nobody listens.
        """
        self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # of earlier messages: no more
        with self._conversation.ask(address, *arguments, numbered=numbered) as question:
            reply = self._wait(question, timeout)
        if reply is None:
            raise TimeoutError(f"no answer to {address} in {timeout:g} s: is the daemon running?")
        return reply

    def sync(self, timeout: float = 2.0) -> None:
        """Wait until everything sent before is done.

        Raises
        ------
        TimeoutError, ConnectionRefusedError
            As of `ask`.
        """
        self.ask("/sync", self._conversation.next_number(), timeout=timeout)

    def status(self) -> dict[str, Any]:
        """Ask how the instrument is doing; by name, as the OSC reference lists them."""
        return named_status(self.ask("/status"))

    def changes(self, seconds: float = math.inf) -> Iterator[Reply]:
        """Yield every change that anybody makes, for so long; a daemon that begins anew goes on."""
        return self._told(self._conversation.subscribe("state", iter), seconds)

    def grains(self, seconds: float = math.inf) -> Iterator[Grain]:
        """Yield every unit a moment before it is heard, for so long."""
        return self._told(self._conversation.subscribe("grain", grains), seconds)

    def meters(self, rate: float = DEFAULT_RATE, seconds: float = math.inf) -> Iterator[Meters]:
        """Yield how loud it is and what is heard, so many times a second, for so long."""
        return self._told(self._conversation.subscribe("meter", Rounds(), rate), seconds)

    def health(self, seconds: float = math.inf) -> Iterator[dict[str, float]]:
        """Yield how the daemon is, by name, once a second, for so long."""
        return self._told(self._conversation.subscribe("health", health), seconds)

    def log(self, seconds: float = math.inf) -> Iterator[Reply]:
        """Yield the daemon's warnings, each a level and a text, for so long."""
        return self._told(self._conversation.subscribe("log", iter), seconds)

    def told(
        self, *groups: str, rate: float = DEFAULT_RATE
    ) -> contextlib.AbstractContextManager[None]:
        """Be told of groups, or ``all``, while a ``with`` lasts: `receive` gives what comes.

        The lease is renewed by itself, also after the daemon has begun anew.

        Parameters
        ----------
        *groups : str
            As ``/notify`` names them.
        rate : float
            Meters a second.
        """
        return self._conversation.told(groups, rate)

    def receive(self, timeout: float = 2.0) -> Reply | None:
        """Return the next message that nothing else waited for, None when none comes so soon.

        Raises
        ------
        ConnectionRefusedError
            When nobody listens.
        """
        return self._wait(self._conversation.unread, timeout)

    def listen(self, seconds: float) -> Iterator[Reply]:
        """Yield such messages as they come, for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            reply = self.receive(left)
            if reply is not None:
                yield reply

    def _told(self, subscription: Subscription[T], seconds: float) -> Iterator[T]:
        told = self._take(subscription, seconds)
        self._conversation.unsubscribe_without(told, subscription)
        return told

    def _take(self, subscription: Subscription[T], seconds: float) -> Iterator[T]:
        end = time.monotonic() + seconds
        try:
            while (item := self._wait(subscription, end - time.monotonic())) is not None:
                yield item
        finally:
            self._conversation.unsubscribe(subscription)

    def _wait(self, inbox: Inbox[T], timeout: float) -> T | None:
        """Return what comes in time, None when nothing does."""
        end = time.monotonic() + timeout
        while (item := inbox.take()) is None and (left := end - time.monotonic()) > 0:
            self._hear(left)
        return item

    def _hear(self, timeout: float) -> None:
        try:
            due = self._conversation.renew()
            self._socket.settimeout(min(timeout, due) or 1e-6)  # 0 would not wait for what is there
            self._conversation.take(self._socket.recv(_DATAGRAM))
        except TimeoutError:
            pass
        except ConnectionRefusedError:
            self._conversation.refuse()

    def _transmit(self, packet: bytes) -> None:
        try:
            self._socket.send(packet)
        except ConnectionRefusedError:
            raise self._conversation.nobody() from None
