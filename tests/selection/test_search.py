"""The unit with the least cost is found, repetitions are avoided, large tokens stay cheap."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.selection.cost import join_cost, recency_cost, target_cost
from idiolect.selection.inventory import Inventory
from idiolect.selection.neighbours import LOOKED, find_near
from idiolect.selection.search import (
    CANDIDATES,
    JOIN_WEIGHT,
    NEAR,
    RECENCY_WEIGHT,
    TARGET_WEIGHT,
    Window,
    add_step,
    choose_member,
    choose_path,
    make_window,
)
from synthetic import DESCRIPTORS, make_inventory

MEAN = np.zeros(len(DESCRIPTORS), np.float32)
VARIANCE = np.ones(len(DESCRIPTORS), np.float32)
NOTHING = np.zeros(0, np.int64)


def choose(
    inventory: Inventory,
    *,
    token: int = 0,
    previous: int = -1,
    exclude: int = -1,
    recent: NDArray[np.int64] = NOTHING,
    count: int = 0,
    wanted: int = -1,
    u: float = 0.0,
) -> int:
    return choose_member(
        inventory, 0, token, previous, exclude, MEAN, VARIANCE, recent, count, wanted, u
    )  # fmt: skip


@pytest.mark.parametrize("u", [0, 0.3, 1 - 2**-53])
def test_the_cheapest_unit_of_the_token_is_chosen(u: float) -> None:
    rng = np.random.default_rng(1)
    inventory = make_inventory(rng.integers(0, 4, 100).tolist())
    recent = rng.integers(0, 100, 16)
    for token in range(4):
        members = np.flatnonzero(inventory.units["token"] == token)
        costs = [
            TARGET_WEIGHT * target_cost(inventory, unit, MEAN, VARIANCE)
            + JOIN_WEIGHT * join_cost(inventory, 99, unit)
            + RECENCY_WEIGHT * recency_cost(unit, recent, 16)
            for unit in members
            if unit != 99
        ]
        expected = members[members != 99][np.argmin(costs)]
        found = choose(inventory, token=token, previous=99, recent=recent, count=16, u=u)
        assert found == expected


def test_of_equals_the_first_in_the_corpus_is_chosen() -> None:
    inventory = make_inventory([0] * 10)
    inventory.descriptors[:] = 1
    assert {choose(inventory, u=u) for u in (0, 0.35, 0.99)} == {0}


def test_units_and_tokens_count_in_their_scale() -> None:
    plain = make_inventory([0, 1, 0, 1])
    shifted = plain._replace(
        unit_offset=np.array([0, 2, 4]),
        token_offset=np.array([0, 2, 4]),
        members=np.arange(4),
        member_start=np.arange(5),
    )
    args = (-1, -1, MEAN, VARIANCE, NOTHING, 0, -1, 0.0)
    assert [choose_member(shifted, 1, token, *args) for token in (0, 1)] == [0, 1]


def test_the_natural_successor_is_left_out_while_there_is_another() -> None:
    inventory = make_inventory([0, 0, 1])
    inventory.descriptors[0] = 0  # what is expected
    assert choose(inventory) == 0
    assert choose(inventory, exclude=0) == 1
    assert choose(inventory, token=1, exclude=2) == 2


def test_what_sounds_is_repeated_only_for_want_of_another() -> None:
    inventory = make_inventory([0, 0, 1])
    inventory.descriptors[0] = 0
    assert choose(inventory, previous=0) == 1
    assert choose(inventory, previous=2, token=1) == 2
    assert choose(inventory, previous=0, exclude=1) == 0


def test_a_token_without_units_has_none_to_give() -> None:
    assert choose(make_inventory([0, 2]), token=1) == -1


def test_recency_takes_turns_among_alike_units() -> None:
    inventory = make_inventory([0] * 6)
    inventory.descriptors[:] *= 0.1
    inventory.edges[:] *= 0.1
    recent, played = np.zeros(32, np.int64), []
    for count in range(60):
        played.append(choose(inventory, previous=[-1, *played][-1], recent=recent, count=count))
        recent[count % 32] = played[-1]
    assert all(a != b for a, b in itertools.pairwise(played))
    assert np.bincount(played, minlength=6).min() >= 8


def test_a_large_token_costs_no_more_than_its_candidates() -> None:
    """A unit that outdoes all others is found as often as it is looked at, wherever it is."""
    count = 1000
    for best in (0, 137, count - 1):
        inventory = make_inventory([0] * count)
        inventory.descriptors[:] += 5
        inventory.descriptors[best] = 0
        found = [choose(inventory, u=u) == best for u in np.arange(0, 1, 1 / count)]
        assert sum(found) == CANDIDATES


def test_candidates_of_a_large_token_are_spread_over_the_corpus() -> None:
    inventory = make_inventory([0] * 700)
    found = {choose(inventory, u=u) for u in np.arange(0, 1, 1 / 700)}
    assert len(found) >= 8
    assert np.ptp(sorted(found)) > 350


def near(inventory: Inventory, token: int, previous: int) -> tuple[list[int], int]:
    found = np.full(NEAR, -1)
    first, last = inventory.member_start[token : token + 2]
    count, looked = find_near(inventory, first, last - first, previous, found)
    return found[:count].tolist(), looked


@pytest.mark.parametrize("previous", [0, 57, 399])
def test_those_that_join_best_are_found_as_by_looking_at_all(previous: int) -> None:
    rng = np.random.default_rng(previous)
    inventory = make_inventory(rng.integers(0, 2, 400).tolist(), ends=tuple(range(400)))
    members = np.flatnonzero(inventory.units["token"] == 1)
    costs = [join_cost(inventory, previous, unit) for unit in members]
    assert near(inventory, 1, previous)[0] == members[np.argsort(costs)[:NEAR]].tolist()


def test_all_of_a_small_token_are_near_and_none_of_an_empty_one() -> None:
    inventory = make_inventory([0, 2, 0, 0])
    assert sorted(near(inventory, 0, 1)[0]) == [0, 2, 3]
    assert near(inventory, 1, 1) == ([], 0)


def test_what_a_choice_looks_at_is_bounded_however_long_the_corpus() -> None:
    """Counted, and not timed; the best joins get better all the same."""
    best = []
    for count in (300, 3000, 60_000):
        inventory = make_inventory([0] * count, ends=tuple(range(count)))
        found, looked = near(inventory, 0, count // 2)
        assert looked <= LOOKED
        window = make_window()
        add_step(
            window, inventory, 0, 0, count // 2, -1, MEAN, VARIANCE, NOTHING, 0, -1, 0.3
        )  # fmt: skip
        chosen = window.units[0, : window.counts[0]].tolist()
        assert len(chosen) == len(set(chosen)) <= CANDIDATES
        assert set(found) - {count // 2} <= set(chosen)
        best.append(join_cost(inventory, count // 2, found[0]))
    assert best == sorted(best, reverse=True)


def test_a_search_stops_where_no_unit_can_join_better() -> None:
    """Edges that differ by their means alone: a look at each of the best, and one more."""
    inventory = make_inventory([0] * 2000, ends=tuple(range(2000)))
    inventory.edges[:] = np.linspace(-3, 3, 2000, dtype=np.float32)[:, None, None]
    inventory.heads[:] = inventory.edges[:, 0].mean(axis=1)
    inventory.members[:] = np.arange(2000)
    found, looked = near(inventory, 0, 1000)
    assert sorted(found) == list(range(min(found), min(found) + NEAR))
    assert looked <= NEAR + 2


def test_costs_that_are_not_numbers_still_give_a_unit() -> None:
    inventory = make_inventory([0] * 3)
    inventory.descriptors[:] = np.nan
    assert choose(inventory, exclude=0) in (1, 2)


def test_of_units_that_fit_alike_one_inside_the_class_wanted_is_chosen() -> None:
    """Where none is inside, they are chosen as ever."""
    inventory = make_inventory([0, 0, 0, 1, 0])
    inventory = inventory._replace(
        unit_offset=np.array([0, 3, 5]), token_offset=np.array([0, 1, 3])
    )
    inventory.descriptors[:] = 0
    inventory.units["parent"][:3] = [0, 1, 1]  # of the classes 1, 0, 0
    assert choose(inventory) == choose(inventory, wanted=1) == 0
    assert choose(inventory, wanted=0) == 1
    assert choose(inventory, wanted=2) == 0


def window_of(inventory: Inventory, tokens: list[int]) -> Window:
    window = make_window()
    for token in tokens:
        add_step(window, inventory, 0, token, -1, -1, MEAN, VARIANCE, NOTHING, 0, -1, 0.0)
    return window


def path_cost(inventory: Inventory, path: tuple[int, ...]) -> float:
    joins = sum(join_cost(inventory, a, b) for a, b in itertools.pairwise(path))
    targets = sum(target_cost(inventory, unit, MEAN, VARIANCE) for unit in path)
    return TARGET_WEIGHT * targets + JOIN_WEIGHT * joins


@pytest.mark.parametrize("seed", range(5))
def test_the_first_unit_of_the_cheapest_path_is_chosen(seed: int) -> None:
    """As trying every path finds it, repetitions and natural successors left out."""
    inventory = make_inventory([0, 1, 2] * 5, seed=seed)
    members = [np.flatnonzero(inventory.units["token"] == token) for token in range(3)]
    paths = [
        path
        for path in itertools.product(*members)
        if all(b != a + 1 for a, b in itertools.pairwise(path))
    ]
    best = min(paths, key=lambda path: path_cost(inventory, path))
    assert choose_path(window_of(inventory, [0, 1, 2]), inventory, 0, -1) == best[0]


def test_a_unit_that_nothing_can_follow_well_is_not_taken_for_being_a_little_better() -> None:
    inventory = make_inventory([0, 2, 0, 2, 1])
    inventory.descriptors[:] = 0
    inventory.edges[:] = 0
    inventory.edges[0, 1] = 9  # ends as nothing begins
    inventory.descriptors[2] = 0.1
    assert choose(inventory) == 0
    assert choose_path(window_of(inventory, [0, 1]), inventory, 0, -1) == 2
