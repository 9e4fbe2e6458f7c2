"""What a daemon tells without being asked again: units, levels, how it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from idiolect.client.messages import Reply
from idiolect.client.parameters import STATUS

__all__ = ["Grain", "Level", "Meters", "Rounds", "grains", "group_of", "health", "named_status"]

_GROUPS = {"grain": "grain", "meter": "meter", "health": "health", "log": "log"}
_FIRST = "/meter/output/1/peak"  # of a round; it may be lost
_ANSWERS = {
    "/done",
    "/fail",
    "/late",
    "/progress",
    "/synced",
    "/startup",
    "/shutdown",
}  # and what ends in .reply


@dataclass(frozen=True, slots=True)
class Grain:
    """One unit of a voice, told a moment before it is heard."""

    voice: int
    unit: int
    token: int
    scale: str
    source: str
    start: float  # seconds, in the source
    seconds: float  # as planned; a later cut may end it sooner
    gain: float  # dB, of the voice
    pan: float  # of the voice
    x: float  # on the map
    y: float
    loudness: float  # dB
    centroid: float  # Hz
    pitch: float  # Hz; 0 where there is none
    entropy: float  # bits, of the choice
    natural: bool  # it followed in the corpus
    time: float | None  # Unix seconds, when it is heard; None where no device keeps time


class Level(NamedTuple):
    """How loud something was, linear."""

    peak: float
    rms: float


@dataclass(frozen=True, slots=True)
class Meters:
    """How loud it was since the last time, and what is heard."""

    outputs: dict[int, Level]  # of each channel, counted from 1
    voices: dict[int, Level]  # of each, behind its gain
    units: dict[int, dict[str, float]]  # of each that was heard, what it says: onset, unit, ...


def group_of(address: str) -> str | None:
    """Return the group of `/notify` that a message belongs to; None when it is an answer."""
    if address in _ANSWERS or address.endswith(".reply"):
        return None
    return _GROUPS.get(address.split("/", 2)[1], "state")


def grains(packet: Sequence[Reply]) -> Iterator[Grain]:
    """Read what is said of units."""
    for reply in packet:
        *values, natural = reply.arguments
        told: list[Any] = [*values, bool(natural), reply.time]
        yield Grain(*told)


def health(packet: Sequence[Reply]) -> Iterator[dict[str, float]]:
    """Read how the daemon is, by name; it comes in one packet."""
    if packet:
        yield {r.address.rpartition("/")[2]: float(r.arguments[0]) for r in packet}


def named_status(reply: Reply) -> dict[str, Any]:
    """Read a status by name; what a later daemon tells besides, before its own, is left out."""
    *counts, name = reply.arguments
    return {**dict(zip(STATUS[:-1], counts, strict=False)), STATUS[-1]: name}


class Rounds:
    """Puts together what one round of meters says, however many packets it came in."""

    def __init__(self) -> None:
        self._heard: dict[str, float] = {}

    def __call__(self, packet: Sequence[Reply]) -> Iterator[Meters]:
        """Give each round once the next one has begun."""
        for reply in packet:
            if self._heard and (reply.address == _FIRST or reply.address in self._heard):
                yield _meters(self._heard)
                self._heard = {}
            self._heard[reply.address] = float(reply.arguments[0])


def _meters(heard: dict[str, float]) -> Meters:
    outputs: dict[int, dict[str, float]] = {}
    voices: dict[int, dict[str, float]] = {}
    for address, value in heard.items():
        where, number, name = address.split("/")[2:]
        of = outputs if where == "output" else voices
        of.setdefault(int(number), {})[name] = value
    return Meters(_levels(outputs), _levels(voices), {v: of for v, of in voices.items() if of})


def _levels(places: dict[int, dict[str, float]]) -> dict[int, Level]:
    """Take the levels out of what is told of each place; a packet that was lost leaves some out."""
    return {
        number: Level(of.pop("peak"), of.pop("rms"))
        for number, of in sorted(places.items())
        if {"peak", "rms"} <= of.keys()
    }
