"""The journal, as it is written while it is played."""

import logging
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.counters import EVENTS_LOST
from idiolect.engine.events import CONTROLLED, PLAYED, READ_ON, SUPPLIED
from idiolect.engine.state import State
from idiolect.errors import IdiolectError
from idiolect.performance.changes import Speak, Timed
from idiolect.performance.gathering import singly
from idiolect.performance.journal.lines import (
    BEGIN,
    Applied,
    Entry,
    Line,
    Spoken,
    Write,
    change_lines,
    record_lines,
)
from idiolect.performance.journal.records import HANDED, take_cuts, take_planned
from idiolect.performance.plan import Plan
from idiolect.performance.tongues import Tongues

__all__ = ["Journal"]

logger = logging.getLogger(__name__)

_KEPT = (CONTROLLED, SUPPLIED, READ_ON, PLAYED)
_WRITE_SECONDS = 0.5


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
        self._entries: deque[Entry] = deque()
        self._told = {0}  # tongues whose bundles are written down; the first is in the head
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
        for change in singly(changes):
            if isinstance(change, Speak):
                self._entries.append(Spoken(change.tongue, tongues[change.tongue].bundle))
        self._entries.append(Applied(voice, changes, earliest))

    def note_shots(self, shots: NDArray[np.void], tongue: int, bundle: Bundle) -> None:
        """Write down what was handed over to be played, SHOT[n], all of one tongue."""
        if self._failed:
            return
        records = np.empty(len(shots), HANDED)
        for name in HANDED.names or ():
            records[name] = shots[name]
        self._entries += (Spoken(tongue, bundle), records)

    def note_plan(self, plan: Plan, state: State) -> None:
        """Write down what was queued since the last time; before every change, too."""
        if self._failed:
            return
        for voice in np.flatnonzero(plan.voices["pushed"] != self._pushed).tolist():
            self._entries.append(
                take_planned(state, voice, self._pushed[voice], plan.voices[voice])
            )
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

    def _lines(self, entries: Iterable[Entry]) -> Iterator[Line]:
        """Turn entries into messages.

        Between two changes the order of records of different kinds is free: whatever the callback
        saw had been queued in the same pass, or before it.
        """
        for are_records, group in groupby(entries, lambda entry: isinstance(entry, np.ndarray)):
            if are_records:
                yield from record_lines([e for e in group if isinstance(e, np.ndarray)])
                continue
            for entry in group:
                if isinstance(entry, Applied):
                    yield from change_lines(entry)
                elif isinstance(entry, Spoken):
                    yield from self._tongue_lines(entry)

    def _tongue_lines(self, spoken: Spoken) -> Iterator[Line]:
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
