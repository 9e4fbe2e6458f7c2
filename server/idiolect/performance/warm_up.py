"""Compiling everything before the first sound, by playing a moment nobody hears."""

from collections.abc import Callable

import numpy as np

from idiolect.bundle import Bundle
from idiolect.compiled import CACHE
from idiolect.engine.engine import Engine
from idiolect.performance.changes import Cut, Seed, Turn
from idiolect.performance.planner import Planner

__all__ = ["warm_up"]

_MARK = CACHE / "complete"


def warm_up(bundle: Bundle, sample_rate: int, say: Callable[[str], None]) -> None:
    """Run every compiled function of the planner and the block once.

    Parameters
    ----------
    bundle : Bundle
        The one that will be played; a throwaway engine plays it.
    sample_rate : int
        Hz.
    say : callable
        Told when this will take long: the first time after an install.
    """
    cold = not _MARK.exists()
    if cold:
        say("compiling the engine: once after an install, about a minute")
    engine = Engine(1, sample_rate, sample_rate // 10)
    planner = Planner(bundle, engine, lookahead_seconds=0.1, margin_ms=10)
    out = np.zeros((sample_rate // 20, 2), np.float32)
    nothing = np.empty(0, np.int64)
    for change in (
        Turn(0, "run", 1.0),
        Turn(0, "random_seed", 1.0),
        Seed(0, 0, nothing),
        Seed(0, len(bundle.scales) - 1, None),
        Cut(0),
        Turn(0, "temperature", 0.5),
        Turn(0, "run", 0.0),
    ):
        planner.submit(change)
        planner.advance()
        engine.push_control(1, "gain", 0.5)
        engine.render(out)
    planner.lookahead()
    if cold:
        _note()


def _note() -> None:
    """Remember that the kernels are compiled; where nothing can be written, say so next time."""
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        _MARK.touch()
    except OSError:
        return
