"""The planner: the thread that stays a lookahead ahead of what is heard."""

import heapq
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count, filterfalse

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.atomics import publish
from idiolect.engine.clock import PERIOD
from idiolect.engine.engine import Engine
from idiolect.errors import IdiolectError
from idiolect.parameters.slots import PACE, PLANNER_SLOTS
from idiolect.performance.announcing import Announcer
from idiolect.performance.changes import (
    SOON,
    Allow,
    Applied,
    Change,
    Hush,
    Look,
    Pause,
    Play,
    Seed,
    Single,
    Speak,
    Timed,
    Turn,
    is_gathered,
)
from idiolect.performance.contexts import remember_seed
from idiolect.performance.cutting import AT_BOUNDARY, AT_FINEST, AT_ONCE, cut_plan, run_voice
from idiolect.performance.gathering import gather, obey, singly, tell
from idiolect.performance.hand import Hand
from idiolect.performance.journal.journal import Journal
from idiolect.performance.plan import Plan, make_plan
from idiolect.performance.planning import (
    ROOM_TO_CUT,
    ahead_of,
    engine_frame_of,
    least_queued,
    plan_ahead,
    plan_first,
    timeline_frame_of,
    timeline_now,
)
from idiolect.performance.questions import Questions
from idiolect.performance.queueing import room
from idiolect.performance.repertoire import adopt_repertoire, count_allowed
from idiolect.performance.seeding import place_of
from idiolect.performance.tongue import Tongue
from idiolect.performance.tongues import Tongues

