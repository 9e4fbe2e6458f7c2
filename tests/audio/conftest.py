"""A plan for every way out to play, and a JACK server to play it to."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from components import require
from idiolect.bench.jackd import dummy_server
from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from planning import RATE, plan
from synthetic import make_bundle


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a bundle in a folder."""
    folder: Path = tmp_path_factory.mktemp("audio") / "random.idiolect"
    make_bundle(folder, sample_rate=RATE)
    return folder


@pytest.fixture
def planned(folder: Path) -> Callable[[], Engine]:
    """Make an engine that has two seconds planned, the same every time."""
    return partial(plan, Bundle.open(folder))


@pytest.fixture
def jack_server() -> Iterator[str]:
    """Run a JACK server of our own, in blocks long enough for a busy machine."""
    require("jackd")
    with dummy_server(sample_rate=RATE, period=256) as server:
        yield server.name
