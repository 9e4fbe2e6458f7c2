"""What of OSC 1.0 and 1.1 the daemon takes: a check for each rule, and the page that says so.

``python tests/conformance.py > docs/conformance.md`` runs every check and writes the page.  In-process
checks hand bytes to the same dispatcher the sockets do; those about framing go through real sockets.
"""

import asyncio
import math
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import aiohttp

from idiolect.bench.packets import from_clients
from idiolect.control import ControlServer
from idiolect.control.codec import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_PACKET,
    Argument,
    Message,
    Opaque,
    OscBundle,
    encode,
    encode_bundle,
    parse,
)
from idiolect.control.desk import Desk
from idiolect.control.dispatch import Dispatcher
from idiolect.control.framing import Sized, Slip
from idiolect.control.schedule import FURTHEST_S, ntp_of
from idiolect.errors import PacketError
from recording import RecordingPlayer, TcpWire, Wire

__all__ = ["ROWS", "Row", "holds", "page"]

RATE = 48_000
BEGUN = time.time()


@dataclass(frozen=True, slots=True)
class Row:
    """One rule, and how it is found out whether it is kept."""

    group: str
    rule: str
    check: Callable[[], bool]
    why: str = ""  # where it is not kept; empty where it is


@cache
def holds(row: Row) -> bool:
    """Run a row's check, once."""
    return row.check()


def page() -> str:
    """Write the page from what the checks found."""
    lines = [_OPENING]
    for group in dict.fromkeys(row.group for row in ROWS):
        lines.append(f"## {group}\n\n| rule | kept | why not |\n| --- | --- | --- |")
        rows = [row for row in ROWS if row.group == group]
        lines += [f"| {row.rule} | {'yes' if holds(row) else 'no'} | {row.why} |" for row in rows]
        lines[-1] += "\n"
    lines.append(_CLIENTS)
    lines += [f"| {name} | `{_shape(parse(p))}` |" for name, p in from_clients().items()]
    return "\n".join(lines) + "\n"


def _shape(element: Message | OscBundle) -> str:
    """Show an element as text: an address and its values, or what a bundle holds."""
    if isinstance(element, OscBundle):
        return f"[ {', '.join(map(_shape, element.elements))} ]"
    return " ".join([element.address, *map(_shown, element.arguments)])


def _shown(value: Argument) -> str:
    named = {None: "nil", True: "true", False: "false", math.inf: "impulse"}
    if value is None or isinstance(value, bool) or value == math.inf:
        return named[value]
    return f"{value:.6g}" if isinstance(value, float) else str(value)


_CLIENTS = """\
## What clients send

Each of these is sent to a daemon that plays, in a test that looks at what comes of it. SuperCollider's
messages and timed bundle and Pd's packets are caught from the programs; the others are laid out byte by
byte as TouchDesigner's OSC Out, Tidal's and Strudel's sources have them. In brackets: a bundle, with a
time tag that is waited for. Tidal and Strudel speak to `/dirt/play` where `control.dirt` is on.

| who, and what | packet |
| --- | --- |"""


_OPENING = """\
# Conformance to OSC

Written by `python tests/conformance.py` from a check of each row: M. Wright, *The Open Sound Control
1.0 Specification* (2002), and what A. Freed and A. Schmeder, *Features and Future of Open Sound
Control version 1.1* (NIME 2009) add to it. What the addresses are is in
[the OSC reference](osc.md), what carries them in [ways in](control.md).
"""


@dataclass(eq=False)
class _Client:
    """A sender without a socket: what it is told is kept."""

    host: str = "127.0.0.1"
    port: int = 1
    told: list[Message] = field(default_factory=list)

    def send(self, packet: bytes) -> None:
        message = parse(packet)
        assert isinstance(message, Message)
        self.told.append(message)

    def at(self, port: int) -> "_Client":
        return self


class _Clock:
    """A witness that knows nothing but the time."""

    def frame_at(self, seconds: float) -> int:
        return round((seconds - BEGUN) * RATE)


