"""The network's layers as kernels over rows.

Every number is summed in one fixed order: a product adds one input's whole row of weights after
the other, which vectorises over outputs without reassociation.

All run ahead, on the planner's thread, and are called by the decoder alone.
"""

import numpy as np

from idiolect.compiled import njit
from idiolect.language.weights import Floats, Integers, Weights

__all__ = ["add_product", "attend", "bend", "embed", "normalise", "remember"]

LOWEST, HIGHEST = np.float32(-87), np.float32(88)  # beyond, e to the x is no float32
LOG2_E = np.float32(1.4426950408889634)
LN2_HIGH, LN2_LOW = np.float32(0.693145751953125), np.float32(1.428606765330187e-06)
EPSILON = np.float32(1e-5)  # under the root of the norm, as in learning.network


@njit
def embed(
    weights: Weights,
    tokens: Integers,
    descriptors: Floats,
    present: Floats,
    scales: Integers,
    parents: Integers,
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
        guide = weights.parent_embedding[parents[row]]
        for k in range(embedding.size):
            out[row, k] += embedding[k] + guide[k]


@njit
def normalise(x: Floats, gain: Floats, out: Floats) -> None:
    """Write each row of float32[n, C] divided by its root mean square, times float32[C]."""
    for row in range(x.shape[0]):
        total = np.float32(0)
        for i in range(gain.size):
            total += x[row, i] * x[row, i]
        factor = np.float32(1) / np.sqrt(total / np.float32(gain.size) + EPSILON)
        for i in range(gain.size):
            out[row, i] = x[row, i] * factor * gain[i]


@njit
def add_product(x: Floats, matrix: Floats, out: Floats) -> None:
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
def _exp(x: np.float32) -> np.float32:
    """Give e to the power of x, to a millionth; a loop of it runs side by side, as libm's does not.

    Cody and Waite's reduction to x = n ln 2 + r, Taylor's polynomial of r, and n put into the
    exponent: W. Cody and W. Waite, "Software manual for the elementary functions" (1980), chapter 6.
    """
    x = min(max(x, LOWEST), HIGHEST)
    n = np.floor(x * LOG2_E + np.float32(0.5))
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    series = np.float32(1 / 720)
    series = series * r + np.float32(1 / 120)
    series = series * r + np.float32(1 / 24)
    series = series * r + np.float32(1 / 6)
    series = series * r + np.float32(0.5)
    series = series * r + np.float32(1)
    series = series * r + np.float32(1)
    power = (np.int32(n) + np.int32(127)) << np.int32(23)
    return np.float32(series * np.int32(power).view(np.float32))


@njit
def bend(x: Floats) -> None:
    """Put float32[n, m] through silu, in place."""
    for row in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[row, i] = x[row, i] / (np.float32(1) + _exp(-x[row, i]))


@njit
def remember(qkv: Floats, position: int, keys: Floats, values: Floats) -> None:
    """Store the keys and values of one step: `qkv` is float32[>= 3 C]."""
    heads, size, slots = keys.shape
    width, slot = heads * size, position % slots
    for head in range(heads):
        for i in range(size):
            keys[head, i, slot] = qkv[width + head * size + i]
            values[head, slot, i] = qkv[2 * width + head * size + i]


@njit
def attend(
    weights: Weights,
    keys: Floats,
    values: Floats,
    position: int,
    window: int,
    query: Floats,
    scores: Floats,
    out: Floats,
) -> None:
    """Add to float32[C] what one step sees of itself and the window before it.

    The seen slots, oldest first, are one run up to the ring's end and one from its start.
    """
    heads, size, slots = keys.shape
    first = max(0, position - window + 1)
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
    for k in range(scores.size):
        scores[k] -= slope * np.float32(last - k)
    top = _largest(scores)
    for k in range(scores.size):
        scores[k] = _exp(scores[k] - top)
    total = _sum(scores)
    for k in range(scores.size):
        scores[k] /= total


@njit
def _largest(x: Floats) -> np.float32:
    """Give the largest, by four that do not wait for each other."""
    a, b, c, d = x[0], x[0], x[0], x[0]
    whole = x.size - x.size % 4
    for k in range(0, whole, 4):
        a, b, c, d = max(a, x[k]), max(b, x[k + 1]), max(c, x[k + 2]), max(d, x[k + 3])
    for k in range(whole, x.size):
        a = max(a, x[k])
    return max(max(a, b), max(c, d))


@njit
def _sum(x: Floats) -> np.float32:
    """Give the sum, of four that do not wait for each other."""
    a, b, c, d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    whole = x.size - x.size % 4
    for k in range(0, whole, 4):
        a, b, c, d = a + x[k], b + x[k + 1], c + x[k + 2], d + x[k + 3]
    for k in range(whole, x.size):
        a += x[k]
    return np.float32((a + b) + (c + d))


@njit
def _gather(weights: Floats, values: Floats, out: Floats) -> None:
    """Add the rows of float32[n, m], weighted, to float32[m], one after the other."""
    whole = weights.size - weights.size % 4
    for k in range(0, whole, 4):
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for i in range(out.size):
            two = out[i] + w0 * values[k, i] + w1 * values[k + 1, i]
            out[i] = two + w2 * values[k + 2, i] + w3 * values[k + 3, i]
    for k in range(whole, weights.size):
        factor, row = weights[k], values[k]
        for i in range(out.size):
            out[i] += factor * row[i]
