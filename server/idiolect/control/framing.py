"""Where a packet ends in a stream of bytes.

Two ways are read, and told apart by the first byte, because a packet begins with ``/`` or ``#``:

- SLIP (J. Romkey, RFC 1055, 1988) with END at both ends of a packet, as OSC 1.1 has it
  (A. Freed, A. Schmeder, NIME 2009); a packet that ends wrongly is lost, and the next is read.
- The size before each packet, as 32 bits: OSC 1.0, and what SuperCollider speaks over TCP.
  A size that cannot be is the end of the connection, since nothing tells where the next one is.
"""

from typing import Protocol

from idiolect.control.codec import MAX_PACKET
from idiolect.errors import PacketError

__all__ = ["Framing", "Sized", "Slip", "recognise"]

_END = b"\xc0"
_ESCAPE = b"\xdb"
_ESCAPED_END = b"\xdb\xdc"
_ESCAPED_ESCAPE = b"\xdb\xdd"
_LONGEST = 2 * MAX_PACKET  # bytes of a packet of which every byte is escaped
_SIZE = 4  # bytes


class Framing(Protocol):
    """Cuts one connection's stream into packets."""

    is_lost: bool
    """Nothing more can be read."""

    def feed(self, received: bytes) -> list[bytes | PacketError]:
        """Take what came; return the packets that are whole now, and what was none."""

    def frame(self, packet: bytes) -> bytes:
        """Return a packet as it is sent."""


def recognise(first: int) -> Framing:
    """Return how a stream that begins with this byte is cut."""
    return Sized() if first == 0 else Slip()


class Slip:
    """Packets between END bytes, one or more."""

    is_lost = False

    def __init__(self) -> None:
        self._partial = bytearray()
        self._skips = False  # what has come of this packet is too long already

    def feed(self, received: bytes) -> list[bytes | PacketError]:
        """Take what came; return the packets that are whole now, and what was none."""
        *ended, rest = received.split(_END)
        packets: list[bytes | PacketError] = []
        for piece in ended:
            self._add(piece)
            if self._skips:
                packets.append(PacketError(f"a packet is too long: send at most {MAX_PACKET}"))
            elif self._partial:
                packets.append(_unescape(bytes(self._partial)))
            self._partial.clear()
            self._skips = False
        self._add(rest)
        return packets

    def frame(self, packet: bytes) -> bytes:
        """Return a packet as it is sent."""
        escaped = packet.replace(_ESCAPE, _ESCAPED_ESCAPE).replace(_END, _ESCAPED_END)
        return _END + escaped + _END

    def _add(self, piece: bytes) -> None:
        self._skips = self._skips or len(self._partial) + len(piece) > _LONGEST
        if self._skips:
            self._partial.clear()
        else:
            self._partial += piece


def _unescape(raw: bytes) -> bytes | PacketError:
    pairs = raw.count(_ESCAPED_END) + raw.count(_ESCAPED_ESCAPE)
    if raw.count(_ESCAPE) != pairs:
        return PacketError("SLIP: byte 219 is not followed by 220 or 221: use it to escape alone")
    return raw.replace(_ESCAPED_END, _END).replace(_ESCAPED_ESCAPE, _ESCAPE)


class Sized:
    """Packets after their size."""

    def __init__(self) -> None:
        self.is_lost = False
        self._partial = bytearray()

    def feed(self, received: bytes) -> list[bytes | PacketError]:
        """Take what came; return the packets that are whole now, and what was none."""
        packets: list[bytes | PacketError] = []
        self._partial += received
        at = 0
        while len(self._partial) - at >= _SIZE and not self.is_lost:
            size = int.from_bytes(self._partial[at : at + _SIZE])
            if not 0 < size <= MAX_PACKET:
                self.is_lost = True
                packets.append(PacketError(f"a packet of {size} bytes: send 4 to {MAX_PACKET}"))
            elif len(self._partial) - at < _SIZE + size:
                break
            else:
                at += _SIZE + size
                packets.append(bytes(self._partial[at - size : at]))
        del self._partial[: len(self._partial) if self.is_lost else at]
        return packets

    def frame(self, packet: bytes) -> bytes:
        """Return a packet as it is sent."""
        return len(packet).to_bytes(_SIZE) + packet
