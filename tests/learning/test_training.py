"""Training helps or does nothing, and does the same twice."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from idiolect.learning.baselines import bigram, unigram
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import ModelShape, TrainingSettings
from idiolect.learning.split import TEST, TRAIN, VALIDATION
from idiolect.learning.standing import Standing
from idiolect.learning.training import (
    INTERRUPTED,
    Trained,
    everything,
    fresh,
    surprises,
    train,
)

SHAPE = ModelShape(layers=1, width=16, heads=2, window=8)
QUICK = TrainingSettings(budget=60, max_steps=120, batch=8, check_every=20, decay=0.1)


def _learn(sequences: list[Sequence], settings: TrainingSettings = QUICK) -> Trained:
    network = fresh(sequences, _centroids(sequences), SHAPE, settings.dropout, seed=0)
    return train(network, sequences, settings, 0, lambda *_: None)


def _centroids(sequences: list[Sequence]) -> list[NDArray[np.float32]]:
    return [np.zeros((s.size, s.descriptors.shape[1]), np.float32) for s in sequences]


def _bits(trained: Trained, sequences: list[Sequence], kind: int) -> list[float]:
    """Mean surprise at the units of a set, of each scale."""
    return [
        float(surprises(trained.network, s, sequences, kind, guided=False).mean())
        for s in sequences
    ]


def _unigram(sequence: Sequence, kind: int) -> float:
    base = unigram(sequence.tokens[sequence.kinds == TRAIN], sequence.size)
    return float(-np.log2(base[sequence.tokens[sequence.kinds == kind]]).mean())


def test_step_zero_is_the_unigram(sequences: list[Sequence]) -> None:
    trained = _learn(sequences, replace(QUICK, max_steps=0))
    for kind in (VALIDATION, TEST):
        expected = [_unigram(sequence, kind) for sequence in sequences]
        assert _bits(trained, sequences, kind) == pytest.approx(expected, abs=1e-4)


def test_what_can_be_learned_is_learned(sequences: list[Sequence]) -> None:
    trained = _learn(sequences)
    assert trained.steps > 0
    for kind in (VALIDATION, TEST):
        assert _bits(trained, sequences, kind)[0] < _unigram(sequences[0], kind) - 0.5


def test_where_nothing_can_be_learned_it_is_no_worse_than_the_unigram(
    sequences: list[Sequence],
) -> None:
    rng = np.random.default_rng(5)
    noise = [replace(s, tokens=rng.integers(0, s.size, len(s.tokens))) for s in sequences]
    size = np.log2([s.size for s in noise])
    weight = np.sqrt([(s.kinds == VALIDATION).sum() for s in noise])
    after, before = (
        float(_bits(_learn(noise, settings), noise, VALIDATION) / size @ weight)
        for settings in (QUICK, replace(QUICK, max_steps=0))
    )
    assert after <= before + 1e-6


def test_a_few_units_that_tell_nothing_do_not_stop_the_learning_of_many(
    sequences: list[Sequence],
) -> None:
    rng = np.random.default_rng(0)
    few = replace(
        sequences[1],
        tokens=rng.integers(0, 3, 120),
        kinds=np.where(np.arange(120) < 112, TRAIN, VALIDATION),
    )
    alone = _bits(_learn(sequences[:1]), sequences[:1], VALIDATION)
    both = [sequences[0], few]
    beside = _bits(_learn(both), both, VALIDATION)
    assert beside[0] < alone[0] + 0.2


def test_whose_parent_tells_what_follows_is_the_better_for_being_told(
    sequences: list[Sequence],
) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 5, 400)
    nested = [replace(sequences[0], tokens=noise, parents=5 + noise % 3), sequences[1]]
    network = _learn(nested).network
    told, alone = (
        surprises(network, nested[0], nested, TEST, guided=guided).mean()
        for guided in (True, False)
    )
    assert told < alone - 0.3


def test_equal_seeds_give_equal_weights(sequences: list[Sequence]) -> None:
    one, two = (_learn(sequences, replace(QUICK, max_steps=25)).network for _ in range(2))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)


def test_without_validation_units_it_runs_its_steps(sequences: list[Sequence]) -> None:
    trained = _learn(everything(sequences), replace(QUICK, max_steps=7))
    assert trained.steps == trained.ran == 7


def test_whoever_waits_is_told_how_it_stands_and_never_more_time_than_the_budget_leaves(
    sequences: list[Sequence],
) -> None:
    told: list[Standing] = []

    def note(done: float, total: float, standing: Standing | None = None, /) -> None:
        assert standing is not None
        told.append(standing)

    network = fresh(sequences, _centroids(sequences), SHAPE, QUICK.dropout, seed=0)
    train(network, sequences, QUICK, 0, note)
    assert told[-1].loss < told[0].loss  # something can be learned
    assert told[-1].held_out < told[0].held_out
    best = [standing.held_out for standing in told]
    assert len(set(best)) > 1
    assert all(0 <= standing.left <= QUICK.budget for standing in told)
    assert told[-1].left == 0 or len(told) < QUICK.max_steps


def test_an_interruption_ends_it_with_the_best_so_far(sequences: list[Sequence]) -> None:
    asked = iter([False] * 30 + [True])
    network = fresh(sequences, _centroids(sequences), SHAPE, QUICK.dropout, seed=0)
    trained = train(network, sequences, QUICK, 0, lambda *_: None, interrupted=lambda: next(asked))
    assert trained.stopped == INTERRUPTED
    assert trained.ran == 30
    assert trained.steps == 30  # between two looks, and better than at the latest
    untrained = _learn(sequences, replace(QUICK, max_steps=0))
    assert _bits(trained, sequences, VALIDATION) < _bits(untrained, sequences, VALIDATION)


def test_an_exhausted_budget_stops_it(sequences: list[Sequence]) -> None:
    trained = _learn(sequences, replace(QUICK, budget=1e-9))
    assert trained.stopped == "budget"
    assert trained.ran <= 1


def test_baselines_are_distributions_and_a_bigram_knows_what_follows() -> None:
    tokens = np.array([0, 1, 2] * 30)
    base = unigram(tokens, 4)
    pairs = bigram(tokens[:-1], tokens[1:], base)
    assert base.sum() == pytest.approx(1)
    np.testing.assert_allclose(pairs.sum(axis=1), 1)
    assert base[3] > 0
    assert pairs[0, 1] > 0.9
    np.testing.assert_allclose(pairs[3], base)


def test_training_reads_no_unit_that_is_held_out(sequences: list[Sequence]) -> None:
    spoilt = [
        replace(
            s,
            descriptors=np.where((s.kinds == TRAIN)[:, None], s.descriptors, np.nan),
            kinds=np.where(s.kinds == TRAIN, TRAIN, 3),
        )
        for s in sequences
    ]
    trained = _learn(
        [replace(s, descriptors=s.descriptors.astype(np.float32)) for s in spoilt],
        replace(QUICK, max_steps=10),
    )
    assert all(torch.isfinite(weight).all() for weight in trained.network.parameters())


def test_descriptors_that_are_all_missing_stop_no_learning(sequences: list[Sequence]) -> None:
    deaf = [
        replace(s, descriptors=np.zeros_like(s.descriptors), present=np.zeros_like(s.present))
        for s in sequences
    ]
    trained = _learn(deaf)
    assert trained.steps > 0
    assert all(bool(torch.isfinite(p).all()) for p in trained.network.parameters())
