"""Loads and stores that other threads may rely on, and arrays at given addresses.

Plain loads and stores in compiled code may be reordered, by the compiler everywhere and by the
processor on ARM.  What two threads share is therefore read with *acquire* and written with
*release* order (C11, section 7.17.3), emitted as LLVM atomics because numba has no such operation.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from idiolect.compiled import brief
from idiolect.viewed import put_together

__all__ = [
    "float32_1d",
    "float32_2d",
    "int64_1d",
    "load_acquire",
    "observe",
    "publish",
    "store_release",
    "view_maker",
]

_WORD = 8  # bytes; the alignment atomics need


def _element(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    view = context.make_array(array_type)(context, builder, array)
    return cgutils.get_item_pointer(context, builder, array_type, view, [index], wraparound=False)


@intrinsic  # type: ignore[untyped-decorator]
def load_acquire(_typing: Any, array: Any, index: Any) -> Any:
    """Read ``array[index]`` (int64); nothing that follows is read before it.  Any thread."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _element(context, builder, signature.args[0], args[0], args[1])
        return builder.load_atomic(at, ordering="acquire", align=_WORD)

    return types.int64(array, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def store_release(_typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Write ``array[index] = value`` (int64); all that came before is seen first.  One writer."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _element(context, builder, signature.args[0], args[0], args[1])
        builder.store_atomic(args[2], at, ordering="release", align=_WORD)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@brief
def observe(array: NDArray[np.int64]) -> int:
    """Read ``array[0]`` from Python, in acquire order."""
    return int(load_acquire(array, 0))


@brief
def publish(array: NDArray[np.int64], value: int) -> None:
    """Write ``array[0]`` from Python, in release order; the only writer."""
    store_release(array, 0, value)


def view_maker(dtype: Any, ndim: int) -> Callable[..., Any]:
    """Make a compiled function that shows the memory at an address as an array.

    numba's own `carray` keeps a reference count, which code without the numba runtime must not.

    Parameters
    ----------
    dtype
        A numba type.
    ndim : int
        How many dimensions the array has.

    Returns
    -------
    function of (address, shape)
        `address` is int64, `shape` a tuple of `ndim` int64; the array is C-contiguous.
    """
    array_type = types.Array(dtype, ndim, "C")

    @intrinsic  # type: ignore[untyped-decorator]
    def view(_typing: Any, address: Any, shape: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            lengths = cgutils.unpack_tuple(builder, args[1], ndim)
            return put_together(context, builder, array_type, args[0], lengths)

        shape_type = types.UniTuple(types.intp, ndim)  # type: ignore[attr-defined]
        return array_type(types.int64, shape_type), generate

    return view


int64_1d = view_maker(types.int64, 1)
float32_1d = view_maker(types.float32, 1)
float32_2d = view_maker(types.float32, 2)
