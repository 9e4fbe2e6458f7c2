"""Leaning towards more or less of a descriptor without leaving the language.

A distribution p leans by exponential tilting (F. Esscher, 1932): p(k) exp(b z(k)), which of all
distributions with the mean it then has is the nearest to p.  z(k) is how far the token's units lie
from the scale's mean, in standard deviations of what the corpus plays.  So a bias of 1 moves a
choice that is as free as the corpus by one deviation, and a choice the language is sure of hardly.

The network's own prediction of a token's descriptors is a mean of the token plus a part that
depends on the context alone: that part is the same for all tokens, and would change nothing.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.selection.inventory import Inventory

__all__ = ["measure_tokens", "tilt_tokens"]

FARTHEST = 3.0  # deviations beyond which a token is no farther: one odd sound is not all there is


def measure_tokens(inventory: Inventory) -> NDArray[np.float64]:
    """Measure how far each token lies from its scale's mean in every descriptor.

    Parameters
    ----------
    inventory
        Of the bundle.

    Returns
    -------
    float64[tokens of all scales, descriptors]
        In standard deviations of the scale's tokens, each as often as it has units, up to
        ±`FARTHEST`; 0 where no unit has the descriptor, or all tokens are alike.
    """
    scales = np.searchsorted(inventory.unit_offset[1:], np.arange(len(inventory.units)), "right")
    words = inventory.token_offset[scales] + inventory.units["token"]
    size = int(inventory.token_offset[-1])
    places = np.zeros((size, inventory.descriptors.shape[1]))
    for column in range(places.shape[1]):
        known = inventory.present[:, column]
        values = known * inventory.descriptors[:, column]
        counts, sums = (np.bincount(words, of, size).astype(np.float64) for of in (known, values))
        for first, last in zip(
            inventory.token_offset[:-1], inventory.token_offset[1:], strict=True
        ):
            places[first:last, column] = _place(sums[first:last], counts[first:last])
    return places


def _place(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standardise the means of the tokens of one scale."""
    means = sums / np.maximum(counts, 1)
    total = max(counts.sum(), 1)
    away = np.where(counts > 0, means - sums.sum() / total, 0.0)
    deviation = np.sqrt((counts * away**2).sum() / total)
    if not deviation > 1e-6:
        return np.zeros(len(sums))
    return np.clip(away / deviation, -FARTHEST, FARTHEST)


def tilt_tokens(
    places: NDArray[np.float64], bias: NDArray[np.float64], tilt: NDArray[np.float32]
) -> None:
    """Write what a bias adds to the score of every token.

    Parameters
    ----------
    places : float64[tokens, descriptors]
        From `measure_tokens`.
    bias : float64[descriptors]
        Standard deviations.
    tilt : float32[tokens]
        Written: natural logarithms.
    """
    tilt[:] = (places * bias).sum(axis=1)