__all__ = ["Planner"]

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.005
_LAST_SECONDS = 0.1  # before a decision point: the last call for changes that meet there
_CUT_SECONDS = 0.01  # at most one cut per voice in this time: a fader sends 60 changes a second
_AT_ONCE = 256  # changes that a voice obeys with one cut, if so many wait
_EARLY_SECONDS = 0.03  # beyond the margin: to plan a change whose frame is known
_NOTHING: NDArray[np.int64] = np.empty(0, np.int64)  # an empty context


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
        self.tongues = Tongues(make_plan(engine.voices, engine.sample_rate))
        first = self.tongues.add(Tongue(bundle, self.tongues.plan))
        self.announcer = Announcer(self.tongues.plan, engine.table, self._margin)
        self.hand = Hand(self.tongues, engine, self._lookahead, self._margin, self.announcer)
        self.questions = Questions(self.tongues)
        self._inbox: deque[Change] = deque()
        self._asked: list[int] = []  # what `_earliest` has answered for the changes being applied
        self._later: list[tuple[int, int, Timed]] = []  # a heap, by frame and then as they came
        self._serials = count()
        self._due = SOON  # frame of the changes being applied
        self._waiting: list[deque[Timed]] = [deque() for _ in range(engine.voices)]
        self._looks: deque[Look] = deque()
        self._last_cut = np.full(engine.voices, -engine.sample_rate, np.int64)
        self._biases: list[dict[str, float]] = [{} for _ in range(engine.voices)]
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopping = False
        for voice in range(engine.voices):
            first.greet(voice, {})
            self._give_context(voice, first, 0, _NOTHING)

    @property
    def plan(self) -> Plan:
        """The voices' plan, with what belongs to the bundle that the first of them speaks."""
        return self.tongue_of(0).plan

    def tongue_of(self, voice: int) -> Tongue:
        """What a voice speaks, counted from 0."""
        return self.tongues.of(voice)

    @property
    def early(self) -> int:
        """Frames before its own at which a change is planned: before the block it lies in.  Any thread."""
        rate = self.engine.sample_rate
        block = int(self.engine.timing[PERIOD]) * rate // 1_000_000_000
        return self._margin + round(_EARLY_SECONDS * rate) + block

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
        self._asked = []
        if self.journal is None:
            self._apply(voice, waiting)
            return
        self.journal.note_plan(self.tongues.plan, self.engine.state)
        before = list(waiting)
        self._apply(voice, waiting)
        applied = before[: len(before) - len(waiting)]
        self.journal.note_change(voice, applied, self._asked, self.tongues)

    def _apply(self, voice: int, waiting: deque[Timed]) -> None:
        """Apply what waits for the same frame with one cut, as much of it as a pass has time for."""
        self._last_cut[voice] = self.engine.frame
        self._due = waiting[0].frame if waiting else SOON
        changes: list[Single] = []
        while waiting and waiting[0].frame == self._due and len(changes) < _AT_ONCE:
            changes += singly([waiting.popleft()])
        if all(map(is_gathered, changes[:-1])):
            self._apply_turns(voice, changes)
        else:
            self._obey_all(voice, changes)

    def _apply_turns(self, voice: int, changes: list[Single]) -> None:
        """Apply parameters, then perhaps a command."""
        turned, told, epochs = False, False, self.tongues.plan.voices["epoch"]
        for turn in filter(is_gathered, changes):
            if self._turn(voice, turn, self.tongue_of(voice)):
                turned, told = True, told or turn.name == "parent"
        epoch = epochs[voice]
        for command in filterfalse(is_gathered, changes):
            self._obey(voice, command)
        if turned and epochs[voice] == epoch:  # nor has what followed
            self._cut(voice, AT_BOUNDARY)
        if told:
            self.tongue_of(voice).read_again(voice)

    def _turn(self, voice: int, change: Turn, tongue: Tongue) -> bool:
        """Set a parameter, for a tongue; say whether the plan must be drawn anew for it."""
        if change.name in PLANNER_SLOTS:
            row, slot = tongue.plan.parameters[voice], PLANNER_SLOTS[change.name]
        else:
            self._biases[voice][change.name] = change.value
            if change.name not in tongue.biases:
                return False  # of what it spoke before: remembered for when it speaks that again
            row, slot = tongue.plan.bias[voice], tongue.biases.index(change.name)
        if row[slot] == change.value:
            return False
        row[slot] = change.value
        if change.name == "parent" or change.name not in PLANNER_SLOTS:
            tongue.lean(voice)
        if change.name == "random_seed":
            self._cut(voice, AT_BOUNDARY)
            own = tongue.plan.voices[voice]
            own["seed"], own["base"] = int(change.value), own["steps"]
        if change.name in PACE:
            tongue.plan.voices["turns"][voice] = change.frame
            return bool(tongue.plan.parameters[voice, PLANNER_SLOTS["quantize"]] > 0)
        return change.name not in ("interrupt", "random_seed")

    def _obey(self, voice: int, change: Single) -> None:
        done = getattr(change, "done", None)
        try:
            applied = self._obey_one(voice, change)
        except IdiolectError as error:
            if done is None:
                raise
            done.set_exception(error)
        else:
            if done is not None:
                done.set_result(applied)

    def _obey_all(self, voice: int, changes: list[Single]) -> None:
        """Obey what came together with one cut; each is answered by itself."""
        goal = gather(changes, self.tongue_of(voice).number)
        tongue = self.tongues[goal.tongue]
        if goal.moves:
            tongue.greet(voice, self._biases[voice])
        cut, turn = partial(self._cut, voice), partial(self._turn, voice, tongue=tongue)
        awaited = [change for change in changes if not isinstance(change, Turn)]
        try:
            frame = obey(goal, voice, tongue, cut=cut, turn=turn)
            if goal.run:
                self._obey_one(voice, goal.run)
        except Exception as error:
            for change in awaited:
                change.done.set_exception(error)
            if not isinstance(error, IdiolectError):
                raise
            return
        frame = self.engine.frame if frame is None else frame
        for change in awaited:
            change.done.set_result(tell(goal, voice, tongue, frame, change))

    def _obey_one(self, voice: int, change: Single) -> Applied:
        tongue = self.tongue_of(voice)
        if isinstance(change, Turn):
            plan, table = self.tongues.plan, self.engine.table
            run_voice(plan, table, voice, change.value, self._earliest(voice))
            return Applied(voice + 1, self.engine.frame, 0)
        if isinstance(change, Seed):
            if change.units is None:
                frame = self._cut(voice, AT_FINEST)  # first, so that it is known what will be heard
                units = tongue.carry(voice, change.scale)
            else:
                remember_seed(tongue.plan, tongue.inventory, voice, change.scale, change.units)
                units = change.units
                frame = self._give_context(voice, tongue, change.scale, units)
            place = place_of(tongue.bundle, change.scale, units)
            return Applied(voice + 1, frame, len(units), *place)
        if isinstance(change, Allow):
            frame = self._cut(voice, AT_BOUNDARY)
            adopt_repertoire(tongue.plan, voice, change.repertoire)
            return Applied(voice + 1, frame, count_allowed(tongue.plan, tongue.inventory, voice))
        if isinstance(change, Speak):
            return Applied(voice + 1, self._change_tongue(voice, change), 0)
        return Applied(voice + 1, self._cut(voice, AT_ONCE), 0)

    def _earliest(self, voice: int) -> int:
        """Timeline frame of the earliest cut: now and the margin, or the frame that is named."""
        table = self.engine.table
        ahead = int(ahead_of(table, voice, self._margin)) if self.engine.frame else 0
        earliest = int(timeline_now(table, voice)) + ahead
        if self._due != SOON:
            earliest = max(earliest, int(timeline_frame_of(table, voice, self._due)))
        self._asked.append(earliest)
        return earliest

    def _cut(self, voice: int, where: int) -> int:
        """Take back what is stale; return the engine frame of the decision point."""
        plan, table = self.tongues.plan, self.engine.table
        if not plan.voices["running"][voice]:
            return self.engine.frame
        if where == AT_BOUNDARY and plan.parameters[voice, PLANNER_SLOTS["interrupt"]]:
            where = AT_FINEST
        point = cut_plan(plan, table, voice, self._earliest(voice), where)
        return int(engine_frame_of(table, voice, point))

    def _give_context(
        self, voice: int, tongue: Tongue, scale: int, units: NDArray[np.int64]
    ) -> int:
        """Read a context while the old plan plays, then cut to it."""
        tongue.read(voice, scale, units)
        frame = self._cut(voice, AT_FINEST)
        tongue.adopt(voice, scale, units)
        return frame

    def _change_tongue(self, voice: int, change: Speak) -> int:
        """Cut to the empty context of another bundle."""
        tongue = self.tongues[change.tongue]
        if tongue is self.tongue_of(voice):
            return self.engine.frame
        tongue.greet(voice, self._biases[voice])
        frame = self._give_context(voice, tongue, change.scale, _NOTHING)
        tongue.plan.voices["repertoire"][voice] = 0
        return frame
