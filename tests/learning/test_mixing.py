"""A mixture is no worse than it must be, and leans to the memory where little is known."""

import numpy as np
import pytest

from idiolect.learning.mixing import fit_weight, interval, mix

SURE, UNSURE = 1.0, 3.0  # bits


def noisy(mean: float, units: int, seed: int = 0) -> np.ndarray:
    return mean + np.random.default_rng(seed).uniform(-0.5, 0.5, units)


def test_a_mixture_is_one_model_or_the_other_or_something_between() -> None:
    network, memory = noisy(2, 50, 0), noisy(3, 50, 1)
    np.testing.assert_allclose(mix(network, memory, 0), network)
    np.testing.assert_allclose(mix(network, memory, 1), memory)
    both = mix(network, memory, 0.3)
    assert (both >= np.minimum(network, memory)).all()
    assert (both <= np.maximum(network, memory)).all()


def test_a_mixture_costs_at_most_the_share_that_the_better_one_has() -> None:
    network, memory = np.full(5, 1.0), np.full(5, np.inf)
    np.testing.assert_allclose(mix(network, memory, 0.25), 1.0 - np.log2(0.75))


def test_the_worth_of_a_network_shows_on_many_units_and_not_on_few() -> None:
    weights = [fit_weight(noisy(SURE, n), noisy(UNSURE, n)) for n in (0, 4, 16, 64, 4096)]
    assert weights[0] == 1
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] < 0.02


def test_a_network_that_is_no_help_leaves_all_to_the_memory() -> None:
    for units in (8, 80, 800):
        assert fit_weight(noisy(UNSURE, units), noisy(SURE, units)) == 1


def test_models_that_know_different_things_share() -> None:
    """Each is sure at every other unit."""
    one, two = np.tile([0.5, 6.0], 300), np.tile([6.0, 0.5], 300)
    assert fit_weight(one, two) == pytest.approx(0.5, abs=0.05)


def test_an_interval_holds_the_true_mean_about_nineteen_times_in_twenty() -> None:
    """Of values in which neighbours are alike."""
    held = 0
    for seed in range(200):
        steps = np.random.default_rng(seed).normal(size=1003)
        found = interval(np.convolve(steps, np.ones(4), mode="valid"))
        assert found.low < found.mean < found.high
        held += found.low <= 0 <= found.high
    assert 175 <= held <= 199


def test_an_interval_narrows_with_more_units_and_is_nothing_without_any() -> None:
    wide, narrow = (interval(noisy(2, units)) for units in (100, 10_000))
    assert narrow.high - narrow.low < 0.2 * (wide.high - wide.low)
    assert np.isnan([interval(np.zeros(0)).mean, interval(np.zeros(0)).low]).all()


def test_equal_bits_have_equal_intervals() -> None:
    assert interval(noisy(1, 333)) == interval(noisy(1, 333))
