"""Sequences to learn from without any audio."""

import numpy as np
import pytest

from idiolect.learning.sequences import Sequence
from idiolect.learning.split import GAP, TEST, TRAIN, VALIDATION

WIDTH = 4


def make_sequence(
    units: int = 400, size: int = 5, scale: int = 0, offset: int = 0, seed: int = 0
) -> Sequence:
    """Make units whose tokens mostly count upwards, with descriptors that say little."""
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random(units) < 0.9, 1, rng.integers(0, size, units))
    kinds = np.full(units, TRAIN)
    tenth = units // 10
    for at, kind in ((3 * tenth, VALIDATION), (7 * tenth, TEST)):
        kinds[at - tenth // 2 : at + tenth + tenth // 2] = GAP
        kinds[at : at + tenth] = kind
    return Sequence(
        name=f"scale{scale}",
        scale=scale,
        offset=offset,
        size=size,
        tokens=np.cumsum(steps) % size,
        descriptors=rng.normal(size=(units, WIDTH)).astype(np.float32),
        present=rng.random((units, WIDTH)) > 0.1,
        kinds=kinds,
        sources=np.zeros(units, np.int64),
        parents=np.full(units, -1),
    )


@pytest.fixture(scope="module")
def sequences() -> list[Sequence]:
    """Two scales: 400 units of 5 tokens, and 120 of 3."""
    return [make_sequence(), make_sequence(120, 3, scale=1, offset=5, seed=1)]
