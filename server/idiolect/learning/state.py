"""A network in training, and all that its next step depends on."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from idiolect.learning.network import Network
from idiolect.learning.settings import TrainingSettings

__all__ = ["State", "begin", "weights_of"]

AVERAGE = 0.98  # of the running mean of the weights, per step
HEARD = 0.95  # of the running mean of the loss, per step, which is only told

Weights = dict[str, Tensor]


@dataclass(slots=True)
class State:
    """What one step leaves to the next."""

    network: Network
    optimiser: torch.optim.Optimizer
    generator: np.random.Generator  # draws what is learned from
    mean: Weights  # running mean of the weights
    best: Weights  # the mean at the best look at the validation units
    best_step: int = 0
    best_score: float = float("nan")  # NaN: there are no validation units
    best_bits: float = float("nan")  # per token
    step: int = 0
    seconds: float = 0.0  # spent so far
    loss: float = float("nan")  # bits per token, a running mean

    def advance(self, loss: float) -> None:
        """Take note of a step that was made, and of its loss."""
        self.step += 1
        self.loss = loss if self.step == 1 else HEARD * self.loss + (1.0 - HEARD) * loss
        keep = min(AVERAGE, self.step / (self.step + 9.0))
        with torch.no_grad():
            for name, weight in self.network.named_parameters():
                self.mean[name].lerp_(weight, 1.0 - keep)

    def judge(self, score: float, bits: float) -> None:
        """Keep the mean when it was found better than what was best, or is the first."""
        if self.step == 0 or score < self.best_score:
            self.best = {name: weight.clone() for name, weight in self.mean.items()}
            self.best_step, self.best_score, self.best_bits = self.step, score, bits

    def load(self, weights: Weights) -> None:
        """Give the network these weights."""
        with torch.no_grad():
            for name, weight in self.network.named_parameters():
                weight.copy_(weights[name])


def begin(network: Network, settings: TrainingSettings, seed: int) -> State:
    """Make the state of a network that has learned nothing."""
    return State(
        network=network,
        optimiser=_optimiser(network, settings),
        generator=np.random.default_rng(seed),
        mean=weights_of(network),
        best=weights_of(network),
    )


def weights_of(network: Network) -> Weights:
    """Copy the weights of a network, by name."""
    return {name: weight.detach().clone() for name, weight in network.named_parameters()}


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
