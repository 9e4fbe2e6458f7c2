"""Train the network: little and carefully, since corpora are small."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from idiolect.learning.baselines import unigram
from idiolect.learning.checkpoint import Checkpoint, digest_run
from idiolect.learning.devices import find_device
from idiolect.learning.network import Network
from idiolect.learning.sequences import (
    Batch,
    Sequence,
    collate,
    draw_chunks,
    held_out_chunks,
)
from idiolect.learning.settings import ModelShape, TrainingSettings
from idiolect.learning.split import TRAIN, VALIDATION
from idiolect.learning.standing import Standing, Tick
from idiolect.learning.state import State, begin, weights_of

__all__ = ["INTERRUPTED", "Trained", "everything", "fresh", "surprises", "token_loss", "train"]

EVALUATED = 16  # rows at once
LN2 = float(np.log(2.0))
THREADS = 1  # sums over threads come in any order, and waiting for a busy core costs tenfold
INTERRUPTED = "interrupted"  # why a run ended that was asked to


@dataclass(frozen=True, slots=True)
class Trained:
    """A network and how it came about."""

    network: Network
    steps: int  # after which the shipped weights were taken
    ran: int  # steps run in all
    seconds: float
    stopped: str  # why it ended
    note: str = ""  # what came of its checkpoint


def fresh(
    sequences: list[Sequence],
    centroids: list[NDArray[np.float32]],
    shape: ModelShape,
    dropout: float,
    seed: int,
) -> Network:
    """Make a network that knows the unigram and what each token sounds like, and no more.

    Parameters
    ----------
    sequences
        By scale index; their training units are counted.
    centroids
        ``float32[tokens, descriptors]`` of each scale.
    """
    means = np.concatenate(centroids)
    tokens, width = means.shape
    network = Network(shape, tokens, width, len(sequences), dropout)
    network.initialise(seed)
    bias, spread = np.zeros(tokens, np.float32), np.zeros((tokens, width), np.float32)
    for sequence, centres in zip(sequences, centroids, strict=True):
        known = sequence.kinds == TRAIN
        part = slice(sequence.offset, sequence.offset + sequence.size)
        bias[part] = np.log(unigram(sequence.tokens[known], sequence.size))
        away = (sequence.descriptors - centres[sequence.tokens])[known] ** 2
        count = np.maximum(1, sequence.present[known].sum(axis=0))
        spread[part] = np.log(
            np.maximum((away * sequence.present[known]).sum(axis=0) / count, 0.01)
        )
    with torch.no_grad():
        network.head_bias.copy_(torch.from_numpy(bias))
        network.mean_bias.copy_(torch.from_numpy(means))
        network.log_variance_bias.copy_(torch.from_numpy(spread))
    return network


def train(
    network: Network,
    sequences: list[Sequence],
    settings: TrainingSettings,
    seed: int,
    progress: Tick,
    *,
    interrupted: Callable[[], bool] = lambda: False,
    kept: Path | None = None,
) -> Trained:
    """Train until the validation units are predicted no better, or time or steps run out.

    Without validation units it runs all its steps.

    Parameters
    ----------
    network
        From `fresh`; ends with the weights of the best look at the validation units, the running
        mean of the latest steps, so that step 0, the unigram, is a possible end.  It is moved to
        the device it is trained on, and back.
    sequences
        By scale index.
    progress
        Called with the share done, 1, and how it stands.
    interrupted
        Asked before every step whether to end with what there is.
    kept
        File that it is kept in, and goes on from when it was killed.

    Raises
    ------
    ConfigError
        When the device is not there.
    """
    device = find_device(settings.device)
    torch.set_num_threads(THREADS)
    network.to(device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        state = begin(network, settings, seed)
        checkpoint = Checkpoint(kept, digest_run(state, sequences, settings) if kept else "")
        note = checkpoint.restore(state)
        began = time.monotonic() - state.seconds
        if state.step == 0:
            state.judge(*_look(network, sequences))
        while not (stopped := _end(state, settings, interrupted)):
            _advance(state, sequences, settings)
            state.seconds = time.monotonic() - began
            checkpoint.keep(state)
            progress(_done(state, settings), 1.0, _standing(state, settings))
        checkpoint.keep(state, now=True)
        if stopped in {"budget", INTERRUPTED} and state.step % settings.check_every:
            _judge(state, sequences)  # what it learned since the last look would be lost
    state.load(state.best if np.isfinite(state.best_score) else state.mean)
    steps = state.best_step if np.isfinite(state.best_score) else state.step
    network.to("cpu").eval()
    return Trained(network, steps, state.step, state.seconds, stopped, note)


def _advance(state: State, sequences: list[Sequence], settings: TrainingSettings) -> None:
    """Make a step, and look at what it came to when it is time."""
    for group in state.optimiser.param_groups:
        group["lr"] = settings.rate * min(1.0, (state.step + 1) / settings.warmup)
    state.advance(_step(state, sequences, settings))
    if state.step % settings.check_every == 0:
        _judge(state, sequences)


def _end(state: State, settings: TrainingSettings, interrupted: Callable[[], bool]) -> str:
    """Say why no further step is to be made; empty when one is."""
    idle = state.step - state.best_step
    if state.step >= settings.max_steps:
        return "steps"
    if interrupted():
        return INTERRUPTED
    if state.seconds > settings.budget:
        return "budget"
    if np.isfinite(state.best_score) and idle >= settings.patience * settings.check_every:
        return "validation"
    return ""


def _judge(state: State, sequences: list[Sequence]) -> None:
    """Look at how well the running mean of the weights expects the validation units."""
    if np.isfinite(state.best_score):
        kept = weights_of(state.network)
        state.load(state.mean)
        state.judge(*_look(state.network, sequences))
        state.load(kept)


def _step(state: State, sequences: list[Sequence], settings: TrainingSettings) -> float:
    """Make one step; gives its loss, bits per token."""
    network, generator = state.network.train(), state.generator
    length = 2 * network.shape.window
    chunks = draw_chunks(sequences, settings.batch, length, generator)
    guided = generator.random(len(chunks)) >= settings.parent_dropout
    batch = collate(sequences, chunks, guided).to(network.device)
    output = network(batch.token, batch.descriptors, batch.present, batch.scale, batch.parent)
    nats = (token_loss(output.logits(), batch) * batch.weight).sum() / batch.weight.sum()
    mean, log_variance = output.descriptors(batch.target)
    error = (batch.target_descriptors - mean).square() * torch.exp(-log_variance) + log_variance
    counted = batch.target_present * batch.weight[..., None]
    loss = nats + settings.descriptor_weight * 0.5 * (error * counted).sum() / counted.sum().clamp(
        min=1.0
    )
    state.optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    state.optimiser.step()
    return float(nats.detach()) / LN2


def token_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Give the surprise at each target among the tokens of its scale, nats, (batch, time)."""
    ids = torch.arange(logits.shape[-1], device=logits.device)
    inside = (ids >= batch.low[:, None]) & (ids < batch.high[:, None])
    masked = logits.masked_fill(~inside[:, None, :], float("-inf"))
    return functional.cross_entropy(masked.transpose(1, 2), batch.target, reduction="none")


