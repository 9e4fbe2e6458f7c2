"""Packets as clients send them, packets as nobody should, and endless mixtures of both.

Written byte by byte and not with the codec, which is what they are to be tried on.
"""

import struct
from collections.abc import Iterator, Sequence

import numpy as np

__all__ = ["HOSTILE", "Mutator", "bundle", "from_clients", "message"]

_IMMEDIATELY = 1
_DRAWN = 1 << 16  # random numbers at once


def message(address: str, tags: str | None = None, *values: object) -> bytes:
    """Lay out a message.

    Parameters
    ----------
    address : str
        Where it goes.
    tags : str or None
        Types without their comma; None leaves the type tag string away, as old senders do.
    *values : int, float, str or bytes
        One for each tag that has data: ``i h f d s S b``; of ``c r m t`` the bytes.
    """
    if tags is None:
        return _text(address)
    given = iter(values)
    data = b"".join(_value(tag, next(given)) for tag in tags if tag not in "TFNI[]")
    return _text(address) + _text("," + tags) + data


def bundle(*elements: bytes, time_tag: int = _IMMEDIATELY) -> bytes:
    """Lay out an OSC bundle."""
    sized = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", time_tag) + sized


def _text(text: str) -> bytes:
    raw = text.encode()
    return raw + bytes(4 - len(raw) % 4)


def _value(tag: str, value: object) -> bytes:
    if tag in "sS":
        return _text(str(value))
    if tag in "ihfd":
        form = {"i": ">i", "h": ">q", "f": ">f", "d": ">d"}[tag]
        return struct.pack(form, value)
    assert isinstance(value, bytes)
    if tag == "b":
        return struct.pack(">i", len(value)) + value + bytes(-len(value) % 4)
    return value


_EVENT = ("cps", 0.5625, "cycle", 12.0, "delta", 0.888889)

_SENT: dict[str, bytes | tuple[bytes, ...]] = {
    "SuperCollider, a message": message("/voice/1/temperature", "f", 0.5),
    "SuperCollider, a whole number": message("/voice/1/run", "i", 1),
    "SuperCollider, a bundle": (
        message("/voice/1/pan", "f", -0.5),
        message("/voice/2/pan", "f", 0.5),
    ),
    "SuperCollider, a double": message("/voice/1/gain", "d", -6.0),
    "SuperCollider, bundles in a bundle": (bundle(message("/voice/1/pan", "f", 0.25)),),
    "Pd, floats alone": message("/voice/1/temperature", "f", 0.5),
    "Pd, a float for a whole number": message("/voice/1/run", "f", 1.0),
    "Pd, a symbol": message("/voice/1/scale", "s", "note"),
    "TouchDesigner, a CHOP's channels": (
        message("/voice/1/temperature", "f", 0.75),
        message("/voice/1/gain", "f", -3.0),
    ),
    "TouchDesigner, a CHOP in doubles": (message("/voice/1/gain", "d", -3.0),),
    "TouchDesigner, without type tags": message("/status"),
    "TouchDesigner, true": message("/voice/1/freeze", "T"),
    "TouchDesigner, false": message("/voice/1/freeze", "F"),
    "TouchDesigner, None": message("/voice/1/seed/random", "N"),
    "TouchDesigner, inf": message("/voice/1/cut", "I"),
    "TouchDesigner, a large number": message("/voice/1/random_seed", "h", 2**40),
    "TouchDesigner, a DAT's row of types": message("/clock", "ifs", 7, 0.5, "row"),
    "Tidal, an event": (
        message(
            "/dirt/play", "sssfsfsfsisfss",
            "_id_", "1", *_EVENT, "orbit", 0, "pan", 0.25, "s", "source_0",
        ),
    ),
    "Tidal, an event for /play": (
        message("/play", "sssfsfsfsisf", "_id_", "1", *_EVENT, "unit", 3, "gain", -6.0),
    ),
    "Tidal, an argument alone": (message("/voice/1/temperature", "f", 0.8),),
    "Strudel, an event": (
        message("/dirt/play", "sssfsfsfsfsi", "s", "source_1", *_EVENT, "speed", -0.5, "n", 2),
    ),
}  # fmt: skip
"""A tuple is what comes together, with a time."""


def from_clients(time_tag: int = _IMMEDIATELY) -> dict[str, bytes]:
    """Give what clients send, by who sends it and what for.

    Parameters
    ----------
    time_tag : int
        Of what comes with a time.

    Notes
    -----
    SuperCollider and Pd are here as a test captures them.  The others are laid out from their
    sources and documentation: TouchDesigner's OSC Out CHOP and DAT, Tidal 1.9's
    ``Sound.Tidal.Stream.Target`` by way of hosc, Strudel's ``osc.mjs`` by way of osc-js.
    """
    return {
        who: sent if isinstance(sent, bytes) else bundle(*sent, time_tag=time_tag)
        for who, sent in _SENT.items()
    }


def _nested(depth: int) -> bytes:
    packet = message("/voice/1/pan", "f", 0.5)
    for _ in range(depth):
        packet = bundle(packet)
    return packet


_GAIN = message("/gain", "f", -6.0)

