"""An engine with two seconds planned, the same every time."""

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player

RATE = 8000  # Hz
PLANNED_SECONDS = 2.0


def plan(bundle: Bundle) -> Engine:
    """Make an engine and let two voices plan on it."""
    engine = Engine(2, RATE, round(PLANNED_SECONDS * RATE))
    planner = Planner(bundle, engine, lookahead_seconds=PLANNED_SECONDS, margin_ms=10)
    player = Player(bundle, engine, planner)
    for voice in (1, 2):
        player.set("random_seed", voice, 7.0)
        player.set("run", voice, 1.0)
    while planner.lookahead() < PLANNED_SECONDS:
        planner.advance()
    return engine
