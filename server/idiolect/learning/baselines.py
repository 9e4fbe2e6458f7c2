"""What a model must beat: the unigram and the bigram."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["bigram", "unigram"]


def unigram(tokens: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Count tokens, each at least half a time, so that nothing is impossible.

    Parameters
    ----------
    tokens : int64[units]
        Of the training units.
    size
        How many tokens there are.

    Returns
    -------
    float64[size]
        Probabilities.
    """
    counts = np.bincount(tokens, minlength=size) + 0.5
    return np.asarray(counts / counts.sum())


def bigram(
    before: NDArray[np.int64], after: NDArray[np.int64], base: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Count pairs, leaning on the unigram where little was seen.

    Parameters
    ----------
    before, after : int64[pairs]
        Neighbouring training units.
    base : float64[size]
        The unigram.

    Returns
    -------
    float64[size, size]
        Probability of each token (column) after each (row).

    Notes
    -----
    Witten-Bell smoothing: I. Witten and T. Bell, "The zero-frequency problem" (1991), method C.
    """
    counts = np.zeros((len(base), len(base)))
    np.add.at(counts, (before, after), 1.0)
    kinds = (counts > 0).sum(axis=1, keepdims=True)
    total = np.maximum(counts.sum(axis=1, keepdims=True) + kinds, 1e-9)
    smooth = np.where(kinds > 0, (counts + kinds * base) / total, base)
    return np.asarray(smooth)
