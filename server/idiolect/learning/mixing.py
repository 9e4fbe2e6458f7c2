"""Two models as one, and how sure a mean of neighbouring units is.

The share that the memory has in the mixture is fitted on held-out units.  They are few, and a
network that helps on a few units may not help on others.  So the best share is drawn towards the
memory alone, which is the best n-gram, as if `DOUBT` more units had been held out on which the
network was of no use: where nothing is held out the memory speaks alone, on hundreds of units the
share is what they say.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bits", "Interval", "fit_weight", "interval", "mix"]

Bits = NDArray[np.float64]

DOUBT = 32
"""Units held out, in thought, on which only the memory was of use."""

WEIGHTS = np.linspace(0.0, 1.0, 51)  # that are tried
BLOCK = 16  # units that stand or fall together
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


def mix(network: Bits, memory: Bits, weight: float) -> Bits:
    """Give the surprise at what two models expect together, the memory with a share of `weight`."""
    with np.errstate(divide="ignore"):  # neither expected it at all
        return np.asarray(-np.log2((1.0 - weight) * np.exp2(-network) + weight * np.exp2(-memory)))


def fit_weight(network: Bits, memory: Bits) -> float:
    """Find the share of the memory in the mixture.

    Parameters
    ----------
    network, memory : float64[units]
        Surprise at held-out units in their order, bits.
    """
    count = len(network)
    if not count:
        return 1.0
    best = min(WEIGHTS, key=lambda weight: float(mix(network, memory, weight).mean()))
    return float((count * best + DOUBT) / (count + DOUBT))


def interval(values: Bits) -> Interval:
    """Give the mean and its 95 % interval, by drawing blocks of neighbouring units again.

    Parameters
    ----------
    values : float64[units]
        Bits of one model, or of one less another: then the interval is that of the difference.

    Notes
    -----
    Moving blocks: H. Künsch, "The jackknife and the bootstrap for general stationary observations"
    (1989), section 2.  Equal numbers of units get equal draws.
    """
    count = len(values)
    if not count:
        return Interval(np.nan, np.nan, np.nan)
    block = min(BLOCK, max(1, count // 4))
    means = np.convolve(values, np.full(block, 1 / block), mode="valid")
    draws = np.random.default_rng(count).integers(0, len(means), (DRAWS, -(-count // block)))
    drawn = means[draws].mean(axis=1)
    # Units near the ends lie in fewer blocks: centred on the mean that is reported.
    low, high = np.quantile(drawn - drawn.mean(), (0.025, 0.975))
    mean = float(values.mean())
    return Interval(mean, mean + float(low), mean + float(high))
