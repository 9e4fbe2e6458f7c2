"""Arrays seen through a table of their addresses.

Compiled functions could hand each other a tuple of thirty arrays, but every call would then carry,
and every function load, some two hundred words of it: compiling took minutes.  Here they hand on one
word, the table's address, and an array is put together where it is used.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numba
from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, register_model
from numpy.typing import DTypeLike

from idiolect.engine.atomics import put_together

__all__ = ["LONGEST_ROW", "make_viewer"]

LONGEST_ROW = 5
"""Words of a row of the table: an address, and the lengths of up to four dimensions."""

_WORD = ir.IntType(64)

T = TypeVar("T")
Arrays = Mapping[str, tuple[DTypeLike, tuple[int, ...]]]

_layouts: dict[str, dict[str, tuple[Any, list[int | None], int]]] = {}
"""By view and attribute: the array's type, the lengths that are known, the column of its row."""


class _View(types.Type):
    """A table's address, with the arrays it leads to as attributes."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


@register_model(_View)
class _ViewModel(models.PrimitiveModel):  # type: ignore[misc]
    """One word in registers and in memory."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _WORD)


@infer_getattr
class _Attributes(AttributeTemplate):  # type: ignore[misc]
    """Types of the arrays."""

    key = _View

    def generic_resolve(self, view: Any, attribute: str) -> Any:
        """Give the type of one of them; None where there is none of that name."""
        found = _layouts[view.name].get(attribute)
        return None if found is None else found[0]


@lower_getattr_generic(_View)  # type: ignore[untyped-decorator]
def _show(context: Any, builder: Any, view: Any, table: Any, attribute: str) -> Any:
    """Put an array together from its row of the table."""
    array_type, known, column = _layouts[view.name][attribute]
    words = builder.inttoptr(table, _WORD.as_pointer())

    def load(offset: int) -> Any:
        word = builder.load(builder.gep(words, [ir.Constant(ir.IntType(32), column + offset)]))
        # The table does not change while it is looked through: loops need to look once only.
        word.set_metadata("invariant.load", builder.module.add_metadata([]))
        return word

    lengths = [
        load(1 + axis) if length is None else context.get_constant(types.intp, length)
        for axis, length in enumerate(known)
    ]
    return put_together(context, builder, array_type, load(0), lengths)


def make_viewer(shown: type[T], arrays: Arrays, others: Arrays, first: int) -> Callable[..., T]:
    """Make a compiled function that shows what lies behind a table.

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
    view = _View(f"idiolect.{shown.__name__}")
    layout = _layouts[view.name] = {}
    for row, (name, (dtype, shape)) in enumerate(arrays.items()):
        known = [a if a == b else None for a, b in zip(shape, others[name][1], strict=True)]
        array_type = types.Array(numba.from_dtype(dtype), len(shape), "C")
        layout[name] = (array_type, known, first + row * LONGEST_ROW)

    @intrinsic  # type: ignore[untyped-decorator]
    def look(_typing: Any, table: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, args[0])
            return builder.ptrtoint(array.data, _WORD)

        return view(table), generate

    return look
