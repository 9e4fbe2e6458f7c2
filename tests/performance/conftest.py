"""A bundle, and a stage to play it on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from idiolect.bundle import Bundle
from stage import Stage
from synthetic import make_bundle


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Twenty seconds in three sources, two scales."""
    folder: Path = tmp_path_factory.mktemp("performance") / "random.idiolect"
    return make_bundle(folder)


@pytest.fixture
def stage(bundle: Bundle) -> Callable[..., Stage]:
    """Make a stage with some voices."""
    return lambda voices=1, **settings: Stage(bundle, voices, **settings)