HOSTILE: dict[str, bytes] = {
    "a negative element size": b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc",
    "an element size of 0": bundle() + bytes(4),
    "an element size beyond the end": bundle() + struct.pack(">i", 400) + _GAIN,
    "the largest element size": bundle() + struct.pack(">i", 2**31 - 1),
    "50 wildcards": message("/voice/1/" + 50 * "*" + "Z", "f", 1.0),
    "wildcards and letters by turns": message("/voice/1/" + 60 * "*a" + "Z", "f", 1.0),
    "every part by wildcards": message("//*{a,b}*[!x]*?*//*", "f", 1.0),
    "braces that are not closed": message("/voice/{1,2/pan", "f", 1.0),
    "latin-1": b"/voice/1/scale\0\0,s\0\0n\xe9e\0",
    "600 bundles deep": _nested(600),
    "600 arrays deep": message("/voice/1/seed/tokens", 600 * "[" + 600 * "]"),
    "60,000 booleans": message("/voice/1/seed/tokens", 60_000 * "T"),
    "3000 elements": bundle(*[_GAIN] * 3000),
    "150 patterns": bundle(*[message(f"/voice/*{n * '?'}/pan", "f", 1.0) for n in range(150)]),
    "a time tag of 0": bundle(_GAIN, time_tag=0),
    "the last time tag": bundle(_GAIN, time_tag=2**64 - 1),
    "a truncated blob": b"/a\0\0,b\0\0" + struct.pack(">i", 100) + b"abcd",
    "a negative blob": b"/a\0\0,b\0\0" + struct.pack(">i", -4),
    "every type": message(
        "/clock", "ihfdsSbcrmtTFNI[i[f]]", 1, 2**40, 0.5, 0.1, "s", "S", b"blob", *3 * [b"4444"],
        b"88888888", 3, 0.25,
    ),
    "an infinity that shifts what follows": message("/a", "Ifcf", 1.5, b"\0\0\0x", 2.5),
    "NaN": message("/gain", "f", float("nan")),
    "a datagram beyond 8 KiB": message("/voice/1/seed/tokens", 2500 * "i", *range(2500)),
    "no end of a string": b"/a\0\0,s\0\0abcd",
    "no end of the tags": b"/a\0\0,iii",
    "an unknown tag": b"/a\0\0,z\0\0",
    "a tag that is not there": message("/gain") + b"\0\0\0\0",
    "65,000 letters": message("/" + 65_000 * "a"),
    "nothing": b"",
    "three bytes": b"/a\0",
}  # fmt: skip
"""What hangs, breaks or deceives other servers: by what is wrong with it."""

_WORDS = (
    b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\0", b"\0\0\0\x04", b"\0\0\0\1",
    b"\x7f\x80\0\0", b"\x7f\xc0\0\0", b"\xff\x80\0\0", b"#bun", b"dle\0", b",iii", b",[[[", b"]]]\0",
    b",sfb", b"/*/*", b"//\0\0", b"{,,}", b"[!a]", b"\xc0\xdb\xdc\0",
)  # fmt: skip
_TAGS = "ifsbhdScrmtTFNI[]"


class Mutator:
    """Makes packets from packets, for ever, and the same ones from the same seed.

    Parameters
    ----------
    addresses : sequence of str
        Which messages that are whole go to.
    seed : int
        Of every choice.

    Notes
    -----
    About a third are well-formed, with arguments of any types; the others were once.
    """

    def __init__(self, addresses: Sequence[str], seed: int) -> None:
        # Not the one that would have every packet that follows written to the log.
        self._addresses = [address for address in addresses if address != "/dump_osc"]
        self._seeds = [*from_clients().values(), *HOSTILE.values()]
        self._seeds = [packet for packet in self._seeds if 0 < len(packet) <= 4096]
        self._rng = np.random.default_rng(seed)
        self._drawn: list[int] = []

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self._packet()

    def _below(self, end: int) -> int:
        if not self._drawn:
            self._drawn = self._rng.integers(0, 2**32, _DRAWN).tolist()
        return self._drawn.pop() % end

    def _packet(self) -> bytes:
        kind = self._below(6)
        if kind < 2:
            return self._message()
        if kind == 2:
            return bundle(*[self._message() for _ in range(self._below(5))], time_tag=self._tag())
        base = self._message() if kind == 3 else self._seeds[self._below(len(self._seeds))]
        packet = bytearray(base)
        for _ in range(1 + self._below(4)):
            self._change(packet)
        return bytes(packet)

    def _tag(self) -> int:
        return (0, 1, 2**64 - 1, self._below(2**32) << 32)[self._below(4)]

    def _message(self) -> bytes:
        address = self._addresses[self._below(len(self._addresses))]
        tags = "".join(_TAGS[self._below(len(_TAGS))] for _ in range(self._below(4)))
        if self._below(3):
            tags = tags.replace("[", "i").replace("]", "f")
        return message(address, tags, *map(self._value, tags.translate(_DATALESS)))

    def _value(self, tag: str) -> object:
        word = self._below(2**32)
        if tag in "ih":
            return word % 9 if word & 1 else word - 2**31 if word & 2 else -1
        if tag in "fd":
            return (word / 2**32, -1e30, float("nan"), float("inf"), word % 100)[word % 5]
        if tag in "sS":
            return ("note", "", "../etc/passwd", "x" * 70, "source_0", "1")[word % 6]
        return bytes(word % 9) if tag == "b" else bytes(8 if tag == "t" else 4)

    def _change(self, packet: bytearray) -> None:
        at, how = self._below(len(packet) + 1), self._below(7)
        if how == 0:
            packet[at : at + 1] = bytes([self._below(256)])
        elif how == 1:
            at = at // 4 * 4
            packet[at : at + 4] = _WORDS[self._below(len(_WORDS))]
        elif how == 2:
            packet[at:at] = _WORDS[self._below(len(_WORDS))]
        elif how == 3:
            del packet[at : at + 1 + self._below(8)]
        elif how == 4:
            packet[at:at] = packet[at : at + 4 * self._below(9)]
        elif how == 5:
            del packet[at // 4 * 4 :]
        else:
            other = self._seeds[self._below(len(self._seeds))]
            packet[at:] = other[self._below(len(other)) :]


_DATALESS = {ord(tag): None for tag in "TFNI[]"}
