"""The helm: turns a voice's plan as it is told.

What is heard does not change before the margin: a plan is cut at its earliest decision point that fits,
and goes on from there as it would have, had it been told all along.
"""

from collections.abc import Sequence
from functools import partial
from itertools import filterfalse

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.errors import IdiolectError
from idiolect.parameters.slots import PACE, PLANNER_SLOTS
from idiolect.performance.changes import (
    SOON,
    Allow,
    Applied,
    Seed,
    Single,
    Speak,
    Turn,
    is_gathered,
)
from idiolect.performance.contexts import remember_seed
from idiolect.performance.cutting import AT_BOUNDARY, AT_FINEST, AT_ONCE, cut_plan, run_voice
from idiolect.performance.gathering import gather, obey, tell
from idiolect.performance.plan import make_plan
from idiolect.performance.planning import ahead_of, engine_frame_of, timeline_frame_of, timeline_now
from idiolect.performance.repertoire import adopt_repertoire, count_allowed
from idiolect.performance.seeding import place_of
from idiolect.performance.tongue import Tongue
from idiolect.performance.tongues import Tongues

__all__ = ["Helm"]

_NOTHING: NDArray[np.int64] = np.empty(0, np.int64)  # an empty context


class Helm:
    """Turns the plans of every voice of one engine.

    Parameters
    ----------
    bundle : Bundle
        What all voices speak at first, at the engine's rate.
    engine : Engine
    margin : int
        Frames ahead of now of the earliest cut.

    Notes
    -----
    Planner thread, or the only thread there is when rendering offline; `tongues` is for the control
    thread too.
    """

    def __init__(self, bundle: Bundle, engine: Engine, margin: int) -> None:
        self.engine = engine
        self.tongues = Tongues(make_plan(engine.voices, engine.sample_rate))
        self.asked: list[int] = []  # the earliest frames that the last changes were given
        self._margin = margin
        self._due = SOON  # frame of the changes that are being made
        self._biases: list[dict[str, float]] = [{} for _ in range(engine.voices)]
        first = self.tongues.add(Tongue(bundle, self.tongues.plan))
        for voice in range(engine.voices):
            first.greet(voice, {})
            self._give_context(voice, first, 0, _NOTHING)

    def tongue_of(self, voice: int) -> Tongue:
        """What a voice speaks, counted from 0."""
        return self.tongues.of(voice)

    def steer(self, voice: int, changes: Sequence[Single], due: int = SOON) -> None:
        """Do what a voice was told, with one cut, and answer it.

        Parameters
        ----------
        voice : int
            From 0.
        changes
            Of that voice, in their order.
        due : int
            Engine frame at which they act.
        """
        self.asked, self._due = [], due
        if all(map(is_gathered, changes[:-1])):
            self._apply_turns(voice, changes)
        else:
            self._obey_all(voice, changes)

    def _apply_turns(self, voice: int, changes: Sequence[Single]) -> None:
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

    def _obey_all(self, voice: int, changes: Sequence[Single]) -> None:
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
        self.asked.append(earliest)
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