@dataclass
class _Timed(RecordingPlayer):
    """It notes at which frame a change is to act."""

    acts: list[tuple[float, int]] = field(default_factory=list)

    @property
    def frame(self) -> int:  # type: ignore[override]
        """Behind by so much that a machine that stalls makes nothing late that was not sent late."""
        return _Clock().frame_at(time.time()) - RATE // 2

    @frame.setter
    def frame(self, _: int) -> None: ...

    def set(self, name: str, voice: int, value: float, ramp: float | None = None) -> None:
        super().set(name, voice, value, ramp)
        self.acts.append((value, self.at))


class Stage:
    """The daemon's reading side without its sockets.

    Parameters
    ----------
    time_tags : str
        What is done with time tags.
    """

    def __init__(self, time_tags: str = "honour") -> None:
        self.player = _Timed()
        self.client = _Client()
        self.desk = Desk(
            self.player,
            name="stage",
            defer=lambda function: function(),
            quit=lambda: None,
            witness=_Clock(),  # type: ignore[arg-type]
            time_tags=time_tags,
        )
        self.dispatcher = Dispatcher(self.desk)

    def send(self, *packets: bytes) -> "Stage":
        """Run packets, each as a burst of its own."""
        for packet in packets:
            self.dispatcher.receive(packet, self.client)
            self.dispatcher.flush()
        return self

    def until(self, seconds: float) -> "Stage":
        """Wait, and take up what is due, as the daemon does."""
        while True:
            for due in self.dispatcher.take_due(lambda host: 0.0):
                self.dispatcher.act(due)
            if time.time() >= seconds:
                return self
            time.sleep(0.005)

    @property
    def set(self) -> list[tuple[str, int, float]]:
        """What was set: name, voice, value."""
        return [call[1:4] for call in self.player.calls if call[0] == "set"]

    @property
    def failed(self) -> list[Argument]:
        """What was refused."""
        return [message.arguments[0] for message in self.client.told if message.address == "/fail"]


# Types -------------------------------------------------------------------------------------------


