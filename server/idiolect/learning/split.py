"""Divide a corpus into what is learned from, what stops the learning, and what is reported.

The division is made in time, so that every scale has the same: no audio that one scale is tested
on has been learned from at another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GAP", "TEST", "TRAIN", "VALIDATION", "Split", "split"]

TRAIN, VALIDATION, TEST, GAP = 0, 1, 2, 3

SHARE = 0.1  # of the corpus for validation, and as much for test
BLOCK = 6.0  # seconds a held-out block has at least; many small ones speak for more of a corpus
MOST_BLOCKS = 8  # pairs of blocks


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


def _near(starts: NDArray[np.int64], wanted: float, reach: float) -> float:
    """Move an edge to the start of the nearest source within `reach`."""
    nearest = float(starts[np.argmin(np.abs(starts - wanted))])
    return nearest if abs(nearest - wanted) <= reach else wanted
