"""Which memory of a scale is the best: how long, how smoothed, as held-out units say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.memory import Memory
from idiolect.learning.ngrams import Counts, Stream, count, kneser_ney, ppm, surprise

__all__ = ["HIGHEST_ORDER", "KINDS", "USUAL", "Ngram", "choose", "rank"]

HIGHEST_ORDER = 6

KINDS = ("Kneser-Ney", "PPM")

GRID = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)
"""Discounts that are tried."""

USUAL_DISCOUNT = 0.75  # where it begins


@dataclass(frozen=True, slots=True)
class Ngram:
    """A way to remember units: tokens of the longest n-gram, and how counts become shares."""

    order: int
    discounts: tuple[float, ...] = ()  # one for each order, Kneser and Ney's; empty: PPM

    @property
    def kind(self) -> str:
        """One of `KINDS`: how counts become shares."""
        return KINDS[0] if self.discounts else KINDS[1]

    @property
    def name(self) -> str:
        """What it is called in the report."""
        return f"{self.kind} of order {self.order}"

    def remember(self, stream: Stream) -> Memory:
        """Count units and smooth the counts."""
        return self.smooth(count(stream, self.order))

    def smooth(self, counts: list[Counts]) -> Memory:
        """Smooth counts, of as many orders as it has or more."""
        own = counts[: self.order]
        return kneser_ney(own, np.array(self.discounts)) if self.discounts else ppm(own)

    def surprise(self, memory: Memory, stream: Stream, size: int) -> NDArray[np.float64]:
        """Judge units by what was remembered, bits, float64[units]."""
        return surprise(memory, stream, size, self.order - 1)


USUAL = Ngram(2, (USUAL_DISCOUNT, USUAL_DISCOUNT))
"""Where nothing is held out to find a better one."""


Judge = tuple[Stream, Stream, int]
"""Units that are counted, held-out ones that are judged, and the tokens there are."""


def choose(judges: list[Judge]) -> Ngram:
    """Choose the n-gram under which held-out units surprise least, see `rank`."""
    return rank(judges)[0]


def rank(judges: list[Judge]) -> list[Ngram]:
    """List the n-grams of every kind and order, the one that held-out units surprise least first.

    Parameters
    ----------
    judges
        One, or one for each fold: together they decide about discounts, order and kind.  Where no
        units are held out, there is `USUAL` alone.
    """
    counted = [
        (count(learned, HIGHEST_ORDER), held_out, size)
        for learned, held_out, size in judges
        if len(held_out.tokens)
    ]
    if not counted:
        return [USUAL]
    highest = min(len(counts) for counts, _, _ in counted)
    discounts = _fit_discounts(counted, highest)
    orders = range(1, highest + 1)
    known = [Ngram(order, discounts[:order]) for order in orders] + [Ngram(n) for n in orders]
    return sorted(known, key=lambda ngram: _bits(ngram, counted))


Counted = tuple[list[Counts], Stream, int]


def _bits(ngram: Ngram, counted: list[Counted]) -> float:
    return sum(
        float(ngram.surprise(ngram.smooth(counts), held_out, size).sum())
        for counts, held_out, size in counted
    )


def _fit_discounts(counted: list[Counted], highest: int) -> tuple[float, ...]:
    """Find the discount of each order: one after the other, the lowest first, twice."""
    discounts = [USUAL_DISCOUNT] * highest
    for order in 2 * list(range(highest)):
        bits = []
        for value in GRID:
            discounts[order] = value
            bits.append(_bits(Ngram(highest, tuple(discounts)), counted))
        discounts[order] = GRID[int(np.argmin(bits))]
    return tuple(discounts)
