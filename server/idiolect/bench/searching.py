"""What the choice of a unit costs and is worth, in a small corpus and in one forty times as long."""

import time

import numpy as np
from numpy.typing import NDArray

from idiolect.grain import UNIT
from idiolect.selection.cost import join_cost
from idiolect.selection.inventory import Inventory
from idiolect.selection.neighbours import find_near
from idiolect.selection.search import CANDIDATES, NEAR, WINDOW, add_step, choose_path, make_window

__all__ = ["measure"]

SIZES = {"small": 6_000, "large": 240_000}  # units: eight minutes of grains, and five hours
TOKENS = 64
DESCRIPTORS, BANDS = 48, 26  # of a bundle, its edges as an inventory has them
LATENT, NOISE = 6, 0.3  # dimensions in which edges really differ, as spectra do; and the rest
CHOICES = 500
ROUNDS = 5  # of which the fastest counts


def measure() -> dict[str, object]:
    """Choose from two corpora of the same make.

    Returns
    -------
    dict
        For each: ``microseconds`` of a choice, with the two steps after it in view; ``looked``, the
        most units that were compared to find those that join best; ``join``, the cost of the best
        join found; ``blind``, of the best of as many taken evenly; ``best``, of the best there is, all
        means over choices.  ``ratio`` of the microseconds.
    """
    found = {name: _measure(_make(size)) for name, size in SIZES.items()}
    ratio = found["large"]["microseconds"] / found["small"]["microseconds"]
    return {**found, "ratio": ratio}


def _make(count: int) -> Inventory:
    """Make an inventory of random units, every one of them of a source of its own."""
    rng = np.random.default_rng(0)
    units = np.zeros(count, UNIT)
    units["start"], units["length"], units["parent"] = 100 * np.arange(count), 100, -1
    units["source"] = np.arange(count)
    units["token"] = rng.integers(0, TOKENS, count)
    shape = rng.normal(size=(LATENT, BANDS)) / np.sqrt(2 * LATENT)
    edges = rng.normal(size=(count, 2, LATENT)) @ shape
    edges = (edges + NOISE * rng.normal(size=edges.shape)).astype(np.float32)
    heads = edges[:, 0].mean(axis=1)
    counts = np.bincount(units["token"], minlength=TOKENS)
    return Inventory(
        units=units,
        descriptors=rng.normal(size=(count, DESCRIPTORS)).astype(np.float32),
        present=np.ones((count, DESCRIPTORS), np.float32),
        edges=edges,
        heads=heads,
        allowed=np.ones(count, np.uint8),
        members=np.lexsort((heads, units["token"])),
        member_start=np.concatenate([[0], np.cumsum(counts)]),
        unit_offset=np.array([0, count]),
        token_offset=np.array([0, TOKENS]),
    )


def _measure(inventory: Inventory) -> dict[str, float]:
    rng = np.random.default_rng(1)
    asked = (
        rng.integers(0, TOKENS, (CHOICES, WINDOW)),
        rng.integers(0, len(inventory.units), CHOICES),
    )
    _choose(inventory, asked[0][0], int(asked[1][0]))
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for tokens, previous in zip(*asked, strict=True):
            _choose(inventory, tokens, int(previous))
        times.append(time.perf_counter() - begun)
    joins = np.array([_find(inventory, int(t[0]), int(p)) for t, p in zip(*asked, strict=True)])
    return {
        "microseconds": 1e6 * min(times) / CHOICES,
        "looked": float(joins[:, 0].max()),
        "join": float(joins[:, 1].mean()),
        "blind": float(joins[:, 2].mean()),
        "best": float(joins[:, 3].mean()),
    }


def _choose(inventory: Inventory, tokens: NDArray[np.int64], previous: int) -> int:
    mean, variance = np.zeros(DESCRIPTORS, np.float32), np.ones(DESCRIPTORS, np.float32)
    window, nothing, before = make_window(), np.zeros(0, np.int64), previous
    for token in tokens:
        add_step(window, inventory, 0, token, before, -1, mean, variance, nothing, 0, -1, 0.5)
        before = -1
    return choose_path(window, inventory, 0, previous)


def _find(inventory: Inventory, token: int, previous: int) -> tuple[float, ...]:
    """Count what was looked at; give the least cost of those found, of as many, and of all."""
    first, last = inventory.member_start[token : token + 2]
    near = np.zeros(NEAR, np.int64)
    _, looked = find_near(inventory, first, last - first, previous, near)
    steps = inventory.edges[inventory.members[first:last], 0] - inventory.edges[previous, 1]
    costs = (steps.astype(np.float64) ** 2).mean(axis=1)
    blind = costs[:: max(1, len(costs) // CANDIDATES)].min()
    return looked, join_cost(inventory, previous, int(near[0])), float(blind), float(costs.min())
