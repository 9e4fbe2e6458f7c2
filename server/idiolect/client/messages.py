"""Messages as bytes: what is sent to a daemon, and what comes from it."""

import math
import numbers
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder

__all__ = ["IMMEDIATELY", "MOST_BYTES", "Reply", "decode", "encode", "encode_bundle", "time_tag"]

IMMEDIATELY = 1
"""The time tag of what is to be done when it comes."""

MOST_BYTES = 65507
"""In one datagram."""

_LARGEST = (2 - 2**-23) * 2.0**127  # of ``f``
_BUNDLE = b"#bundle\0"
_SINCE_1900 = 2_208_988_800  # seconds, from NTP's beginning to Unix'
_EARLIEST, _LATEST = 946_684_800, 2**32 - _SINCE_1900  # Unix seconds: the year 2000, and 2036


@dataclass(frozen=True, slots=True)
class Reply:
    """One message from the daemon."""

    address: str
    arguments: tuple[int | float | str, ...]
    time: float | None = None  # Unix seconds, when it came in an OSC bundle that says

    def is_about(self, address: str) -> bool:
        """Tell whether it answers a message to this address."""
        if self.address in ("/done", "/fail"):
            return self.arguments[:1] == (address,)
        if address == "/sync":
            return self.address == "/synced"
        return self.address in (address, f"{address}.reply")


def encode(address: str, *arguments: object) -> bytes:
    """Write one message of the types ``i``, ``h``, ``f`` and ``s``.

    Raises
    ------
    TypeError
        When an argument is of another type.
    ValueError
        When a number is too large for ``h`` or ``f``.
    """
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(*_typed(argument))
    return bytes(builder.build().dgram)


def encode_bundle(messages: Sequence[bytes], tag: int) -> bytes:
    """Join messages into one OSC bundle.

    Raises
    ------
    ValueError
        When it would not go into one packet.
    """
    sized = b"".join(struct.pack(">i", len(message)) + message for message in messages)
    packet = _BUNDLE + struct.pack(">Q", tag) + sized
    if len(packet) > MOST_BYTES:
        raise ValueError(
            f"an OSC bundle of {len(packet)} bytes: {MOST_BYTES} go into one packet; make several "
            "with the same time"
        )
    return packet


def time_tag(when: float | None) -> int:
    """Make an OSC time tag of Unix seconds; of None "immediately".

    Raises
    ------
    ValueError
        When it is no time of our days, as when it is counted from now.
    """
    if when is None:
        return IMMEDIATELY
    if not (math.isfinite(when) and _EARLIEST <= when < _LATEST):
        raise ValueError(f"{when:g} is no time: give Unix seconds, as time.time() + 0.2")
    return round((when + _SINCE_1900) * 2**32)


def decode(packet: bytes) -> list[Reply]:
    """Read a message, or those of an OSC bundle, each with its time; of what is no OSC, nothing."""
    try:
        return list(_replies(packet, None))
    except (ParseError, struct.error):
        return []


def _replies(packet: bytes, when: float | None) -> Iterator[Reply]:
    if not packet.startswith(_BUNDLE):
        if not packet.startswith(b"/"):
            return
        message = OscMessage(packet)
        yield Reply(message.address, tuple(message.params), when)
        return
    (tag,) = struct.unpack_from(">Q", packet, len(_BUNDLE))
    when = None if tag <= IMMEDIATELY else tag / 2**32 - _SINCE_1900
    at = len(_BUNDLE) + 8
    while at < len(packet):
        (size,) = struct.unpack_from(">i", packet, at)
        if size <= 0:
            return
        yield from _replies(packet[at + 4 : at + 4 + size], when)
        at += 4 + size


def _whole(value: int) -> tuple[int, str]:
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"a whole number of {value.bit_length()} bits: send one of at most 63")
    return value, "i" if -(2**31) <= value < 2**31 else "h"


def _real(value: float) -> tuple[float, str]:
    if _LARGEST < abs(value) < math.inf:
        raise ValueError(f"{value:g} is too large: send a number below {_LARGEST:g}")
    return value, "f"


def _typed(argument: object) -> tuple[int | float | str, str]:
    """Choose among i, f and s; python-osc alone would send booleans and large ints otherwise."""
    item = getattr(argument, "item", None)  # numpy's scalars
    value = item() if callable(item) else argument
    if isinstance(value, numbers.Integral):
        return _whole(int(value))
    if isinstance(value, numbers.Real):
        return _real(float(value))
    if isinstance(value, str):
        return value, "s"
    raise TypeError(f"{type(value).__name__} cannot be sent over OSC: use int, float or str")
