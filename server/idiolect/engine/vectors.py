"""Copies of a few neighbouring numbers at once.

Reading audio between its frames takes two or four neighbours of places that lie anywhere.  Compilers
do that number by number; copied side by side first, the arithmetic after it is one of vectors, and
three times as fast.  numba has no such operation, so it is emitted here.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

__all__ = ["copy_four", "copy_two"]

_FLOAT_BYTES = 4


def _copier(count: int) -> Callable[..., Any]:
    """Make ``copy(source, first, out, at)``: `count` float32 from one array to another."""

    @intrinsic  # type: ignore[untyped-decorator]
    def copy(_typing: Any, source: Any, first: Any, out: Any, at: Any) -> Any:
        """Copy neighbours; neither end is checked."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            """Emit one load and one store, of numbers that are aligned as floats are."""
            vector = ir.VectorType(ir.FloatType(), count).as_pointer()
            places = []
            for array, index in ((0, 1), (2, 3)):
                view = context.make_array(signature.args[array])(context, builder, args[array])
                place = builder.gep(view.data, [args[index]])
                places.append(builder.bitcast(place, vector))
            value = builder.load(places[0])
            value.align = _FLOAT_BYTES
            builder.store(value, places[1]).align = _FLOAT_BYTES
            return context.get_dummy_value()

        return types.void(source, types.uint64, out, types.uint64), generate

    return copy


copy_two = _copier(2)
copy_four = _copier(4)
