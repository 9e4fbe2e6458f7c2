"""The same client for asyncio: what is waited for is awaited."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
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

__all__ = ["AsyncClient"]

T = TypeVar("T")


class AsyncClient:
    """Sends to a daemon and reads what it answers, beside whatever else the loop does.

    Parameters
    ----------
    host : str
        Where the daemon listens.
    port : int
        Its UDP port.

    Notes
    -----
    For one event loop, inside ``async with``; any number of tasks may wait at once.  Everything
    is as of `Client`, but what is read is awaited: ``await voice.temperature``.

    Examples
    --------
    ::

        async with AsyncClient() as idiolect:
            voice = idiolect.voice(1)
            voice.run = True
            print(await voice.temperature)
            async for grain in idiolect.grains(seconds=10):
                print(grain.source, grain.start)
    """

    def __init__(self, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
        self._address = host, port
        self._transport: asyncio.DatagramTransport | None = None
        self._arrived = asyncio.Event()
        self._conversation = Conversation(self._transmit, f"{host}:{port}")

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(self._conversation, self._arrived), remote_addr=self._address
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ask to be told nothing more, and give the socket back."""
        if self._transport is not None:
            self._conversation.end()
            self._transport.close()
            self._transport = None

    def voice(self, number: int) -> "Voice[AsyncClient]":
        """Return a voice, counted from 1; its parameters are attributes, awaited when read."""
        return Voice(self, voice_address(number))

    async def __getitem__(self, address: str) -> Any:
        values = (await self.ask(address)).arguments
        return values[0] if len(values) == 1 else values

    def __setitem__(self, address: str, value: float | str) -> None:
        self.send(address, value)

    def send(self, address: str, *arguments: float | str) -> None:
        """Send one message and wait for nothing, as `Client.send`."""
        self._conversation.send(address, *arguments)

    def at(self, when: float | None) -> contextlib.AbstractContextManager[None]:
        """Send all that this task sends in a ``with`` as one OSC bundle, as `Client.at`."""
        return self._conversation.at(when)

    async def ask(
        self, address: str, *arguments: float | str, timeout: float = 2.0, numbered: bool = False
    ) -> Reply:
        """Send one message and wait for its answer, as `Client.ask`."""
        with self._conversation.ask(address, *arguments, numbered=numbered) as question:
            reply = await self._wait(question, timeout)
        if reply is None:
            raise TimeoutError(f"no answer to {address} in {timeout:g} s: is the daemon running?")
        return reply

    async def sync(self, timeout: float = 2.0) -> None:
        """Wait until everything sent before is done."""
        await self.ask("/sync", self._conversation.next_number(), timeout=timeout)

    async def status(self) -> dict[str, Any]:
        """Ask how the instrument is doing; by name, as the OSC reference lists them."""
        return named_status(await self.ask("/status"))

    def changes(self, seconds: float = math.inf) -> AsyncIterator[Reply]:
        """Yield every change that anybody makes, for so long; a daemon that begins anew goes on."""
        return self._told(self._conversation.subscribe("state", iter), seconds)

    def grains(self, seconds: float = math.inf) -> AsyncIterator[Grain]:
        """Yield every unit a moment before it is heard, for so long."""
        return self._told(self._conversation.subscribe("grain", grains), seconds)

    def meters(
        self, rate: float = DEFAULT_RATE, seconds: float = math.inf
    ) -> AsyncIterator[Meters]:
        """Yield how loud it is and what is heard, so many times a second, for so long."""
        return self._told(self._conversation.subscribe("meter", Rounds(), rate), seconds)

    def health(self, seconds: float = math.inf) -> AsyncIterator[dict[str, float]]:
        """Yield how the daemon is, by name, once a second, for so long."""
        return self._told(self._conversation.subscribe("health", health), seconds)

    def log(self, seconds: float = math.inf) -> AsyncIterator[Reply]:
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

    async def receive(self, timeout: float = 2.0) -> Reply | None:
        """Return the next message that nothing else waited for, None when none comes so soon."""
        return await self._wait(self._conversation.unread, timeout)

    def _told(self, subscription: Subscription[T], seconds: float) -> AsyncIterator[T]:
        told = self._take(subscription, seconds)
        self._conversation.unsubscribe_without(told, subscription)
        return told

    async def _take(self, subscription: Subscription[T], seconds: float) -> AsyncIterator[T]:
        end = asyncio.get_running_loop().time() + seconds
        try:
            while (item := await self._wait(subscription, end - _now())) is not None:
                yield item
        finally:
            self._conversation.unsubscribe(subscription)

    async def _wait(self, inbox: Inbox[T], timeout: float) -> T | None:
        """Return what comes in time, None when nothing does."""
        end = _now() + timeout
        while (item := inbox.take()) is None and (left := end - _now()) > 0:
            self._arrived.clear()  # those who wait already are woken by what came before
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._conversation.renew())):
                    await self._arrived.wait()
        return item

    def _transmit(self, packet: bytes) -> None:
        if self._transport is None:
            raise RuntimeError("the client is not open: use it inside `async with`")
        self._transport.sendto(packet)


class _Ear(asyncio.DatagramProtocol):
    """Hands on what the loop reads."""

    def __init__(self, conversation: Conversation, arrived: asyncio.Event) -> None:
        self._conversation = conversation
        self._arrived = arrived

    def datagram_received(self, packet: bytes, _: object) -> None:
        """Sort it among those who wait."""
        self._conversation.take(packet)
        self._arrived.set()

    def error_received(self, _: Exception) -> None:
        """Tell who waits that nobody listens."""
        self._conversation.refuse()
        self._arrived.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
