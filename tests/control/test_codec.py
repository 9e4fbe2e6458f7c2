import math
import struct
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle as TheirBundle
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage as TheirMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from idiolect.control import codec
from idiolect.control.codec import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_PACKET,
    Message,
    Opaque,
    OscBundle,
    encode,
    encode_bundle,
    parse,
)
from idiolect.errors import PacketError

HEAD = b"#bundle\0" + bytes(7) + b"\1"

KILLERS = {  # what hangs or breaks python-osc 1.10
    "negative element size": b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc",
    "zero element size": HEAD + bytes(4),
    "element size no multiple of 4": HEAD + struct.pack(">i", 3) + b"/a\0\0",
    "element size beyond the end": HEAD + struct.pack(">i", 400) + b"/a\0\0,\0\0\0",
    "largest element size": HEAD + struct.pack(">i", 2**31 - 1),
    "truncated blob": b"/a\0\0,b\0\0" + struct.pack(">i", 100) + b"abcd",
    "negative blob": b"/a\0\0,b\0\0" + struct.pack(">i", -4),
    "blob without a size": b"/a\0\0,b\0\0",
    "truncated number": b"/a\0\0,d\0\0" + bytes(4),
    "no string end": b"/a\0\0,s\0\0abcd",
    "no tag end": b"/a\0\0,iii",
    "unknown tag": b"/a\0\0,z\0\0",
    "no comma": b"/a\0\0ii\0\0" + bytes(8),
    "closing bracket alone": b"/a\0\0,]\0\0",
    "opening bracket alone": b"/a\0\0,[\0\0",
    "garbage at the end": b"/a\0\0,\0\0\0garbage\0",
    "no slash": b"a\0\0\0,\0\0\0",
    "nothing": b"",
    "three bytes": b"/a\0",
    "bundle without a time tag": b"#bundle\0" + bytes(4),
    "bytes after a bundle": HEAD + b"\0\0",
    "too long": bytes(MAX_PACKET + 4),
}


def nested(depth: int) -> bytes:
    packet = encode("/a")
    for _ in range(depth):
        packet = encode_bundle(packet)
    return packet


def steps_of(function: Callable[[], object]) -> int:
    """How many lines of the codec run: work, whatever machine and collector do meanwhile."""
    steps = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        steps += event == "line" and frame.f_code.co_filename == codec.__file__
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        function()
    except PacketError:
        pass
    finally:
        sys.settrace(before)
    return steps


@pytest.mark.parametrize("packet", KILLERS.values(), ids=KILLERS.keys())
def test_a_hostile_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(PacketError):
        parse(packet)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 100, 600])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(PacketError, match="nested"):
        parse(nested(depth))


def test_nesting_within_the_limit_is_read() -> None:
    element = parse(nested(MAX_DEPTH))
    for _ in range(MAX_DEPTH):
        assert isinstance(element, OscBundle)
        (element,) = element.elements
    assert element == Message("/a")


