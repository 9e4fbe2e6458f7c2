"""Kernels that call each other: together they are what the same functions are in Python."""

import math
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest
from numba import version_info
from numba.core.bytecode import FunctionIdentity
from numba.core.errors import TypingError

from idiolect.compiled import Alone, kind_for, njit, realtime
from idiolect.linking import Kernel

Decorator = Callable[[Any], Any]


def plain(function: Any) -> Any:
    return function


def tower(inner: Decorator, outer: Decorator) -> tuple[Any, ...]:
    """Functions on top of each other, with one that two call, and one that allocates."""

    @inner
    def root(x: float) -> float:
        return math.sqrt(x)

    @inner
    def left(x: float) -> float:
        return root(x) + 1.0

    @inner
    def right(x: float, times: int) -> float:
        total = 0.0
        for _ in range(times):
            total += root(x + total)
        return total

    @outer
    def table(x: float, size: int) -> Any:
        found = np.zeros(size)
        for i in range(size):
            found[i] = left(x + i) * right(x, i)
        return found

    @outer
    def top(x: float, size: int) -> float:
        return float(table(x, size).sum() + right(x, size))

    return root, left, right, table, top


@pytest.mark.parametrize("inner", [njit, realtime])
def test_kernels_say_what_python_would_whoever_is_called_first(inner: Decorator) -> None:
    expected = tower(plain, plain)
    calls: tuple[tuple[Any, ...], ...] = ((2.0,), (2.0,), (2.0, 5), (2.0, 7), (2.0, 9))
    for order in (range(5), reversed(range(5))):
        kernels = tower(inner, njit)
        for k in order:
            np.testing.assert_array_equal(kernels[k](*calls[k]), expected[k](*calls[k]))


def test_a_kernel_is_called_with_other_types_from_another_kernel_than_from_python() -> None:
    @njit
    def double(x: Any) -> Any:
        return x + x

    @njit
    def of_a_float(x: int) -> float:
        return double(x + 0.5)

    assert double(3) == 6
    assert of_a_float(3) == 7.0
    assert double(np.float32(0.5)) == 1.0


def test_what_cannot_be_compiled_says_so_from_below() -> None:
    @realtime
    def allocates(size: int) -> int:
        return int(np.zeros(size).size)

    @realtime
    def calls(size: int) -> int:
        return allocates(size) + 1

    with pytest.raises(TypingError, match="allocates"):
        calls(3)


def test_a_numba_that_nobody_tried_compiles_each_by_itself() -> None:
    assert kind_for((0, 63)) is Kernel
    assert {kind_for(version) for version in ((0, 62), (0, 99), (1, 0))} == {Alone}


def test_the_numba_that_is_here_was_tried() -> None:
    """When this fails, run the tests with what is new, and let `linking` know of it."""
    assert kind_for(version_info.short) is Kernel


def alone(function: Any) -> Any:
    return Alone(function, targetoptions={"nopython": True})


def test_kernels_by_themselves_say_the_same() -> None:
    linked, single = tower(njit, njit), tower(alone, alone)
    np.testing.assert_array_equal(linked[3](2.0, 7), single[3](2.0, 7))
    assert linked[4](2.0, 9) == single[4](2.0, 9)
    assert single[4].is_compiled


def _make_pair(decorate: Decorator, factor: float) -> Any:
    @decorate
    def inner(x: float) -> float:
        for i in range(3):  # long enough to be called, and not to be copied to where it is called
            x = math.sin(x) + factor * math.cos(x * i) + math.sqrt(abs(x + factor)) + math.atan(x)
            x = math.tanh(x) + math.exp(-x * x) + math.log(abs(x) + factor) + math.sinh(x / 9)
            x = math.sin(factor + x) + math.cos(x * i) + math.atan(x + i) + math.asinh(x)
            x = math.tanh(x) + math.exp(-abs(x)) + math.log1p(abs(x) + factor) + math.erf(x)
            x = math.sin(x) * math.cos(x / factor) + math.atan2(x, factor) + math.expm1(x / 9)
        return x

    @decorate
    def outer(x: float) -> float:
        return inner(inner(inner(x) + inner(x + 1)) - inner(x - 1)) + inner(x * x)

    return outer


def test_kernels_that_were_compiled_in_different_processes_keep_to_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their functions may have the same names, and what is kept on disk is loaded side by side."""
    kernels = []
    for factor in (2.0, 3.0):
        monkeypatch.setattr(FunctionIdentity, "_unique_ids", count(10_000))
        kernels.append(_make_pair(njit, factor))
        kernels[-1](0.5)
    assert [kernel(0.5) for kernel in kernels] == pytest.approx(
        [_make_pair(plain, factor)(0.5) for factor in (2.0, 3.0)]
    )
