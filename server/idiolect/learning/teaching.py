"""Teach a network a corpus, judge it, and make what is shipped from all of the audio."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.memory import Memory
from idiolect.learning.evaluation import Evaluation, Trial, conclude, stream_of, try_models
from idiolect.learning.network import Network
from idiolect.learning.sequences import Sequence, runs
from idiolect.learning.settings import ModelShape, TrainingSettings
from idiolect.learning.split import VALIDATION
from idiolect.learning.standing import Stage, Standing, Tick
from idiolect.learning.training import INTERRUPTED, Trained, everything, fresh, train

__all__ = ["Course", "Material", "Taught", "teach"]


NOTES = (
    "bits per token on audio the model had not learned from; it was then finished on all audio",
    "bits per token on audio the model had not learned from",
)


@dataclass(frozen=True, slots=True)
class Material:
    """What is to be learned."""

    sequences: list[Sequence]  # by scale index
    centroids: list[NDArray[np.float32]]  # (tokens, descriptors), of each scale
    seconds: list[float]  # mean length of a unit, of each scale


@dataclass(frozen=True, slots=True)
class Course:
    """How networks are trained."""

    shape: ModelShape
    settings: TrainingSettings
    seed: int
    interrupted: Callable[[], bool] = lambda: False  # asked whether to end a stage with what it has
    place: Path | None = None  # folder where training is kept while it goes on

    def train(self, material: Material, limit: TrainingSettings, name: str, tick: Tick) -> Trained:
        """Train a fresh network, kept under a name, within limits."""
        sequences = material.sequences
        network = fresh(sequences, material.centroids, self.shape, limit.dropout, self.seed)
        kept = self.place and self.place / f"{name}.safetensors"
        return train(
            network,
            sequences,
            limit,
            self.seed,
            tick,
            interrupted=self.interrupted,
            kept=kept,
        )


@dataclass(frozen=True, slots=True)
class Taught:
    """What is shipped, and what its makings were worth."""

    network: Network
    memories: list[Memory]  # by scale index
    evaluations: list[Evaluation]
    trials: int  # that were judged: the first ones of those given
    training: dict[str, Any]  # what is told about it


def teach(material: Material, trials: Iterable[Material], course: Course, stage: Stage) -> Taught:
    """Teach a network the training units, judge it, and finish another one on all units.

    Parameters
    ----------
    material
        What the shipped network learns, all of it, for as many steps as the trials took.
    trials
        The same corpus with units held out, once or for each fold.  Where none are, no network is
        trained: nothing could say when to stop, and nothing what it is worth.
    course
        How; each network has an equal part of the budget.
    stage
        Called with ``train`` and ``finish``.

    Notes
    -----
    An interruption ends the stage that runs.  In ``train`` no further trial is begun; the finish
    takes as many steps as the best so far.  In ``finish`` the network of a single trial is shipped,
    for it knows the shipped vocabulary and has learned all it could.
    """
    divided = list(trials)
    with stage("train") as tick:
        trained, tried = _try(divided, course, tick)
        judged = [
            conclude(list(scale), seconds)
            for scale, seconds in zip(zip(*tried, strict=True), material.seconds, strict=True)
        ]
    rest = max(1.0, course.settings.budget - sum(first.seconds for first in trained))
    steps = int(np.median([first.steps for first in trained[: len(tried)]]))
    with stage("finish") as tick:
        whole = replace(material, sequences=everything(material.sequences))
        limit = replace(course.settings, budget=rest, max_steps=steps)
        last = course.train(whole, limit, "finish", tick)
        memories = [
            own.ngram.remember(stream_of(sequence, np.full(len(sequence.tokens), True)))
            for own, sequence in zip(judged, material.sequences, strict=True)
        ]
    shipped = trained[0] if last.stopped == INTERRUPTED and len(divided) == 1 else last
    said = _interruption(trained[-1], last, steps, shipped)
    told = _training(trained, len(tried), last) | ({"interrupted": said} if said else {})
    return Taught(shipped.network, memories, judged, len(tried), told)


def _try(
    divided: list[Material], course: Course, tick: Tick
) -> tuple[list[Trained], list[list[Trial]]]:
    """Train a network for each trial, and judge it at each scale."""
    trained: list[Trained] = []
    tried: list[list[Trial]] = []
    limit = replace(course.settings, budget=course.settings.budget / (len(divided) + 1))
    for index, own in enumerate(divided):
        told = limit if _held_out(own) else replace(limit, max_steps=0)
        part = _part(tick, index, len(divided), limit.budget)
        trained.append(course.train(own, told, f"trial_{index}", part))
        cut = trained[-1].stopped == INTERRUPTED
        if not (cut and tried):  # one that was cut short says less than those before it
            network = trained[-1].network
            tried.append([try_models(network, s, own.sequences) for s in own.sequences])
        if cut:
            break
    return trained, tried


def _part(tick: Tick, index: int, parts: int, budget: float) -> Tick:
    """Tell how much of one part is done, and what is left of it, as of all of them."""

    def told(done: float, total: float, standing: Standing | None = None) -> None:
        if standing is not None:
            later = budget * (parts - index - 1)
            standing = replace(standing, left=standing.left + later)
        tick(index + done / total, parts, standing)

    return told


def _held_out(material: Material) -> bool:
    return any(len(runs(s.kinds, VALIDATION)) for s in material.sequences)


def _interruption(first: Trained, last: Trained, steps: int, shipped: Trained) -> str:
    """Say in words what was cut short; empty when nothing was."""
    said = []
    if first.stopped == INTERRUPTED:
        said.append(f"training, after {first.ran} steps; the best so far was kept")
    if last.stopped == INTERRUPTED:
        kept = "what there was" if shipped is last else "the network that was judged"
        said.append(f"the finish on all audio, after {last.ran} of {steps} steps; {kept} was kept")
    return "; ".join(said)


def _training(trained: list[Trained], trials: int, last: Trained) -> dict[str, Any]:
    named = {f"trial {index + 1}": first.note for index, first in enumerate(trained)}
    notes = [f"{name} {note}" for name, note in (named | {"finish": last.note}).items() if note]
    return {
        "trials": trials,
        "steps": [first.steps for first in trained],
        "steps_run": [first.ran for first in trained],
        "stopped_by": [first.stopped for first in trained],
        "finish_steps": last.steps,
        "finish_stopped_by": last.stopped,
        "note": NOTES[last.stopped == INTERRUPTED],
    } | ({"notes": notes} if notes else {})
