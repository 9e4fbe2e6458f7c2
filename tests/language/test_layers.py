"""Every sum of a layer is made in one order, however its numbers lie in registers."""

import numpy as np
import pytest
from numba.core.errors import TypingError
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.language.lanes import LANES, add_scaled, load, store
from idiolect.language.layers import COLUMNS, ROWS, add_product

Floats = NDArray[np.float32]


def draw(*shape: int) -> Floats:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("rows", range(1, 2 * ROWS + 2))
@pytest.mark.parametrize("inputs", [1, 6, 32])
@pytest.mark.parametrize("outputs", [1, COLUMNS - 1, COLUMNS, 3 * COLUMNS, 2 * COLUMNS + 7])
def test_a_product_adds_one_input_after_the_other(rows: int, inputs: int, outputs: int) -> None:
    """To the bit, in tiles and beside them, and what lies beyond its outputs stays."""
    x, matrix, found = draw(rows, inputs), draw(inputs, outputs), draw(rows, outputs + 3)
    expected = found.copy()
    for i in range(inputs):
        expected[:, :outputs] += x[:, i, None] * matrix[i]
    add_product(x, matrix, found)
    np.testing.assert_array_equal(found, expected)


@njit
def _add(total: Floats, factor: np.float32, value: Floats, row: int, start: int) -> None:
    sums = add_scaled(load(total, (start,)), factor, load(value, (row, start)))
    store(total, (start,), sums)


def test_lanes_round_after_each_step_as_numbers_alone_do() -> None:
    total, value, factor = draw(LANES + 5), draw(2, LANES + 5), np.float32(1 / 3)
    expected = total.copy()
    expected[3 : 3 + LANES] += factor * value[1, 3 : 3 + LANES]
    _add(total, factor, value, 1, 3)
    np.testing.assert_array_equal(total, expected)


@pytest.mark.parametrize("value", [draw(2, LANES).astype(np.float64), draw(LANES, 2).T])
def test_lanes_of_anything_but_rows_of_float32_do_not_compile(value: Floats) -> None:
    with pytest.raises(TypingError):
        _add(draw(LANES), np.float32(1), value, 0, 0)
