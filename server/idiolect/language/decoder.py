"""The network at play time: one step per sounded unit, in compiled code.

It computes what ``learning.network`` computes in torch, and agrees with it to 1e-4 in the logits:
a transformer with a causal sliding window and ALiBi (O. Press et al., "Train short, test long",
2022), that reads the descriptors of what was heard beside its token.

Every number is summed in one fixed order: a product adds one input's whole row of weights after
the other, which vectorises over outputs without reassociation.  So a row gives the same bits
alone, in a batch, or as a part of a longer context.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle import Bundle
from idiolect.compiled import njit

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

EPSILON = np.float32(1e-5)  # under the root of the norm, as in learning.network
LOWEST_LOG_VARIANCE, HIGHEST_LOG_VARIANCE = np.float32(-6), np.float32(4)  # as in training
FILL_ROWS = 16  # rows of a context read together: enough to share the weights, few enough for L1

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class Weights(NamedTuple):
    """Weights of the network, float32, matrices as (inputs, outputs), rows contiguous.

    C is the width, T the tokens of all scales, D the descriptors, L the layers.
    """

    token_embedding: Floats  # (T + 1, C); the last row: nothing has sounded yet
    descriptor_projection: Floats  # (2 D, C)
    scale_embedding: Floats  # (scales, C)
    attention_norm: Floats  # (L, C)
    qkv: Floats  # (L, C, 3 C)
    attention_out: Floats  # (L, C, C)
    mlp_norm: Floats  # (L, C)
    mlp_in: Floats  # (L, C, 4 C)
    mlp_out: Floats  # (L, 4 C, C)
    final_norm: Floats  # (C,)
    head: Floats  # (C, T)
    head_bias: Floats  # (T,)
    mean_head: Floats  # (C, D)
    mean_bias: Floats  # (T, D)
    log_variance_head: Floats  # (C, D)
    log_variance_bias: Floats  # (T, D)
    slopes: Floats  # (heads,) ALiBi: loss of score per step of distance
    window: int  # steps a step sees, itself included


class Cache(NamedTuple):
    """Keys and values of the last steps of each voice; position p lies in slot ``p % slots``.

    Rolling back is stepping on from an earlier position: up to `rollback` steps (see `make_cache`).
    """

    keys: Floats  # (voices, L, heads, C / heads, slots): slots last, to score them side by side
    values: Floats  # (voices, L, heads, slots, C / heads)


def load_weights(bundle: Bundle) -> Weights:
    """Arrange the bundle's weights for the decoder, as private copies."""
    turned = ("descriptor_projection", "head", "mean_head", "log_variance_head")
    stacked = ("qkv", "attention_out", "mlp_in", "mlp_out")
    arrays = {}
    for name in Weights._fields[:-2]:
        array = bundle.weights[name]
        if name in turned or name in stacked:
            array = array.swapaxes(-1, -2)
        arrays[name] = np.array(array, np.float32, order="C")
    heads = int(bundle.manifest["model"]["heads"])
    slopes = np.exp2(-8 * np.arange(1, heads + 1) / heads).astype(np.float32)
    return Weights(**arrays, slopes=slopes, window=int(bundle.manifest["model"]["window"]))


def make_cache(bundle: Bundle, voices: int, rollback: int) -> Cache:
    """Make an empty cache of window + `rollback` slots for each of `voices`."""
    model = bundle.manifest["model"]
    layers, heads = int(model["layers"]), int(model["heads"])
    slots, size = int(model["window"]) + rollback, int(model["width"]) // heads
    return Cache(
        keys=np.zeros((voices, layers, heads, size, slots), np.float32),
        values=np.zeros((voices, layers, heads, slots, size), np.float32),
    )


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
    scales : int64[n]
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
    _embed(weights, tokens, descriptors, present, scales, stream)
    for layer in range(weights.qkv.shape[0]):
        _normalise(stream, weights.attention_norm[layer], normed)
        wide.fill(np.float32(0))
        _add_product(normed, weights.qkv[layer], wide)
        normed.fill(np.float32(0))
        for row in range(rows):
            keys, values = cache.keys[voices[row], layer], cache.values[voices[row], layer]
            _remember(wide[row], positions[row], keys, values)
            _attend(weights, keys, values, positions[row], wide[row], scores, normed[row])
        _add_product(normed, weights.attention_out[layer], stream)
        _normalise(stream, weights.mlp_norm[layer], normed)
        wide.fill(np.float32(0))
        _add_product(normed, weights.mlp_in[layer], wide)
        _bend(wide)
        _add_product(wide, weights.mlp_out[layer], stream)
    _normalise(stream, weights.final_norm, hidden)


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
    scales : int64[n]
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


