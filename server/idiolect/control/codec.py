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
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

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
_REMEMBERED = 1024  # heads of messages: what stands before their arguments
_SHORT = 64  # bytes; longer heads are read anew
_PLAIN = "ihfd"
_NUMBERS = {tag: struct.Struct(">" + tag.replace("h", "q")) for tag in _PLAIN}
_CONSTANTS: dict[str, bool | float | None] = {"T": True, "F": False, "N": None, "I": math.inf}
_OPAQUE = {"r": 4, "m": 4, "t": 8}  # bytes


@dataclass(frozen=True, slots=True)
class Opaque:
    """An argument nothing here takes: a colour (r), MIDI (m) or a time tag (t)."""

    tag: str
    raw: bytes


Argument = int | float | str | bytes | bool | None | Opaque | list[Any]
"""What an argument can be; a list is an OSC array, an impulse (``I``) is infinity."""


class Message(NamedTuple):
    """One OSC message."""

    address: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class OscBundle:
    """Messages to be run in one go; `time_tag` counts 2**-32 s from 1900."""

    time_tag: int
    elements: "tuple[Message | OscBundle, ...]" = ()
    packet: bytes = field(default=b"", compare=False, repr=False)
    """What it was read from: itself alone, also where it lay inside another."""


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
        raise PacketError(f"a packet of {len(packet)} bytes is too long: send at most {longest}")
    return _element(packet, 0, len(packet), 1, count(1))


def _element(
    packet: bytes, start: int, end: int, depth: int, numbers: Iterator[int]
) -> Message | OscBundle:
    """Read what fills ``packet[start:end]``; here and below, positions are multiples of 4."""
    if start == end or (end - start) % 4:
        raise PacketError(f"{end - start} bytes are no OSC: send a multiple of 4, above 0")
    if packet.startswith(_BUNDLE, start, end):
        return _bundle(packet, start, end, depth, numbers)
    return _message(packet, start, end)


def _bundle(packet: bytes, start: int, end: int, depth: int, numbers: Iterator[int]) -> OscBundle:
    """Read an OSC bundle; `numbers` counts the packet's elements."""
    if depth > MAX_DEPTH:
        raise PacketError(f"OSC bundles nested deeper than {MAX_DEPTH}: flatten them")
    at = start + len(_BUNDLE)
    time_tag, at = int.from_bytes(_take(packet, at, 8, end)), at + 8
    elements: list[Message | OscBundle] = []
    while at < end:
        size, at = _size(packet, at, end)
        if not 0 < size <= end - at:
            raise PacketError(
                f"an OSC bundle element of {size} bytes where {end - at} are left: send its real size"
            )
        if next(numbers) > MAX_ELEMENTS:
            raise PacketError(f"more than {MAX_ELEMENTS} elements in a packet: send several")
        elements.append(_element(packet, at, at + size, depth + 1, numbers))
        at += size
    return OscBundle(time_tag, tuple(elements), packet[start:end])


def _message(packet: bytes, start: int, end: int) -> Message:
    at = _after_text(packet, start, end)
    if at < end:
        at = _after_text(packet, at, end)
    read = _recall if at - start <= _SHORT else _read_head
    address, tags, numbers = read(packet[start:at])
    if numbers is not None and numbers.size == end - at:
        return Message(address, numbers.unpack_from(packet, at))
    try:
        return Message(address, _arguments(packet, tags, at, end))
    except PacketError as error:
        error.address = address
        raise


def _read_head(head: bytes) -> tuple[str, str, struct.Struct | None]:
    """Read a message up to its arguments: address, type tags, and how numbers alone would lie."""
    address, at = _text(head, 0, len(head))
    if not address.startswith("/"):
        raise PacketError(f"{address[:16]!r} is no address: send one that starts with /")
    tags = _text(head, at, len(head))[0] if at < len(head) else ","
    if not tags.startswith(","):
        raise PacketError(f"type tags are {tags[:16]!r}: send them behind a comma", address)
    tags = tags[1:]
    if len(tags) > MAX_ARGUMENTS:
        raise PacketError(
            f"{len(tags)} arguments are too many: send at most {MAX_ARGUMENTS}", address
        )
    if tags.strip(_PLAIN):
        return address, tags, None
    return address, tags, struct.Struct(">" + tags.replace("h", "q"))


_recall = lru_cache(_REMEMBERED)(_read_head)  # senders repeat them


def _arguments(packet: bytes, tags: str, at: int, end: int) -> tuple[Argument, ...]:
    levels: list[list[Argument]] = [[]]
    for tag in tags:
        if tag == "[":
            if len(levels) > MAX_DEPTH:
                raise PacketError(f"arrays nested deeper than {MAX_DEPTH}: flatten them")
            levels.append([])
        elif tag == "]":
            if len(levels) == 1:
                raise PacketError(f"type tags {tags[:16]!r} close [] that is not open: send pairs")
            array = levels.pop()
            levels[-1].append(array)
        else:
            value, at = _argument(packet, tag, at, end)
            levels[-1].append(value)
    if len(levels) > 1:
        raise PacketError(f"type tags {tags[:16]!r} open [] and do not close it: send pairs")
    if at != end:
        raise PacketError(f"{end - at} bytes behind the last argument: send a type tag for each")
    return tuple(levels[0])


def _argument(packet: bytes, tag: str, at: int, end: int) -> tuple[Argument, int]:
    if number := _NUMBERS.get(tag):
        return number.unpack(_take(packet, at, number.size, end))[0], at + number.size
    if tag in "sS":
        return _text(packet, at, end)
    if tag in _CONSTANTS:
        return _CONSTANTS[tag], at
    if tag == "b":
        size, at = _size(packet, at, end)
        if not 0 <= size <= end - at:
            raise PacketError(f"a blob of {size} bytes where {end - at} are left: send its size")
        return packet[at : at + size], at + _padded(size)
    if tag == "c":
        code = int.from_bytes(_take(packet, at, 4, end))
        return chr(code) if code <= sys.maxunicode else "\N{REPLACEMENT CHARACTER}", at + 4
    if tag in _OPAQUE:
        return Opaque(tag, _take(packet, at, _OPAQUE[tag], end)), at + _OPAQUE[tag]
    raise PacketError(f"type tag {tag!r} is not OSC: send i, f or s")


def _after_text(packet: bytes, at: int, end: int) -> int:
    """Give where what follows a string begins."""
    stop = packet.find(b"\0", at, end)
    if stop < 0:
        raise PacketError(f"a string of {end - at} bytes does not end: send a zero byte behind it")
    return stop + 4 & ~3


def _text(packet: bytes, at: int, end: int) -> tuple[str, int]:
    after = _after_text(packet, at, end)
    return packet[at : packet.index(b"\0", at)].decode(errors="replace"), after


def _size(packet: bytes, at: int, end: int) -> tuple[int, int]:
    return int.from_bytes(_take(packet, at, 4, end), signed=True), at + 4


def _take(packet: bytes, at: int, size: int, end: int) -> bytes:
    if end - at < size:
        raise PacketError(f"{size - (end - at)} bytes are missing at the end: send all of it")
    return packet[at : at + size]


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
