"""Units through the real planner and engine, offline: given ones, or those the voice chooses."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.cutting import begin_voice
from idiolect.performance.pieces import queue_piece
from idiolect.performance.planner import Planner
from idiolect.performance.planning import queued_until
from idiolect.performance.player import Player
from idiolect.performance.queueing import publish_cut
from idiolect.performance.steps import take_unit

__all__ = ["Rendered", "free_run", "play_units"]

BLOCK = 256  # frames
AHEAD = 24_000  # frames that are queued before anything is rendered


class Rendered(NamedTuple):
    """What was heard of a voice, and where."""

    audio: NDArray[np.float32]  # (frames, 2)
    sample_rate: int  # Hz
    joins: NDArray[np.int64]  # frame of `audio` at which each unit begins that did not follow
    tokens: NDArray[np.int64]  # (steps,)
    hidden: NDArray[np.float32]  # (steps, width): what the network knew before each


def play_units(
    bundle: Bundle, units: NDArray[np.int64], *, coupling: bool = True, levelling: float = 0.0
) -> Rendered:
    """Render units of the finest scale in the order given.

    Parameters
    ----------
    bundle
        Whose units they are.
    units : int64[n]
        At most as many as a plan remembers.
    coupling
        Whether the fades of the joins are moved to where they are heard least.
    levelling
        dB by which a unit may be levelled with what it joins.
    """
    planner = _planner(bundle)
    tongue, table = planner.tongue_of(0), planner.engine.table
    plan, limits = tongue.plan, tongue.view.source_limits
    if not coupling:
        plan = replace(plan, coupling=0)
    plan.parameters[0, PLANNER_SLOTS["levelling"]] = levelling
    begin_voice(plan, table, 0, 0)
    publish_cut(plan, table, 0)
    own, parts = plan.voices[0], []
    for unit in units:
        take_unit(plan, tongue.inventory, 0, unit)
        own["previous"] = unit
        while queued_until(plan, 0) < own["end"]:
            queue_piece(plan, table, bundle.audio, tongue.inventory, limits, 0)
            parts.append(_render_until(planner.engine, queued_until(plan, 0) - AHEAD))
    parts.append(_render_until(planner.engine, int(own["end"]) - BLOCK))
    return _gather(planner, parts, len(units))


def free_run(bundle: Bundle, count: int, continuity: float) -> Rendered:
    """Let a voice decide `count` units by itself, at the finest scale."""
    planner = _planner(bundle)
    player = Player(bundle, planner.engine, planner)
    player.set("continuity", 1, continuity)
    player.set("run", 1, 1.0)
    own, steps, parts = planner.plan.voices[0], planner.plan.steps[0], []
    while own["steps"] < count or planner.engine.frame < steps["end"][count - 1]:
        planner.advance()
        parts.append(_render_until(planner.engine, planner.engine.frame + BLOCK))
    return _gather(planner, parts, count)


def _planner(bundle: Bundle) -> Planner:
    rate = bundle.sample_rate
    return Planner(bundle, Engine(1, rate, rate), lookahead_seconds=0.5, margin_ms=10)


def _render_until(engine: Engine, frame: int) -> NDArray[np.float32]:
    parts = np.zeros((max(0, frame - engine.frame) // BLOCK * BLOCK, 2), np.float32)
    for first in range(0, len(parts), BLOCK):
        engine.render(parts[first : first + BLOCK])
    return parts


def _gather(planner: Planner, parts: list[NDArray[np.float32]], count: int) -> Rendered:
    steps = planner.plan.steps[0, :count]
    joins = steps["onset"][1:][steps["natural"][1:] == 0] + planner.engine.delay_frames
    return Rendered(
        np.concatenate(parts),
        planner.engine.sample_rate,
        joins,
        steps["token"].copy(),
        planner.plan.hidden[0, :count].copy(),
    )
