"""The journal: all that decided what was heard, written down while it is played.

Nothing here decides anything.  The planner says which changes it applied, and what it took for the
earliest frame then; its queue says which grains came of it; the callback's events say at which frame
it saw them, which parameters it turned, and which copies it ran on into.  That is all of the timing
there is in the sound: `replay` puts the same things before the same frames.

The planner appends, a thread of the journal's own writes, once in half a second: what a kill takes
away is less than a second, and the record is whole up to there.
"""

import logging
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from idiolect.bundle import Bundle
from idiolect.engine.counters import EVENTS_LOST
from idiolect.engine.events import CONTROLLED, PLAYED, READ_ON, SUPPLIED
from idiolect.engine.layout import EPOCHS, GRAIN_CAPACITY
from idiolect.engine.state import State
from idiolect.errors import IdiolectError
from idiolect.grain import EVENT, GRAIN, SHOT
from idiolect.performance.changes import Allow, Seed, Single, Speak, Timed, Together, Turn
from idiolect.performance.plan import Plan
from idiolect.performance.tongues import Tongues

__all__ = [
    "BEGIN",
    "CUT",
    "HANDED",
    "PLANNED",
    "Journal",
    "Line",
    "Write",
    "take_cuts",
    "unpack",
]

logger = logging.getLogger(__name__)

Line = tuple[str, tuple[object, ...]]
"""An address and its arguments: int, str or bytes, as OSC has them."""

Write = Callable[[int, Sequence[Line]], None]
"""Writes lines that belong to an engine frame; none at all say that all before it is told."""

BEGIN = "/session/begin"

PLANNED = np.dtype(
    [("voice", np.int64), *((n, GRAIN[n]) for n in GRAIN.names or () if n != "data")]
)
"""A grain as it was queued, but for where its audio lay."""

HANDED = np.dtype([(n, SHOT[n]) for n in SHOT.names or () if n != "data"])
"""A shot as it was handed over, but for where its audio lay."""

CUT = np.dtype([("voice", np.int64), ("epoch", np.int64), ("frame", np.int64)])
"""Timeline frame from which on a plan replaced the ones before it."""

_KEPT = (CONTROLLED, SUPPLIED, READ_ON, PLAYED)
_WRITE_SECONDS = 0.5
_RECORDS = 256  # in one message, so that it stays well below the longest that OSC readers take
_LARGEST = 1 << 24  # bytes that one message may unfold to


@dataclass(frozen=True, slots=True)
class _Applied:
    """Changes that met at one cut, and the timeline frames that the planner cut at."""

    voice: int
    changes: list[Timed]
    earliest: list[int]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What a tongue's number means."""

    number: int
    bundle: Bundle


_Entry = NDArray[np.void] | _Applied | _Spoken


class Journal:
    """Writes down what one planner and its engine do.

    Parameters
    ----------
    voices : int
        How many voices.
    write
        Called on the journal's own thread.
    head : sequence
        Names and values that say what is needed to hear it again.

    Notes
    -----
    `note`, `note_change` and `note_shots` belong to the planner thread, `start` and `stop` to the control thread,
    before the planner's first pass and after its last.
    """

    def __init__(self, voices: int, write: Write, head: Sequence[object]) -> None:
        self._write = write
        self._pushed = np.zeros(voices, np.int64)
        self._epochs = np.zeros(voices, np.int64)
        self._entries: deque[_Entry] = deque()
        self._told: set[int] = {
            0
        }  # tongues whose bundles are written down; the first is in the head
        self._frame = 0
        self._lost = 0
        self._failed = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="idiolect-journal", daemon=True)
        write(0, [(BEGIN, tuple(head))])

    def note_change(
        self, voice: int, changes: list[Timed], earliest: list[int], tongues: Tongues
    ) -> None:
        """Write down what the planner has just applied, at which timeline frames."""
        if self._failed:
            return
        for change in _singly(changes):
            if isinstance(change, Speak):
                self._entries.append(_Spoken(change.tongue, tongues[change.tongue].bundle))
        self._entries.append(_Applied(voice, changes, earliest))

    def note_shots(self, shots: NDArray[np.void], tongue: int, bundle: Bundle) -> None:
        """Write down what was handed over to be played, SHOT[n], all of one tongue."""
        if self._failed:
            return
        records = np.empty(len(shots), HANDED)
        for name in HANDED.names or ():
            records[name] = shots[name]
        self._entries += (_Spoken(tongue, bundle), records)

    def note_plan(self, plan: Plan, state: State) -> None:
        """Write down what was queued since the last time; before every change, too."""
        if self._failed:
            return
        for voice in np.flatnonzero(plan.voices["pushed"] != self._pushed).tolist():
            self._entries.append(_planned(state, voice, self._pushed[voice], plan.voices[voice]))
        cuts = take_cuts(plan, state, self._epochs)
        if len(cuts):
            self._entries.append(cuts)
        self._pushed[:] = plan.voices["pushed"]

    def note(self, plan: Plan, state: State, frame: int, events: NDArray[np.void]) -> None:
        """Write down what one pass of the planner queued, and what the callback did before `frame`."""
        if self._failed:
            return
        self.note_plan(plan, state)
        kept = events[np.isin(events["kind"], _KEPT)] if len(events) else events
        if len(kept):
            self._entries.append(kept)
        self._lost = int(state.counters[EVENTS_LOST])
        self._frame = frame

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        """Write until stopped; the thread's border for errors."""
        try:
            while not self._stopping.wait(_WRITE_SECONDS):
                self._flush()
            self._flush()
        except (IdiolectError, OSError) as error:
            self._failed = True
            self._entries.clear()
            logger.error("the session is written no further: %s", error)  # noqa: TRY400

    def _lines(self, entries: Iterable[_Entry]) -> Iterator[Line]:
        """Turn entries into messages.

        Between two changes the order of records of different kinds is free: whatever the callback
        saw had been queued in the same pass, or before it.
        """
        for are_records, group in groupby(entries, lambda entry: isinstance(entry, np.ndarray)):
            if are_records:
                yield from _record_lines([e for e in group if isinstance(e, np.ndarray)])
                continue
            for entry in group:
                if isinstance(entry, _Applied):
                    yield from _change_lines(entry)
                elif isinstance(entry, _Spoken):
                    yield from self._tongue_lines(entry)

    def _tongue_lines(self, spoken: _Spoken) -> Iterator[Line]:
        """Say which bundle a number means, the first time that it is spoken."""
        if spoken.number not in self._told:
            self._told.add(spoken.number)
            yield "/session/bundle", (spoken.number, spoken.bundle.path.name, spoken.bundle.digest)

    def _flush(self) -> None:
        frame, lost = self._frame, self._lost
        entries = [self._entries.popleft() for _ in range(len(self._entries))]
        for line in self._lines(entries):
            self._write(frame, [line])
        if lost:
            raise IdiolectError(
                f"the callback had to drop {lost} events, the planner being away for too long"
            )
        self._write(frame, [])


