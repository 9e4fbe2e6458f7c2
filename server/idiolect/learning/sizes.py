"""How many tokens a scale deserves: as many as tell most about what comes next.

Bits per token cannot be compared across vocabularies; bits per second can.  A vocabulary is worth
the rate at which knowing the past narrows the next token, on audio it was not made from: too few
tokens have little to tell, too many are each too rare to be learned.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.learning.baselines import bigram, unigram
from idiolect.learning.split import TRAIN, VALIDATION
from idiolect.vocabulary.assign import nearest
from idiolect.vocabulary.clusters import sample, size_for
from idiolect.vocabulary.kmeans import cluster

__all__ = ["LADDER", "SizeChoice", "choose_size"]

LADDER = (6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
UNITS_EACH = 12  # training units a token needs on average, to be learned at all
MOST = 6000  # units that are clustered while the size is looked for
ROUNDS = 50  # of k-means
BLOCK = 16  # units that stand or fall together in the standard error
FEWEST = 64  # held-out units that can decide anything


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """The curve, and what was made of it."""

    sizes: tuple[int, ...]
    rates: tuple[float, ...]  # bits per second
    errors: tuple[float, ...]  # standard error of each
    chosen: int
    why: str


def choose_size(
    descriptors: NDArray[np.float32],
    kinds: NDArray[np.int64],
    sources: NDArray[np.int64],
    seconds: float,
    seed: int,
) -> SizeChoice:
    """Choose the smallest size within one standard error of the best.

    Parameters
    ----------
    descriptors : float32[units, descriptors]
        Of one scale, standardised.
    kinds : int64[units]
        The set of each unit.
    sources : int64[units]
        The file of each unit.
    seconds
        Mean length of a unit.
    seed
        Of k-means.
    """
    trained = int((kinds == TRAIN).sum())
    judged = _links(kinds, sources, VALIDATION)
    sizes = tuple(size for size in LADDER if size * UNITS_EACH <= trained)
    if len(judged) < FEWEST or len(sizes) < 2:
        chosen = min(size_for(trained), trained)
        why = f"the root of {trained} units: too few are held out to compare sizes"
        return SizeChoice((), (), (), chosen, why)
    rates, errors = [], []
    for size in sizes:
        gain = _gain(descriptors, kinds, sources, size, seed)
        rates.append(float(gain.mean()) / seconds)
        errors.append(_error(gain) / seconds)
    best = int(np.argmax(rates))
    enough = rates[best] - errors[best]
    chosen = next(size for size, rate in zip(sizes, rates, strict=True) if rate >= enough)
    why = (
        f"the fewest within one standard error of the best, {sizes[best]} tokens with "
        f"{rates[best]:.2f} bits per second"
    )
    return SizeChoice(sizes, tuple(rates), tuple(errors), chosen, why)


def _links(kinds: NDArray[np.int64], sources: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
    """List the units of a set whose predecessor is of the same set and source."""
    same = (kinds[1:] == kind) & (kinds[:-1] == kind) & (sources[1:] == sources[:-1])
    return np.flatnonzero(same) + 1


def _gain(
    descriptors: NDArray[np.float32],
    kinds: NDArray[np.int64],
    sources: NDArray[np.int64],
    size: int,
    seed: int,
) -> NDArray[np.float64]:
    """Give the bits that knowing the token before saves at each held-out unit."""
    rows = sample(descriptors[kinds == TRAIN], MOST, seed)
    found = cluster(rows, size, seed, starts=1, rounds=ROUNDS)
    tokens = nearest(descriptors, found.prototypes)
    count = len(found.prototypes)
    learned, judged = _links(kinds, sources, TRAIN), _links(kinds, sources, VALIDATION)
    base = unigram(tokens[kinds == TRAIN], count)
    pairs = bigram(tokens[learned - 1], tokens[learned], base)
    likelier = pairs[tokens[judged - 1], tokens[judged]] / base[tokens[judged]]
    return np.asarray(np.log2(likelier))


def _error(gain: NDArray[np.float64]) -> float:
    """Give the standard error of the mean, by blocks of neighbours."""
    blocks = len(gain) // BLOCK
    means = gain[: blocks * BLOCK].reshape(blocks, BLOCK).mean(axis=1)
    return float(means.std(ddof=1) / np.sqrt(blocks)) if blocks > 1 else float(gain.std())
