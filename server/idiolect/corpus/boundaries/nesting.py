"""Choose a scale's boundaries within those of the coarser scale."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["equal_parts", "tidy"]


def tidy(
    parents: NDArray[np.int64],
    places: NDArray[np.int64],
    strengths: NDArray[np.float64],
    shortest: int,
    longest: float,
) -> NDArray[np.int64]:
    """Choose a scale's boundaries within its parents.

    Parameters
    ----------
    parents : int64[parents + 1]
        Boundaries that stay.
    places, strengths
        Where the scale could be cut: from a strength of 1 on it is, the strongest first, unless
        that leaves a unit too short; places below serve to split what is too long.
    shortest, longest
        Of a unit, frames; `longest` at least twice `shortest`.

    Returns
    -------
    int64[units + 1]
        With `parents` among them.
    """
    bounds = [int(parents[0])]
    for low, high in pairwise(parents.tolist()):
        inside = (places >= low + shortest) & (places <= high - shortest)
        order = np.lexsort((places[inside], -strengths[inside]))
        sorted_places = places[inside][order].tolist()
        sure = int((strengths[inside] >= 1).sum())
        kept = _spaced(low, high, sorted_places[:sure], shortest)
        for first, last in pairwise(kept):
            bounds += _split(first, last, sorted_places[sure:], shortest, longest)
    return np.array(bounds, np.int64)


def _spaced(low: int, high: int, places: list[int], shortest: int) -> list[int]:
    """Keep each place that is far enough from all kept before it."""
    taken = {low // shortest: low}
    for place in places:
        cell = place // shortest
        if all(abs(place - taken.get(c, high)) >= shortest for c in (cell - 1, cell, cell + 1)):
            taken[cell] = place
    return [*sorted(taken.values()), high]


def _split(low: int, high: int, places: list[int], shortest: int, longest: float) -> list[int]:
    """Give the ends of the units between two boundaries: none longer than the longest."""
    if high - low <= longest:
        return [high]
    for place in places:
        if low + shortest <= place <= high - shortest:
            left = _split(low, place, places, shortest, longest)
            return left + _split(place, high, places, shortest, longest)
    parts = int(np.ceil((high - low) / longest))
    return [low + (high - low) * part // parts for part in range(1, parts + 1)]


def equal_parts(
    bounds: NDArray[np.int64], wanted: float, shortest: int, longest: float
) -> NDArray[np.int64]:
    """Cut each piece into equal parts as near to the wanted length as possible.

    Parameters
    ----------
    bounds : int64[pieces + 1]
        Boundaries of the pieces.
    wanted
        Length of a part, frames.
    shortest, longest
        Limits of a part, frames; a piece below the shortest is one part.

    Returns
    -------
    int64[parts + 1]
        Boundaries of the parts, `bounds` among them.
    """
    lengths = np.diff(bounds)
    fewer = np.maximum(1, np.floor(lengths / wanted)).astype(np.int64)
    more = np.minimum(fewer + 1, lengths)
    nearer = np.abs(lengths / more - wanted) < np.abs(lengths / fewer - wanted)
    counts = np.minimum(np.where(nearer, more, fewer), np.maximum(1, lengths // shortest))
    counts = np.maximum(counts, np.ceil(lengths / longest).astype(np.int64))
    parents = np.repeat(np.arange(len(lengths)), counts)
    index = np.arange(len(parents)) - (np.cumsum(counts) - counts)[parents]
    cuts = bounds[parents] + lengths[parents] * index // counts[parents]
    return np.append(cuts, bounds[-1])
