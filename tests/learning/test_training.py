"""Training helps or does nothing, and does the same twice."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from idiolect.learning.baselines import bigram, unigram
from idiolect.learning.report import figures
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import ModelShape, TrainingSettings
from idiolect.learning.split import TRAIN, VALIDATION
from idiolect.learning.training import Trained, evaluate, everything, fresh, train

SHAPE = ModelShape(layers=1, width=16, heads=2, window=8)
QUICK = TrainingSettings(budget=60, max_steps=120, batch=8, check_every=20, decay=0.1)


def _learn(sequences: list[Sequence], settings: TrainingSettings = QUICK) -> Trained:
    centroids = [np.zeros((s.size, s.descriptors.shape[1]), np.float32) for s in sequences]
    network = fresh(sequences, centroids, SHAPE, settings.dropout, seed=0)
    return train(network, sequences, settings, 0, lambda done, total: None)


def test_step_zero_is_the_unigram(sequences: list[Sequence]) -> None:
    network = _learn(sequences, replace(QUICK, max_steps=0)).network
    for sequence in sequences:
        for judged in figures(network, sequence, sequences)[1].values():
            assert judged.model == pytest.approx(judged.unigram, abs=1e-4)


def test_what_can_be_learned_is_learned(sequences: list[Sequence]) -> None:
    trained = _learn(sequences)
    _, judged = figures(trained.network, sequences[0], sequences)
    assert trained.steps > 0
    assert judged["validation"].model < judged["validation"].unigram - 0.5
    assert judged["test"].model < judged["test"].unigram - 0.5


def test_where_nothing_can_be_learned_it_is_no_worse_than_the_unigram(
    sequences: list[Sequence],
) -> None:
    rng = np.random.default_rng(5)
    noise = [replace(s, tokens=rng.integers(0, s.size, len(s.tokens))) for s in sequences]
    network = _learn(noise).network
    before = _learn(noise, replace(QUICK, max_steps=0)).network
    sums = [
        sum(evaluate(model, s, noise, VALIDATION) / np.log2(s.size) for s in noise)
        for model in (network, before)
    ]
    assert sums[0] <= sums[1] + 1e-6


def test_a_few_units_that_tell_nothing_do_not_stop_the_learning_of_many(
    sequences: list[Sequence],
) -> None:
    rng = np.random.default_rng(0)
    few = replace(
        sequences[1],
        tokens=rng.integers(0, 3, 120),
        kinds=np.where(np.arange(120) < 112, TRAIN, VALIDATION),
    )
    _, alone = figures(_learn(sequences[:1]).network, sequences[0], sequences[:1])
    both = [sequences[0], few]
    _, beside = figures(_learn(both).network, sequences[0], both)
    assert beside["validation"].model < alone["validation"].model + 0.2


def test_equal_seeds_give_equal_weights(sequences: list[Sequence]) -> None:
    one, two = (_learn(sequences, replace(QUICK, max_steps=25)).network for _ in range(2))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)


def test_without_validation_units_it_runs_its_steps(sequences: list[Sequence]) -> None:
    trained = _learn(everything(sequences), replace(QUICK, max_steps=7))
    assert trained.steps == trained.ran == 7


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
