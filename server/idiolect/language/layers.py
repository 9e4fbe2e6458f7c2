"""The network's layers as kernels over rows.

Every number is summed in one fixed order: a product adds one input after the other, and what runs
side by side are outputs and rows.

All run ahead, on the planner's thread, and are called by the decoder alone.
"""

import numpy as np

from idiolect.compiled import njit
from idiolect.language.lanes import LANES, add_scaled, load, store
from idiolect.language.weights import Floats, Integers, Weights

__all__ = ["add_product", "attend", "bend", "embed", "normalise", "remember"]

ONE = np.float32(1)
LOWEST, HIGHEST = np.float32(-87), np.float32(88)  # beyond, e to the x is no float32
LOG2_E = np.float32(1.4426950408889634)
LN2_HIGH, LN2_LOW = np.float32(0.693145751953125), np.float32(1.428606765330187e-06)
ROWS, COLUMNS = 4, 2 * LANES  # of a tile of a product: as many sums as there are registers for
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
    """Write float32[n, C], the input of each row; descriptors that are missing add nothing."""
    count, width, read = descriptors.shape[1], out.shape[1], weights.descriptor_projection
    whole = width - width % LANES
    for row in range(len(tokens)):
        token, scale, parent = tokens[row], scales[row], parents[row]
        for k in range(0, whole, LANES):
            sums = load(weights.token_embedding, (token, k))
            for i in range(count):
                if present[row, i] != 0:
                    there = load(read, (count + i, k))
                    heard = add_scaled(there, descriptors[row, i], load(read, (i, k)))
                    sums = add_scaled(sums, ONE, heard)
            place = load(weights.scale_embedding, (scale, k))
            around = add_scaled(place, ONE, load(weights.parent_embedding, (parent, k)))
            store(out, (row, k), add_scaled(sums, ONE, around))
        for k in range(whole, width):
            total = weights.token_embedding[token, k]
            for i in range(count):
                if present[row, i] != 0:
                    total += descriptors[row, i] * read[i, k] + read[count + i, k]
            rest = weights.scale_embedding[scale, k] + weights.parent_embedding[parent, k]
            out[row, k] = total + rest


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

    In tiles as far as they reach, the rest row by row; the order of a sum is the same in both.
    """
    rows = x.shape[0] - x.shape[0] % ROWS
    columns = matrix.shape[1] - matrix.shape[1] % COLUMNS
    for column in range(0, columns, COLUMNS):
        for row in range(0, rows, ROWS):
            _add_tile(x, matrix, row, column, out)
    _add_rest(x[:rows], matrix, columns, out[:rows])
    _add_rest(x[rows:], matrix, 0, out[rows:])


@njit
def _add_tile(x: Floats, matrix: Floats, row: int, k: int, out: Floats) -> None:
    """Add to `COLUMNS` outputs of `ROWS` rows, whose sums stay in registers."""
    r0, r1, r2, r3, m = row, row + 1, row + 2, row + 3, k + LANES
    a0, a1, a2, a3 = load(out, (r0, k)), load(out, (r1, k)), load(out, (r2, k)), load(out, (r3, k))
    b0, b1, b2, b3 = load(out, (r0, m)), load(out, (r1, m)), load(out, (r2, m)), load(out, (r3, m))
    for i in range(matrix.shape[0]):
        a, b = load(matrix, (i, k)), load(matrix, (i, m))
        a0, b0 = add_scaled(a0, x[r0, i], a), add_scaled(b0, x[r0, i], b)
        a1, b1 = add_scaled(a1, x[r1, i], a), add_scaled(b1, x[r1, i], b)
        a2, b2 = add_scaled(a2, x[r2, i], a), add_scaled(b2, x[r2, i], b)
        a3, b3 = add_scaled(a3, x[r3, i], a), add_scaled(b3, x[r3, i], b)
    store(out, (r0, k), a0)
    store(out, (r0, m), b0)
    store(out, (r1, k), a1)
    store(out, (r1, m), b1)
    store(out, (r2, k), a2)
    store(out, (r2, m), b2)
    store(out, (r3, k), a3)
    store(out, (r3, m), b3)


@njit
def _add_rest(x: Floats, matrix: Floats, column: int, out: Floats) -> None:
    """Add to all outputs from `column` on: four inputs in a pass, one after the other."""
    inputs, outputs = matrix.shape
    whole = inputs - inputs % 4
    for i in range(0, whole, 4):
        m0, m1, m2, m3 = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
        for row in range(x.shape[0]):
            x0, x1, x2, x3 = x[row, i], x[row, i + 1], x[row, i + 2], x[row, i + 3]
            sums = out[row]
            for k in range(column, outputs):
                sums[k] = sums[k] + x0 * m0[k] + x1 * m1[k] + x2 * m2[k] + x3 * m3[k]
    for i in range(whole, inputs):
        m0 = matrix[i]
        for row in range(x.shape[0]):
            x0, sums = x[row, i], out[row]
            for k in range(column, outputs):
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
    heads, _, slots = keys.shape
    first = max(0, position - window + 1)
    count, start = position - first + 1, first % slots
    run = min(count, slots - start)
    for head in range(heads):
        scores.fill(np.float32(0))
        _score_run(query, keys, head, start, scores, 0, run)
        _score_run(query, keys, head, 0, scores, run, count)
        _weigh_steps(weights.slopes[head], scores[:count])
        _gather_run(scores, 0, run, values, head, start, out)
        _gather_run(scores, run, count, values, head, 0, out)


@njit
def _score_run(
    query: Floats, keys: Floats, head: int, slot: int, scores: Floats, first: int, last: int
) -> None:
    """Add the dot products of a query with the keys from `slot` on to scores `first` to `last`."""
    size = keys.shape[1]
    factor, at = np.float32(1 / np.sqrt(size)), head * size
    ahead, whole = slot - first, last - (last - first) % COLUMNS
    for k in range(first, whole, COLUMNS):
        a, b = load(scores, (k,)), load(scores, (k + LANES,))
        for i in range(size):
            q = query[at + i] * factor
            a = add_scaled(a, q, load(keys, (head, i, ahead + k)))
            b = add_scaled(b, q, load(keys, (head, i, ahead + k + LANES)))
        store(scores, (k,), a)
        store(scores, (k + LANES,), b)
    for i in range(size):
        q = query[at + i] * factor
        for k in range(whole, last):
            scores[k] += q * keys[head, i, ahead + k]


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
def _gather_run(
    weights: Floats, first: int, last: int, values: Floats, head: int, slot: int, out: Floats
) -> None:
    """Add the values from `slot` on, weighted, to their head's part of `out`, one after the other."""
    size = values.shape[2]
    at, ahead, whole = head * size, slot - first, size - size % LANES
    for i in range(0, whole, LANES):
        a = load(out, (at + i,))
        for k in range(first, last):
            a = add_scaled(a, weights[k], load(values, (head, ahead + k, i)))
        store(out, (at + i,), a)
    for k in range(first, last):
        for i in range(whole, size):
            out[at + i] += weights[k] * values[head, ahead + k, i]
