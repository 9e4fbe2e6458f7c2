"""What every scale remembers, and how it joins what the network expects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.memory import Memory, recall
from idiolect.compiled import njit
from idiolect.viewed import Viewed

__all__ = ["DEPTH", "NOTHING", "Memories", "load_memories", "mix_memory", "shift_odds"]

DEPTH = 5
"""Tokens of the past that a memory looks at: n-grams reach to order 6."""

NOTHING = -2
"""Stands in a past for what is not known; no memory holds it."""


@dataclass(frozen=True, eq=False)
class Memories(Viewed):
    """The memories of all scales, finest first, as one forest."""

    trees: Memory  # end to end; nodes count through
    roots: NDArray[np.int64]  # (scales,)
    weights: NDArray[np.float64]  # (scales,): share of the memory as it was fitted


def load_memories(bundle: Bundle) -> Memories:
    """Lay the scales' trees end to end, as private copies."""
    trees = [scale.memory for scale in bundle.scales]
    nodes = np.cumsum([0, *(len(tree.rest) for tree in trees)])
    edges = np.cumsum([0, *(len(tree.child_node) for tree in trees)])
    shares = np.cumsum([0, *(len(tree.share) for tree in trees)])

    def starts(name: str, first: NDArray[np.int64]) -> NDArray[np.int64]:
        parts = [getattr(t, name)[:-1] + f for t, f in zip(trees, first[:-1], strict=True)]
        return np.concatenate([*parts, first[-1:]]).astype(np.int64)

    def joined(name: str) -> NDArray[np.float32]:
        return np.concatenate([getattr(tree, name) for tree in trees])

    return Memories(
        trees=Memory(
            child_start=starts("child_start", edges),
            child_token=joined("child_token").astype(np.int32),
            child_node=np.concatenate(
                [t.child_node + f for t, f in zip(trees, nodes[:-1], strict=True)]
            ).astype(np.int32),
            share_start=starts("share_start", shares),
            share_token=joined("share_token").astype(np.int32),
            share=joined("share"),
            rest=joined("rest"),
        ),
        roots=nodes[:-1].astype(np.int64),
        weights=np.array([scale.memory_weight for scale in bundle.scales], np.float64),
    )


@njit
def mix_memory(
    memories: Memories,
    scale: int,
    lean: float,
    past: NDArray[np.int64],
    seeded: NDArray[np.int64],
    logits: NDArray[np.float32],
) -> None:
    """Let the memory speak beside the network.

    Parameters
    ----------
    memories
        Of the bundle.
    scale : int64
        Whose tokens are scored.
    lean : float64
        0 the network alone, 0.5 the share that was fitted, 1 the memory alone: its log-odds shift.
    past : int64[DEPTH]
        Tokens that sounded in this scale, the newest first; `BOUNDARY` where a source began,
        `NOTHING` where the past is not known.
    seeded : int64[n]
        Tokens of this scale that the performer gave as context, oldest first, with other numbers
        where one context ends.
    logits : float32[tokens]
        The network's; written: logarithms of what both expect together.  They stay as they are
        where the memory has no share, and -inf, which forbids a token, stays so.

    Notes
    -----
    Ahead.  Bounded by `DEPTH` times the tokens and the seeded ones.
    """
    weight = shift_odds(memories.weights[scale], lean)
    if weight == 0:
        return
    remembered = np.empty(logits.size, np.float64)
    recall(memories.trees, past, past.size, remembered, memories.roots[scale])
    _recall_seeded(seeded, past, remembered)
    top = logits[0]
    for k in range(1, logits.size):  # np.max would compile the words of its errors, for two seconds
        top = max(top, logits[k])
    total = 0.0
    for k in range(logits.size):
        total += np.exp(np.float64(logits[k] - top))
    for k in range(logits.size):
        if logits[k] == -np.inf:
            continue
        expected = np.exp(np.float64(logits[k] - top)) / total
        logits[k] = np.log(weight * remembered[k] + (1 - weight) * expected)


@njit
def shift_odds(chance: float, lean: float) -> float:
    """Shift the log-odds of a probability by those of `lean`; 0 is never, 1 is always."""
    if not lean > 0:
        return 0.0
    if lean >= 1:
        return 1.0
    return chance * lean / (chance * lean + (1 - chance) * (1 - lean))


@njit
def _recall_seeded(
    seeded: NDArray[np.int64], past: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> None:
    """Add what followed in the seeded contexts, after as much of the past as is found there.

    Prediction by partial matching, method C, interpolated: each length of past gives way to the
    shorter one by as much as different tokens followed it.
    """
    size = probabilities.size
    matched = np.empty(seeded.size, np.int64)
    for i in range(seeded.size):
        depth = 0
        while depth < min(i, past.size) and seeded[i - 1 - depth] == past[depth] != NOTHING:
            depth += 1
        matched[i] = depth if 0 <= seeded[i] < size else 0
    counts = np.empty(size, np.float64)
    for depth in range(1, past.size + 1):
        counts.fill(0.0)
        total, kinds = 0.0, 0.0
        for i in range(seeded.size):
            if matched[i] >= depth:
                kinds += 1.0 if counts[seeded[i]] == 0 else 0.0
                counts[seeded[i]] += 1.0
                total += 1.0
        if total == 0:
            return
        for k in range(size):
            probabilities[k] = (counts[k] + kinds * probabilities[k]) / (total + kinds)
