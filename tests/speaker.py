"""A voice that decides with everything fixed but what a test turns, and how its draws are judged."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from idiolect.bundle.memory import blank
from idiolect.language.decoder import Weights, expect_descriptors, score_tokens
from idiolect.language.memories import DEPTH, Memories
from idiolect.language.model import Model
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.parameters.table import VOICE
from idiolect.performance.decision import Steering, decide
from idiolect.selection.inventory import Inventory, successor

NOTHING = np.zeros(0, np.int64)
SILENCE = np.zeros(12, np.int64)  # no token was heard
PAST = np.full(DEPTH, -2)
FORGETFUL = Memories(blank(), np.zeros(1, np.int64), np.zeros(1))
DOUBT = 1e-9  # how seldom what is right is taken for wrong


def settings(**values: float) -> NDArray[np.float64]:
    given = {name: VOICE[name].default for name in PLANNER_SLOTS}
    given |= {"continuity": 0.5} | values  # as learned
    return np.array([given[name] for name in PLANNER_SLOTS], np.float64)


class Speaker:
    """Decides with everything fixed but what a test turns."""

    def __init__(self, weights: Weights, inventory: Inventory, hidden: NDArray[np.float32]) -> None:
        self.weights, self.inventory, self.hidden = weights, inventory, hidden
        self.heard, self.past, self.seeded = SILENCE, PAST, NOTHING
        self.memories = FORGETFUL
        self.bias = np.zeros(weights.mean_head.shape[1])
        self.tilt = np.zeros(int(inventory.token_offset[-1]), np.float32)

    def decide(
        self, previous: int = -1, step: int = 0, seed: int = 1, voice: int = 1, **values: float
    ) -> tuple[int, int, int]:
        """Return unit, token, natural."""
        choice = np.full(4, -7)
        steering = Steering(
            settings(**values), self.bias, self.tilt, self.heard, self.past, self.seeded
        )
        self.bits = decide(
            Model(self.weights, self.memories), self.inventory, self.hidden, 0, previous, steering,
            seed, voice, step, NOTHING, 0, choice,
        )  # fmt: skip
        unit, token, natural, _ = choice.tolist()
        assert self.inventory.units[unit]["token"] == token
        assert natural == (unit == successor(self.inventory, 0, previous))
        return unit, token, natural

    def tokens(self) -> NDArray[np.float64]:
        """Compute the learned distribution over tokens that have units."""
        inventory, size = self.inventory, int(self.inventory.token_offset[1])
        logits = np.empty(size, np.float32)
        score_tokens(self.weights, self.hidden, 0, size, logits)
        p = np.exp(logits.astype(np.float64)) * (np.diff(inventory.member_start) > 0)
        return np.asarray(p / p.sum())

    def share(self, natural: int) -> float:
        """Compute the natural successor's share of its token, from densities."""
        inventory, token = self.inventory, int(self.inventory.units[natural]["token"])
        mean, variance = np.empty((2, self.weights.mean_head.shape[1]), np.float32)
        expect_descriptors(self.weights, self.hidden, token, mean, variance)
        mean = mean.astype(np.float64) + self.bias * np.sqrt(variance)
        squares = (inventory.descriptors - mean) ** 2 / variance
        density = np.exp(-0.5 * squares.mean(1)) * (inventory.units["token"] == token)
        return float(density[natural] / density.sum())


def assert_as_often(events: int, draws: int, chance: float) -> None:
    """Check a count by the exact binomial test; what has no chance must not come at all."""
    assert binomtest(events, draws, min(chance, 1.0)).pvalue > DOUBT, (events, draws, chance)


def assert_drawn_from(drawn: list[int], chances: NDArray[np.float64]) -> None:
    """Check draws against a distribution: every count, and all of them by their total variation.

    One draw more or less moves the total variation by 1 / n at most, so that it is above its mean
    by t in fewer than exp(-2 n t²) of all cases: C. McDiarmid, "On the method of bounded
    differences" (1989).  Its mean is at most half the sum of the shares' standard deviations.
    """
    counts, draws = np.bincount(drawn, minlength=len(chances)), len(drawn)
    for count, chance in zip(counts, chances, strict=True):
        assert_as_often(int(count), draws, float(chance))
    apart = np.abs(counts / draws - chances).sum() / 2
    mean = np.sqrt(chances * (1 - chances) / draws).sum() / 2
    assert apart < mean + np.sqrt(np.log(1 / DOUBT) / (2 * draws)), apart
