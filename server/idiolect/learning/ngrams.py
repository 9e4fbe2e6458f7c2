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

from idiolect.memory import BOUNDARY, Memory, recall

__all__ = [
    "HIGHEST_ORDER",
    "Counts",
    "Stream",
    "best_ngram",
    "count",
    "kneser_ney",
    "ppm",
    "surprise",
]

HIGHEST_ORDER = 6
USUAL_DISCOUNT = 0.75  # where nothing is held out to find a better one

GRID = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)
"""Discounts that are tried."""

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

    def context(self, index: int, depth: int) -> NDArray[np.int64]:
        """Give what precedes a unit, the newest first."""
        reach = min(depth, int(self.reach[index]))
        past = self.tokens[index - reach : index][::-1]
        ends = reach < depth and bool(self.boundary[index - reach])
        return np.append(past, BOUNDARY) if ends else past


@dataclass(frozen=True, slots=True)
class Counts:
    """What followed each context of one length."""

    context: NDArray[np.int64]  # (kinds, length), the oldest first, as symbols; sorted
    token: NDArray[np.int64]  # (kinds,)
    seen: NDArray[np.int64]  # (kinds,), how often
    kinds_before: NDArray[np.int64]  # (kinds,), how many different symbols preceded it


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
    found = []
    for length in range(order):
        if not len(grams[length][0]):  # nothing has so long a past
            break
        kinds, seen = np.unique(grams[length][0], axis=0, return_counts=True)
        longer = np.unique(grams[length + 1][0], axis=0)
        # One that was never preceded by anything counts as preceded by one thing nobody knows.
        alone = np.unique(grams[length][0][~grams[length][1]], axis=0)
        before = np.concatenate([longer[:, 1:], alone])
        often = np.unique(before, axis=0, return_counts=True)[1]
        found.append(Counts(kinds[:, :-1], kinds[:, -1] - _FIRST, seen, often))
    return found


def _grams(stream: Stream, length: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """List every n-gram with a context of so many symbols, and whether anything precedes it.

    A boundary is the oldest symbol of a context or none of it.
    """
    index = np.arange(len(stream.tokens))
    begins = index - stream.reach
    opens = stream.boundary[begins]
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
    highest = len(counts) - 1

    def shares(order: int, own: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        weight = (own.seen if order == highest else own.kinds_before).astype(np.float64)
        return np.maximum(weight - discounts[order], 0.0), weight

    return _tree(counts, [shares(order, own) for order, own in enumerate(counts)])


def ppm(counts: list[Counts]) -> Memory:
    """Smooth counts by escape method C: as many escapes as different tokens followed."""
    weights = []
    for own in counts:
        _, inverse, kinds = _contexts(own)
        seen = own.seen.astype(np.float64)
        total = np.bincount(inverse, seen, minlength=len(kinds))
        # Seen alone of a total that holds the escapes too.
        factor = (total / (total + kinds))[inverse]
        weights.append((seen * factor, seen))
    return _tree(counts, weights)


def _contexts(own: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give the different contexts, the context of each kind, and the kinds of each context."""
    if own.context.shape[1] == 0:
        zeros = np.zeros(len(own.token), np.int64)
        return np.zeros((1, 0), np.int64), zeros, np.array([len(own.token)])
    names, inverse, kinds = np.unique(own.context, axis=0, return_inverse=True, return_counts=True)
    return names, inverse.reshape(-1), kinds


def _tree(
    counts: list[Counts],
    weights: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> Memory:
    """Lay out the contexts as a tree; `weights` has what each kind keeps, and its whole weight."""
    names = [_contexts(own) for own in counts]
    firsts = np.cumsum([0, *(len(found[0]) for found in names)])
    nodes = int(firsts[-1])
    parent, edge = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    rest = np.ones(nodes)
    owner, token, share = [], [], []
    for order, (own, (contexts, inverse, _)) in enumerate(zip(counts, names, strict=True)):
        kept, whole = weights[order]
        total = np.bincount(inverse, whole, minlength=len(contexts))
        part = kept / total[inverse]
        rest[firsts[order] : firsts[order + 1]] -= np.bincount(
            inverse, part, minlength=len(contexts)
        )
        owner.append(inverse + firsts[order])
        token.append(own.token)
        share.append(part)
        if order:
            above = _find(names[order - 1][0], contexts[:, 1:])
            parent[firsts[order] : firsts[order + 1]] = firsts[order - 1] + above
            edge[firsts[order] : firsts[order + 1]] = np.where(
                contexts[:, 0] == _BEGIN, BOUNDARY, contexts[:, 0] - _FIRST
            )
    return _pack(
        parent, edge, np.concatenate(owner), np.concatenate(token), np.concatenate(share), rest
    )


def _find(names: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find rows in sorted rows; all are there."""
    both = np.concatenate([names, wanted])
    _, inverse = np.unique(both, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    place = np.zeros(inverse.max() + 1, np.int64)
    place[inverse[: len(names)]] = np.arange(len(names))
    return np.asarray(place[inverse[len(names) :]])


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
        child_token=edge[1:][order].astype(np.int32),
        child_node=children[order].astype(np.int32),
        share_start=np.searchsorted(owner[by_owner], np.arange(nodes + 1)),
        share_token=token[by_owner].astype(np.int32),
        share=share[by_owner].astype(np.float32),
        rest=np.maximum(rest, 0.0).astype(np.float32),
    )


def surprise(memory: Memory, stream: Stream, size: int) -> NDArray[np.float64]:
    """Give the bits by which each unit of a stream surprises a memory, float64[units]."""
    depth = HIGHEST_ORDER - 1
    probabilities = np.zeros(size)
    bits = np.zeros(len(stream.tokens))
    for index, token in enumerate(stream.tokens.tolist()):
        context = stream.context(index, depth)
        recall(memory, context, len(context), probabilities)
        bits[index] = -np.log2(probabilities[token])
    return bits


def best_ngram(learned: Stream, held_out: Stream, size: int) -> tuple[str, Memory]:
    """Choose the n-gram under which held-out units surprise least.

    Parameters
    ----------
    learned : Stream
        Units that are counted.
    held_out : Stream
        Units that decide about discounts, order and kind; without any, a bigram does.
    size
        Tokens of the scale.

    Returns
    -------
    str, Memory
        What it is called, and what it remembers.
    """
    whole = count(learned, HIGHEST_ORDER)
    if not len(held_out.tokens):
        return "Kneser-Ney of order 2", kneser_ney(count(learned, 2), np.full(2, USUAL_DISCOUNT))
    discounts = _fit_discounts(whole, held_out, size)
    found: list[tuple[float, str, Memory]] = []
    for order in range(1, len(whole) + 1):
        own = count(learned, order)
        for name, memory in (
            (f"Kneser-Ney of order {order}", kneser_ney(own, discounts[:order])),
            (f"PPM of order {order}", ppm(own)),
        ):
            found.append((float(surprise(memory, held_out, size).mean()), name, memory))
    _, name, memory = min(found, key=lambda entry: entry[0])
    return name, memory


def _fit_discounts(counts: list[Counts], held_out: Stream, size: int) -> NDArray[np.float64]:
    """Find the discount of each order: one after the other, the lowest first, twice."""
    discounts = np.full(len(counts), USUAL_DISCOUNT)
    for order in 2 * list(range(len(counts))):
        bits = []
        for value in GRID:
            discounts[order] = value
            bits.append(surprise(kneser_ney(counts, discounts), held_out, size).mean())
        discounts[order] = GRID[int(np.argmin(bits))]
    return discounts
