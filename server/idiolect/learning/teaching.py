"""Teach a network a corpus, judge it, and make what is shipped from all of the audio."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.learning.evaluation import Evaluation, conclude, stream_of, try_models
from idiolect.learning.network import Network
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import ModelShape, TrainingSettings
from idiolect.learning.split import VALIDATION
from idiolect.learning.training import Trained, everything, fresh, train
from idiolect.memory import Memory

__all__ = ["Material", "Stage", "Taught", "teach"]

TRAIN_SHARE = 0.55  # of the budget; finishing on all audio takes no more steps, so no more time

Stage = Callable[[str], AbstractContextManager[Callable[[float, float], None]]]
"""Times a stage by its name, and gives what is told how much of it is done, of how much."""


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
    material: Material, shape: ModelShape, settings: TrainingSettings, seed: int, stage: Stage
) -> Taught:
    """Teach a network the training units, judge it, and finish another one on all units.

    Parameters
    ----------
    material
        With units held out; where there are none, no network is trained: nothing could say when
        to stop, and nothing what it is worth.
    shape, settings, seed
        Of the network and its training.
    stage
        Called with ``train`` and ``finish``.
    """
    sequences = material.sequences
    limit = replace(settings, budget=settings.budget * TRAIN_SHARE)
    if not any((sequence.kinds == VALIDATION).any() for sequence in sequences):
        limit = replace(limit, max_steps=0)
    with stage("train") as tick:
        first = _train(material, shape, limit, seed, tick)
        judged = [
            conclude([try_models(first.network, own, sequences)], own.size, seconds)
            for own, seconds in zip(sequences, material.seconds, strict=True)
        ]
    whole = replace(material, sequences=everything(sequences))
    rest = max(1.0, settings.budget - first.seconds)
    limit = replace(settings, budget=rest, max_steps=first.steps)
    with stage("finish") as tick:
        last = _train(whole, shape, limit, seed, tick)
        memories = [
            own.ngram.remember(stream_of(sequence, np.full(len(sequence.tokens), True)))
            for own, sequence in zip(judged, sequences, strict=True)
        ]
    return Taught(last.network, memories, judged, _training(first, last))


def _train(
    material: Material,
    shape: ModelShape,
    settings: TrainingSettings,
    seed: int,
    tick: Callable[[float, float], None],
) -> Trained:
    network = fresh(material.sequences, material.centroids, shape, settings.dropout, seed)
    return train(network, material.sequences, settings, seed, tick)


def _training(first: Trained, last: Trained) -> dict[str, Any]:
    return {
        "steps": first.steps,
        "steps_run": first.ran,
        "stopped_by": first.stopped,
        "finish_steps": last.steps,
        "note": "bits per token are of the model before it was finished on all audio",
    }
