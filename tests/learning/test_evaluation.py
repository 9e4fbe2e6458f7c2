"""Every model is judged on the same units, and on none that was learned from."""

from dataclasses import replace

import numpy as np
import pytest

from idiolect.learning.evaluation import MODELS, Trial, conclude, try_models
from idiolect.learning.memories import HIGHEST_ORDER, KINDS
from idiolect.learning.ngrams import Stream
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import ModelShape
from idiolect.learning.split import TEST, TRAIN, VALIDATION
from idiolect.learning.training import fresh

SHAPE = ModelShape(layers=1, width=16, heads=2, window=8)


def tried(sequences: list[Sequence], scale: int = 0) -> Trial:
    """Judge a network that knows the unigram alone."""
    centroids = [np.zeros((s.size, s.descriptors.shape[1]), np.float32) for s in sequences]
    return try_models(fresh(sequences, centroids, SHAPE, 0.0, 0), sequences[scale], sequences)


def test_each_held_out_unit_has_the_bits_of_every_model(sequences: list[Sequence]) -> None:
    for scale, sequence in enumerate(sequences):
        trial = tried(sequences, scale)
        for kind, bits in ((VALIDATION, trial.validation), (TEST, trial.test)):
            for values in bits.values():
                assert len(values) == (sequence.kinds == kind).sum()
                assert np.isfinite(values).all()
            np.testing.assert_allclose(bits["network"], bits["unigram"], atol=1e-4)


def test_what_the_test_units_are_changes_nothing_that_is_fitted(
    sequences: list[Sequence],
) -> None:
    rng, first = np.random.default_rng(0), sequences[0]
    other = np.where(first.kinds == TEST, rng.integers(0, 5, 400), first.tokens)
    one, two = tried(sequences), tried([replace(first, tokens=other), sequences[1]])
    assert one.ngram == two.ngram
    assert conclude([one], 0.1).weight == conclude([two], 0.1).weight
    assert not np.array_equal(one.test["memory"], two.test["memory"])


def test_where_the_network_is_no_help_the_mixture_is_nearly_the_best_ngram(
    sequences: list[Sequence],
) -> None:
    """Tokens count upwards, and the network knows only how often each occurs."""
    found = conclude([tried(sequences)], seconds=0.1)
    bits = found.figures.bits_per_token
    assert found.weight > 0.95
    assert bits["best_ngram"] == bits["memory"] < bits["unigram"]
    assert bits["mixture_no_parent"] < bits["best_ngram"] + 0.05
    assert f"{found.weight:.0%}" in found.note


def test_figures_per_second_follow_from_those_per_token(sequences: list[Sequence]) -> None:
    figures = conclude([tried(sequences)], seconds=0.25).figures
    assert list(figures.bits_per_token) == list(MODELS)
    for name, bits in figures.bits_per_token.items():
        assert figures.bits_per_second[name] == 4 * bits
        assert figures.intervals[name].mean == bits


def test_folds_are_pooled_and_each_is_mixed_by_its_own_weight(sequences: list[Sequence]) -> None:
    one = tried(sequences)
    sure = {name: np.full(len(bits), 0.1) for name, bits in one.validation.items()}
    unsure = {name: np.full(len(bits), 9.0) for name, bits in one.validation.items()}
    leaning = [  # to the network in one, to the memory in the other
        replace(one, validation=one.validation | {"network": sure["network"]} | part)
        for part in ({"memory": unsure["memory"]}, {"network": unsure["network"]})
    ]
    both = conclude(leaning, 0.1).figures
    apart = [conclude([trial], 0.1).figures for trial in leaning]
    assert both.units == 2 * apart[0].units
    assert both.trials == 2
    mean = np.mean([own.bits_per_token["mixture_no_parent"] for own in apart])
    assert both.bits_per_token["mixture_no_parent"] == pytest.approx(mean)


def test_without_held_out_units_the_memory_speaks_alone(sequences: list[Sequence]) -> None:
    everything = [replace(s, kinds=np.full_like(s.kinds, TRAIN)) for s in sequences]
    found = conclude([tried(everything)], 0.1)
    assert found.weight == 1
    assert found.ngram.order == 2
    assert np.isnan(found.figures.bits_per_token["mixture"])
    assert "no unit" in found.note or found.note.startswith("the memory speaks alone")
    assert isinstance(found.figures.units, int)
    assert Stream.of(everything[0].tokens, everything[0].sources, everything[0].kinds == TEST)


def test_every_order_of_every_ngram_is_reported_and_the_best_is_among_them(
    sequences: list[Sequence],
) -> None:
    trial = tried(sequences)
    figures = conclude([trial], 0.1).figures
    assert list(figures.ladder) == list(KINDS)
    assert all(len(own) == HIGHEST_ORDER for own in figures.ladder.values())
    best = figures.ladder[trial.ngram.kind][trial.ngram.order - 1]
    assert best == figures.intervals["best_ngram"]
    twice = conclude([trial, trial], 0.1).figures
    assert twice.ladder["PPM"][1].mean == pytest.approx(figures.ladder["PPM"][1].mean)


def test_the_ladder_is_as_high_as_every_trial_climbed(sequences: list[Sequence]) -> None:
    one = tried(sequences)
    low = replace(one, ladder={key: bits for key, bits in one.ladder.items() if key[1] <= 2})
    assert {len(own) for own in conclude([one, low], 0.1).figures.ladder.values()} == {2}
    everything = [replace(s, kinds=np.full_like(s.kinds, TRAIN)) for s in sequences]
    assert conclude([tried(everything)], 0.1).figures.ladder == {kind: [] for kind in KINDS}
