"""What a refusal says: what was wrong, the value, and the cure."""

import ast
import re
import struct
from pathlib import Path

import pytest

import idiolect
from idiolect.control.codec import MAX_ARGUMENTS, MAX_DEPTH, MAX_ELEMENTS, encode, parse
from idiolect.control.framing import Sized, Slip
from idiolect.control.namespace import Namespace
from idiolect.control.playing import wish_of_dirt
from idiolect.errors import ControlError, PacketError
from recording import Wire
from refusals import has_cure

PACKAGE = Path(idiolect.__file__).parent
LAYERS = ("control", "performance", "bundle", "audio")
KINDS = {"ControlError", "PacketError", "BundleError", "AudioError"}

NAMELESS = {
    "no tokens", "no sources", "nothing is known", "nothing can be recorded", "there are no",
    "there is no folder", "this needs the token", "that is not the token", "too many wrong tokens",
    "the token is a string", "this is SuperDirt's", "only numbers and strings", "speed 0",
    "JACK would not", "libjack is not", "the PortAudio library", "something is recorded",
    "nothing of this scale", "too many changes", "SLIP", "this server runs",
}  # fmt: skip
"""How texts begin that have no value to name: nothing was sent, or it is a secret, or it is meant."""

NO_MISTAKE = ("a later command took its place", "{error}; what was there before is used again")
"""What nothing has to be done about, or what is said in another's text."""

HANDED_ON = ("{reason}", "{cure}", "{take.failure}", "{_CURE}", "{self._tree.missing(address)}")
"""How texts end that end in another's, which has the cure."""


def texts() -> list[tuple[str, str]]:
    """Give every text that a sender may be refused with, its values in braces."""
    return [
        (f"{path.relative_to(PACKAGE)}:{node.lineno}", written(node.args[0]))
        for layer in LAYERS
        for path in sorted((PACKAGE / layer).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KINDS
    ]


def written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(written, node.values))
    value = node.value if isinstance(node, ast.FormattedValue) else node
    return f"{{{ast.unparse(value)}}}"


@pytest.mark.parametrize(("where", "text"), [pytest.param(*one, id=one[0]) for one in texts()])
def test_every_text_has_a_value_and_a_cure(where: str, text: str) -> None:
    if text in NO_MISTAKE:
        return
    assert has_cure(re.sub(r"\{.*?\}", "7", text)) or text.endswith(HANDED_ON), text
    assert "{" in text or text.startswith(tuple(NAMELESS)), text


def message(tags: bytes, body: bytes = b"", address: bytes = b"/mute") -> bytes:
    parts = (address, b"," + tags)
    return b"".join(part.ljust((len(part) + 4) // 4 * 4, b"\0") for part in parts) + body


def bundle(*elements: bytes) -> bytes:
    sized = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + bytes(8) + sized


def nested(depth: int) -> bytes:
    return bundle(nested(depth - 1)) if depth else bundle()


MALFORMED = {
    "nothing": (b"", "/"),
    "no multiple of four": (b"/mute", "/"),
    "no address": (b"mute\0\0\0\0", "/"),
    "an address without its end": (b"/mut", "/"),
    "tags without a comma": (b"/mute\0\0\0i\0\0\0" + bytes(4), "/mute"),
    "tags without their end": (b"/mute\0\0\0,iii", "/"),
    "too many tags": (message(b"T" * (MAX_ARGUMENTS + 1)), "/mute"),
    "another tag": (message(b"z", bytes(4)), "/mute"),
    "an array that is not closed": (message(b"[i", bytes(4)), "/mute"),
    "an array that is not open": (message(b"i]", bytes(4)), "/mute"),
    "arrays too deep": (message(b"[" * (MAX_DEPTH + 1)), "/mute"),
    "a number too short": (message(b"d", bytes(4)), "/mute"),
    "a string without its end": (message(b"s", b"abcd"), "/mute"),
    "a blob too long": (message(b"b", struct.pack(">i", 99)), "/mute"),
    "a blob of less than nothing": (message(b"b", struct.pack(">i", -1)), "/mute"),
    "more than the tags say": (message(b"i", bytes(12)), "/mute"),
    "an element too long": (bundle(encode("/mute"))[:-4], "/"),
    "OSC bundles too deep": (nested(MAX_DEPTH + 1), "/"),
    "too many elements": (bundle(*[encode("/mute")] * (MAX_ELEMENTS + 1)), "/"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_osc_is_refused_with_its_address_a_value_and_the_cure(
    wire: Wire, name: str
) -> None:
    packet, address = MALFORMED[name]
    with pytest.raises(PacketError) as caught:
        parse(packet)
    assert caught.value.address == address
    assert has_cure(str(caught.value)), caught.value
    assert re.search(r"\d|'", str(caught.value)), caught.value
    if packet and len(packet) < 60_000:
        wire.raw(packet)
        assert wire.receive() == ("/fail", address, str(caught.value))


@pytest.mark.parametrize(
    ("framing", "stream"),
    [(Slip(), b"\xdb\x00\xc0"), (Slip(), bytes(200_000).replace(b"\0", b"/") + b"\xc0"),
     (Sized(), b"\0\xff\xff\xff")],
)  # fmt: skip
def test_a_stream_that_is_no_osc_is_refused_with_the_cure(
    framing: Slip | Sized, stream: bytes
) -> None:
    (refusal,) = framing.feed(stream)
    assert isinstance(refusal, PacketError)
    assert has_cure(str(refusal))


@pytest.mark.parametrize(
    "address", ["/x", "/voice", "/voice/1/gain/x", "/voice/9/pan", "/zz*", "//zz"]
)
def test_an_address_that_is_none_is_refused_with_the_cure(address: str) -> None:
    with pytest.raises(ControlError) as caught:
        Namespace(2, ()).find(address)
    assert has_cure(str(caught.value)), caught.value


@pytest.mark.parametrize(
    "said", [{"sustain": 0.0}, {"sustain": -1.0}, {"legato": 0.0, "delta": 1.0}]
)
def test_an_event_without_length_is_refused_in_the_words_it_came_in(said: dict[str, float]) -> None:
    with pytest.raises(ControlError) as caught:
        wish_of_dirt(dict(said), 2)
    assert all(f"{name} is {value:g}" in str(caught.value) for name, value in said.items()), caught


@pytest.mark.parametrize(
    "text",
    [
        "a string without its end", "the packet ends 4 bytes too early", "type tag 'z' is not OSC",
        "a blob of -1 bytes where 0 are left", "/voice/1/gain is as far as it goes",
        "tones, which voice 1 plays, has no bias/spread", "'mov6' ends before 1e+08 s",
        "cannot write preset 'dir': Is a directory", "sizes are multiples of 4, above 0",
        "there is no folder for presets", "no unit 9: scale grain is short",
    ],
)  # fmt: skip
def test_a_text_that_only_complains_is_none(text: str) -> None:
    assert not has_cure(text)
