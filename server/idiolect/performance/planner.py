"""The planner: the thread that stays a lookahead ahead of what is heard."""

import heapq
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import count

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.atomics import publish
from idiolect.engine.clock import PERIOD
from idiolect.engine.engine import Engine
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.announcing import Announcer
from idiolect.performance.changes import (
    Change,
    Hush,
    Look,
    Pause,
    Play,
    Single,
    Timed,
    is_gathered,
)
from idiolect.performance.gathering import singly
from idiolect.performance.hand import Hand
from idiolect.performance.helm import Helm
from idiolect.performance.journal.journal import Journal
from idiolect.performance.plan import Plan
from idiolect.performance.planning import (
    ROOM_TO_CUT,
    least_queued,
    plan_ahead,
    plan_first,
    timeline_now,
)
from idiolect.performance.questions import Questions
from idiolect.performance.queueing import room
from idiolect.performance.tongue import Tongue

__all__ = ["Planner"]

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.005
_LAST_SECONDS = 0.1  # before a decision point: the last call for changes that meet there
_CUT_SECONDS = 0.01  # at most one cut per voice in this time: a fader sends 60 changes a second
_AT_ONCE = 256  # changes that a voice obeys with one cut, if so many wait
_EARLY_SECONDS = 0.03  # beyond the margin: to plan a change whose frame is known


