"""Telling who asked for it what sounds, how loud it is, and how the daemon is.

All of it leaves from the control thread, a little at a time.  Messages for one client go into OSC
bundles no larger than an Ethernet packet takes.
"""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from idiolect.control.brevity import MOST_BYTES, plain_name
from idiolect.control.clients import PLAIN, Lease
from idiolect.control.codec import IMMEDIATELY, encode, encode_bundle
from idiolect.control.desk import Desk
from idiolect.control.health import HEALTH, Pulse
from idiolect.control.schedule import ntp_of
from idiolect.control.warnings import WarningTap
from idiolect.control.witness import Levels, Sounding, Witness

__all__ = [
    "GRAIN",
    "METERED",
    "Teller",
    "grain_arguments",
    "ntp",
    "pack",
]

_LONGEST_LINE = 1024  # bytes of a warning
_BUSY, _IDLE = 0.005, 0.1  # seconds from one look to the next
_PULSE = 1.0  # seconds


def ntp(seconds: float | None) -> int:
    """Make an OSC time tag of Unix seconds; of None "immediately"."""
    return IMMEDIATELY if seconds is None else ntp_of(seconds)


GRAIN = (
    ("i", "voice", ""), ("i", "unit", ""), ("i", "token", ""), ("s", "scale", ""),
    ("s", "source", ""), ("f", "start", "in the source, seconds"),
    ("f", "seconds", "as planned: a later cut may end it sooner"),
    ("f", "gain", "of the voice, dB"), ("f", "pan", "of the voice"),
    ("f", "x", "on the map"), ("f", "y", "on the map"), ("f", "loudness", "dB"),
    ("f", "centroid", "Hz; 0 where there is none"), ("f", "pitch", "Hz; 0 where there is none"),
    ("f", "entropy", "of the choice, bits"), ("i", "natural", "1 when it followed in the corpus"),
)  # fmt: skip
"""Type, name and meaning of the arguments of ``/grain``."""


def grain_arguments(sounding: Sounding) -> tuple[object, ...]:
    """Give the arguments of ``/grain``."""
    facts = sounding.facts
    return (
        sounding.voice, facts.unit, facts.token, plain_name(facts.scale),
        plain_name(facts.source), facts.start, sounding.seconds,
        sounding.gain, sounding.pan, facts.x, facts.y, facts.loudness, facts.centroid, facts.pitch,
        sounding.entropy, sounding.natural,
    )  # fmt: skip


