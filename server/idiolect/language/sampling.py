"""From scores to a choice: repetition, temperature, min-p, top-k, top-p, and one draw."""

import math

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit

__all__ = ["avoid_heard", "draw", "shape_distribution"]

LARGEST = 3.0e38  # scores are clipped to float32's range, so that infinities can be compared
COLDEST, HOTTEST = 1e-30, 1e30  # temperatures beyond change nothing but overflow


@njit
def shape_distribution(
    logits: NDArray[np.float32],
    temperature: float,
    min_p: float,
    top_k: int,
    top_p: float,
    probabilities: NDArray[np.float64],
) -> float:
    """Turn scores into probabilities: temperature first, then `min_p`, `top_k` and `top_p`.

    Parameters
    ----------
    logits : float32[n]
        Scores, n at least 1; -inf or NaN forbids a token.
    temperature : float64
        1 as learned; 0 the likeliest token alone, of equals the first.
    min_p : float64
        Tokens less likely than this share of the likeliest go; 0 keeps all.
    top_k : int64
        How many of the likeliest tokens may stay, of equals the first; 0 is all.
    top_p : float64
        The fewest of the likeliest tokens that reach this probability stay; 1 is all.
    probabilities : float64[>= n]
        Written: they sum to 1, and at least one token is above 0.  Where every token is
        forbidden they are equal.

    Returns
    -------
    float64
        Entropy of the result in bits.

    Notes
    -----
    Ahead.  O(n), or O(n log n) when `top_k` or `top_p` is in force.  Min-p after M. Nguyen et al.,
    "Turning up the heat: min-p sampling for creative and coherent LLM outputs" (2024), section 3.
    """
    count = logits.size
    result = probabilities[:count]
    best = _spread(logits, temperature, result)
    if best < 0:
        result.fill(1.0 / count)
    elif not temperature > 0:
        result.fill(0.0)
        result[best] = 1.0
    else:
        if min_p > 0:
            _drop_unlikely(result, result[best] * min(min_p, 1.0))
        if 0 < top_k < count or top_p < 1:
            _truncate(result, top_k if top_k > 0 else count, top_p)
    bits = 0.0
    for k in range(count):
        if result[k] > 0:
            bits -= result[k] * math.log2(result[k])
    return max(bits, 0.0)


@njit
def avoid_heard(logits: NDArray[np.float32], heard: NDArray[np.int64], repetition: float) -> None:
    """Lower the scores of tokens by how often they were heard, in place.

    Parameters
    ----------
    logits : float32[n]
        Scores.
    heard : int64[>= n]
        How often each token was heard lately.
    repetition : float64
        At 1 a token heard k times gets 1 / (k + 1) of its weight, at 2 the square of that; 0
        changes nothing.

    Notes
    -----
    Ahead.  A power of the count rather than nats for each hearing: a token of 80 ms may be heard
    fifty times while one of two seconds is heard twice, and both are to remain possible.
    """
    for k in range(logits.size):
        if heard[k] > 0:
            logits[k] -= np.float32(repetition * math.log(1.0 + heard[k]))


@njit
def draw(probabilities: NDArray[np.float64], u: float) -> int:
    """Draw an index by its weight.

    Parameters
    ----------
    probabilities : float64[n]
        Not negative; they need not sum to 1.
    u : float64
        Uniform in [0, 1).

    Returns
    -------
    int64
        An index whose weight is above 0; -1 when there is none.

    Notes
    -----
    Ahead.
    """
    total = 0.0
    for k in range(probabilities.size):
        total += probabilities[k]
    reached, chosen = 0.0, -1
    for k in range(probabilities.size):
        if probabilities[k] > 0:
            chosen = k  # the last one stands when rounding leaves the sum below u
            reached += probabilities[k]
            if u * total < reached:
                break
    return chosen


@njit
def _spread(logits: NDArray[np.float32], temperature: float, result: NDArray[np.float64]) -> int:
    """Write softmax(logits / temperature); return the likeliest index, -1 when all are forbidden.

    At temperature 0 only the index counts.
    """
    best = -1
    for k in range(logits.size):
        result[k] = -np.inf
        if logits[k] > -np.inf:  # false for NaN too
            result[k] = min(max(np.float64(logits[k]), -LARGEST), LARGEST)
            if best < 0 or result[k] > result[best]:
                best = k
    if best < 0 or not temperature > 0:
        return best
    top, total = result[best], 0.0
    divisor = min(max(temperature, COLDEST), HOTTEST)
    for k in range(logits.size):
        result[k] = math.exp((result[k] - top) / divisor)
        total += result[k]
    for k in range(logits.size):
        result[k] /= total
    return best


@njit
def _drop_unlikely(result: NDArray[np.float64], least: float) -> None:
    """Keep what is as likely as `least`, in place, and make it sum to 1 again."""
    kept = 0.0
    for k in range(result.size):
        if result[k] < least:
            result[k] = 0.0
        kept += result[k]
    for k in range(result.size):
        result[k] /= kept


@njit
def _truncate(result: NDArray[np.float64], top_k: int, top_p: float) -> None:
    """Keep the likeliest up to both limits, in place, and make them sum to 1 again."""
    order = _rank_tokens(result)
    kept, first_k = 0.0, 0.0
    for rank in range(min(top_k, order.size)):
        first_k += result[order[rank]]
    enough = top_p * first_k
    for rank in range(order.size):
        token = order[rank]
        if rank >= top_k or (rank > 0 and kept >= enough):
            result[token] = 0.0
        else:
            kept += result[token]
    for k in range(result.size):
        result[k] /= kept


@njit
def _rank_tokens(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Sort indices from the likeliest down, of equals the first first.

    A heap sort by hand: numpy's stable sort takes numba three seconds to compile.
    """
    order = np.arange(probabilities.size)
    for root in range(order.size // 2 - 1, -1, -1):
        _sift(probabilities, order, root, order.size)
    for last in range(order.size - 1, 0, -1):
        order[0], order[last] = order[last], order[0]
        _sift(probabilities, order, 0, last)
    return order


@njit
def _sift(
    probabilities: NDArray[np.float64], order: NDArray[np.int64], root: int, count: int
) -> None:
    """Let one entry sink to where those below it in the heap come earlier in the ranking."""
    while 2 * root + 1 < count:
        child = 2 * root + 1
        if child + 1 < count and _precedes(probabilities, order[child], order[child + 1]):
            child += 1
        if not _precedes(probabilities, order[root], order[child]):
            return
        order[root], order[child] = order[child], order[root]
        root = child


@njit
def _precedes(probabilities: NDArray[np.float64], a: int, b: int) -> bool:
    if probabilities[a] != probabilities[b]:
        return bool(probabilities[a] > probabilities[b])
    return a < b
