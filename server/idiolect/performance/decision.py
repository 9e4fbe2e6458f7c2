"""One decision: which unit comes next.

The natural successor of what sounds is an outcome of its own, beside the tokens.  Its share of its
token's probability is what the language expects of it; `continuity` moves its odds.  Every random
number is keyed by (seed, voice, step, purpose), so a decision made again is the same.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.language.decoder import Weights, expect_descriptors, score_tokens
from idiolect.language.memories import mix_memory
from idiolect.language.model import Model
from idiolect.language.sampling import avoid_heard, draw, shape_distribution
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.continuity import chance_to_continue, natural_share
from idiolect.random import PURPOSE_CANDIDATES, PURPOSE_CONTINUE, PURPOSE_TOKEN, uniform
from idiolect.selection.inventory import Inventory, successor
from idiolect.selection.search import choose_member

__all__ = ["Steering", "class_wanted", "decide", "expect_unit", "weigh_tokens"]

TEMPERATURE, MIN_P = PLANNER_SLOTS["temperature"], PLANNER_SLOTS["min_p"]
TOP_K, TOP_P = PLANNER_SLOTS["top_k"], PLANNER_SLOTS["top_p"]
CONTINUITY, REPETITION = PLANNER_SLOTS["continuity"], PLANNER_SLOTS["repetition"]
MEMORY, PARENT = PLANNER_SLOTS["memory"], PLANNER_SLOTS["parent"]
LOWEST_SCORE = np.float32(-1e30)  # stands for a score that overflowed: unlikely, not forbidden


class Steering(NamedTuple):
    """What leads a voice's decisions beside what the language expects."""

    parameters: NDArray[np.float64]  # (PLANNER_SLOTS,)
    bias: NDArray[np.float64]  # (descriptors,): standard deviations
    tilt: NDArray[np.float32]  # (tokens of all scales,): what bias and parent add to their scores
    heard: NDArray[np.int64]  # (>= tokens of the scale,): how often, in the repetition window
    past: NDArray[np.int64]  # (DEPTH,) and
    seeded: NDArray[np.int64]  # (n,), tokens of the scale as `language.memories` reads them


@njit
def decide(
    model: Model,
    inventory: Inventory,
    hidden: NDArray[np.float32],
    scale: int,
    previous: int,
    steering: Steering,
    seed: int,
    voice: int,
    step: int,
    recent: NDArray[np.int64],
    recent_count: int,
    choice: NDArray[np.int64],
) -> float:
    """Choose the next unit of a voice.

    Parameters
    ----------
    model, inventory
        Of the bundle.
    hidden : float32[C]
        The network's state after the unit that sounds.
    scale : int64
        The voice's scale.
    previous : int64
        The unit of this scale that sounds, local index; -1 when none does.
    steering
        Of the voice.
    seed, voice, step : int64
        Keys of the random stream; `step` counts the voice's decisions.
    recent : int64[r]
        Ring of the units of this scale that sounded, see ``selection.cost.recency_cost``.
    recent_count : int64
        How many ever sounded.
    choice : int64[4]
        Written: unit and token, local indices; 1 for the natural successor, else 0; 0.

    Returns
    -------
    float64
        Entropy of the token's distribution as shaped by the parameters, in bits.

    Notes
    -----
    Ahead.  Bounded by the tokens of the scale, `continuity.SHARERS` and the search's candidates.
    """
    first, last = inventory.token_offset[scale], inventory.token_offset[scale + 1]
    logits = np.empty(last - first, np.float32)
    probabilities = np.empty(last - first, np.float64)
    parameters = steering.parameters
    weights = model.weights
    bits = weigh_tokens(model, inventory, hidden, scale, steering, logits, probabilities)
    wanted = class_wanted(inventory, scale, parameters[PARENT])
    natural = successor(inventory, scale, previous)
    if natural >= 0 and inventory.allowed[inventory.unit_offset[scale] + natural] == 0:
        natural = -1
    if natural >= 0:
        token = inventory.units[inventory.unit_offset[scale] + natural].token
        mean, variance = expect_unit(weights, hidden, first + token, steering.bias)
        share = natural_share(inventory, scale, natural, token, mean, variance, wanted)
        chance = probabilities[token] * share
        u = uniform(seed, voice, step, PURPOSE_CONTINUE)
        units = inventory.member_start[last] - inventory.member_start[first]
        if u < chance_to_continue(chance, units, parameters[CONTINUITY]):
            _write(choice, natural, token, 1)
            return bits
        _withdraw(inventory, scale, token, chance, logits, parameters, probabilities)
    token = draw(probabilities, uniform(seed, voice, step, PURPOSE_TOKEN))
    u = uniform(seed, voice, step, PURPOSE_CANDIDATES)
    mean, variance = expect_unit(weights, hidden, first + token, steering.bias)
    unit = choose_member(
        inventory, scale, token, previous, natural, mean, variance, recent, recent_count, wanted, u
    )
    _write(choice, unit, token, 1 if unit == natural else 0)
    return bits


