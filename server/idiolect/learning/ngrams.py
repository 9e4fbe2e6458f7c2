"""Count the n-grams of a scale and smooth them into a memory.

Kneser and Ney's smoothing, interpolated, with a discount for each order: R. Kneser and H. Ney,
"Improved backing-off for m-gram language modeling" (ICASSP 1995); S. Chen and J. Goodman, "An
empirical study of smoothing techniques for language modeling" (1998), section 2.7.  Prediction by
partial matching, method C, interpolated: J. Cleary and I. Witten (1984), A. Moffat (1990) for the
escapes, S. Bunton (1996) for the interpolation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.memory import BOUNDARY, Memory, recall
from idiolect.compiled import njit

__all__ = ["Counts", "Stream", "count", "kneser_ney", "ppm", "surprise"]

_BEGIN = 0  # symbol of the boundary; then the tokens
_FIRST = 1


@dataclass(frozen=True, slots=True)
class Stream:
    """Units of one scale, as symbols, and how much of each one's past may be looked at."""

    tokens: NDArray[np.int64]  # (units,)
    boundary: NDArray[np.bool_]  # (units,), True where a source begins
    reach: NDArray[
        np.int64
    ]  # (units,), units before this one that belong to it; a boundary ends it

    @classmethod
    def of(
        cls, tokens: NDArray[np.int64], sources: NDArray[np.int64], inside: NDArray[np.bool_]
    ) -> "Stream":
        """Lay out the units that are `inside` a set; the past ends where the set or a source does.

        Parameters
        ----------
        tokens, sources : int64[units]
            Of every unit of the scale, in the corpus' order.
        inside : bool[units]
            Which of them belong to the set.
        """
        begins = np.diff(sources, prepend=-1) != 0
        index = np.arange(len(tokens))
        starts = begins | ~np.concatenate([[False], inside[:-1]])
        reach = index - np.maximum.accumulate(np.where(starts, index, 0))
        return cls(tokens[inside], begins[inside], reach[inside])


