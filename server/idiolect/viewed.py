"""Arrays seen through a table of their addresses.

Compiled functions could hand each other tuples of arrays, but every call would then carry, and every
function load, some hundred words of each: compiling took minutes.  Here they hand on one word, the
table's address, and an array is put together where it is used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    intrinsic,
    lower_getattr_generic,
    register_model,
    unbox,
)
from numba.np.arrayobj import populate_array
from numpy.typing import DTypeLike, NDArray

__all__ = ["ROW", "Viewed", "make_finder", "make_viewer", "put_together"]

ROW = 6
"""Words of a row of a table: an address or a number, and the lengths of up to five dimensions."""

_WORD = ir.IntType(64)

T = TypeVar("T")
Arrays = Mapping[str, tuple[DTypeLike, tuple[int, ...]]]

_layouts: dict[str, dict[str, tuple[Any, list[int | None], int]]] = {}
"""By view and attribute: its type, an array's lengths as far as they are known, its row's column."""


def put_together(
    context: Any, builder: Any, array_type: Any, address: Any, lengths: list[Any]
) -> Any:
    """Emit an array that shows the memory at an address; it counts no references.

    Parameters
    ----------
    context, builder
        numba's, of the function being compiled.
    array_type
        C-contiguous.
    address, lengths
        LLVM words.
    """
    array = context.make_array(array_type)(context, builder)
    size = context.get_abi_sizeof(context.get_data_type(array_type.dtype))
    strides: list[Any] = []
    stride = context.get_constant(types.intp, size)
    for length in reversed(lengths):
        strides.insert(0, stride)
        stride = builder.mul(stride, length)
    populate_array(
        array,
        data=builder.inttoptr(address, array.data.type),
        shape=lengths,
        strides=strides,
        itemsize=context.get_constant(types.intp, size),
        meminfo=None,
    )
    return array._getvalue()


class _View(types.Type):
    """A table's address, with what it leads to as attributes."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


@register_model(_View)
class _ViewModel(models.PrimitiveModel):  # type: ignore[misc]
    """One word in registers and in memory."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _WORD)


@infer_getattr
class _Attributes(AttributeTemplate):  # type: ignore[misc]
    """Types of the attributes."""

    key = _View

    def generic_resolve(self, view: Any, attribute: str) -> Any:
        """Give the type of one of them; None where there is none of that name."""
        found = _layouts[view.name].get(attribute)
        return None if found is None else found[0]


@lower_getattr_generic(_View)  # type: ignore[untyped-decorator]
def _show(context: Any, builder: Any, view: Any, table: Any, attribute: str) -> Any:
    """Read a word of the table, and put an array together where it is one's address."""
    kind, known, column = _layouts[view.name][attribute]
    words = builder.inttoptr(table, _WORD.as_pointer())

    def load(offset: int) -> Any:
        word = builder.load(builder.gep(words, [ir.Constant(ir.IntType(32), column + offset)]))
        # The table does not change while it is looked through: loops need to look once only.
        word.set_metadata("invariant.load", builder.module.add_metadata([]))
        return word

    if not isinstance(kind, types.Array):
        return load(0)
    lengths = [
        load(1 + axis) if length is None else context.get_constant(types.intp, length)
        for axis, length in enumerate(known)
    ]
    return put_together(context, builder, kind, load(0), lengths)


@unbox(_View)  # type: ignore[untyped-decorator]
def _unbox(_view: Any, shown: Any, boxing: Any) -> Any:
    """Take the address from a `Viewed`."""
    address = boxing.pyapi.object_getattr_string(shown, "address")
    word = boxing.pyapi.long_as_longlong(address)
    boxing.pyapi.decref(address)
    return NativeValue(word)


@dataclass(frozen=True, eq=False)
class Viewed:
    """Base of a record of arrays, whole numbers and other such records, handed to compiled code.

    Notes
    -----
    Arrays are C-contiguous, and every record of a class has them of the same types.  Compiled code
    reads the attributes, and writes into the arrays; it must not outlive the record.
    """

    address: int = field(init=False, repr=False)
    _table: NDArray[np.int64] = field(init=False, repr=False)
    _numba_type_: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Write the table."""
        shown = self.as_dict()
        table: NDArray[np.int64] = np.zeros(ROW * len(shown), np.int64)
        layout: dict[str, tuple[Any, list[int | None], int]] = {}
        for column, (name, value) in zip(range(0, len(table), ROW), shown.items(), strict=True):
            layout[name] = (_kind_of(value), [None] * np.ndim(value), column)
            if isinstance(value, np.ndarray):
                table[column + 1 : column + 1 + value.ndim] = value.shape
                value = value.ctypes.data
            table[column] = getattr(value, "address", value)
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        if _layouts.setdefault(name, layout) != layout:
            raise TypeError(f"{name} was shown before, with attributes of other types")
        for attribute, value in (
            ("address", table.ctypes.data), ("_table", table), ("_numba_type_", _View(name)),
        ):  # fmt: skip
            object.__setattr__(self, attribute, value)

    def as_dict(self) -> dict[str, Any]:
        """Give what it holds, by name; nothing is copied."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}


def _kind_of(value: object) -> Any:
    if isinstance(value, Viewed):
        return value._numba_type_
    if isinstance(value, np.ndarray):
        if not value.flags.c_contiguous:
            raise TypeError("an array that compiled code is shown must be C-contiguous")
        return types.Array(numba.from_dtype(value.dtype), value.ndim, "C")
    return types.int64


def make_viewer(
    shown: type[T], arrays: Arrays, others: Arrays, first: int
) -> Callable[[NDArray[np.int64]], T]:
    """Make a compiled function that shows what lies behind a table, where there is no `Viewed`.

    Parameters
    ----------
    shown
        A named tuple of arrays; to compiled code its look-alike has the same attributes.
    arrays, others
        Types and shapes for two different sets of sizes: a length that is the same in both is
        known to the compiler, the others are read from the table.
    first
        Column of the table where the rows begin, in the order of `arrays`.

    Returns
    -------
    function of (table)
        To be called by compiled code; `table` is int64[columns].
    """
    view = _View(f"{shown.__module__}.{shown.__qualname__}")
    layout = _layouts[view.name] = {}
    for row, (name, (dtype, shape)) in enumerate(arrays.items()):
        known = [a if a == b else None for a, b in zip(shape, others[name][1], strict=True)]
        array_type = types.Array(numba.from_dtype(np.dtype(dtype)), len(shape), "C")
        layout[name] = (array_type, known, first + row * ROW)

    @intrinsic  # type: ignore[untyped-decorator]
    def look(_typing: Any, table: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, args[0])
            return builder.ptrtoint(array.data, _WORD)

        return view(table), generate

    return look  # type: ignore[no-any-return]


def make_finder(shown: type[T]) -> Callable[[int], T]:
    """Make a compiled function that shows the record whose `address` it is given.

    Parameters
    ----------
    shown
        A class of `Viewed`.

    Returns
    -------
    function of (int64)
        To be called by compiled code, while the record is there.
    """
    view = _View(f"{shown.__module__}.{shown.__qualname__}")

    @intrinsic  # type: ignore[untyped-decorator]
    def find(_typing: Any, _address: Any) -> Any:
        def generate(_context: Any, _builder: Any, _signature: Any, args: Any) -> Any:
            return args[0]

        return view(types.int64), generate

    return find  # type: ignore[no-any-return]
