"""Leaning towards more or less of a descriptor without leaving the language.

A distribution p leans by exponential tilting (F. Esscher, 1932): p(k) exp(b z(k)), which of all
distributions with the mean it then has is the nearest to p.  z(k) is the place of token k among
what the corpus plays, in standard deviations of a normal distribution of the same ranks (B. van der
Waerden's scores, 1952).  So a bias of 1 takes a choice that is as free as the corpus to where its
upper sixth was, whatever the descriptor's distribution looks like, and hardly moves one that the
language is sure of; and one odd sound far out is no more than the last in its row.

The network's own prediction of a token's descriptors is a mean of the token plus a part that
depends on the context alone: that part is the same for all tokens, and would change nothing.
"""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from idiolect.selection.inventory import Inventory

__all__ = ["place_tokens", "tilt_tokens"]


def place_tokens(inventory: Inventory) -> NDArray[np.float64]:
    """Find each token's place among the tokens of its scale in every descriptor.

    Parameters
    ----------
    inventory
        Of the bundle.

    Returns
    -------
    float64[tokens of all scales, descriptors]
        In standard deviations, by the rank of the mean over the token's units, where each token
        counts as often as it has units; 0 where no unit has the descriptor.
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
    """Turn the means of the tokens of one scale into places; equals share theirs."""
    there = counts > 0
    places = np.zeros(len(sums))
    _, groups = np.unique(sums[there] / counts[there], return_inverse=True)
    shares = np.bincount(groups, counts[there]) / max(counts.sum(), 1)
    middles = np.cumsum(shares) - shares / 2
    scores = np.array([NormalDist().inv_cdf(middle) for middle in middles])
    places[there] = scores[groups]
    return places


def tilt_tokens(
    places: NDArray[np.float64], bias: NDArray[np.float64], tilt: NDArray[np.float32]
) -> None:
    """Write what a bias adds to the score of every token.

    Parameters
    ----------
    places : float64[tokens, descriptors]
        From `place_tokens`.
    bias : float64[descriptors]
        Standard deviations.
    tilt : float32[tokens]
        Written: natural logarithms.
    """
    tilt[:] = (places * bias).sum(axis=1)