class Teller:
    """Tells the clients of a desk what they asked to be told.

    Parameters
    ----------
    desk : Desk

    Notes
    -----
    Control thread only; `tick` is to be called again after the seconds it returns.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tap = WarningTap()
        self._coming: list[deque[Sounding]] = [deque() for _ in range(desk.player.voices)]
        self._heard: list[Sounding | None] = [None] * desk.player.voices
        self._began: list[float] = [0.0] * desk.player.voices
        self._pulse = desk.player.status()
        self._pulsed_at = desk.now()

    def open(self) -> None:
        """Begin to listen to the log."""
        logging.getLogger("idiolect").addHandler(self._tap)

    def close(self) -> None:
        """End listening to the log."""
        logging.getLogger("idiolect").removeHandler(self._tap)

    def tick(self) -> float:
        """Tell what is due; return in how many seconds to look again."""
        now, clients = self._desk.now(), self._desk.clients
        witness = self._desk.witness
        if witness is not None:
            self._announce(witness, now)
            self._meter(witness, now)
        if now - self._pulsed_at >= _PULSE:
            self._tell_health(now)
        self._tell_warnings(now)
        busy = clients.leases(now, "meter") or clients.leases(now, "grain")
        return _BUSY if busy else _IDLE

    def _announce(self, witness: Witness, now: float) -> None:
        """Announce each unit, with the time at which it is heard, and note when it begins."""
        listeners = self._desk.clients.leases(now, "grain")
        for sounding in witness.watch():
            self._coming[sounding.voice - 1].append(sounding)
            if listeners:
                message = encode("/grain", *grain_arguments(sounding))
                packet = encode_bundle(message, time_tag=ntp(sounding.heard_at))
                for lease in listeners:
                    lease.peer.send(message if PLAIN in lease.groups else packet)
        wall = time.time()
        for voice, coming in enumerate(self._coming):
            while coming and (coming[0].heard_at or wall) <= wall:
                self._heard[voice], self._began[voice] = coming.popleft(), now

    def _meter(self, witness: Witness, now: float) -> None:
        """Tell meters to those whose turn it is; what is the same for several is made once."""
        due: dict[tuple[float, int], list[Lease]] = {}
        for lease in self._desk.clients.leases(now, "meter"):
            turn = int(now * lease.rate)
            if lease.metered_to is None:
                lease.metered_to = self._desk.player.status().frame
            elif turn != lease.turn:
                due.setdefault((lease.metered_at, lease.metered_to), []).append(lease)
            lease.turn = turn
        for (since, frame), leases in due.items():
            levels = witness.levels(frame)
            _send(leases, self._meters(levels, since))
            for lease in leases:
                lease.metered_at, lease.metered_to = now, levels.until

    def _meters(self, levels: Levels, since: float) -> list[bytes]:
        """Make the messages: levels, and what is heard, which may have begun since a moment."""
        messages = [
            encode(f"/meter/{where}/{number}/{name}", value)
            for where, pairs in (("output", levels.outputs), ("voice", levels.voices))
            for number, pair in enumerate(pairs, 1)
            for name, value in zip(("peak", "rms"), pair, strict=True)
        ]
        for heard, began in zip(self._heard, self._began, strict=True):
            if heard is not None:
                messages += _unit_messages(heard, float(began > since))
        return messages

    def _tell_health(self, now: float) -> None:
        before, self._pulse, self._pulsed_at = self._pulse, self._desk.player.status(), now
        listeners = self._desk.clients.leases(now, "health")
        if not listeners:
            return
        pulse = Pulse(before, self._pulse, self._desk.counters)
        messages = [encode(f"/health/{f.name}", f.read(pulse)) for f in HEALTH]
        _send(listeners, messages)

    def _tell_warnings(self, now: float) -> None:
        listeners = self._desk.clients.listening(now, "log")
        for level, text in self._tap.take(now):
            packet = encode("/log", level, plain_name(text, _LONGEST_LINE))
            for peer in listeners:
                peer.send(packet)


METERED = (
    "onset", "unit", "token", "duration", "gain", "pan", "x", "y", "loudness", "centroid", "pitch",
    "entropy", "natural",
)  # fmt: skip
"""What is told of the unit that a voice is heard to say, below its meters; each a float."""


def _unit_messages(heard: Sounding, onset: float) -> list[bytes]:
    facts = heard.facts
    values = (
        onset, facts.unit, facts.token, heard.seconds, heard.gain, heard.pan, facts.x, facts.y,
        facts.loudness, facts.centroid, facts.pitch, heard.entropy, heard.natural,
    )  # fmt: skip
    return [
        encode(f"/meter/voice/{heard.voice}/{name}", float(value))
        for name, value in zip(METERED, values, strict=True)
    ]


def _send(leases: Iterable[Lease], messages: Sequence[bytes]) -> None:
    """Send what belongs together, in OSC bundles for those who can read them."""
    packets = list(pack(messages))
    for lease in leases:
        for packet in messages if PLAIN in lease.groups else packets:
            lease.peer.send(packet)


def pack(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Join messages into OSC bundles of at most `MOST_BYTES` each, to be acted on at once."""
    size = 16
    waiting: list[bytes] = []
    for message in messages:
        if waiting and size + 4 + len(message) > MOST_BYTES:
            yield encode_bundle(*waiting)
            size, waiting = 16, []
        waiting.append(message)
        size += 4 + len(message)
    if waiting:
        yield encode_bundle(*waiting)
