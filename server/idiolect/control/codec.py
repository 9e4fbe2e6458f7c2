"""OSC bytes to messages and back.

Hand-written although python-osc is a dependency: its reader hangs for ever on a negative element
size inside an OSC bundle, lets ``UnicodeDecodeError`` and ``RecursionError`` out on hostile bytes,
and skips the tags ``c S I`` without their data, which shifts every later argument.  Here each
length is checked before it is believed, so any packet costs time and memory in proportion to its
size, and the only exception is `PacketError`.

Read: all of OSC 1.0 (M. Wright, *The Open Sound Control 1.0 Specification*, 2002) and the tags of
1.1 (A. Freed, A. Schmeder, NIME 2009).  Written: ``i``, ``f`` and ``s`` alone, which every client
understands, and ``b`` in files.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from idiolect.errors import PacketError

__all__ = [
    "IMMEDIATELY",
    "MAX_ARGUMENTS",
    "MAX_DEPTH",
    "MAX_ELEMENTS",
    "MAX_PACKET",
    "Argument",
    "Message",
    "Opaque",
    "OscBundle",
    "encode",
    "encode_bundle",
    "parse",
]

MAX_PACKET = 65536  # bytes; a UDP datagram is smaller
MAX_ARGUMENTS = MAX_PACKET // 4  # more than that have no data, and would cost without it
MAX_DEPTH = 8  # OSC bundles inside OSC bundles, and arrays inside arrays
MAX_ELEMENTS = 512  # messages and OSC bundles in one packet, all levels together
IMMEDIATELY = 1  # the time tag that means "now"

_BUNDLE = b"#bundle\0"
_SHORT = 16  # type tags: so many are seen again and again, and how they lie is remembered
_NUMBERS = {
    tag: struct.Struct(form) for tag, form in (("i", ">i"), ("h", ">q"), ("f", ">f"), ("d", ">d"))
}
_PLAIN = "".join(_NUMBERS)
_CONSTANTS: dict[str, bool | float | None] = {"T": True, "F": False, "N": None, "I": math.inf}
_OPAQUE = {"r": 4, "m": 4, "t": 8}  # bytes


@dataclass(frozen=True, slots=True)
class Opaque:
    """An argument nothing here takes: a colour (r), MIDI (m) or a time tag (t)."""

    tag: str
    raw: bytes


Argument = int | float | str | bytes | bool | None | Opaque | list[Any]
"""What an argument can be; a list is an OSC array, an impulse (``I``) is infinity."""


@dataclass(frozen=True, slots=True)
class Message:
    """One OSC message."""

    address: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class OscBundle:
    """Messages to be run in one go; `time_tag` counts 2**-32 s from 1900."""

    time_tag: int
    elements: "tuple[Message | OscBundle, ...]" = ()


def parse(packet: bytes, *, longest: int = MAX_PACKET) -> Message | OscBundle:
    """Read one packet.

    Parameters
    ----------
    packet : bytes
        What arrived, whole.
    longest : int
        Bytes that are taken.

    Returns
    -------
    Message or OscBundle
        Strings are UTF-8 with what is not UTF-8 replaced.  A message without a type-tag string
        has no arguments.

    Raises
    ------
    PacketError
        When it is not well-formed, or larger or deeper than the limits above.

    Notes
    -----
    Any thread.  At most a constant number of steps per byte.
    """
    if len(packet) > longest:
        raise PacketError(
            f"a packet of {len(packet)} bytes is too long: send at most {longest} at once"
        )
    return _Reader(packet).element(0, len(packet), 1)


class _Reader:
    """One packet being read; every position passed around is a multiple of 4."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.elements = 0

    def element(self, start: int, end: int, depth: int) -> Message | OscBundle:
        """Read the message or OSC bundle that fills ``packet[start:end]``."""
        if start == end or (end - start) % 4:
            raise PacketError(f"{end - start} bytes are no OSC: sizes are multiples of 4, above 0")
        if self.packet.startswith(_BUNDLE, start, end):
            return self._bundle(start + len(_BUNDLE), end, depth)
        return self._message(start, end)

    def _bundle(self, at: int, end: int, depth: int) -> OscBundle:
        if depth > MAX_DEPTH:
            raise PacketError(f"OSC bundles nested deeper than {MAX_DEPTH}: flatten them")
        time_tag = int.from_bytes(self._take(at, 8, end))
        at += 8
        elements: list[Message | OscBundle] = []
        while at < end:
            size = _int32(self._take(at, 4, end))
            at += 4
            if not 0 < size <= end - at:
                raise PacketError(
                    f"an OSC bundle element of {size} bytes where {end - at} are left"
                )
            self.elements += 1
            if self.elements > MAX_ELEMENTS:
                raise PacketError(f"more than {MAX_ELEMENTS} elements in a packet: send several")
            elements.append(self.element(at, at + size, depth + 1))
            at += size
        return OscBundle(time_tag, tuple(elements))

    def _message(self, at: int, end: int) -> Message:
        address, at = self._text(at, end)
        if not address.startswith("/"):
            raise PacketError(f"an address starts with /, this packet with {address[:16]!r}")
        if at == end:
            return Message(address)
        tags, at = self._text(at, end)
        if not tags.startswith(","):
            raise PacketError(f"{address[:64]}: type tags start with a comma, not {tags[:16]!r}")
        arguments, at = self._arguments(tags[1:], at, end)
        if at != end:
            raise PacketError(f"{address[:64]}: {end - at} bytes after the last argument")
        return Message(address, tuple(arguments))

    def _arguments(self, tags: str, at: int, end: int) -> tuple[Sequence[Argument], int]:
        if len(tags) > MAX_ARGUMENTS:
            raise PacketError(f"{len(tags)} arguments are too many: send at most {MAX_ARGUMENTS}")
        if not tags.strip(_PLAIN):
            layout = _layout(tags) if len(tags) <= _SHORT else _lay_out(tags)
            return layout.unpack(self._take(at, layout.size, end)), at + layout.size
        levels: list[list[Argument]] = [[]]
        for tag in tags:
            if tag == "[":
                if len(levels) > MAX_DEPTH:
                    raise PacketError(f"arrays nested deeper than {MAX_DEPTH}: flatten them")
                levels.append([])
            elif tag == "]":
                if len(levels) == 1:
                    raise PacketError("a type tag ] without its [")
                array = levels.pop()
                levels[-1].append(array)
            else:
                value, at = self._argument(tag, at, end)
                levels[-1].append(value)
        if len(levels) > 1:
            raise PacketError("a type tag [ without its ]")
        return levels[0], at

    def _argument(self, tag: str, at: int, end: int) -> tuple[Argument, int]:
        if number := _NUMBERS.get(tag):
            return number.unpack(self._take(at, number.size, end))[0], at + number.size
        if tag in "sS":
            return self._text(at, end)
        if tag in _CONSTANTS:
            return _CONSTANTS[tag], at
        if tag == "b":
            return self._blob(at, end)
        if tag == "c":
            return _character(self._take(at, 4, end)), at + 4
        if tag in _OPAQUE:
            return Opaque(tag, self._take(at, _OPAQUE[tag], end)), at + _OPAQUE[tag]
        raise PacketError(f"type tag {tag!r} is not OSC")

    def _text(self, at: int, end: int) -> tuple[str, int]:
        stop = self.packet.find(b"\0", at, end)
        if stop < 0:
            raise PacketError("a string without its end")
        return self.packet[at:stop].decode(errors="replace"), at + _padded(stop - at + 1)

    def _blob(self, at: int, end: int) -> tuple[bytes, int]:
        size = _int32(self._take(at, 4, end))
        at += 4
        if not 0 <= size <= end - at:
            raise PacketError(f"a blob of {size} bytes where {end - at} are left")
        return self.packet[at : at + size], at + _padded(size)

    def _take(self, at: int, size: int, end: int) -> bytes:
        if end - at < size:
            raise PacketError(f"the packet ends {size - (end - at)} bytes too early")
        return self.packet[at : at + size]


