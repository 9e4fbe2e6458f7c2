"""Looking ahead chooses the cheapest path, leaves no trace, and is drawn again as it was."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.decision import Steering, decide
from idiolect.performance.foresight import foresee
from idiolect.performance.planner import Planner
from idiolect.performance.recall import gather_recent, seeded_in
from idiolect.performance.repertoire import view_repertoire
from idiolect.performance.steps import decide_step, go_back
from idiolect.selection.inventory import successor


@dataclass
class Mind:
    """A voice that decides and never sounds."""

    bundle: Bundle

    def __post_init__(self) -> None:
        rate = self.bundle.sample_rate
        self.planner = Planner(
            self.bundle, Engine(1, rate, rate), lookahead_seconds=0.5, margin_ms=10
        )
        self.tongue = self.planner.tongue_of(0)
        self.plan = self.tongue.plan
        self.own = self.plan.voices[0]
        self.set(continuity=0.0)

    @property
    def units(self) -> list[int]:
        return [int(unit) for unit in self.plan.steps[0]["unit"][: self.own["steps"]]]

    def set(self, **values: float) -> None:
        for name, value in values.items():
            self.plan.parameters[0, PLANNER_SLOTS[name]] = value

    def step(self, count: int) -> None:
        tongue = self.tongue
        for _ in range(count):
            decide_step(self.plan, tongue._model, tongue._cache, tongue.inventory, 0)

    def choose(self, ahead: float | None = None) -> tuple[int, int]:
        """The unit that is likeliest alone, and that with the steps after it in view.

        `ahead` is the continuity of those steps, where it is another one.
        """
        tongue, plan, own = self.tongue, self.plan, self.own
        count = gather_recent(plan, 0)
        inventory = view_repertoire(plan, tongue.inventory, 0)
        scale, entry = int(own["scale"]), own["steps"] % len(plan.steps[0])
        steering = Steering(
            plan.parameters[0], plan.bias[0], plan.tilt[0], plan.heard, own["past"],
            seeded_in(plan, tongue.inventory, 0, scale),
        )  # fmt: skip
        decide(
            tongue._model, inventory, plan.hidden[0, entry], scale, int(own["previous"]), steering,
            int(own["seed"]), 0, int(own["steps"] - own["base"]), plan.recent, count, plan.choice,
        )  # fmt: skip
        greedy = int(plan.choice[0])
        if ahead is not None:
            parameters = plan.parameters[0].copy()
            parameters[PLANNER_SLOTS["continuity"]] = ahead
            steering = steering._replace(parameters=parameters)
        found = foresee(plan, tongue._model, tongue._cache, inventory, 0, steering, count)
        return greedy, int(found)


@pytest.fixture
def mind(bundle: Bundle) -> Mind:
    return Mind(bundle)


def test_a_window_that_ends_with_its_first_step_is_the_greedy_choice(mind: Mind) -> None:
    """Where all that comes next goes on naturally, there is nothing to look ahead to."""
    compared = 0
    for _ in range(40):
        greedy, found = mind.choose(ahead=1.0)
        if successor(mind.tongue.inventory, 0, greedy) >= 0:
            assert found == greedy
            compared += 1
        mind.step(1)
    assert compared > 30


def test_the_steps_in_view_change_the_choice_now_and_then(mind: Mind) -> None:
    """Else nobody would look."""
    chosen = []
    for _ in range(60):
        chosen.append(mind.choose())
        mind.step(1)
        assert mind.units[-1] == chosen[-1][1]
    differing = sum(greedy != found for greedy, found in chosen)
    assert 0 < differing < 60


def test_what_is_foreseen_has_the_token_that_was_decided(mind: Mind) -> None:
    tokens = mind.bundle.scales[0].units["token"]
    for _ in range(40):
        greedy, found = mind.choose()
        assert tokens[greedy] == tokens[found]
        mind.step(1)


def test_looking_ahead_leaves_the_voice_as_it_was(mind: Mind) -> None:
    mind.step(20)
    kept = mind.own.copy(), mind.plan.steps[0].copy(), mind.plan.hidden[0].copy()
    first = mind.choose()
    assert mind.choose() == first
    assert mind.own.tobytes() == kept[0].tobytes()
    assert mind.plan.steps[0].tobytes() == kept[1].tobytes()
    np.testing.assert_array_equal(mind.plan.hidden[0], kept[2])


def test_looking_ahead_leaves_what_is_read_next_as_it_was(bundle: Bundle) -> None:
    """Who looks again and again before each step, and who does so once, go the same way."""
    once, often = Mind(bundle), Mind(bundle)
    for _ in range(40):
        often.choose()
        often.choose(ahead=0.9)
        for each in (once, often):
            each.step(1)
    assert once.units == often.units
    np.testing.assert_array_equal(once.plan.hidden, often.plan.hidden)


@pytest.mark.parametrize("back", [1, 2, 3, 17])
def test_steps_taken_back_are_decided_again_as_they_were(mind: Mind, back: int) -> None:
    """What was tried out beyond them is overwritten."""
    mind.set(continuity=0.6)
    mind.step(40)
    units, hidden = mind.units, mind.plan.hidden[0].copy()
    go_back(mind.plan, 0, 40 - back)
    mind.step(back)
    assert mind.units == units
    np.testing.assert_array_equal(mind.plan.hidden[0], hidden)


def test_the_first_steps_are_the_same_however_many_follow(bundle: Bundle) -> None:
    minds = [Mind(bundle) for _ in range(2)]
    for each, count in zip(minds, (10, 60), strict=True):
        each.step(count)
    assert minds[1].units[:10] == minds[0].units


def test_what_goes_on_naturally_is_not_weighed_against_others(mind: Mind) -> None:
    """At continuity 1 the corpus goes on, whatever would join better."""
    mind.set(continuity=1.0)
    mind.step(30)
    units: NDArray[np.int64] = np.array(mind.units)
    inventory = mind.tongue.inventory
    for before, after in itertools.pairwise(units):
        natural = successor(inventory, 0, before)
        assert after == natural or natural < 0
