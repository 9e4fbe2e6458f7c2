"""Records that compiled code is shown: it sees what Python sees, and what it writes is seen."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.viewed import Viewed

PAIR = np.dtype([("a", np.int64), ("b", np.float32), ("pad", np.int32)])


@dataclass(frozen=True, eq=False)
class Inner(Viewed):
    values: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Outer(Viewed):
    table: NDArray[np.int64]
    pairs: NDArray[np.void]
    inner: Inner
    number: int


@njit
def told(outer: Outer, row: int, column: int) -> tuple[int, float, float, int, int, int]:
    return (
        outer.table[row, column], outer.pairs[row].b, outer.inner.values[column], outer.number,
        outer.table.shape[0], outer.table.shape[1],
    )  # fmt: skip


@njit
def write(outer: Outer) -> None:
    outer.pairs[1].b = outer.number
    for i in range(len(outer.inner.values)):
        outer.inner.values[i] += 1


def make(rows: int, columns: int) -> Outer:
    rng = np.random.default_rng(rows)
    pairs = np.zeros(rows, PAIR)
    pairs["b"] = rng.random(rows)
    return Outer(
        table=rng.integers(0, 99, (rows, columns)),
        pairs=pairs,
        inner=Inner(rng.random(columns).astype(np.float32)),
        number=rows * columns,
    )


@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (5, 1), (7, 40)])
def test_compiled_code_sees_what_python_sees(rows: int, columns: int) -> None:
    outer = make(rows, columns)
    for row in range(rows):
        for column in range(columns):
            assert told(outer, row, column) == (
                outer.table[row, column], outer.pairs["b"][row], outer.inner.values[column],
                outer.number, rows, columns,
            )  # fmt: skip


def test_what_compiled_code_writes_is_seen() -> None:
    outer = make(3, 4)
    before = outer.inner.values.copy()
    write(outer)
    assert outer.pairs["b"][1] == 12
    np.testing.assert_array_equal(outer.inner.values, before + 1)


def test_a_record_with_something_replaced_leaves_the_first_as_it_was() -> None:
    outer = make(2, 2)
    other = replace(outer, number=5)
    assert told(other, 0, 0)[3] == 5
    assert told(outer, 0, 0)[3] == 4


def test_what_compiled_code_could_not_read_is_refused() -> None:
    make(2, 2)
    with pytest.raises(TypeError, match="contiguous"):
        Inner(np.zeros((4, 2), np.float32)[:, 0])
    wrong: Any = np.zeros(3, np.float64)
    with pytest.raises(TypeError, match="other types"):
        Inner(wrong)
