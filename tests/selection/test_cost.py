"""What each cost measures."""

import numpy as np
import pytest

from idiolect.selection.cost import HALF_LIFE, join_cost, recency_cost, target_cost
from synthetic import BANDS, DESCRIPTORS, make_inventory


def test_a_unit_costs_nothing_where_it_is_what_was_expected() -> None:
    inventory = make_inventory([0, 0])
    variance = np.full(len(DESCRIPTORS), 0.1, np.float32)
    assert target_cost(inventory, 1, inventory.descriptors[1], variance) == 0
    assert target_cost(inventory, 0, inventory.descriptors[1], variance) > 0


def test_target_costs_differ_as_log_densities_do() -> None:
    inventory, rng = make_inventory([0] * 6), np.random.default_rng(1)
    mean = rng.normal(size=len(DESCRIPTORS)).astype(np.float32)
    variance = rng.uniform(0.1, 3, len(DESCRIPTORS)).astype(np.float32)
    densities = -0.5 * ((inventory.descriptors - mean) ** 2 / variance + np.log(variance)).sum(1)
    costs = np.array([target_cost(inventory, unit, mean, variance) for unit in range(6)])
    differences = -(densities - densities[0]) / len(DESCRIPTORS)
    np.testing.assert_allclose(costs - costs[0], differences, atol=1e-5)


def test_a_missing_descriptor_costs_what_it_would_on_average() -> None:
    inventory, rng = make_inventory([0] * 4000), np.random.default_rng(2)
    mean, variance = np.zeros((2, len(DESCRIPTORS)), np.float32)
    variance += 1  # the random descriptors' own
    known = np.mean([target_cost(inventory, unit, mean, variance) for unit in range(4000)])
    inventory.present[:] = rng.random(inventory.present.shape) > 0.5
    mixed = np.mean([target_cost(inventory, unit, mean, variance) for unit in range(4000)])
    assert known == pytest.approx(0.5, abs=0.03)
    assert mixed == pytest.approx(known, abs=0.03)


def test_the_natural_successor_joins_for_nothing() -> None:
    inventory = make_inventory([0] * 4, ends=(1,))
    assert join_cost(inventory, 0, 1) == 0
    assert join_cost(inventory, 1, 2) > 0  # another source
    assert join_cost(inventory, 0, 2) > 0


def test_a_join_costs_the_mean_squared_step_between_edges() -> None:
    inventory = make_inventory([0] * 4)
    step = inventory.edges[3, 1] - inventory.edges[0, 0]
    assert join_cost(inventory, 3, 0) == pytest.approx((step**2).sum() / BANDS, rel=1e-5)


def test_equal_edges_join_for_nothing() -> None:
    inventory = make_inventory([0] * 4)
    inventory.edges[0, 0] = inventory.edges[3, 1]
    assert join_cost(inventory, 3, 0) == 0


def test_nothing_sounds_so_nothing_is_joined() -> None:
    assert join_cost(make_inventory([0]), -1, 0) == 0


def test_recency_halves_with_every_half_life() -> None:
    recent = np.arange(40)
    ages = [recency_cost(39 - int(n * HALF_LIFE), recent, 40) for n in range(4)]
    assert ages == pytest.approx([1, 0.5, 0.25, 0.125])


def test_the_ring_remembers_the_last_and_forgets_the_rest() -> None:
    recent = np.zeros(4, np.int64)
    for count, unit in enumerate([7, 8, 9, 10, 11, 12]):
        recent[count % 4] = unit
    costs = [recency_cost(unit, recent, 6) for unit in range(7, 13)]
    assert costs[:2] == [0, 0]
    assert 0 < costs[2] < costs[3] < costs[4] < costs[5] == 1


def test_an_unused_ring_remembers_nothing() -> None:
    assert recency_cost(0, np.zeros(8, np.int64), 0) == 0
    assert recency_cost(0, np.zeros(0, np.int64), 9) == 0


def test_the_latest_of_several_soundings_counts() -> None:
    assert recency_cost(5, np.array([5, 1, 5]), 3) == 1
