"""An engine with two seconds planned, so that every way out can be asked for the same sound."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components import require
from idiolect.bench.jackd import dummy_server
from idiolect.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player
from synthetic import make_bundle

RATE = 8000  # Hz
PLANNED_SECONDS = 2.0


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("audio") / "random.idiolect"
    return make_bundle(folder, sample_rate=RATE)


@pytest.fixture
def planned(bundle: Bundle) -> Callable[[], Engine]:
    """Make an engine that has two voices planned, the same every time."""

    def make() -> Engine:
        engine = Engine(2, RATE, round(PLANNED_SECONDS * RATE))
        planner = Planner(bundle, engine, lookahead_seconds=PLANNED_SECONDS, margin_ms=10)
        player = Player(bundle, engine, planner)
        for voice in (1, 2):
            player.set("random_seed", voice, 7.0)
            player.set("run", voice, 1.0)
        while planner.lookahead() < PLANNED_SECONDS:
            planner.advance()
        return engine

    return make


@pytest.fixture
def jack_server() -> Iterator[str]:
    """Run a JACK server of our own, in blocks long enough for a busy machine."""
    require("jackd")
    with dummy_server(sample_rate=RATE, period=256) as name:
        yield name
