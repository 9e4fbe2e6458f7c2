"""What `bench joins` measures: its rulers on sounds that are known, its methods on small corpora."""

from pathlib import Path

import numpy as np
import pytest

from idiolect.bench import joins
from idiolect.bench.joins import METHODS, Task, measure
from idiolect.bench.levels import level_steps
from idiolect.bench.rendering import play_units
from idiolect.bundle.bundle import Bundle
from idiolect.selection.cost import target_cost
from idiolect.selection.inventory import Inventory
from idiolect.selection.search import TARGET_WEIGHT, WINDOW
from synthetic import DESCRIPTORS, make_bundle, make_inventory

RATE = 48_000


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("joins") / "random.idiolect"
    return make_bundle(folder, sample_rate=RATE, seconds=30)


def pose(inventory: Inventory, tokens: list[int], seed: int = 0) -> Task:
    rng, count = np.random.default_rng(seed), len(tokens)
    return Task(
        inventory,
        np.array(tokens),
        rng.normal(size=(count, len(DESCRIPTORS))).astype(np.float32),
        np.ones((count, len(DESCRIPTORS)), np.float32),
    )


@pytest.mark.parametrize("seed", range(10))
def test_the_path_of_the_window_costs_no_more_than_the_greedy_one(seed: int) -> None:
    """With the same weights, over as many steps as the window sees; no method does better."""
    tokens = [0, 1, 2] * 20
    inventory = make_inventory(tokens, ends=tuple(range(60)), seed=seed)
    task = pose(inventory, tokens[:WINDOW], seed)
    costs = {name: joins._path_cost(task, choose(task)) for name, choose in METHODS.items()}
    assert costs["window"] == pytest.approx(min(costs.values()))


def test_over_long_paths_the_window_costs_less_than_greedy_choice_and_that_less_than_chance() -> (
    None
):
    rng = np.random.default_rng(3)
    tokens = rng.integers(0, 6, 600).tolist()
    task = pose(make_inventory(tokens, ends=tuple(range(600))), tokens[:200])
    costs = {name: joins._path_cost(task, choose(task)) for name, choose in METHODS.items()}
    assert costs["window"] < costs["greedy"] < costs["nearest"] < costs["random"]


def test_what_followed_in_the_corpus_joins_for_nothing() -> None:
    task = pose(make_inventory([0] * 8), [0] * 8)
    units = np.arange(8)
    targets = [
        target_cost(task.inventory, unit, task.means[unit], task.variances[unit]) for unit in units
    ]
    assert joins._path_cost(task, units) == pytest.approx(TARGET_WEIGHT * np.mean(targets))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_keeps_to_the_tokens_and_never_goes_on_naturally(name: str) -> None:
    rng = np.random.default_rng(4)
    tokens = rng.integers(0, 3, 90).tolist()
    task = pose(make_inventory(tokens), tokens[:40])
    units = METHODS[name](task)
    assert task.inventory.units["token"][units].tolist() == tokens[:40]
    assert (np.diff(units) != 1).all()
    assert (np.diff(units) != 0).all()


@pytest.mark.parametrize("change", [-12.0, 3.0, 6.0])
def test_a_step_in_level_is_measured_in_db(change: float) -> None:
    audio = np.random.default_rng(5).normal(0, 0.02, (RATE, 2)).astype(np.float32)
    audio[RATE // 2 :] *= np.float32(10 ** (change / 20))
    found = level_steps(audio, np.array([RATE // 2]), RATE)
    np.testing.assert_allclose(found, abs(change), atol=0.7)


def test_a_change_of_colour_is_a_larger_step_than_none() -> None:
    rng = np.random.default_rng(6)
    audio = rng.normal(0, 0.1, (RATE, 1)).astype(np.float32)
    steady = joins._steps(audio, np.array([RATE // 2]), RATE)
    audio[RATE // 2 :] = np.cumsum(audio[RATE // 2 :], axis=0) / 20
    assert joins._steps(audio, np.array([RATE // 2]), RATE) > 2 * steady


def test_a_corpus_in_its_own_order_has_no_joins_and_is_the_corpus(bundle: Bundle) -> None:
    played = play_units(bundle, np.arange(1, 20), levelling=6.0)
    assert len(played.joins) == 0
    start = int(bundle.scales[0].units["start"][1])
    heard = played.audio[71 : len(played.audio)]
    np.testing.assert_array_equal(heard[96:], bundle.audio[start : start + len(heard)][96:])


@pytest.mark.slow
def test_everything_is_measured(bundle: Bundle) -> None:
    found = measure(bundle.path, 60)
    assert found["joins"] == 59
    for name in METHODS:
        row = found[name]
        assert isinstance(row, dict)
        assert 0 < row["step"] < 10
        assert 0 < row["jump"] < 2
        assert 0 < row["eased"] < 1
    levelled = [found[f"window, levelled {most:g} dB"] for most in joins.LEVELLINGS]
    window = found["window"]
    assert isinstance(window, dict)
    assert levelled[joins.LEVELLINGS.index(joins.LEVELLING)]["step"] == window["step"]
    assert (levelled[0]["departure"], levelled[0]["range"]) == (0, 1)
    departures = [row["departure"] for row in levelled]
    assert departures == sorted(departures)
    levels = [row["level"] for row in levelled]
    assert levels == sorted(levels, reverse=True)
    text = joins.lines({"random": found})
    assert len(text) == 1 + sum(isinstance(row, dict) for row in found.values())
