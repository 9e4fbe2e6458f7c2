"""A bundle that learned nothing, and a way to hear units of it in some order."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.speech.said import Said
from synthetic import make_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Two minutes in three sources, two scales."""
    return make_bundle(tmp_path_factory.mktemp("speech") / "random.idiolect", seconds=120)


@pytest.fixture
def hear(bundle: Bundle) -> Callable[[Sequence[int]], Said]:
    """Hear units of the finest scale."""
    scale = bundle.scales[0]
    return lambda units: Said.of(scale, np.asarray(units, np.int64), bundle.sample_rate)
