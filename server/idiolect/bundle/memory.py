"""The memory: what followed in the corpus, after as much of the past as was ever seen before.

A variable-order model of one scale's tokens as a tree of contexts, the newest token first, so that
reading the past backwards walks down from the root.  Every node gives each token that followed a
share, and what is left, its `rest`, to the node above it: interpolation as in S. Chen and
J. Goodman, "An empirical study of smoothing techniques for language modeling" (1998), section 2.7.
How the shares come about, by Kneser and Ney or by escape counts, is `learning.ngrams`' affair.
A leaf, since learning makes it and playing is to read it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.viewed import Viewed

__all__ = ["BOUNDARY", "Memory", "blank", "recall"]

BOUNDARY = -1
"""The token that stands for the beginning of a source in a context."""


@dataclass(frozen=True, eq=False)
class Memory(Viewed):
    """The tree; node 0 is the root, the empty context."""

    child_start: NDArray[np.int64]  # (nodes + 1,): children of node n are child_start[n] and on
    child_token: NDArray[np.int32]  # (nodes - 1,), ascending within a node
    child_node: NDArray[np.int32]  # (nodes - 1,)
    share_start: NDArray[np.int64]  # (nodes + 1,): shares of node n are share_start[n] and on
    share_token: NDArray[np.int32]  # (shares,)
    share: NDArray[np.float32]  # (shares,)
    rest: NDArray[np.float32]  # (nodes,): with a node's shares it adds up to 1


def blank() -> Memory:
    """Give a memory of nothing: it expects every token alike."""
    return Memory(
        child_start=np.zeros(2, np.int64),
        child_token=np.zeros(0, np.int32),
        child_node=np.zeros(0, np.int32),
        share_start=np.zeros(2, np.int64),
        share_token=np.zeros(0, np.int32),
        share=np.zeros(0, np.float32),
        rest=np.ones(1, np.float32),
    )


@njit
def recall(
    memory: Memory,
    context: NDArray[np.int64],
    count: int,
    probabilities: NDArray[np.float64],
    root: int = 0,
) -> int:
    """Predict the next token from the past.

    Parameters
    ----------
    memory : Memory
    context : int64[>= count]
        What sounded, the newest first; `BOUNDARY` where a source began.
    count : int64
        How much of it there is.
    probabilities : float64[tokens]
        Written: they sum to 1.
    root : int64
        Node of the empty context: trees can stand side by side.

    Returns
    -------
    int64
        How many tokens of the past were recognised.

    Notes
    -----
    Ahead.  Bounded by the tree's depth times the tokens.
    """
    probabilities.fill(1.0 / probabilities.size)
    node, depth = root, 0
    _mix(memory, node, probabilities)
    while depth < count:
        node = _child(memory, node, context[depth])
        if node < 0:
            break
        depth += 1
        _mix(memory, node, probabilities)
    return depth


@njit
def _mix(memory: Memory, node: int, probabilities: NDArray[np.float64]) -> None:
    """Let a node speak, leaving its rest to what was said before."""
    rest = np.float64(memory.rest[node])
    for token in range(probabilities.size):
        probabilities[token] *= rest
    for k in range(memory.share_start[node], memory.share_start[node + 1]):
        probabilities[memory.share_token[k]] += memory.share[k]


@njit
def _child(memory: Memory, node: int, token: int) -> int:
    """Find a child by bisection; -1 when there is none."""
    low, high = memory.child_start[node], memory.child_start[node + 1]
    end = high
    while low < high:
        middle = (low + high) // 2
        if memory.child_token[middle] < token:
            low = middle + 1
        else:
            high = middle
    if low < end and memory.child_token[low] == token:
        return int(memory.child_node[low])
    return -1
