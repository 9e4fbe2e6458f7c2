"""The inventory says what the bundle says, and finds neighbours."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.selection.cost import join_cost
from idiolect.selection.inventory import Inventory, load_inventory, successor, unit_at
from synthetic import make_bundle, make_inventory


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(Path(tmp_path_factory.mktemp("inventory")) / "x.idiolect", seconds=8)


@pytest.fixture(scope="module")
def inventory(bundle: Bundle) -> Inventory:
    return load_inventory(bundle)


def test_arrays_are_private_and_plain(inventory: Inventory) -> None:
    for array in inventory:
        assert type(array) is np.ndarray
        assert array.flags.writeable
        assert array.flags.c_contiguous


def test_scales_lie_end_to_end(bundle: Bundle, inventory: Inventory) -> None:
    for index, scale in enumerate(bundle.scales):
        part = slice(*inventory.unit_offset[index : index + 2])
        np.testing.assert_array_equal(inventory.units[part], scale.units)
        np.testing.assert_array_equal(inventory.descriptors[part], scale.descriptors)
        np.testing.assert_array_equal(inventory.present[part], scale.present)
        np.testing.assert_array_equal(inventory.edges[part, 1, :-1], scale.edges[:, 1])


def test_a_join_costs_what_the_fade_passes_through_and_what_comes_after_it(
    bundle: Bundle, inventory: Inventory
) -> None:
    """From the tail to the head, and to the tail before that head."""
    edges, bands = bundle.scales[0].edges.astype(np.float64), bundle.scales[0].edges.shape[2]
    for previous, unit in ((5, 20), (30, 3), (8, 14)):
        assert successor(inventory, 0, unit - 1) == unit
        tail, before, head = edges[previous, 1], edges[unit - 1, 1], edges[unit, 0]
        steps = (tail - head) ** 2 + (tail - before) ** 2
        expected = steps.sum() / 2 / (bands + 1)
        assert join_cost(inventory, previous, unit) == pytest.approx(expected, rel=1e-5)


def test_a_unit_with_nothing_before_it_joins_by_its_head_alone(
    bundle: Bundle, inventory: Inventory
) -> None:
    for index, scale in enumerate(bundle.scales):
        first = np.flatnonzero(np.diff(scale.units["source"], prepend=-1) > 0)
        assert len(first) > 1
        own = inventory.edges[inventory.unit_offset[index] + first, 0]
        np.testing.assert_array_equal(own[:, :-1], scale.edges[first, 0])
        assert (own[:, -1] == 0).all()


def test_members_of_a_token_are_its_units_and_no_others(
    bundle: Bundle, inventory: Inventory
) -> None:
    for index, scale in enumerate(bundle.scales):
        for token in range(scale.token_count):
            word = inventory.token_offset[index] + token
            members = inventory.members[slice(*inventory.member_start[word : word + 2])]
            expected = np.flatnonzero(scale.units["token"] == token)
            np.testing.assert_array_equal(np.sort(members) - inventory.unit_offset[index], expected)
    assert sorted(inventory.members) == list(range(len(inventory.units)))


def test_members_of_a_token_lie_in_the_order_of_how_they_begin(inventory: Inventory) -> None:
    means = inventory.edges[:, 0].mean(axis=1)
    for first, last in itertools.pairwise(inventory.member_start):
        own = means[inventory.members[first:last]]
        assert (np.diff(own) >= -1e-6).all()


def test_the_successor_follows_without_a_gap(bundle: Bundle, inventory: Inventory) -> None:
    for index, scale in enumerate(bundle.scales):
        ends = 0
        for unit in range(len(scale.units)):
            follower = successor(inventory, index, unit)
            if follower < 0:
                ends += 1
                continue
            here, there = scale.units[unit], scale.units[follower]
            assert there["start"] == here["start"] + here["length"]
            assert there["source"] == here["source"]
        assert ends == len(bundle.sources)


def test_nothing_has_no_successor(inventory: Inventory) -> None:
    assert successor(inventory, 0, -1) == -1


def test_every_frame_finds_the_unit_that_covers_it(bundle: Bundle, inventory: Inventory) -> None:
    for index, scale in enumerate(bundle.scales):
        for unit, row in enumerate(scale.units):
            start, length = int(row["start"]), int(row["length"])
            for frame in (start, start + length // 2, start + length - 1):
                assert unit_at(inventory, index, frame) == unit


def test_a_frame_outside_every_unit_finds_the_nearest() -> None:
    inventory = make_inventory([0, 0, 0])
    inventory.units["start"] = [50, 150, 400]
    found = {frame: unit_at(inventory, 0, frame) for frame in (0, 249, 250, 300, 330, 399, 10**9)}
    assert found == {0: 0, 249: 1, 250: 1, 300: 1, 330: 2, 399: 2, 10**9: 2}