class Planner:
    """Plans every voice of one engine.

    Parameters
    ----------
    bundle : Bundle
        What all voices speak at first, at the engine's rate.
    engine : Engine
    lookahead_seconds : float
        How far ahead each voice is planned.
    margin_ms : float
        How far ahead of now the earliest cut lies.

    Notes
    -----
    `submit`, `lookahead` and `tongues` are for the control thread too; everything else belongs to
    the planner thread, or to the only thread there is when rendering offline.
    """

    def __init__(
        self, bundle: Bundle, engine: Engine, *, lookahead_seconds: float, margin_ms: float
    ) -> None:
        self.engine = engine
        self.on_events: Callable[[NDArray[np.void]], None] | None = None
        self.journal: Journal | None = None
        self.passes = 0  # of `advance`, come to their end; any thread reads it
        self._lookahead = round(lookahead_seconds * engine.sample_rate)
        self._margin = round(margin_ms / 1000 * engine.sample_rate)
        self.helm = Helm(bundle, engine, self._margin)
        self.tongues = self.helm.tongues
        self.announcer = Announcer(self.tongues.plan, engine.table, self._margin)
        self.hand = Hand(self.tongues, engine, self._lookahead, self._margin, self.announcer)
        self.questions = Questions(self.tongues)
        self._inbox: deque[Change] = deque()
        self._later: list[tuple[int, int, Timed]] = []  # a heap, by frame and then as they came
        self._serials = count()
        self._waiting: list[deque[Timed]] = [deque() for _ in range(engine.voices)]
        self._looks: deque[Look] = deque()
        self._last_cut = np.full(engine.voices, -engine.sample_rate, np.int64)
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopping = False

    @property
    def plan(self) -> Plan:
        """The voices' plan, with what belongs to the bundle that the first of them speaks."""
        return self.tongue_of(0).plan

    def tongue_of(self, voice: int) -> Tongue:
        """What a voice speaks, counted from 0."""
        return self.tongues.of(voice)

    @property
    def block(self) -> int:
        """Frames of a block, as the way out asks for them.  Any thread."""
        return int(self.engine.timing[PERIOD]) * self.engine.sample_rate // 1_000_000_000

    @property
    def early(self) -> int:
        """Frames before its own at which a change is planned: before the block it lies in.  Any thread."""
        return self._margin + round(_EARLY_SECONDS * self.engine.sample_rate) + self.block

    def submit(self, *changes: Change) -> None:
        """Hand changes over, to be seen all at once.  Control thread.

        They are applied within milliseconds, or shortly before the frame they name.
        """
        self._inbox.extend(changes)
        publish(self.tongues.plan.interrupted, 1)
        self._wake.set()

    def lookahead(self) -> float:
        """Seconds queued for the running voice that has least; 0 when none runs.  Any thread."""
        return least_queued(self.tongues.plan, self.engine.table) / self.engine.sample_rate

    def start(self) -> None:
        """Begin to plan on a thread of its own."""
        self._thread = threading.Thread(target=self._loop, name="planner", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is queued still plays."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def advance(self) -> None:
        """Apply what was submitted and plan up to the lookahead."""
        self._wake.clear()
        publish(self.tongues.plan.interrupted, 0)
        self._sort_inbox()
        self.hand.push(self.journal)
        for voice, waiting in enumerate(self._waiting):
            while waiting and self._may_cut(voice, waiting):
                self._apply_noted(voice, waiting)
                # Each cut is planned before the next is made: of many at once all would be late.
                plan_first(self.tongues.plan, self.engine.table)
        while self._looks:
            look = self._looks.popleft()
            now = int(timeline_now(self.engine.table, look.voice))
            look.done.set_result(self.tongue_of(look.voice).look(look.voice, now))
        plan_ahead(self.tongues.plan, self.engine.table, self._lookahead)
        self.announcer.look()
        self.questions.answer_one()
        self.tongues.let_go(self.engine.table)
        frame = self.engine.frame  # what was done before it is among the events that follow
        events = self.engine.pop_events()
        self.hand.note(events)
        if self.journal is not None:
            self.journal.note(self.tongues.plan, self.engine.state, frame, events)
        if self.on_events is not None and len(events):
            self.on_events(events)
        self.passes += 1

    def _loop(self) -> None:
        while not self._stopping:
            try:
                self.advance()
            except Exception:
                # The one border here: what is queued plays on, and the next pass tries again.
                logger.exception("planning failed; the voices run on")
                time.sleep(_POLL_SECONDS)
            self._wake.wait(_POLL_SECONDS)

    def _sort_inbox(self) -> None:
        soon = self.engine.frame + self.early
        while self._inbox:
            change = self._inbox.popleft()
            if isinstance(change, Pause):
                time.sleep(change.seconds)
            elif isinstance(change, Play | Hush):
                self.hand.take(change)
            elif isinstance(change, Look):
                self._looks.append(change)
            elif change.frame > soon:
                heapq.heappush(self._later, (change.frame, next(self._serials), change))
            else:
                self._waiting[change.voice].append(change)
        while self._later and self._later[0][0] <= soon:
            later = heapq.heappop(self._later)[2]
            self._waiting[later.voice].append(later)

    def _may_cut(self, voice: int, waiting: deque[Timed]) -> bool:
        """Say whether what waits may cut the voice's plan now; if not, it gathers more.

        The queue is first in, first out: grains that a cut made stale leave it only when the
        decision point has passed.  So a parameter that keeps moving is planned twice for each
        decision point, when it begins to move and just before the point; and no cut is made that
        might not find room.  A command waits for no decision point, nor do the parameters that
        were turned before it.
        """
        rate, plan, table = self.engine.sample_rate, self.tongues.plan, self.engine.table
        if not plan.voices["running"][voice]:
            return True
        if self.engine.frame - self._last_cut[voice] < _CUT_SECONDS * rate:
            return False
        ahead = int(plan.voices["point"][voice]) - int(timeline_now(table, voice))
        interrupts = plan.parameters[voice, PLANNER_SLOTS["interrupt"]]
        if ahead > _LAST_SECONDS * rate and not interrupts and all(map(is_gathered, waiting)):
            return False
        return bool(room(plan, table, voice) >= ROOM_TO_CUT)

    def _apply_noted(self, voice: int, waiting: deque[Timed]) -> None:
        """Apply what `_apply` does, and let the journal know."""
        if self.journal is None:
            self._apply(voice, waiting)
            return
        self.journal.note_plan(self.tongues.plan, self.engine.state)
        before = list(waiting)
        self._apply(voice, waiting)
        applied = before[: len(before) - len(waiting)]
        self.journal.note_change(voice, applied, self.helm.asked, self.tongues)

    def _apply(self, voice: int, waiting: deque[Timed]) -> None:
        """Apply what waits for the same frame with one cut, as much of it as a pass has time for."""
        self._last_cut[voice] = self.engine.frame
        due = waiting[0].frame
        changes: list[Single] = []
        while waiting and waiting[0].frame == due and len(changes) < _AT_ONCE:
            changes += singly([waiting.popleft()])
        self.helm.steer(voice, changes, due)
