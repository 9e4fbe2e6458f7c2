"""The planner's hand: it has what is played by hand in the engine's arena before its frame comes.

Plays cut nothing and wait for no cut.  One further ahead than the lookahead is kept until it is not,
so what waits in the arena is bounded by how much sounds, not by how far ahead it was asked for.
"""

import heapq
import math
from collections.abc import Iterable
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.compiled import brief, njit
from idiolect.engine.atomics import load_acquire, store_release
from idiolect.engine.engine import Engine
from idiolect.engine.events import PLAYED
from idiolect.engine.interpolation import MARGIN
from idiolect.engine.layout import SHOT_CAPACITY
from idiolect.engine.state import State, view_state
from idiolect.errors import ControlError
from idiolect.grain import SHOT
from idiolect.parameters.table import VOICE
from idiolect.performance.announcing import SOUNDING, Announcer
from idiolect.performance.changes import Applied, Hush, Play
from idiolect.performance.journal.journal import Journal
from idiolect.performance.seeding import place_of
from idiolect.performance.tongues import Tongues

__all__ = ["MOST_SHOTS", "Hand", "make_ledger", "publish_shots", "push_shots"]

MOST_SHOTS = SHOT_CAPACITY // 2
"""That wait or sound at once.  Played again from a session they come in the order in which they
began, and more of them may have to be held: that is what the other half is for."""

_HUSH_SECONDS = 0.02
_FAINTEST = 10 ** (VOICE["gain"].low / 20)

_LEDGER = np.dtype(
    [
        ("pushed", np.int64),  # shots, ever
        ("written", np.int64),  # arena frames, ever
        (
            "starts",
            np.int64,
            SHOT_CAPACITY,
        ),  # of each shot's part of the arena, as `written` counts
    ]
)


def make_ledger() -> NDArray[np.void]:
    """Give the books of one engine's arena, for `push_shots`."""
    return np.zeros(1, _LEDGER)


@njit
def push_shots(
    ledger: NDArray[np.void],
    table: NDArray[np.int64],
    audio: NDArray[np.float32],
    shots: NDArray[np.void],
    most: int,
) -> None:
    """Copy what shots read into the arena, for `publish_shots` to hand over.

    Parameters
    ----------
    ledger
        From `make_ledger`.
    table : int64[TABLE_SIZE]
        The engine's.
    audio : float32[frames, channels]
        That all of them read.
    shots : SHOT[n]
        Their serials are written: -1 where there is no room.
    most : int64
        How many may wait or sound at once; a hush always finds room.

    Notes
    -----
    Planner thread; the GIL is released.  Room comes back in the order in which it was taken.
    """
    state = view_state(table)
    for k in range(shots.size):
        shots[k].serial = -1
        if _find_room(ledger, state, shots, k, most):
            if shots[k].kind == 0:
                _copy(audio, shots, k, state.shot_arena)
            state.shots[shots[k].serial % SHOT_CAPACITY] = shots[k]


@brief
def publish_shots(ledger: NDArray[np.void], table: NDArray[np.int64]) -> None:
    """Hand over all that was pushed: seen in one block, what is for now begins at one frame."""
    store_release(view_state(table).shot_pushed, 0, ledger[0].pushed)


@njit
def _find_room(
    ledger: NDArray[np.void], state: State, shots: NDArray[np.void], k: int, most: int
) -> bool:
    """Take a part of the arena, in one stretch; False when there is none."""
    own, shot, size = ledger[0], shots[k], state.shot_arena.shape[1]
    released = load_acquire(state.shot_taken, 1)
    if own.pushed - released >= (most if shot.kind == 0 else SHOT_CAPACITY):
        return False
    count = shot.held + 2 * MARGIN if shot.kind == 0 else 0
    start = own.written
    if start % size + count > size:
        start += size - start % size
    oldest = own.starts[released % SHOT_CAPACITY] if released < own.pushed else start
    if start + count - oldest > size:
        return False
    own.starts[own.pushed % SHOT_CAPACITY] = start
    own.written = start + count
    shot.data = start % size + MARGIN
    shot.serial = own.pushed
    own.pushed += 1
    return True


@njit
def _copy(
    audio: NDArray[np.float32], shots: NDArray[np.void], k: int, arena: NDArray[np.float32]
) -> None:
    """Copy what a shot reads and `MARGIN` frames on either side, silent where its source is not."""
    shot, last = shots[k], audio.shape[1] - 1
    begin, end = shot.data - MARGIN, shot.data + shot.held + MARGIN
    moved = shot.first - shot.data  # from a place in the arena to its frame of the bundle
    low = min(max(begin, shot.source_start - moved), end)
    high = max(low, min(end, shot.source_end - moved))
    for at in range(low, high):
        arena[0, at] = audio[at + moved, 0]
        arena[1, at] = audio[at + moved, last]
    for side in range(2):
        arena[side, begin:low] = 0.0
        arena[side, high:end] = 0.0


