"""Nothing that is judged was learned from."""

from itertools import pairwise

import numpy as np
import pytest

from idiolect.grain import UNIT
from idiolect.learning.split import FOLDS, GAP, TEST, TRAIN, VALIDATION, folds, split

RATE = 1000


@pytest.mark.parametrize("seconds", [20, 200, 2000])
@pytest.mark.parametrize("sources", [1, 7, 300])
def test_about_a_tenth_is_validation_a_tenth_test_and_a_gap_lies_between(
    seconds: int, sources: int
) -> None:
    frames = seconds * RATE
    starts = np.linspace(0, frames, sources, endpoint=False).astype(np.int64)
    made = split(frames, starts, RATE, context=0.5)
    lengths = np.diff(made.edges)
    assert made.edges[0] == 0
    assert made.edges[-1] == frames
    assert (lengths > 0).all()
    for kind in (VALIDATION, TEST):
        assert 0.04 < lengths[made.kinds == kind].sum() / frames < 0.16
    assert lengths[made.kinds == TRAIN].sum() > 0.6 * frames
    neighbours = set(zip(made.kinds[:-1].tolist(), made.kinds[1:].tolist(), strict=True))
    assert (TRAIN, VALIDATION) not in neighbours
    assert (VALIDATION, TRAIN) not in neighbours
    assert (TRAIN, TEST) not in neighbours
    assert (TEST, TRAIN) not in neighbours
    assert (VALIDATION, TEST) not in neighbours
    assert lengths[made.kinds == GAP].min() >= min(0.5, seconds / 20) * RATE - 1


def test_a_unit_across_an_edge_belongs_to_the_gap() -> None:
    made = split(20_000, np.zeros(1, np.int64), RATE, context=0.1)
    edge = int(made.edges[2])
    units = np.zeros(2, UNIT)
    units["start"], units["length"] = [edge - 5, edge], 10
    assert made.of(units).tolist() == [GAP, made.kinds[2]]


@pytest.mark.parametrize("seconds", [1, 30, 250])
@pytest.mark.parametrize("sources", [1, 7, 300])
def test_each_moment_is_tested_in_one_fold_and_most_of_the_rest_is_learned_from(
    seconds: int, sources: int
) -> None:
    frames = seconds * RATE
    starts = np.linspace(0, frames, sources, endpoint=False).astype(np.int64)
    tested, judged = np.zeros(frames, int), np.zeros(frames, int)
    for fold in folds(frames, starts, RATE, context=5.0):
        kinds = np.repeat(fold.kinds, np.diff(fold.edges))
        assert len(kinds) == frames
        assert 0.5 * frames < (kinds == TRAIN).sum() < 0.75 * frames
        assert (np.diff(np.flatnonzero(kinds == TEST)) == 1).all()
        pairs = {tuple(sorted(pair)) for pair in pairwise(kinds)}
        assert not pairs & {(TRAIN, VALIDATION), (TRAIN, TEST), (VALIDATION, TEST)}
        tested += kinds == TEST
        judged += kinds == VALIDATION
    assert (tested == 1).all()
    assert judged.max() == 1
    assert 0.4 * frames < judged.sum() < 0.6 * frames
    assert len(folds(frames, starts, RATE, context=5.0)) == FOLDS
