"""What a journal holds, as messages."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.grain import EVENT
from idiolect.performance.changes import Allow, Seed, Single, Speak, Timed, Together, Turn
from idiolect.performance.gathering import singly
from idiolect.performance.journal.records import CUT, HANDED, PLANNED, pack

__all__ = [
    "BEGIN",
    "Applied",
    "Entry",
    "Line",
    "Spoken",
    "Write",
    "change_lines",
    "record_lines",
]

Line = tuple[str, tuple[object, ...]]
"""An address and its arguments: int, str or bytes, as OSC has them."""

Write = Callable[[int, Sequence[Line]], None]
"""Writes lines that belong to an engine frame; none at all say that all before it is told."""

BEGIN = "/session/begin"

_RECORDS = 256  # in one message, so that it stays well below the longest that OSC readers take

_TABLES = (
    ("/session/planned", PLANNED),
    ("/session/cuts", CUT),
    ("/session/handed", HANDED),
    ("/session/events", EVENT),
)


@dataclass(frozen=True, slots=True)
class Applied:
    """Changes that met at one cut, and the timeline frames that the planner cut at."""

    voice: int
    changes: list[Timed]
    earliest: list[int]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a tongue's number means."""

    number: int
    bundle: Bundle


Entry = NDArray[np.void] | Applied | Spoken


def record_lines(parts: list[NDArray[np.void]]) -> Iterator[Line]:
    """Turn records into messages, those of a kind together.

    Yields
    ------
    Line
    """
    for address, kind in _TABLES:
        alike = [part for part in parts if part.dtype == kind]
        if alike:
            records = np.concatenate(alike)
            for at in range(0, len(records), _RECORDS):
                yield address, (pack(records[at : at + _RECORDS]),)


def change_lines(applied: Applied) -> Iterator[Line]:
    """Turn changes into messages, and say last at which frames they were applied.

    Yields
    ------
    Line
    """
    voice = applied.voice
    for change in applied.changes:
        yield from _single_lines(voice, singly([change]))
        if isinstance(change, Together):
            yield "/session/together", (voice, len(change.changes))
    yield "/session/apply", (voice, pack(np.array(applied.earliest, np.int64)))


def _single_lines(voice: int, changes: Iterable[Single]) -> Iterator[Line]:
    for change in changes:
        if isinstance(change, Turn):
            yield "/session/turn", (voice, change.name, pack(np.array([change.value])))
        elif isinstance(change, Seed):
            told = () if change.units is None else (pack(change.units),)
            yield "/session/seed", (voice, change.scale, *told)
        elif isinstance(change, Allow):
            some = change.repertoire
            told = () if some is None else (pack(np.packbits(some.allowed)),)
            yield "/session/allow", (voice, *told)
        elif isinstance(change, Speak):
            yield "/session/speak", (voice, change.tongue, change.scale)
        else:
            yield "/session/cut", (voice,)
