"""Compiling everything before the first sound, by playing a moment nobody hears."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.compiled import is_warm, note_warm, share_compiled
from idiolect.engine.calibration import measure_capacity
from idiolect.engine.engine import Engine
from idiolect.performance.changes import Cut, Play, Seed, Turn
from idiolect.performance.planner import Planner
from idiolect.performance.planning import plan_grain
from idiolect.performance.queueing import note_cut, push_record
from idiolect.performance.shots import Wish, make_shot

__all__ = ["warm_up"]

_SAY_SECONDS = 5.0  # between two words about how far the compiling has come


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
    if is_warm():
        _play(bundle, sample_rate)
        return
    say("compiling the engine: once after an install, half a minute or more")
    with _progress(say), _rare_collection():
        _play(bundle, sample_rate)
    note_warm()


def _play(bundle: Bundle, sample_rate: int) -> None:
    """Let a throwaway engine speak, change, switch and stop."""
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
        Play(_make_shot(planner)),
        Turn(0, "temperature", 0.5),
        Turn(0, "parent", 0.0),
        Turn(0, "run", 0.0),
    ):
        planner.submit(change)
        planner.questions.ask(0)
        planner.advance()
        engine.push_control(1, "gain", 0.5)
        engine.render(out)
    planner.lookahead()
    _play_again(planner, engine, bundle)
    measure_capacity(sample_rate)


def _play_again(planner: Planner, engine: Engine, bundle: Bundle) -> None:
    """Call what a replay calls where the planner would plan by itself."""
    plan, last = planner.tongues.plan, int(planner.tongues.plan.voices["pushed"][0]) - 1
    plan_grain(plan, engine.table, 0, 0, 0)
    grains = engine.state.grains[0]
    push_record(plan, engine.table, bundle.audio, 0, grains, last % len(grains))
    note_cut(plan, engine.table, 0)


def _make_shot(planner: Planner) -> NDArray[np.void]:
    tongue = planner.tongue_of(0)
    wish = Wish(unit=0, dur=0.01)
    return make_shot(tongue.bundle, tongue.inventory, wish, scale=0, quality=0, draw=int)


@contextmanager
def _rare_collection() -> Iterator[None]:
    """Look for garbage less often: compiling makes much that stays, and little that goes."""
    kept = gc.get_threshold()
    gc.set_threshold(200_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*kept)


@contextmanager
def _progress(say: Callable[[str], None]) -> Iterator[None]:
    """Tell now and then, from a thread of its own, how much is compiled."""
    done = threading.Event()

    def tell() -> None:
        while not done.wait(_SAY_SECONDS):
            say(f"compiling the engine: {share_compiled():.0%}")

    thread = threading.Thread(target=tell, name="idiolect-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
