"""A bundle and a stage to play it on; a speaker that makes single decisions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.language.decoder import Weights, load_weights
from idiolect.selection.inventory import Inventory
from speaker import Speaker
from stage import Stage
from synthetic import make_bundle, make_inventory


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Twenty seconds in three sources, two scales."""
    folder: Path = tmp_path_factory.mktemp("performance") / "random.idiolect"
    return make_bundle(folder)


@pytest.fixture
def stage(bundle: Bundle) -> Callable[..., Stage]:
    """Make a stage with some voices."""
    return lambda voices=1, **settings: Stage(bundle, voices, **settings)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder = Path(tmp_path_factory.mktemp("decision"))
    return load_weights(make_bundle(folder / "x.idiolect", seconds=3))


@pytest.fixture
def inventory() -> Inventory:
    tokens = np.random.default_rng(3).permutation(np.resize(np.arange(6), 60)).tolist()
    made = make_inventory(tokens, vocabulary=12, ends=(29,))
    made.descriptors[:] *= 0.3  # alike, so that the natural successor's share is neither 0 nor 1
    return made


@pytest.fixture(scope="session")
def hidden(weights: Weights) -> NDArray[np.float32]:
    return np.random.default_rng(4).normal(0, 0.5, weights.final_norm.size).astype(np.float32)


@pytest.fixture
def speaker(weights: Weights, inventory: Inventory, hidden: NDArray[np.float32]) -> Speaker:
    return Speaker(weights, inventory, hidden)
