"""Leaning without leaving the language: towards more of a descriptor, or into a class.

A distribution p leans by exponential tilting (F. Esscher, 1932): p(k) exp(b z(k)), which of all
distributions with the mean it then has is the nearest to p.  z(k) is the place of token k among
what the corpus plays, in standard deviations of a normal distribution of the same ranks (B. van der
Waerden's scores, 1952).  So a bias of 1 takes a choice that is as free as the corpus to where its
upper sixth was, whatever the descriptor's distribution looks like, and hardly moves one that the
language is sure of; and one odd sound far out is no more than the last in its row.

The network's own prediction of a token's descriptors is a mean of the token plus a part that
depends on the context alone: that part is the same for all tokens, and would change nothing.

A class of the coarser scale that is asked for tells more than the network makes of it: on a small
corpus it has seen few of them, and the memory none.  So by Bayes' rule each token is weighed by how
much oftener it lies in that class than the corpus as a whole does.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from idiolect.selection.inventory import Inventory

__all__ = ["Leanings", "measure_leanings", "place_tokens", "tilt_tokens", "weigh_classes"]

DOUBT = 1.0  # units more that every token is taken to have, spread over the classes as all are


class Leanings(NamedTuple):
    """What a bundle's tokens can be leaned by."""

    places: NDArray[np.float64]  # from `place_tokens`
    classes: list[NDArray[np.float32]]  # from `weigh_classes`, of every scale but the coarsest
    offsets: NDArray[np.int64]  # first global token of each scale, and their number


def measure_leanings(inventory: Inventory) -> Leanings:
    """Measure all of a bundle's.  Any thread; a moment for each ten thousand units."""
    scales = range(len(inventory.unit_offset) - 2)
    classes = [weigh_classes(inventory, scale) for scale in scales]
    return Leanings(place_tokens(inventory), classes, inventory.token_offset)


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


def weigh_classes(inventory: Inventory, scale: int) -> NDArray[np.float32]:
    """Find what each class of the next coarser scale says for each token of this one.

    Parameters
    ----------
    inventory
        Of the bundle.
    scale
        Not the coarsest.

    Returns
    -------
    float32[tokens of the coarser scale, tokens]
        Logarithm of how many times likelier the class is for units of the token than for all
        units, as if each token had `DOUBT` units more that are spread as all are; 0 for a class
        that no unit lies in.
    """
    first, middle, last = inventory.unit_offset[scale : scale + 3]
    units, above = inventory.units[first:middle], inventory.units[middle:last]
    inside = units["parent"] >= 0
    size, count = np.diff(inventory.token_offset[scale : scale + 3])
    pairs = above["token"][units["parent"][inside]] * size + units["token"][inside]
    found = np.bincount(pairs, minlength=size * count).reshape(count, size)
    share = found.sum(axis=1, keepdims=True) / max(found.sum(), 1)
    share[share == 0] = 1.0
    likelier = (found + DOUBT * share) / (found.sum(axis=0) + DOUBT) / share
    return np.where(found.sum(axis=1, keepdims=True) > 0, np.log(likelier), 0).astype(np.float32)


def tilt_tokens(
    leanings: Leanings, bias: NDArray[np.float64], parent: int, tilt: NDArray[np.float32]
) -> None:
    """Write what a voice's bias and the class it is fixed to add to the score of every token.

    Parameters
    ----------
    leanings
        Of the bundle.
    bias : float64[descriptors]
        Standard deviations.
    parent
        Token of the next coarser scale, whichever scale it speaks in; none when negative or more
        than there are.
    tilt : float32[tokens]
        Written: natural logarithms.
    """
    tilt[:] = (leanings.places * bias).sum(axis=1)
    for scale, weights in enumerate(leanings.classes):
        if 0 <= parent < len(weights):
            tilt[leanings.offsets[scale] : leanings.offsets[scale + 1]] += weights[parent]