def surprises(
    network: Network, sequence: Sequence, sequences: list[Sequence], kind: int, *, guided: bool
) -> NDArray[np.float64]:
    """Give the surprise at each unit of a held-out set, bits, float64[units].

    Parameters
    ----------
    network
        Is put into evaluation.
    sequence, sequences
        The scale, and all of them.
    kind
        The set.
    guided
        Whether the network is told the parents.
    """
    chunks = held_out_chunks(sequence, kind, network.shape.window)
    bits = [np.zeros(0)]
    network.eval()
    with torch.no_grad():
        for low in range(0, len(chunks), EVALUATED):
            part = chunks[low : low + EVALUATED]
            batch = collate(sequences, part, np.full(len(part), guided)).to(network.device)
            output = network(
                batch.token, batch.descriptors, batch.present, batch.scale, batch.parent
            )
            loss = token_loss(output.logits(), batch)
            bits.append(loss[batch.weight > 0].cpu().double().numpy() / LN2)
    return np.concatenate(bits)


def _look(network: Network, sequences: list[Sequence]) -> tuple[float, float]:
    """Give the validation bits per bit of choice, a mean over scales, and per token; NaN if none.

    A scale counts by the root of its units, as it does in what is drawn to learn from: a dozen
    phrases must not decide when thousands of grains have been learned.
    """
    total, weights, bits, units = 0.0, 0.0, 0.0, 0
    for sequence in sequences:
        found = surprises(network, sequence, sequences, VALIDATION, guided=False)
        if len(found):
            weight = np.sqrt(len(found))
            total += weight * float(found.mean()) / max(1.0, float(np.log2(max(sequence.size, 2))))
            weights += weight
            bits, units = bits + float(found.sum()), units + len(found)
    return (total / weights, bits / units) if units else (float("nan"), float("nan"))


def _done(state: State, settings: TrainingSettings) -> float:
    steps, seconds = state.step / max(1, settings.max_steps), state.seconds / settings.budget
    return min(1.0, max(steps, seconds))


def _standing(state: State, settings: TrainingSettings) -> Standing:
    pace = state.seconds / max(1, state.step)
    left = min(settings.budget - state.seconds, pace * (settings.max_steps - state.step))
    return Standing(state.loss, state.best_bits, max(0.0, left))


def everything(sequences: list[Sequence]) -> list[Sequence]:
    """Give the same sequences with every unit to learn from."""
    return [replace(s, kinds=np.full_like(s.kinds, TRAIN)) for s in sequences]
