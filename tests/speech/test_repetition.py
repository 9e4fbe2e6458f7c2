"""What was heard a short while before is repetition."""

from collections.abc import Callable, Sequence

import numpy as np

from idiolect.speech.repetition import LENGTHS, measure_repetition
from idiolect.speech.said import Said

Hear = Callable[[Sequence[int]], Said]


def test_of_a_loop_all_is_repetition(hear: Hear) -> None:
    found = measure_repetition(hear([3, 8, 50, 20, 7] * 200))
    assert found["units"] == found["tokens"] == {str(n): 1.0 for n in LENGTHS}


def test_of_units_that_are_all_different_none_is(hear: Hear) -> None:
    found = measure_repetition(hear(range(500)))
    assert set(found["units"].values()) == {0.0}


def test_tokens_are_heard_again_at_least_as_often_as_units_and_short_ones_as_long_ones(
    hear: Hear,
) -> None:
    found = measure_repetition(hear(np.random.default_rng(0).integers(0, 60, 2000)))
    for n in map(str, LENGTHS):
        assert found["tokens"][n] >= found["units"][n]
    for own in found.values():
        assert list(own.values()) == sorted(own.values(), reverse=True)


def test_what_was_heard_longer_ago_counts_no_more(hear: Hear) -> None:
    said = hear([*range(60)] * 20)
    turn = said.lengths[:60].sum()
    assert set(measure_repetition(said, 1.01 * turn)["units"].values()) == {1.0}
    assert set(measure_repetition(said, 0.99 * turn)["units"].values()) == {0.0}


def test_of_too_little_nothing_is_said(hear: Hear) -> None:
    for units in ([], [1], [1, 2, 3, 4]):
        found = measure_repetition(hear(units))
        assert np.isnan([*found["units"].values(), *found["tokens"].values()]).all()
