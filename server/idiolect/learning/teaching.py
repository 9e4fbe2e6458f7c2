"""Teach a network a corpus, judge it, and make what is shipped from all of the audio."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.learning.evaluation import Evaluation, conclude, stream_of, try_models
from idiolect.learning.network import Network
from idiolect.learning.sequences import Sequence, runs
from idiolect.learning.settings import ModelShape, TrainingSettings
from idiolect.learning.split import VALIDATION
from idiolect.learning.training import Trained, everything, fresh, train
from idiolect.memory import Memory

__all__ = ["Material", "Stage", "Taught", "teach"]

Tick = Callable[[float, float], None]
"""Told how much is done, of how much."""

Stage = Callable[[str], AbstractContextManager[Tick]]
"""Times a stage by its name."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is to be learned."""

    sequences: list[Sequence]  # by scale index
    centroids: list[NDArray[np.float32]]  # (tokens, descriptors), of each scale
    seconds: list[float]  # mean length of a unit, of each scale


@dataclass(frozen=True, slots=True)
class Taught:
    """What is shipped, and what its makings were worth."""

    network: Network
    memories: list[Memory]  # by scale index
    evaluations: list[Evaluation]
    training: dict[str, Any]  # what is told about it


def teach(
    material: Material,
    trials: Iterable[Material],
    shape: ModelShape,
    settings: TrainingSettings,
    seed: int,
    stage: Stage,
) -> Taught:
    """Teach a network the training units, judge it, and finish another one on all units.

    Parameters
    ----------
    material
        What the shipped network learns, all of it, for as many steps as the trials took.
    trials
        The same corpus with units held out, once or for each fold.  Where none are, no network is
        trained: nothing could say when to stop, and nothing what it is worth.
    shape, settings, seed
        Of the network and its training; each of them has an equal part of the budget.
    stage
        Called with ``train`` and ``finish``.
    """
    divided = list(trials)
    limit = replace(settings, budget=settings.budget / (len(divided) + 1))
    trained, tried = [], []
    with stage("train") as tick:
        for index, own in enumerate(divided):
            told = limit if _held_out(own) else replace(limit, max_steps=0)
            first = _train(own, shape, told, seed, _part(tick, index, len(divided)))
            trained.append(first)
            tried.append([try_models(first.network, s, own.sequences) for s in own.sequences])
        judged = [
            conclude(list(scale), seconds)
            for scale, seconds in zip(zip(*tried, strict=True), material.seconds, strict=True)
        ]
    whole = replace(material, sequences=everything(material.sequences))
    rest = max(1.0, settings.budget - sum(first.seconds for first in trained))
    steps = int(np.median([first.steps for first in trained]))
    with stage("finish") as tick:
        limit = replace(settings, budget=rest, max_steps=steps)
        last = _train(whole, shape, limit, seed, tick)
        memories = [
            own.ngram.remember(stream_of(sequence, np.full(len(sequence.tokens), True)))
            for own, sequence in zip(judged, material.sequences, strict=True)
        ]
    return Taught(last.network, memories, judged, _training(trained, last))


def _part(tick: Tick, index: int, parts: int) -> Tick:
    """Tell how much of one part is done as how much of all of them."""
    return lambda done, total: tick(index + done / total, parts)


def _held_out(material: Material) -> bool:
    return any(len(runs(s.kinds, VALIDATION)) for s in material.sequences)


def _train(
    material: Material,
    shape: ModelShape,
    settings: TrainingSettings,
    seed: int,
    tick: Tick,
) -> Trained:
    network = fresh(material.sequences, material.centroids, shape, settings.dropout, seed)
    return train(network, material.sequences, settings, seed, tick)


def _training(trained: list[Trained], last: Trained) -> dict[str, Any]:
    return {
        "trials": len(trained),
        "steps": [first.steps for first in trained],
        "steps_run": [first.ran for first in trained],
        "stopped_by": [first.stopped for first in trained],
        "finish_steps": last.steps,
        "note": "bits per token are of the trials, before the model was finished on all audio",
    }