@njit
def _embed(
    weights: Weights,
    tokens: Integers,
    descriptors: Floats,
    present: Floats,
    scales: Integers,
    out: Floats,
) -> None:
    """Write float32[n, C], the input of each row."""
    count = descriptors.shape[1]
    for row in range(len(tokens)):
        embedding = weights.token_embedding[tokens[row]]
        for k in range(embedding.size):
            out[row, k] = embedding[k]
        for i in range(count):
            if present[row, i] != 0:  # the start step and missing descriptors add nothing
                factor = descriptors[row, i]
                value = weights.descriptor_projection[i]
                there = weights.descriptor_projection[count + i]
                for k in range(value.size):
                    out[row, k] += factor * value[k] + there[k]
        embedding = weights.scale_embedding[scales[row]]
        for k in range(embedding.size):
            out[row, k] += embedding[k]


@njit
def _normalise(x: Floats, gain: Floats, out: Floats) -> None:
    """Write each row of float32[n, C] divided by its root mean square, times float32[C]."""
    for row in range(x.shape[0]):
        total = np.float32(0)
        for i in range(gain.size):
            total += x[row, i] * x[row, i]
        factor = np.float32(1) / np.sqrt(total / np.float32(gain.size) + EPSILON)
        for i in range(gain.size):
            out[row, i] = x[row, i] * factor * gain[i]


@njit
def _add_product(x: Floats, matrix: Floats, out: Floats) -> None:
    """Add float32[n, inputs] times float32[inputs, outputs] to the first outputs of `out`.

    Input by input, four in a pass so that sums stay in registers; their order is as if one by one.
    """
    inputs, outputs = matrix.shape
    whole = inputs - inputs % 4
    for i in range(0, whole, 4):
        m0, m1, m2, m3 = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
        for row in range(x.shape[0]):
            x0, x1, x2, x3 = x[row, i], x[row, i + 1], x[row, i + 2], x[row, i + 3]
            sums = out[row]
            for k in range(outputs):
                sums[k] = sums[k] + x0 * m0[k] + x1 * m1[k] + x2 * m2[k] + x3 * m3[k]
    for i in range(whole, inputs):
        m0 = matrix[i]
        for row in range(x.shape[0]):
            x0, sums = x[row, i], out[row]
            for k in range(outputs):
                sums[k] = sums[k] + x0 * m0[k]


@njit
def _bend(x: Floats) -> None:
    """Put float32[n, m] through silu, in place."""
    for row in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[row, i] = x[row, i] / (np.float32(1) + math.exp(-x[row, i]))


@njit
def _remember(qkv: Floats, position: int, keys: Floats, values: Floats) -> None:
    """Store the keys and values of one step: `qkv` is float32[>= 3 C]."""
    heads, size, slots = keys.shape
    width, slot = heads * size, position % slots
    for head in range(heads):
        for i in range(size):
            keys[head, i, slot] = qkv[width + head * size + i]
            values[head, slot, i] = qkv[2 * width + head * size + i]


@njit
def _attend(
    weights: Weights,
    keys: Floats,
    values: Floats,
    position: int,
    query: Floats,
    scores: Floats,
    out: Floats,
) -> None:
    """Add to float32[C] what one step sees of itself and the window before it.

    The seen slots, oldest first, are one run up to the ring's end and one from its start.
    """
    heads, size, slots = keys.shape
    first = max(0, position - weights.window + 1)
    count, start = position - first + 1, first % slots
    run = min(count, slots - start)
    for head in range(heads):
        at = head * size
        seen = scores[:count]
        _score_steps(query[at : at + size], keys[head], start, run, seen)
        _weigh_steps(weights.slopes[head], seen)
        target = out[at : at + size]
        _gather(seen[:run], values[head, start : start + run], target)
        _gather(seen[run:], values[head, : count - run], target)


@njit
def _score_steps(query: Floats, keys: Floats, start: int, run: int, scores: Floats) -> None:
    """Write the dot products of one query with the keys of the seen slots."""
    scores.fill(np.float32(0))
    factor = np.float32(1 / np.sqrt(query.size))
    older, newer = scores[:run], scores[run:]
    for i in range(query.size):
        q, row = query[i] * factor, keys[i]
        tail = row[start:]
        for k in range(older.size):
            older[k] += q * tail[k]
        for k in range(newer.size):
            newer[k] += q * row[k]


@njit
def _weigh_steps(slope: float, scores: Floats) -> None:
    """Turn scores, oldest first, into weights that sum to 1, less the further back."""
    last = scores.size - 1
    top = np.float32(-np.inf)
    for k in range(scores.size):
        scores[k] -= slope * np.float32(last - k)
        top = max(top, scores[k])
    total = np.float32(0)
    for k in range(scores.size):
        scores[k] = math.exp(scores[k] - top)
        total += scores[k]
    for k in range(scores.size):
        scores[k] /= total


@njit
def _gather(weights: Floats, values: Floats, out: Floats) -> None:
    """Add the rows of float32[n, m], weighted, to float32[m]."""
    for k in range(weights.size):
        factor, row = weights[k], values[k]
        for i in range(out.size):
            out[i] += factor * row[i]