def take_cuts(plan: Plan, state: State, epochs: NDArray[np.int64]) -> NDArray[np.void]:
    """Give the cuts of the plans since those in `epochs`, int64[voices], and count on.

    Returns
    -------
    CUT[n]
    """
    found: list[tuple[int, int, int]] = []
    for voice in np.flatnonzero(plan.voices["epoch"] != epochs).tolist():
        own = plan.voices[voice]
        for epoch in range(int(epochs[voice]) + 1, int(own["epoch"]) + 1):
            waits = epoch == own["epoch"] and own["cut"] >= 0
            cut = own["cut"] if waits else state.cuts[voice * EPOCHS + epoch % EPOCHS]
            found.append((voice, epoch, int(cut)))
    epochs[:] = plan.voices["epoch"]
    return np.array(found, CUT)


def unpack(kind: DTypeLike, *arguments: object) -> NDArray[Any]:
    """Read the records, or numbers, that are a message's one argument.

    Raises
    ------
    ValueError, TypeError
        When that is not what it holds.
    """
    (blob,) = arguments
    if not isinstance(blob, bytes):
        raise TypeError("records are a blob")
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(blob, _LARGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not inflate.eof:
        raise ValueError("a blob without its end")
    # To what is compiled, an array that cannot be written would be of another type.
    return np.frombuffer(bytearray(raw), kind)


def _pack(records: NDArray[Any]) -> bytes:
    return zlib.compress(records.tobytes(), 1)


def _planned(state: State, voice: int, first: int, own: np.void) -> NDArray[np.void]:
    """Give the grains queued from serial `first` on, PLANNED[n]."""
    serials = np.arange(first, own["pushed"])
    grains = state.grains[voice, serials % GRAIN_CAPACITY]
    records = np.empty(len(grains), PLANNED)
    records["voice"] = voice
    for name in PLANNED.names[1:] if PLANNED.names else ():
        records[name] = grains[name]
    return records


def _record_lines(parts: list[NDArray[np.void]]) -> Iterator[Line]:
    for address, kind in _TABLES:
        alike = [part for part in parts if part.dtype == kind]
        if alike:
            records = np.concatenate(alike)
            for at in range(0, len(records), _RECORDS):
                yield address, (_pack(records[at : at + _RECORDS]),)


_TABLES = (
    ("/session/planned", PLANNED),
    ("/session/cuts", CUT),
    ("/session/handed", HANDED),
    ("/session/events", EVENT),
)


def _singly(changes: Iterable[Timed]) -> Iterator[Single]:
    for change in changes:
        if isinstance(change, Together):
            yield from change.changes
        else:
            yield change


def _change_lines(applied: _Applied) -> Iterator[Line]:
    voice = applied.voice
    for change in applied.changes:
        yield from _single_lines(voice, _singly([change]))
        if isinstance(change, Together):
            yield "/session/together", (voice, len(change.changes))
    yield "/session/apply", (voice, _pack(np.array(applied.earliest, np.int64)))


def _single_lines(voice: int, changes: Iterable[Single]) -> Iterator[Line]:
    for change in changes:
        if isinstance(change, Turn):
            yield "/session/turn", (voice, change.name, _pack(np.array([change.value])))
        elif isinstance(change, Seed):
            told = () if change.units is None else (_pack(change.units),)
            yield "/session/seed", (voice, change.scale, *told)
        elif isinstance(change, Allow):
            some = change.repertoire
            told = () if some is None else (_pack(np.packbits(some.allowed)),)
            yield "/session/allow", (voice, *told)
        elif isinstance(change, Speak):
            yield "/session/speak", (voice, change.tongue, change.scale)
        else:
            yield "/session/cut", (voice,)