def _message(tags: bytes, body: bytes = b"") -> bytes:
    return b"/a\0\0" + (b"," + tags).ljust((len(tags) + 1) // 4 * 4 + 4, b"\0") + body


def _reads(tags: bytes, body: bytes, *values: Argument) -> bool:
    """Say whether these bytes are these values, and the next argument is still in its place."""
    packet = _message(tags + b"i", body + struct.pack(">i", 7))
    return parse(packet) == Message("/a", (*values, 7))


def _refused(*packets: bytes) -> bool:
    return all(isinstance(_parsed(packet), PacketError) for packet in packets)


def _parsed(packet: bytes) -> object:
    try:
        return parse(packet)
    except PacketError as error:
        return error


def _turns(tags: bytes, body: bytes) -> bool:
    """Say whether a number of this type turns a parameter."""
    return Stage().send(b"/mute\0\0\0" + _message(tags, body)[4:]).set == [("mute", 0, 1)]


def _sends(value: object) -> bool:
    try:
        encode("/a", value)
    except TypeError:
        return False
    return True


def _types() -> Iterator[tuple[str, Callable[[], bool], str]]:
    one = struct.pack
    yield "`i`, 32-bit whole number", lambda: _reads(b"i", one(">i", -2), -2), ""
    yield "`f`, 32-bit float", lambda: _reads(b"f", one(">f", 0.5), 0.5), ""
    yield "`s`, string", lambda: _reads(b"s", b"note\0\0\0\0", "note"), ""
    yield "`b`, blob", lambda: _reads(b"b", one(">i", 3) + b"abc\0", b"abc"), ""
    yield "`b` of no bytes", lambda: _reads(b"b", bytes(4), b""), ""
    yield "`h`, 64-bit whole number", lambda: _reads(b"h", one(">q", 2**40), 2**40), ""
    yield "`t`, time tag", lambda: _reads(b"t", b"time tag", Opaque("t", b"time tag")), ""
    yield "`d`, 64-bit float", lambda: _reads(b"d", one(">d", 0.1), 0.1), ""
    yield "`S`, symbol", lambda: _reads(b"S", b"sym\0", "sym"), ""
    yield "`c`, character", lambda: _reads(b"c", one(">i", ord("x")), "x"), ""
    yield "`r`, colour", lambda: _reads(b"r", b"rgba", Opaque("r", b"rgba")), ""
    yield "`m`, MIDI", lambda: _reads(b"m", b"midi", Opaque("m", b"midi")), ""
    yield "`T`, true", lambda: _reads(b"T", b"", True), ""
    yield "`F`, false", lambda: _reads(b"F", b"", False), ""
    yield "`N`, nil", lambda: _reads(b"N", b"", None), ""
    yield "`I`, infinitum or impulse", lambda: _reads(b"I", b"", math.inf), ""
    yield "`[` `]`, arrays", lambda: _reads(b"[if]", one(">if", 3, 0.5), [3, 0.5]), ""
    yield (
        f"arrays in arrays, {MAX_DEPTH} deep",
        lambda: not _refused(_message(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)),
        "",
    )
    yield (
        "arrays in arrays, as deep as one likes",
        lambda: not _refused(_message(b"[" * 600 + b"]" * 600)),
        f"Beyond {MAX_DEPTH} nobody nests; what is refused cannot exhaust a stack.",
    )
    yield (
        "any of `i h f d T F` is a number",
        lambda: all(
            _turns(tag, body)
            for tag, body in (
                (b"i", one(">i", 1)),
                (b"h", one(">q", 1)),
                (b"f", one(">f", 1)),
                (b"d", one(">d", 1)),
                (b"T", b""),
            )
        ),
        "",
    )
    yield (
        "`r`, `m` and `t` mean something to an address",
        lambda: any(_turns(tag, bytes(size)) for tag, size in ((b"r", 4), (b"m", 4), (b"t", 8))),
        "Nothing here is a colour, MIDI or a time; they are read past, and refused as a value.",
    )
    yield (
        "an unknown type tag is discarded with its message",
        lambda: _refused(_message(b"z"), _message(b"iz", bytes(4))),
        "",
    )
    yield "`i`, `f` and `s` are sent", lambda: all(map(_sends, (1, 0.5, "note"))), ""
    yield (
        "every other type is sent",
        lambda: all(map(_sends, (None, [1], {}))),
        "Pd reads no others, and TouchDesigner's CHOPs only numbers: `i`, `f` and `s` reach everyone.",
    )


# Messages ----------------------------------------------------------------------------------------


def _messages() -> Iterator[tuple[str, Callable[[], bool], str]]:
    yield (
        "a missing type tag string means no arguments",
        lambda: parse(b"/status\0") == Message("/status"),
        "",
    )
    yield (
        "arguments behind a missing type tag string are guessed",
        lambda: not _refused(b"/gain\0\0\0" + struct.pack(">f", -6)),
        "Nothing says what they are; a wrong guess would be a wrong sound.",
    )
    yield (
        "a type tag string of a comma alone means no arguments",
        lambda: parse(encode("/status")) == Message("/status"),
        "",
    )
    yield "strings of every length are padded to 4 bytes", _padding_of_strings, ""
    yield "blobs of every length are padded to 4 bytes", _padding_of_blobs, ""
    yield (
        "padding that is not null is passed over",
        lambda: parse(b"/a\0x,s\0\0ab\0x") == Message("/a", ("ab",)),
        "",
    )
    yield (
        "a size that is no multiple of 4 is refused",
        lambda: _refused(b"/a\0\0,\0\0", b"/a\0"),
        "",
    )
    yield (
        "an address that begins without `/` is refused",
        lambda: _refused(b"gain\0\0\0\0,\0\0\0"),
        "",
    )
    yield (
        "strings that are not ASCII are read (as UTF-8; what is none is marked)",
        lambda: (
            parse(_message(b"s", "née".encode() + bytes(4))) == Message("/a", ("née",))
            and parse(_message(b"s", b"n\xe9e\0"))
            == Message("/a", ("n\N{REPLACEMENT CHARACTER}e",))
        ),
        "",
    )
    yield (
        "numbers are big-endian, floats IEEE 754",
        lambda: (
            parse(bytes.fromhex("2f610000 2c696600 000003e8 3f9df3b6"))
            == Message("/a", (1000, struct.unpack(">f", bytes.fromhex("3f9df3b6"))[0]))
        ),
        "",
    )
    yield (
        "bytes after the last argument are refused",
        lambda: _refused(_message(b"i", bytes(8))),
        "",
    )
    yield (
        f"packets of {MAX_PACKET // 1024} KiB are read",
        lambda: not _refused(_message(b"b", struct.pack(">i", 65_520) + bytes(65_520))),
        "",
    )
    yield (
        "larger ones are read",
        lambda: not _refused(_message(b"b", struct.pack(">i", 2**17) + bytes(2**17))),
        "No datagram carries one, and memory for a stream's must end somewhere.",
    )
    yield (
        "a message at once acts at once",
        lambda: Stage().send(encode("/gain", -6)).set == [("gain", 0, -6.0)],
        "",
    )


def _padding_of_strings() -> bool:
    return all(
        parse(encode("/" + "a" * n, "b" * n, 7)) == Message("/" + "a" * n, ("b" * n, 7))
        for n in range(1, 10)
    )


def _padding_of_blobs() -> bool:
    return all(
        _reads(b"b", struct.pack(">i", n) + b"x" * n + bytes(-n % 4), b"x" * n) for n in range(9)
    )


# Patterns ----------------------------------------------------------------------------------------


def _reaches(pattern: str, *voices: int) -> bool:
    """Say whether a pattern for a voice's pan reaches these voices and no others."""
    return [voice for _, voice, _ in Stage().send(encode(pattern, 1)).set] == [*voices]


def _patterns() -> Iterator[tuple[str, Callable[[], bool], str]]:
    yield "`?` is any one character", lambda: _reaches("/voice/?/p?n", 1, 2, 3, 4), ""
    yield "`*` is any characters, or none", lambda: _reaches("/voi*ce*/*/p*n", 1, 2, 3, 4), ""
    yield "`[string]` is one of its characters", lambda: _reaches("/voice/[13]/pan", 1, 3), ""
    yield "`[!string]` is none of them", lambda: _reaches("/voice/[!13]/pan", 2, 4), ""
    yield "`[a-b]` is a range", lambda: _reaches("/voice/[2-4]/pan", 2, 3, 4), ""
    yield "`[!a-b]` is none of a range", lambda: _reaches("/voice/[!2-4]/pan", 1), ""
    yield (
        "`-` at the end of a list and `!` within it mean themselves",
        lambda: _reaches("/voice/[1-]/pan", 1) and _reaches("/voice/[1!]/pan", 1),
        "",
    )
    yield "`{foo,bar}` is one of the strings", lambda: _reaches("/{voice,x}/{1,4}/pan", 1, 4), ""
    yield (
        "several kinds in one part",
        lambda: _reaches("/v?i*[a-d]e/{1,3}/[p]{an,x}", 1, 3),
        "",
    )
    yield (
        "no pattern matches across a `/`",
        lambda: Stage().send(encode("/voice*pan", 1)).failed == ["/voice*pan"],
        "",
    )
    yield (
        "`//` is any number of parts (1.1)",
        lambda: _reaches("//4/pan", 4) and _reaches("/voice//pan", 1, 2, 3, 4),
        "",
    )
    yield (
        "an address fits when every part fits",
        lambda: Stage().send(encode("/voice/?/?/pan", 1)).failed == ["/voice/?/?/pan"],
        "",
    )
    yield (
        "an unclosed `[` or `{` is refused",
        lambda: (
            Stage().send(encode("/voice/[1/pan", 1), encode("/voice/{1/pan", 1)).failed
            == ["/voice/[1/pan", "/voice/{1/pan"]
        ),
        "",
    )
    yield (
        "wildcards in the last part reach commands",
        lambda: Stage().send(encode("/voice/1/c*")).player.calls != [],
        "`/voice/1/*` reads a voice and does not cut it, and `/*` does not end the daemon.",
    )
    yield (
        "50 `*` in one part cost no more than they are long",
        lambda: Stage().send(encode("/voice/1/" + "*" * 50 + "Z", 1)).failed != [],
        "",
    )


# OSC bundles -------------------------------------------------------------------------------------


def _gain(value: float, voice: int = 1) -> bytes:
    return encode(f"/voice/{voice}/gain", value)


def _run(value: int) -> bytes:
    return encode("/voice/1/run", value)


def _bundles() -> Iterator[tuple[str, Callable[[], bool], str]]:
    yield (
        "messages act in the order they stand",
        lambda: (
            [v for _, _, v in Stage().send(encode_bundle(_run(1), _run(0), _run(1))).set]
            == [1, 0, 1]
        ),
        "",
    )
    yield (
        "messages of one bundle act together, at one frame",
        partial(_acts_at_one_frame, _gain(-1), _gain(-2, 2), encode("/voice/3/pan", 1)),
        "",
    )
    yield (
        "nothing acts between them",
        lambda: (
            [
                message.address
                for message in Stage()
                .send(encode_bundle(_gain(-1), encode("/voice/1/gain"), _gain(-2)))
                .client.told
            ]
            == ["/voice/1/gain"]
        ),
        "",
    )
    yield (
        "bundles in bundles",
        lambda: (
            Stage().send(encode_bundle(encode_bundle(_gain(-1)), _gain(-2, 2))).set
            == [("gain", 1, -1.0), ("gain", 2, -2.0)]
        ),
        "",
    )
    yield f"{MAX_DEPTH} deep", lambda: _nested(MAX_DEPTH), ""
    yield (
        "as deep as one likes",
        lambda: _nested(600),
        f"Beyond {MAX_DEPTH} nobody nests; what is refused cannot exhaust a stack.",
    )
    yield f"{MAX_ELEMENTS} elements", lambda: _many(MAX_ELEMENTS), ""
    yield (
        "as many elements as a datagram holds",
        lambda: _many(3000),
        "One packet must not keep everyone else waiting.",
    )
    yield "a bundle of nothing", lambda: Stage().send(encode_bundle()).client.told == [], ""
    yield (
        "a message that cannot be obeyed leaves the others of its bundle be",
        lambda: (
            Stage().send(encode_bundle(_gain(-1), encode("/x"), _gain(-2, 2))).set
            == [("gain", 1, -1.0), ("gain", 2, -2.0)]
        ),
        "",
    )
    yield (
        "an element's size that is negative, 0, no multiple of 4 or beyond the end is refused",
        lambda: _refused(
            *(encode_bundle() + struct.pack(">i", n) + b"/a\0\0" for n in (-4, 0, 3, 8, 2**31 - 1))
        ),
        "",
    )
    yield (
        "a bundle that is not whole leaves nothing behind",
        lambda: Stage().send(encode_bundle(_gain(-1)) + bytes(4)).set == [],
        "",
    )


def _acts_at_one_frame(*messages: bytes) -> bool:
    at = time.time() + 0.15
    stage = Stage().send(encode_bundle(*messages, time_tag=ntp_of(at))).until(at)
    frames = {frame for _, frame in stage.player.acts}
    return len(stage.player.acts) == len(messages) and frames == {_Clock().frame_at(at)}


def _nested(depth: int) -> bool:
    packet = _gain(-1)
    for _ in range(depth):
        packet = encode_bundle(packet)
    return Stage().send(packet).set == [("gain", 1, -1.0)]


def _many(elements: int) -> bool:
    return len(Stage().send(encode_bundle(*[_run(n % 2) for n in range(elements)])).set) == elements


# Time tags ---------------------------------------------------------------------------------------


def _time_tags() -> Iterator[tuple[str, Callable[[], bool], str]]:
    yield "`0x0000000000000001` means immediately", partial(_at_once, 1), ""
    yield "a bundle waits until its time tag", _waits, ""
    yield "and acts at exactly its frame", partial(_acts_at_one_frame, _gain(-1)), ""
    yield "bundles act in the order of their time tags, not of their coming", _in_order, ""
    yield "bundles of one time tag act in the order they came", _in_order_of_coming, ""
    yield "a bundle that comes late acts immediately, and its sender is told", _late, ""
    yield (
        "a bundle inside another acts at its own time tag when that is later",
        partial(_inner, 0.05),
        "",
    )
    yield (
        "one whose time tag is before that of the bundle around it acts with that, not before",
        partial(_inner, -0.1),
        "",
    )
    yield (
        "time tags up to 10 s ahead are waited for",
        lambda: len(Stage().send(_ahead(FURTHEST_S - 1)).desk.schedule) == 1,
        "",
    )
    yield (
        "time tags further ahead are waited for",
        lambda: len(Stage().send(_ahead(3600)).desk.schedule) == 1,
        "They come of clocks that are not this one: such a bundle acts at once, and its sender is "
        "told, once.",
    )
    yield (
        "a time tag of 0, or before 2000, acts at once",
        lambda: _at_once(0) and _at_once(ntp_of(900_000_000)),
        "",
    )
    yield (
        "a client is believed from its first tag that is ahead (`auto`)",
        lambda: len(Stage("auto").send(_ahead(0.5)).desk.schedule) == 1,
        "",
    )
    yield (
        "time tags can be switched off for a client (`/time_tags ignore`)",
        lambda: len(Stage().send(encode("/time_tags", "ignore"), _ahead(0.5)).desk.schedule) == 0,
        "",
    )


def _ahead(seconds: float, value: float = -1, **rest: Any) -> bytes:
    return encode_bundle(_gain(value, **rest), time_tag=ntp_of(time.time() + seconds))


def _at_once(time_tag: int) -> bool:
    return Stage().send(encode_bundle(_gain(-1), time_tag=time_tag)).player.acts == [(-1.0, -1)]


def _waits() -> bool:
    at = time.time() + 0.15
    stage = Stage().send(encode_bundle(_gain(-1), time_tag=ntp_of(at)))
    before = stage.set
    return before == [] and stage.until(at).set == [("gain", 1, -1.0)]


def _in_order() -> bool:
    stage = Stage().send(_ahead(0.2, -2), _ahead(0.15, -1)).until(time.time() + 0.25)
    return [value for value, _ in stage.player.acts] == [-1, -2]


def _in_order_of_coming() -> bool:
    at = time.time() + 0.15
    packets = [encode_bundle(_gain(-n), time_tag=ntp_of(at)) for n in (3, 1, 2)]
    return [value for value, _ in Stage().send(*packets).until(at).player.acts] == [-3, -1, -2]


def _late() -> bool:
    stage = Stage().send(_ahead(-2))
    (told,) = stage.client.told
    return (told.address, stage.player.acts) == ("/late", [(-1.0, -1)])


def _inner(later: float) -> bool:
    at = time.time() + 0.15
    inner = encode_bundle(_gain(-2, 2), time_tag=ntp_of(at + later))
    stage = Stage().send(encode_bundle(_gain(-1), inner, time_tag=ntp_of(at))).until(at + 0.1)
    frames = [_Clock().frame_at(at), _Clock().frame_at(at + max(0.0, later))]
    return stage.player.acts == [(-1.0, frames[0]), (-2.0, frames[1])]


# Framing -----------------------------------------------------------------------------------------


@contextmanager
def _daemon() -> Iterator[ControlServer]:
    server = ControlServer(RecordingPlayer(), "127.0.0.1", 0, on_quit=lambda: None, http_port=0)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _over_udp(host: str) -> bool:
    with _daemon() as server, closing(Wire(server.address[1], host).socket) as handle:
        handle.send(encode("/mute"))
        return handle.recv(100) == encode("/mute", 0)


def _over_tcp(stream: bytes, answer: bytes) -> bool:
    """Send bytes over TCP; say whether exactly this comes back."""
    with _daemon() as server, closing(TcpWire(server.address[1]).socket) as handle:
        handle.sendall(stream)
        got = b""
        while len(got) < len(answer) and (more := handle.recv(4096)):
            got += more
        return got == answer


def _answers_to(stream: bytes, frame: Callable[[bytes], bytes]) -> list[str]:
    """Send bytes over TCP, then a question; give the addresses of everything that came back."""
    framing: Any = frame.__self__  # type: ignore[attr-defined]
    with _daemon() as server:
        wire = TcpWire(server.address[1], framing=framing)
        with closing(wire.socket):
            wire.socket.sendall(stream + frame(encode("/mute")))
            found = [wire.receive()[0]]
            while found[-1] != "/mute":
                found.append(wire.receive()[0])
            return found


def _over_websocket() -> bool:
    async def ask(port: int) -> bytes:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{port}/") as stream,
        ):
            await stream.send_bytes(encode("/mute"))
            return await stream.receive_bytes(timeout=10)

    with _daemon() as server:
        assert server.http_address is not None
        return asyncio.run(ask(server.http_address[1])) == encode("/mute", 0)


