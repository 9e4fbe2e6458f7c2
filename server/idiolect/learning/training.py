"""Train the network: little and carefully, since corpora are small."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from idiolect.learning.baselines import unigram
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

__all__ = ["Trained", "everything", "fresh", "surprises", "token_loss", "train"]

AVERAGE = 0.98  # of the running mean of the weights, per step
EVALUATED = 16  # rows at once
THREADS = 1  # sums over threads come in any order, and waiting for a busy core costs tenfold

Weights = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Trained:
    """A network and how it came about."""

    network: Network
    steps: int  # after which the shipped weights were taken
    ran: int  # steps run in all
    seconds: float
    stopped: str  # why it ended


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
    progress: Callable[[float, float], None],
) -> Trained:
    """Train until the validation units are predicted no better, or time or steps run out.

    Without validation units it runs all its steps.

    Parameters
    ----------
    network
        From `fresh`; ends with the weights of the best look at the validation units, the running
        mean of the latest steps, so that step 0, the unigram, is a possible end.
    sequences
        By scale index.
    progress
        Called with the share done and 1.
    """
    torch.set_num_threads(THREADS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _train(network, sequences, settings, np.random.default_rng(seed), progress)


def _train(
    network: Network,
    sequences: list[Sequence],
    settings: TrainingSettings,
    generator: np.random.Generator,
    progress: Callable[[float, float], None],
) -> Trained:
    began = time.monotonic()
    optimiser = _optimiser(network, settings)
    mean = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    best, best_step, best_score = _copy(mean), 0, _score(network, sequences)
    judged, step, stopped = np.isfinite(best_score), 0, "steps"
    while step < settings.max_steps:
        if time.monotonic() - began > settings.budget:
            stopped = "budget"
            break
        if judged and step - best_step >= settings.patience * settings.check_every:
            stopped = "validation"
            break
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * min(1.0, (step + 1) / settings.warmup)
        _step(network, sequences, settings, optimiser, generator)
        step += 1
        _blend(mean, network, min(AVERAGE, step / (step + 9.0)))
        if judged and step % settings.check_every == 0:
            score = _score_of(mean, network, sequences)
            if score < best_score:
                best, best_step, best_score = _copy(mean), step, score
        progress(_done(step, settings, time.monotonic() - began), 1.0)
    if not judged:
        best, best_step = mean, step
    _load(network, best)
    network.eval()
    return Trained(network, best_step, step, time.monotonic() - began, stopped)


def _optimiser(network: Network, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Decay what multiplies, not what is added."""
    named = list(network.named_parameters())
    free = [p for n, p in named if n.endswith(("_norm", "_bias"))]
    decayed = [p for n, p in named if not n.endswith(("_norm", "_bias"))]
    groups = [
        {"params": decayed, "weight_decay": settings.decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.98))


def _step(
    network: Network,
    sequences: list[Sequence],
    settings: TrainingSettings,
    optimiser: torch.optim.Optimizer,
    generator: np.random.Generator,
) -> None:
    network.train()
    length = 2 * network.shape.window
    chunks = draw_chunks(sequences, settings.batch, length, generator)
    guided = generator.random(len(chunks)) >= settings.parent_dropout
    batch = collate(sequences, chunks, guided)
    output = network(batch.token, batch.descriptors, batch.present, batch.scale, batch.parent)
    bits = token_loss(output.logits(), batch)
    loss = (bits * batch.weight).sum() / batch.weight.sum()
    mean, log_variance = output.descriptors(batch.target)
    error = (batch.target_descriptors - mean).square() * torch.exp(-log_variance) + log_variance
    counted = batch.target_present * batch.weight[..., None]
    loss = loss + settings.descriptor_weight * 0.5 * (error * counted).sum() / counted.sum().clamp(
        min=1.0
    )
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


def token_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Give the surprise at each target among the tokens of its scale, nats, (batch, time)."""
    ids = torch.arange(logits.shape[-1])
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
            batch = collate(sequences, part, np.full(len(part), guided))
            output = network(
                batch.token, batch.descriptors, batch.present, batch.scale, batch.parent
            )
            loss = token_loss(output.logits(), batch)
            bits.append(loss[batch.weight > 0].double().numpy() / np.log(2.0))
    return np.concatenate(bits)


def _score(network: Network, sequences: list[Sequence]) -> float:
    """Give the validation bits per bit of choice, a mean over scales; NaN without any units.

    A scale counts by the root of its units, as it does in what is drawn to learn from: a dozen
    phrases must not decide when thousands of grains have been learned.
    """
    total, weights = 0.0, 0.0
    for sequence in sequences:
        bits = surprises(network, sequence, sequences, VALIDATION, guided=False)
        if len(bits):
            weight = np.sqrt(len(bits))
            total += weight * float(bits.mean()) / max(1.0, float(np.log2(max(sequence.size, 2))))
            weights += weight
    return total / weights if weights else float("nan")


def _score_of(weights: Weights, network: Network, sequences: list[Sequence]) -> float:
    kept = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    _load(network, weights)
    score = _score(network, sequences)
    _load(network, kept)
    return score


def _blend(mean: Weights, network: Network, keep: float) -> None:
    with torch.no_grad():
        for name, weight in network.named_parameters():
            mean[name].lerp_(weight, 1.0 - keep)


def _load(network: Network, weights: Weights) -> None:
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.copy_(weights[name])


def _copy(weights: Weights) -> Weights:
    return {name: weight.clone() for name, weight in weights.items()}


def _done(step: int, settings: TrainingSettings, seconds: float) -> float:
    return min(1.0, max(step / max(1, settings.max_steps), seconds / settings.budget))


def everything(sequences: list[Sequence]) -> list[Sequence]:
    """Give the same sequences with every unit to learn from."""
    return [replace(s, kinds=np.full_like(s.kinds, TRAIN)) for s in sequences]