def encode(address: str, *arguments: object) -> bytes:
    r"""Write one message of the types ``i``, ``f``, ``s`` and ``b``.

    Parameters
    ----------
    address : str
        Where it goes.
    *arguments : int, float, str, bytes, bool or a numpy scalar
        A bool becomes 0 or 1.  What does not fit saturates: an int beyond 32 bits becomes the
        nearest one of 32, a float beyond float32 becomes an infinity.  NUL is left out of strings.

    Raises
    ------
    TypeError
        When an argument is of another type.

    Examples
    --------
    >>> encode("/sync", 7)
    b'/sync\x00\x00\x00,i\x00\x00\x00\x00\x00\x07'
    """
    tags, body = [","], []
    for argument in arguments:
        tag, raw = _encode_argument(argument)
        tags.append(tag)
        body.append(raw)
    return _encode_text(address) + _encode_text("".join(tags)) + b"".join(body)


def encode_bundle(*elements: bytes, time_tag: int = IMMEDIATELY) -> bytes:
    """Join encoded messages and OSC bundles into one OSC bundle."""
    sized = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return _BUNDLE + struct.pack(">Q", time_tag) + sized


def _encode_argument(argument: object) -> tuple[str, bytes]:
    item = getattr(argument, "item", None)  # numpy's scalars, without needing numpy
    value = item() if callable(item) else argument
    if isinstance(value, int):
        return "i", struct.pack(">i", min(max(int(value), -(2**31)), 2**31 - 1))
    if isinstance(value, float):
        return "f", _encode_float(value)
    if isinstance(value, str):
        return "s", _encode_text(value)
    if isinstance(value, bytes):
        return "b", struct.pack(">i", len(value)) + value.ljust(_padded(len(value)), b"\0")
    raise TypeError(f"{type(value).__name__} cannot be sent over OSC: use int, float, str or bytes")


def _encode_float(value: float) -> bytes:
    try:
        return struct.pack(">f", value)
    except OverflowError:
        return struct.pack(">f", math.copysign(math.inf, value))


def _encode_text(text: str) -> bytes:
    raw = text.replace("\0", "").encode(errors="replace")
    return raw.ljust(_padded(len(raw) + 1), b"\0")


def _padded(size: int) -> int:
    return (size + 3) // 4 * 4


def _lay_out(tags: str) -> struct.Struct:
    """Say how arguments lie that are numbers alone."""
    return struct.Struct(">" + tags.replace("h", "q"))


_layout = lru_cache(maxsize=256)(_lay_out)


def _int32(raw: bytes) -> int:
    return int.from_bytes(raw, signed=True)


def _character(raw: bytes) -> str:
    code = int.from_bytes(raw)
    return chr(code) if code <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"