@njit
def weigh_tokens(
    model: Model,
    inventory: Inventory,
    hidden: NDArray[np.float32],
    scale: int,
    steering: Steering,
    logits: NDArray[np.float32],
    probabilities: NDArray[np.float64],
) -> float:
    """Weigh the tokens that may come next, before the natural successor takes its share.

    Parameters
    ----------
    model, inventory, hidden, scale, steering
        As of `decide`.
    logits : float32[tokens of the scale]
        Written: their scores.
    probabilities : float64[tokens of the scale]
        Written.

    Returns
    -------
    float64
        Their entropy, bits.

    Notes
    -----
    Ahead.
    """
    parameters = steering.parameters
    first, last = inventory.token_offset[scale], inventory.token_offset[scale + 1]
    score_tokens(model.weights, hidden, first, last, logits)
    _forbid_empty(inventory, first, logits)
    lean = parameters[MEMORY]
    mix_memory(model.memories, scale, lean, steering.past, steering.seeded, logits)
    for k in range(logits.size):
        logits[k] += steering.tilt[first + k]
    if parameters[REPETITION] > 0:
        avoid_heard(logits, steering.heard, parameters[REPETITION])
    return _shape(logits, parameters, probabilities)


@njit
def class_wanted(inventory: Inventory, scale: int, parent: float) -> int:
    """Give the token of the next coarser scale that a voice is fixed to; -1 when it is to none."""
    above = scale + 1
    if parent < 0 or above + 1 >= inventory.token_offset.size:
        return -1
    size = inventory.token_offset[above + 1] - inventory.token_offset[above]
    return int(parent) if parent < size else -1


@njit
def _write(choice: NDArray[np.int64], unit: int, token: int, natural: int) -> None:
    choice[0], choice[1], choice[2], choice[3] = unit, token, natural, 0


@njit
def _shape(
    logits: NDArray[np.float32],
    parameters: NDArray[np.float64],
    probabilities: NDArray[np.float64],
) -> float:
    """Write the probabilities under the voice's parameters; return their entropy in bits."""
    top_k = int(parameters[TOP_K])
    return shape_distribution(
        logits, parameters[TEMPERATURE], parameters[MIN_P], top_k, parameters[TOP_P], probabilities
    )


@njit
def _forbid_empty(inventory: Inventory, first: int, logits: NDArray[np.float32]) -> None:
    """Forbid tokens without a unit that is allowed, and no other: there is always something to play."""
    for k in range(logits.size):
        if inventory.member_start[first + k] == inventory.member_start[first + k + 1]:
            logits[k] = -np.inf
        elif not logits[k] > LOWEST_SCORE:  # NaN too
            logits[k] = LOWEST_SCORE


@njit
def expect_unit(
    weights: Weights, hidden: NDArray[np.float32], word: int, bias: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Predict mean and variance of the next unit's descriptors, the mean moved by the bias."""
    mean, variance = np.empty_like(weights.mean_bias[0]), np.empty_like(weights.mean_bias[0])
    expect_descriptors(weights, hidden, word, mean, variance)
    for k in range(mean.size):
        mean[k] += bias[k] * math.sqrt(variance[k])
    return mean, variance


@njit
def _withdraw(
    inventory: Inventory,
    scale: int,
    token: int,
    chance: float,
    logits: NDArray[np.float32],
    parameters: NDArray[np.float64],
    probabilities: NDArray[np.float64],
) -> None:
    """Take the natural successor's share off its token.

    Where nothing is left (its token was the only one to stay, and it took all of it) another of the
    token's units stands in; where there is none, the likeliest other tokens do.
    """
    word = inventory.token_offset[scale] + token
    alone = inventory.member_start[word + 1] - inventory.member_start[word] == 1
    probabilities[token] = 0.0 if alone else max(probabilities[token] - chance, 0.0)
    if probabilities.sum() > 0:
        return
    if alone:
        logits[token] = -np.inf
        _shape(logits, parameters, probabilities)
    else:
        probabilities[token] = 1.0
