"""A wire tap: passes on what a client sends to a daemon, and keeps it and the answers."""

import select
import socket
import threading
from types import TracebackType
from typing import Self

from idiolect.control.codec import Message, OscBundle, parse


class Tap:
    """Listens at `port` for one client of the daemon at `to`; answers go back to the client."""

    def __init__(self, to: int) -> None:
        self._near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._near.bind(("127.0.0.1", 0))
        self._far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._far.connect(("127.0.0.1", to))
        self.port: int = self._near.getsockname()[1]
        self.packets: list[bytes] = []  # from the client
        self.answers: list[bytes] = []  # from the daemon
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._running = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running = False
        self._thread.join()
        self._near.close()
        self._far.close()

    def send(self, packet: bytes) -> None:
        """Send bytes that no client of ours would make."""
        self._far.send(packet)

    def sent(self) -> list[Message]:
        """Give every message of the client, out of its OSC bundles."""
        return [message for packet in self.packets for message in messages(parse(packet))]

    def failed(self) -> list[Message]:
        """Give every refusal."""
        told = [message for packet in self.answers for message in messages(parse(packet))]
        return [message for message in told if message.address == "/fail"]

    def _pass_on(self) -> None:
        client = None
        while self._running:
            for ready in select.select([self._near, self._far], [], [], 0.1)[0]:
                if ready is self._near:
                    packet, client = self._near.recvfrom(65536)
                    self.packets.append(packet)
                    self._far.send(packet)
                else:
                    packet = self._far.recv(65536)
                    self.answers.append(packet)
                    if client is not None:
                        self._near.sendto(packet, client)


def messages(element: Message | OscBundle) -> list[Message]:
    """Flatten what a packet holds."""
    if isinstance(element, Message):
        return [element]
    return [message for inner in element.elements for message in messages(inner)]