@dataclass(frozen=True, slots=True)
class Counts:
    """What followed each context of one length."""

    contexts: NDArray[np.int64]  # (contexts, length), the oldest first, as symbols; sorted
    shorter: NDArray[np.int64]  # (contexts,), which context is left without its oldest symbol
    owner: NDArray[np.int64]  # (kinds,), the context of each n-gram
    token: NDArray[np.int64]  # (kinds,), what followed
    seen: NDArray[np.int64]  # (kinds,), how often
    kinds_before: NDArray[np.int64]  # (kinds,), how many different symbols preceded it

    def per_context(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum something over the n-grams of each context, float64[contexts]."""
        return np.bincount(self.owner, weights, minlength=len(self.contexts)).astype(np.float64)


def count(stream: Stream, order: int) -> list[Counts]:
    """Count all n-grams up to an order.

    Parameters
    ----------
    stream : Stream
    order
        Tokens in the longest n-gram, at least 1.

    Returns
    -------
    list of Counts
        For contexts of 0 to order - 1 tokens, as far as there are any.
    """
    grams = [_grams(stream, length) for length in range(order + 1)]
    found: list[Counts] = []
    for length in range(order):
        if not len(grams[length][0]):  # nothing has so long a past
            break
        kinds, seen = np.unique(grams[length][0], axis=0, return_counts=True)
        longer = np.unique(grams[length + 1][0], axis=0)
        # One that was never preceded by anything counts as preceded by one thing nobody knows.
        alone = np.unique(grams[length][0][~grams[length][1]], axis=0)
        before = np.unique(np.concatenate([longer[:, 1:], alone]), axis=0, return_counts=True)[1]
        contexts, owner = _distinct(kinds[:, :-1])
        shorter = _find(found[-1].contexts, contexts[:, 1:]) if found else np.zeros(1, np.int64)
        found.append(Counts(contexts, shorter, owner, kinds[:, -1] - _FIRST, seen, before))
    return found


def _distinct(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the different rows of sorted ones, and which of them each row is."""
    new = np.append(True, (rows[1:] != rows[:-1]).any(axis=1))
    return rows[new], np.cumsum(new) - 1


def _find(names: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find rows in sorted, different rows; all are there."""
    both, inverse = np.unique(np.concatenate([names, wanted]), axis=0, return_inverse=True)
    place = np.zeros(len(both), np.int64)
    place[inverse.reshape(-1)[: len(names)]] = np.arange(len(names))
    return np.asarray(place[inverse.reshape(-1)[len(names) :]])


def _grams(stream: Stream, length: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """List every n-gram with a context of so many symbols, and whether anything precedes it.

    A boundary is the oldest symbol of a context or none of it.
    """
    index = np.arange(len(stream.tokens))
    opens = stream.boundary[index - stream.reach]
    depth = stream.reach + opens  # symbols before each unit
    chosen = np.flatnonzero(depth >= length)
    columns = []
    for k in range(length + 1):
        there = k <= stream.reach[chosen]
        symbols = stream.tokens[np.maximum(chosen - k, 0)] + _FIRST
        columns.append(np.where(there, symbols, _BEGIN))
    return np.stack(columns[::-1], axis=1), depth[chosen] > length


def kneser_ney(counts: list[Counts], discounts: NDArray[np.float64]) -> Memory:
    """Smooth counts as Kneser and Ney do.

    Parameters
    ----------
    counts
        From `count`.
    discounts : float64[orders]
        Taken off every count of an order, 0 to 1; that of the first is what never seen tokens get.
    """
    shares = []
    for order, own in enumerate(counts):
        highest = order == len(counts) - 1
        weight = (own.seen if highest else own.kinds_before).astype(np.float64)
        kept = np.maximum(weight - discounts[order], 0.0)
        shares.append(kept / own.per_context(weight)[own.owner])
    return _tree(counts, shares)


def ppm(counts: list[Counts]) -> Memory:
    """Smooth counts by escape method C: as many escapes as different tokens followed."""
    shares = []
    for own in counts:
        seen = own.seen.astype(np.float64)
        shares.append(seen / own.per_context(seen + 1.0)[own.owner])
    return _tree(counts, shares)


def _tree(counts: list[Counts], shares: list[NDArray[np.float64]]) -> Memory:
    """Lay out the contexts as a tree, the shorter ones first."""
    firsts = np.cumsum([0, *(len(own.contexts) for own in counts)])
    pairs = list(zip(firsts, counts, strict=False))
    parent = [before + own.shorter for before, own in zip(firsts, counts[1:], strict=False)]
    edge = [own.contexts[:, 0] for own in counts[1:]]
    rest = [1.0 - own.per_context(share) for own, share in zip(counts, shares, strict=True)]
    return _pack(
        np.concatenate([np.zeros(1, np.int64), *parent]),
        np.concatenate([np.zeros(1, np.int64), *edge]),
        np.concatenate([own.owner + first for first, own in pairs]),
        np.concatenate([own.token for own in counts]),
        np.concatenate(shares),
        np.concatenate(rest),
    )


def _pack(
    parent: NDArray[np.int64],
    edge: NDArray[np.int64],
    owner: NDArray[np.int64],
    token: NDArray[np.int64],
    share: NDArray[np.float64],
    rest: NDArray[np.float64],
) -> Memory:
    nodes = len(rest)
    children = np.arange(1, nodes)
    order = np.lexsort((edge[1:], parent[1:]))
    by_owner = np.argsort(owner, kind="stable")
    return Memory(
        child_start=np.searchsorted(parent[1:][order], np.arange(nodes + 1)),
        child_token=np.where(edge == _BEGIN, BOUNDARY, edge - _FIRST)[1:][order].astype(np.int32),
        child_node=children[order].astype(np.int32),
        share_start=np.searchsorted(owner[by_owner], np.arange(nodes + 1)),
        share_token=token[by_owner].astype(np.int32),
        share=share[by_owner].astype(np.float32),
        rest=np.maximum(rest, 0.0).astype(np.float32),
    )


def surprise(memory: Memory, stream: Stream, size: int, depth: int) -> NDArray[np.float64]:
    """Give the bits by which each unit of a stream surprises a memory, float64[units].

    Parameters
    ----------
    memory
        Whatever it remembers.
    stream
        What is heard.
    size
        Tokens of the scale.
    depth
        How much of the past is looked at, at the most.
    """
    return -np.log2(_expect(memory, stream.tokens, stream.boundary, stream.reach, size, depth))


@njit
def _expect(
    memory: Memory,
    tokens: NDArray[np.int64],
    boundary: NDArray[np.bool_],
    reach: NDArray[np.int64],
    size: int,
    depth: int,
) -> NDArray[np.float64]:
    """Give the probability of each unit, float64[units]."""
    expected, probabilities = np.empty(tokens.size), np.empty(size)
    context = np.empty(depth + 1, np.int64)
    for index in range(tokens.size):
        count = min(depth, reach[index])
        for k in range(count):
            context[k] = tokens[index - 1 - k]
        if count < depth and boundary[index - count]:
            context[count] = BOUNDARY
            count += 1
        recall(memory, context, count, probabilities)
        expected[index] = probabilities[tokens[index]]
    return expected