class Hand:
    """What is played by hand, on its way to the engine.

    Parameters
    ----------
    tongues : Tongues
        What it may be from.
    engine : Engine
    ahead : int
        Frames ahead of its own by which a shot is in the arena at the latest.
    margin : int
        Frames ahead of its own at which a shot is announced.
    announcer : Announcer
        Told of each, that it is about to begin, or has when it came late.

    Notes
    -----
    Planner thread.
    """

    def __init__(
        self, tongues: Tongues, engine: Engine, ahead: int, margin: int, announcer: Announcer
    ) -> None:
        self._tongues, self._engine = tongues, engine
        self._ahead, self._margin = ahead, margin
        self._coming: list[tuple[int, int]] = []  # a heap of frames and serials to be announced
        self._awaited: dict[
            int, bool
        ] = {}  # serials whose beginning is awaited: announced already?
        self._announced = announcer.announced
        self._ledger = make_ledger()
        self._pushed: NDArray[np.void] = np.zeros(SHOT_CAPACITY, SHOT)
        self._later: list[tuple[int, int, Play]] = []  # a heap: by frame, then as they came
        self._taken = 0
        self.refused = 0  # for want of room; read by anyone

    def take(self, change: Play | Hush) -> None:
        """Take what is to be played, or end all that was."""
        if isinstance(change, Hush):
            plays = [play for _, _, play in self._later]
            self._later.clear()
            if change.sounding:
                _refuse(plays, "all was silenced before it began")
                change = Play(self._make_hush())
            else:
                for play in plays:
                    play.done.cancel()
                change = Play(self._make_recall())
        self._taken += 1
        heapq.heappush(self._later, (int(change.shot["frame"][0]), self._taken, change))

    def push(self, journal: Journal | None) -> None:
        """Hand over all that begins within the lookahead."""
        limit, due = self._engine.frame + self._ahead, []
        while self._later and self._later[0][0] <= limit:
            due.append(heapq.heappop(self._later)[2])
        for number, group in groupby(due, key=lambda play: int(play.shot["tongue"][0])):
            self._push(number, list(group), journal)
        if due:  # once, whatever bundles they are from
            publish_shots(self._ledger, self._engine.table)
        limit = self._engine.frame + self._margin
        while self._coming and self._coming[0][0] <= limit:
            frame, serial = heapq.heappop(self._coming)
            if self._awaited.get(serial) is False:
                self._awaited[serial] = True
                self._announce(frame, serial)

    def note(self, events: NDArray[np.void]) -> None:
        """Announce what has begun before that could be told."""
        for event in events[events["kind"] == PLAYED]:
            if event["b"] >= 0 and not self._awaited.pop(int(event["a"]), False):
                self._announce(int(event["frame"]), int(event["a"]))

    def _announce(self, frame: int, serial: int) -> None:
        self._announced.append(_sounding(self._pushed[serial % SHOT_CAPACITY], frame))

    def _push(self, number: int, plays: list[Play], journal: Journal | None) -> None:
        tongue = self._tongues.find(number)
        if tongue is None:
            _refuse(plays, "its bundle has been unloaded: play from another")
            return
        shots = np.empty(len(plays), SHOT)
        for index, play in enumerate(plays):
            shots[index] = play.shot[0]
        push_shots(self._ledger, self._engine.table, tongue.bundle.audio, shots, MOST_SHOTS)
        there = shots[shots["serial"] >= 0]
        self._pushed[there["serial"] % SHOT_CAPACITY] = there
        self._expect(there)
        heard = there[there["kind"] < 2]  # what never begins is not heard again either
        if journal is not None and len(heard):
            journal.note_shots(heard, number, tongue.bundle)
        for play, shot in zip(plays, shots, strict=True):
            if shot["serial"] < 0:
                self.refused += 1
                _refuse([play], "too much is played at once: play less, or shorter")
            else:
                play.done.set_result(self._answer(shot, tongue.bundle))

    def _expect(self, shots: NDArray[np.void]) -> None:
        """Note whose beginning is known ahead; of what a hush keeps from beginning nothing is told."""
        for shot in shots:
            if shot["kind"] == 1:
                self._coming.clear()
                self._awaited.clear()
            elif shot["kind"] == 2:
                self._expect_until(int(shot["frame"]))
            elif shot["frame"] > self._engine.frame:
                frame, serial = int(shot["frame"]), int(shot["serial"])
                heapq.heappush(self._coming, (frame, serial))
                self._awaited[serial] = False

    def _expect_until(self, last: int) -> None:
        for frame, serial in self._coming:
            if frame > last:
                del self._awaited[serial]
        self._coming = sorted(one for one in self._coming if one[0] <= last)

    def _answer(self, shot: np.void, bundle: Bundle) -> Applied:
        frame = max(self._engine.frame, int(shot["frame"]))
        source = place_of(bundle, int(shot["scale"]), shot["unit"].reshape(1))[1]
        into = int(shot["first"] - shot["source_start"]) / bundle.sample_rate
        return Applied(int(shot["voice"]) + 1, frame, 1, int(shot["unit"]), source, into)

    def _make_hush(self) -> NDArray[np.void]:
        shot = np.zeros(1, SHOT)
        shot["frame"], shot["kind"], shot["voice"] = -1, 1, -1
        shot["unit"], shot["tongue"] = -1, self._tongues.of(0).number
        shot["release"] = round(_HUSH_SECONDS * self._engine.sample_rate)
        return shot

    def _make_recall(self) -> NDArray[np.void]:
        """Take back what waits, but for what has been announced: that is never retracted."""
        shot = self._make_hush()
        shot["frame"], shot["kind"] = self._engine.frame + self._margin, 2
        return shot


def _refuse(plays: Iterable[Play], reason: str) -> None:
    for play in plays:
        play.done.set_exception(ControlError(f"not played: {reason}"))


def _sounding(shot: np.void, frame: int) -> NDArray[np.void]:
    """Give a shot as a unit that sounds, SOUNDING[1]."""
    found = np.zeros(1, SOUNDING)
    for name in ("frames", "voice", "tongue", "scale", "unit", "token"):
        found[name] = shot[name]
    found["frame"], found["first"], found["read"] = frame, shot["first"], shot["held"]
    left, right = float(shot["left"]), float(shot["right"])
    louder = max(left, right, _FAINTEST)
    found["gain"], found["pan"] = 20 * math.log10(louder), (right - left) / louder
    return found
