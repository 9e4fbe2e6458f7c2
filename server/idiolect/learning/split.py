"""Divide a corpus into what is learned from, what stops the learning, and what is reported.

The division is made in time, so that every scale has the same: no audio that one scale is tested
on has been learned from at another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FOLDS", "GAP", "TEST", "TRAIN", "VALIDATION", "Split", "divide", "folds", "split"]

TRAIN, VALIDATION, TEST, GAP = 0, 1, 2, 3

SHARE = 0.1  # of the corpus for validation, and as much for test
BLOCK = 6.0  # seconds a held-out block has at least; many small ones speak for more of a corpus
MOST_BLOCKS = 8  # pairs of blocks
FOLDS = 5
FOLD_GAP = 0.25  # of a validation block, at the most: small corpora have no more to spare


@dataclass(frozen=True, slots=True)
class Split:
    """Which stretch of the audio belongs to which set."""

    edges: NDArray[np.int64]  # (stretches + 1,), frames
    kinds: NDArray[np.int64]  # (stretches,), TRAIN, VALIDATION, TEST or GAP

    def of(self, units: NDArray[np.void]) -> NDArray[np.int64]:
        """Give the set of each unit, int64[units]; one that crosses an edge is in the gap."""
        last = units["start"] + units["length"] - 1
        one = np.searchsorted(self.edges, units["start"], side="right") - 1
        two = np.searchsorted(self.edges, last, side="right") - 1
        return np.where(one == two, self.kinds[one], GAP)


def split(frames: int, starts: NDArray[np.int64], sample_rate: int, context: float) -> Split:
    """Place validation and test blocks evenly through the corpus, a gap before and after each.

    Parameters
    ----------
    frames
        Length of the audio.
    starts : int64[sources]
        Where each source begins: an edge near the start of a source moves to it.
    sample_rate
        Hz.
    context
        Seconds the model can look back.  The gap before a block has that length, so that every
        unit judged has a context in which nothing was learned from; where the corpus is too
        short for that, half the block.

    Returns
    -------
    Split
        About 80 % training, 10 % validation, 10 % test, less the gaps.
    """
    seconds = frames / sample_rate
    blocks = int(np.clip(SHARE * seconds / BLOCK, 1, MOST_BLOCKS))
    block = SHARE * frames / blocks
    gap = min(context * sample_rate, block / 2)
    period = frames / (2 * blocks)
    stretches: list[tuple[float, int]] = [(0.0, TRAIN)]
    for index in range(2 * blocks):
        # The middle of each period: neither the beginning nor the end of the corpus is lost.
        at = _near(starts, (index + 0.5) * period - block / 2, block / 4)
        kind = VALIDATION if index % 2 == 0 else TEST
        end = _near(starts, at + block, block / 4)
        stretches += [(at - gap, GAP), (at, kind), (end, GAP), (end + gap, TRAIN)]
    edges = np.round([at for at, _ in stretches] + [frames]).astype(np.int64)
    return Split(edges, np.array([kind for _, kind in stretches]))


def folds(frames: int, starts: NDArray[np.int64], sample_rate: int, context: float) -> list[Split]:
    """Divide a small corpus several times, so that each unit is in the test set of one of them.

    Each has a fifth as its test set, in one piece, a tenth as its validation set, in the middle of
    the rest, and gaps around both.

    Parameters
    ----------
    frames, starts, sample_rate, context
        As in `split`.
    """
    tenth = frames / (2 * FOLDS)
    gap = min(context * sample_rate, FOLD_GAP * tenth)
    edges = [_near(starts, index * tenth, tenth / 4) for index in range(2 * FOLDS)]
    return [_fold(fold, [*edges, float(frames)], gap) for fold in range(FOLDS)]


def _fold(fold: int, edges: list[float], gap: float) -> Split:
    """Lay out one fold; the part at 0 follows the last one only as numbers go."""
    middle = (2 * fold + 1 + FOLDS) % (2 * FOLDS)
    held_out = sorted(
        [
            (edges[2 * fold], edges[2 * fold + 2], TEST),
            (edges[middle], edges[middle + 1], VALIDATION),
        ]
    )
    stretches: list[tuple[float, int]] = [(0.0, TRAIN)]
    for begin, end, kind in held_out:
        stretches += [(begin - gap, GAP), (begin, kind), (end, GAP), (end + gap, TRAIN)]
    # What begins at or beyond an end of the corpus has no length there.
    places = np.clip([at for at, _ in stretches] + [edges[-1]], 0, edges[-1])
    places = np.round(np.maximum.accumulate(places)).astype(np.int64)
    there = np.diff(places) > 0
    kinds = np.array([kind for _, kind in stretches])
    return Split(np.append(places[:-1][there], places[-1]), kinds[there])


def divide(units: list[NDArray[np.void]], division: Split) -> list[NDArray[np.int64]]:
    """Give the set of each unit of each scale; all train where too little can be held out."""
    kinds = [division.of(own) for own in units]
    if (kinds[0] == TRAIN).any() and (kinds[0] == VALIDATION).any():
        return [k if (k == TRAIN).any() else np.full(len(k), TRAIN) for k in kinds]
    return [np.full(len(own), TRAIN) for own in units]


def _near(starts: NDArray[np.int64], wanted: float, reach: float) -> float:
    """Move an edge to the start of the nearest source within `reach`."""
    nearest = float(starts[np.argmin(np.abs(starts - wanted))])
    return nearest if abs(nearest - wanted) <= reach else wanted
