"""The tongues that voices can speak: which there are, and how long one is still needed."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import ControlError
from idiolect.parameters.table import MOST_BUNDLES
from idiolect.performance.plan import STEPS, Plan
from idiolect.performance.planning import timeline_now
from idiolect.performance.tongue import Tongue

__all__ = ["Tongues"]


class Tongues:
    """The planner's tongues, by number.

    Parameters
    ----------
    plan : Plan
        Of the voices, from `plan.make_plan`.

    Notes
    -----
    `add`, `remove` and looking one up are for the control thread too, the rest belongs to the
    planner thread.  No number comes twice, so that what a voice said long ago is never taken for
    another bundle's.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._places: list[Tongue | None] = [None] * MOST_BUNDLES
        self._given = [0] * MOST_BUNDLES  # how often each place was
        self._removed: deque[int] = deque()

    def __getitem__(self, number: int) -> Tongue:
        """Give the tongue of a number that is there."""
        found = self._places[number % MOST_BUNDLES]
        assert found is not None
        return found

    def find(self, number: int) -> Tongue | None:
        """Give the tongue of a number, None when it was let go."""
        found = self._places[number % MOST_BUNDLES]
        return found if found is not None and found.number == number else None

    def of(self, voice: int) -> Tongue:
        """Give what a voice speaks, counted from 0."""
        return self[int(self.plan.voices["tongue"][voice])]

    def add(self, tongue: Tongue) -> Tongue:
        """Give a tongue its number; from then on voices can speak it.

        Raises
        ------
        ControlError
            When there is no place for it.
        """
        if None not in self._places:
            raise ControlError(
                f"there is room for {MOST_BUNDLES} bundles: unload one with /bundle/unload"
            )
        place = self._places.index(None)
        tongue.number = place + MOST_BUNDLES * self._given[place]
        self._given[place] += 1
        self.plan.tongues[place] = tongue.view.address
        self._places[place] = tongue
        return tongue

    def remove(self, tongue: Tongue) -> None:
        """Let a tongue go as soon as nobody needs it; no voice may be told to speak it any more."""
        self._removed.append(tongue.number)

    def let_go(self, table: NDArray[np.int64]) -> None:
        """Forget what was removed, as far as no voice needs it."""
        for _ in range(len(self._removed)):
            number = self._removed.popleft()
            if any(self._is_needed(table, voice, number) for voice in range(len(self.plan.voices))):
                self._removed.append(number)
            else:
                self._places[number % MOST_BUNDLES] = None

    def _is_needed(self, table: NDArray[np.int64], voice: int, number: int) -> bool:
        """Say whether a voice speaks a tongue, or the step it left it with may be cut once more."""
        own, steps = self.plan.voices[voice], self.plan.steps[voice]
        if own["tongue"] == number:
            return True
        first, count = int(own["floor"]), int(own["steps"] - own["floor"])
        after = steps[first % STEPS]  # of what it says now
        if not own["running"] or count >= STEPS:
            return False
        if count > 0 and timeline_now(table, voice) >= after["end"]:
            return False
        sounding = after["sounding"] if count > 0 else own["sounding"]
        return bool(number in (steps[(first - 1) % STEPS]["tongue"], sounding))
