"""What reads a daemon's notifications, as systemd does."""

import select
import socket
from pathlib import Path

SECONDS = 20.0


class Listener:
    """A bound datagram socket; a name that begins with @ lies in Linux's abstract space."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)

    @property
    def path(self) -> Path:
        return Path(self.name)

    def silent(self, seconds: float) -> bool:
        """Say whether nothing comes for so long."""
        return not select.select([self._socket], [], [], seconds)[0]

    def receive(self, seconds: float = SECONDS) -> dict[str, str]:
        """Read the next message's variables."""
        assert not self.silent(seconds), "nothing was told"
        lines = self._socket.recv(65536).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)

    def drain(self) -> list[dict[str, str]]:
        """Read what there is."""
        told = []
        while not self.silent(0.0):
            told.append(self.receive())
        return told

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
