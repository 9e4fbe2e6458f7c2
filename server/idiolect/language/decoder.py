"""The network at play time: one step per sounded unit, in compiled code.

It computes what ``learning.network`` computes in torch, and agrees with it to 1e-4 in the logits:
a transformer with a causal sliding window and ALiBi (O. Press et al., "Train short, test long",
2022), that reads the descriptors of what was heard beside its token.

Every number is summed in one fixed order (see ``language.layers``), so a row gives the same bits
alone, in a batch, or as a part of a longer context.
"""

import math

import numpy as np

from idiolect.compiled import njit
from idiolect.language.layers import add_product, attend, bend, embed, normalise, remember
from idiolect.language.weights import Cache, Floats, Integers, Weights, load_weights, make_cache

__all__ = [
    "Cache",
    "Weights",
    "advance",
    "advance_rows",
    "expect_descriptors",
    "fill",
    "load_weights",
    "make_cache",
    "score_tokens",
]

LOWEST_LOG_VARIANCE, HIGHEST_LOG_VARIANCE = np.float32(-6), np.float32(4)  # as in training
FILL_ROWS = 16  # rows of a context read together: enough to share the weights, few enough for L1


@njit
def advance(
    weights: Weights,
    cache: Cache,
    voice: int,
    position: int,
    token: int,
    descriptors: Floats,
    present: Floats,
    scale: int,
    parent: int,
    hidden: Floats,
) -> None:
    """Read one sounded unit.

    Parameters
    ----------
    weights, cache
        Of the bundle; the cache's slot of `position` is written.
    voice : int64
        Row of the cache.
    position : int64
        Steps before this one in the voice's context, from 0; the start step has position 0.
    token : int64
        Global token, or T for the start step.
    descriptors, present : float32[D]
        Of the unit: standardised, 0 where missing; 1 where present, else 0.
    scale : int64
        Scale of the unit.
    parent : int64
        Global token of the parent of the unit that is to come, or T: nobody says.
    hidden : float32[C]
        Written: the state that `score_tokens` and `expect_descriptors` read.

    Notes
    -----
    Ahead: the planner's thread, GIL released.
    """
    advance_rows(
        weights,
        cache,
        np.full(1, voice),
        np.full(1, position),
        np.full(1, token),
        descriptors.reshape(1, -1),
        present.reshape(1, -1),
        np.full(1, scale),
        np.full(1, parent),
        hidden.reshape(1, -1),
    )


@njit
def advance_rows(
    weights: Weights,
    cache: Cache,
    voices: Integers,
    positions: Integers,
    tokens: Integers,
    descriptors: Floats,
    present: Floats,
    scales: Integers,
    parents: Integers,
    hidden: Floats,
) -> None:
    """Read n sounded units, each in the context of its voice.

    Parameters
    ----------
    weights, cache
        Of the bundle; the cache's slots of `positions` are written.
    voices, positions, tokens : int64[n]
        As in `advance`.  Rows of one voice have ascending positions and read each other.
    descriptors, present : float32[n, D]
        As in `advance`.
    scales, parents : int64[n]
        As in `advance`.
    hidden : float32[n, C]
        Written.

    Notes
    -----
    Ahead.  All rows share one pass over the weights, and no row's bits depend on the others'.
    """
    rows, width = len(tokens), weights.final_norm.size
    stream = np.empty((rows, width), np.float32)
    normed = np.empty((rows, width), np.float32)
    wide = np.empty((rows, 4 * width), np.float32)
    scores = np.empty(weights.window, np.float32)
    embed(weights, tokens, descriptors, present, scales, parents, stream)
    for layer in range(weights.qkv.shape[0]):
        normalise(stream, weights.attention_norm[layer], normed)
        wide.fill(np.float32(0))
        add_product(normed, weights.qkv[layer], wide)
        normed.fill(np.float32(0))
        for row in range(rows):
            keys, values = cache.keys[voices[row], layer], cache.values[voices[row], layer]
            remember(wide[row], positions[row], keys, values)
            window = weights.windows[scales[row]]
            attend(weights, keys, values, positions[row], window, wide[row], scores, normed[row])
        add_product(normed, weights.attention_out[layer], stream)
        normalise(stream, weights.mlp_norm[layer], normed)
        wide.fill(np.float32(0))
        add_product(normed, weights.mlp_in[layer], wide)
        bend(wide)
        add_product(wide, weights.mlp_out[layer], stream)
    normalise(stream, weights.final_norm, hidden)


@njit
def fill(
    weights: Weights,
    cache: Cache,
    voice: int,
    position: int,
    tokens: Integers,
    descriptors: Floats,
    present: Floats,
    scales: Integers,
    parents: Integers,
    hidden: Floats,
) -> int:
    """Read a context in order, from `position` on.

    Parameters
    ----------
    weights, cache, voice, position
        As in `advance`; the first unit gets `position`.
    tokens : int64[n]
        As in `advance`, one each unit.
    descriptors, present : float32[n, D]
        As in `advance`, one row each unit.
    scales, parents : int64[n]
        As in `advance`, one each unit.
    hidden : float32[C]
        Written: the state after the last unit; left alone when n is 0.

    Returns
    -------
    int64
        Position of the next step.

    Notes
    -----
    Ahead.  Bit-identical to n calls of `advance`.
    """
    count = len(tokens)
    states = np.empty((min(count, FILL_ROWS), hidden.size), np.float32)
    for first in range(0, count, FILL_ROWS):
        last = min(first + FILL_ROWS, count)
        advance_rows(
            weights,
            cache,
            np.full(last - first, voice),
            np.arange(position + first, position + last),
            tokens[first:last],
            descriptors[first:last],
            present[first:last],
            scales[first:last],
            parents[first:last],
            states[: last - first],
        )
        for i in range(hidden.size):
            hidden[i] = states[last - first - 1, i]
    return position + count


@njit
def score_tokens(weights: Weights, hidden: Floats, first: int, last: int, logits: Floats) -> None:
    """Score the global tokens `first` to `last` - 1 as the next one.

    Parameters
    ----------
    weights
        Of the bundle.
    hidden : float32[C]
        From `advance`.
    first, last : int64
        Range of global tokens: those of the scale asked for.
    logits : float32[>= last - first]
        Written: natural logarithms, up to a common constant.

    Notes
    -----
    Ahead.
    """
    for k in range(last - first):
        logits[k] = weights.head_bias[first + k]
    for i in range(hidden.size):
        factor, row = hidden[i], weights.head[i, first:last]
        for k in range(row.size):
            logits[k] += factor * row[k]


@njit
def expect_descriptors(
    weights: Weights, hidden: Floats, token: int, mean: Floats, variance: Floats
) -> None:
    """Predict the descriptors of the next unit, given its token.

    Parameters
    ----------
    weights
        Of the bundle.
    hidden : float32[C]
        From `advance`.
    token : int64
        Global token.
    mean, variance : float32[D]
        Written: in standardised units.

    Notes
    -----
    Ahead.
    """
    for k in range(mean.size):
        mean[k] = weights.mean_bias[token, k]
        variance[k] = weights.log_variance_bias[token, k]
    for i in range(hidden.size):
        factor, row, spread = hidden[i], weights.mean_head[i], weights.log_variance_head[i]
        for k in range(row.size):
            mean[k] += factor * row[k]
            variance[k] += factor * spread[k]
    for k in range(variance.size):
        clipped = min(max(variance[k], LOWEST_LOG_VARIANCE), HIGHEST_LOG_VARIANCE)
        variance[k] = math.exp(clipped)