def test_too_many_elements_are_refused() -> None:
    parse(encode_bundle(*[encode("/a")] * MAX_ELEMENTS))
    half = encode_bundle(*[encode("/a")] * (MAX_ELEMENTS // 2))
    for packet in (encode_bundle(*[encode("/a")] * (MAX_ELEMENTS + 1)), encode_bundle(half, half)):
        with pytest.raises(PacketError, match="elements"):
            parse(packet)


def test_deep_arrays_are_refused() -> None:
    tags = "[" * 600 + "]" * 600
    with pytest.raises(PacketError, match="arrays"):
        parse(b"/a\0\0" + f",{tags}".encode() + bytes(3))


def test_latin_1_is_read_with_marks_in_place_of_its_letters() -> None:
    message = parse(b"/a\0\0,s\0\0" + "n\xe9e".encode("latin-1") + b"\0")
    assert message == Message("/a", ("n\N{REPLACEMENT CHARACTER}e",))


def test_a_message_without_type_tags_has_no_arguments() -> None:
    assert parse(b"/status\0") == Message("/status")


def test_every_type_is_read_and_the_next_argument_stays_in_place() -> None:
    tags = b",ihfdsSbcrmtTFNI[i[f]]i"
    body = b"".join(
        [
            struct.pack(">iqfd", -1, 2**40, 0.5, 0.1),
            b"sym\0txt\0",
            struct.pack(">i", 3) + b"abc\0",
            struct.pack(">i", ord("x")),
            b"rgba" + b"midi" + b"time tag",
            struct.pack(">if", 3, 0.25),
            struct.pack(">i", 7),
        ]
    )
    tags = tags.ljust(len(tags) // 4 * 4 + 4, b"\0")
    assert parse(b"/a\0\0" + tags + body) == Message(
        "/a",
        (
            *(-1, 2**40, 0.5, 0.1, "sym", "txt", b"abc", "x"),
            *(Opaque("r", b"rgba"), Opaque("m", b"midi"), Opaque("t", b"time tag")),
            *(True, False, None, math.inf, [3, [0.25]], 7),
        ),
    )


def test_time_tags_are_kept_as_they_came() -> None:
    for time_tag in (0, 1, 2**63, 2**64 - 1):
        assert parse(encode_bundle(time_tag=time_tag)) == OscBundle(time_tag)


@pytest.mark.parametrize(
    ("value", "tag", "read"),
    [
        (True, "i", 1),
        (False, "i", 0),
        (2**40, "i", 2**31 - 1),
        (-(2**40), "i", -(2**31)),
        (1e300, "f", math.inf),
        (-1e300, "f", -math.inf),
        (np.float32(0.5), "f", 0.5),
        (np.float64(0.5), "f", 0.5),
        (np.int64(2**40), "i", 2**31 - 1),
        (np.uint8(3), "i", 3),
        (np.bool_(True), "i", 1),
        (np.str_("note"), "s", "note"),
        ("a\0b", "s", "ab"),
        ("", "s", ""),
        ("née", "s", "née"),
    ],
)
def test_what_is_sent_is_int_float_or_string(value: object, tag: str, read: object) -> None:
    packet = encode("/a", value)
    assert packet[4:8] == f",{tag}".encode().ljust(4, b"\0")
    assert parse(packet) == Message("/a", (read,))


@pytest.mark.parametrize("value", [None, [1], {}])
def test_nothing_else_can_be_sent(value: object) -> None:
    with pytest.raises(TypeError, match="int, float, str or bytes"):
        encode("/a", value)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
ARGUMENTS = st.lists(
    st.integers(-(2**31), 2**31 - 1) | st.floats(width=32, allow_nan=False) | TEXT, max_size=8
)
MESSAGES = st.tuples(TEXT.map(lambda text: f"/{text}"), ARGUMENTS)


@settings(deadline=None)
@given(MESSAGES)
def test_what_is_written_reads_back(message: tuple[str, list[Any]]) -> None:
    address, arguments = message
    packet = encode(address, *arguments)
    assert len(packet) % 4 == 0
    assert parse(packet) == Message(address, tuple(arguments))


@settings(deadline=None)
@given(st.lists(MESSAGES, max_size=5), st.integers(0, 2**64 - 1))
def test_bundles_read_back(messages: list[tuple[str, list[Any]]], time_tag: int) -> None:
    packet = encode_bundle(*[encode(at, *values) for at, values in messages], time_tag=time_tag)
    read = tuple(Message(at, tuple(values)) for at, values in messages)
    assert parse(encode_bundle(packet)) == OscBundle(1, (OscBundle(time_tag, read),))


@settings(deadline=None)
@given(MESSAGES)
def test_python_osc_reads_what_we_write(message: tuple[str, list[Any]]) -> None:
    address, arguments = message
    theirs = TheirMessage(encode(address, *arguments))
    assert (theirs.address, list(theirs)) == (address, arguments)
    bundle = TheirBundle(encode_bundle(encode(address, *arguments)))
    assert list(bundle.content(0)) == arguments


@settings(deadline=None)
@given(MESSAGES, st.integers(-(2**63), 2**63 - 1), st.binary(min_size=1, max_size=9))
def test_we_read_what_python_osc_writes(
    message: tuple[str, list[Any]], large: int, blob: bytes
) -> None:
    address, arguments = message
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    for tag, value in (("h", large), ("d", 0.1), ("b", blob), ("T", True), ("N", None)):
        builder.add_arg(value, tag)
    builder.add_arg([1, "two"])
    expected = Message(address, (*arguments, large, 0.1, blob, True, None, [1, "two"]))
    assert parse(builder.build().dgram) == expected
    bundle = OscBundleBuilder(1)
    bundle.add_content(builder.build())
    read = parse(bundle.build().dgram)
    assert isinstance(read, OscBundle)
    assert read.elements == (expected,)


HOSTILE = st.binary(max_size=400) | st.lists(
    st.sampled_from(
        [
            HEAD,
            b"#bundle\0",
            b"/a\0\0",
            b",[[[",
            b"]]]\0",
            b",sib",
            bytes(4),
            b"\xff" * 4,
            b"\0\0\0\x10",
        ]
    ),
    max_size=60,
).map(b"".join)


LARGE = {
    "600 bundles deep": nested(600),
    "60000 brackets": b"/a\0\0," + b"[" * 60001 + bytes(2),
    "60000 booleans": b"/a\0\0," + b"T" * 60001 + bytes(2),
    "8000 of 30000 strings": b"/a\0\0," + b"s" * 30001 + bytes(2 + 4 * 8000),
    "65000 letters": b"/" + b"a" * 65003,
    "5000 elements": encode_bundle(*[encode("/a")] * 5000),
}


def is_bounded(packet: bytes) -> bool:
    return steps_of(lambda: parse(packet)) <= 100 + 12 * len(packet)


@settings(max_examples=500, deadline=None)
@given(HOSTILE)
def test_any_bytes_are_read_or_refused_in_bounded_work(packet: bytes) -> None:
    assert is_bounded(packet)


def outcome(packet: bytes) -> str:
    try:
        return repr(parse(packet))  # not equal to itself where there is NaN
    except PacketError as error:
        return f"refused: {error}"


ALIKE = st.builds(  # of few heads, and many that are almost these
    lambda head, body, cut: (head + body)[: 4 * cut],
    st.sampled_from([b"/a\0\0", b"/a\0\0,f\0\0", b"/a\0,,f\0\0", b"/a\0\0,fs\0", b"/a\0\0,i\0f"]),
    st.lists(st.sampled_from([b",f\0\0", b",i\0\0", bytes(4), b"/a\0\0"]), max_size=4).map(
        b"".join
    ),
    st.integers(0, 6),
)


@settings(deadline=None)
@given(st.lists(HOSTILE | ALIKE, max_size=20))
def test_how_a_packet_is_read_does_not_depend_on_what_was_read_before(packets: list[bytes]) -> None:
    in_a_row = [outcome(packet) for packet in packets]
    for packet, found in zip(packets, in_a_row, strict=True):
        codec._recall.cache_clear()
        assert outcome(packet) == found


def test_what_is_remembered_of_addresses_is_bounded() -> None:
    for number in range(5000):
        parse(encode(f"/attack/{number}", 1.0))
    assert codec._recall.cache_info().currsize <= 1024
    codec._recall.cache_clear()
    parse(encode(f"/{'a' * 60}", 1.0))
    parse(encode("/a", *[1.0] * 60))
    assert codec._recall.cache_info().currsize == 0


@pytest.mark.parametrize("packet", LARGE.values(), ids=LARGE.keys())
def test_the_largest_packets_are_bounded_work(packet: bytes) -> None:
    assert is_bounded(packet)