def _largest_datagram() -> bool:
    """One of 60,000 bytes: python-osc and others end at 8192."""
    tokens = encode("/voice/1/seed/tokens", *range(12_000))
    with _daemon() as server, closing(Wire(server.address[1]).socket) as handle:
        handle.send(tokens)
        return handle.recv(200).startswith(b"/done\0")


_QUESTION, _ANSWER = encode("/mute"), encode("/mute", 0)


def _framing() -> Iterator[tuple[str, Callable[[], bool], str]]:
    slip, sized = Slip(), Sized()
    yield "UDP, one packet in a datagram", partial(_over_udp, "127.0.0.1"), ""
    yield "datagrams beyond 8 KiB", _largest_datagram, ""
    if socket.has_ipv6:
        yield "UDP over IPv6", partial(_over_udp, "::1"), ""
    yield (
        "TCP, the size before each packet (1.0)",
        partial(_over_tcp, sized.frame(_QUESTION), sized.frame(_ANSWER)),
        "",
    )
    yield (
        "TCP, SLIP with END at both ends (1.1)",
        partial(_over_tcp, slip.frame(_QUESTION), slip.frame(_ANSWER)),
        "",
    )
    yield (
        "SLIP with one END between packets",
        partial(_over_tcp, (_QUESTION + b"\xc0") * 2, slip.frame(_ANSWER) * 2),
        "",
    )
    yield (
        "SLIP escapes END and ESC",
        lambda: (
            slip.frame(b"\xc0\xdb") == b"\xc0\xdb\xdc\xdb\xdd\xc0"
            and Slip().feed(slip.frame(b"\xc0\xdb")) == [b"\xc0\xdb"]
        ),
        "",
    )
    yield (
        "after a wrong escape SLIP is in step again at the next END",
        lambda: _answers_to(b"\xc0/mu\xdbte\xc0", Slip().frame) == ["/fail", "/mute"],
        "",
    )
    yield (
        "after bytes that are no OSC the next packet is read",
        lambda: (
            _answers_to(Slip().frame(b"junk"), Slip().frame) == ["/fail", "/mute"]
            and _answers_to(Sized().frame(b"junk"), Sized().frame) == ["/fail", "/mute"]
        ),
        "",
    )
    yield (
        "after a size that cannot be the next packet is read",
        lambda: not _is_lost(struct.pack(">i", -4) + sized.frame(_QUESTION)),
        "Nothing tells where the next packet begins: the connection is closed, with the reason.",
    )
    yield (
        "packets may come in any pieces",
        lambda: all(
            [p for piece in (stream[:n], stream[n:]) for p in framing.feed(piece)] == [_QUESTION]
            for kind in (Slip, Sized)
            for framing, stream in [(kind(), kind().frame(_QUESTION))]
            for n in range(len(stream))
            for framing in [kind()]
        ),
        "",
    )
    yield "WebSocket, a packet in a binary message", _over_websocket, ""


def _is_lost(stream: bytes) -> bool:
    framing = Sized()
    framing.feed(stream)
    return framing.is_lost


ROWS: tuple[Row, ...] = tuple(
    Row(group, *row)
    for group, rows in (
        ("Types", _types()),
        ("Messages", _messages()),
        ("Patterns", _patterns()),
        ("OSC bundles", _bundles()),
        ("Time tags", _time_tags()),
        ("Framing", _framing()),
    )
    for row in rows
)
"""Every rule."""


if __name__ == "__main__":
    sys.stdout.write(page())
