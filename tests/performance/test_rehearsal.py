"""A rehearsal decides what is played."""

from collections.abc import Callable

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.performance.plan import STEPS
from idiolect.performance.rehearsal import Rehearsal
from stage import Stage


@pytest.mark.parametrize("scale", [0, 1])
@pytest.mark.parametrize(
    "parameters", [{}, {"temperature": 0.0}, {"continuity": 1.0}, {"repetition": 2.0, "parent": 1}]
)
def test_what_is_rehearsed_is_what_an_engine_plays(
    bundle: Bundle, stage: Callable[..., Stage], scale: int, parameters: dict[str, float]
) -> None:
    played = stage()
    for name, value in {"random_seed": 7, **parameters, "scale": scale, "run": 1}.items():
        played.player.set(name, 1, value)
    played.play(12)
    heard = [unit for _, unit in played.heard_units()]
    steps = Rehearsal(bundle).speak(scale, 13, seed=7, parameters=parameters)
    assert len(heard) > 15
    assert steps["unit"][: len(heard)].tolist() == heard


def test_units_come_one_after_the_other_for_as_long_as_was_asked(bundle: Bundle) -> None:
    steps = Rehearsal(bundle).speak(0, 300, seed=0, parameters={})
    units = bundle.scales[0].units[steps["unit"]]
    assert len(steps) > STEPS  # more than a plan keeps
    assert steps["end"][-1] >= 300 * bundle.sample_rate > steps["onset"][-1]
    np.testing.assert_array_equal(steps["end"] - steps["onset"], units["length"])
    np.testing.assert_array_equal(steps["onset"][1:], steps["end"][:-1])


def test_a_longer_rehearsal_begins_with_the_shorter_one(bundle: Bundle) -> None:
    rehearsal = Rehearsal(bundle)
    short, long = (rehearsal.speak(0, s, seed=3, parameters={}) for s in (20, 90))
    np.testing.assert_array_equal(long["unit"][: len(short)], short["unit"])
    other = rehearsal.speak(0, 20, seed=4, parameters={})
    assert other["unit"].tolist() != short["unit"].tolist()
