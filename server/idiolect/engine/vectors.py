"""What is done to a few neighbouring numbers at once.

Reading audio between its frames takes two or four neighbours of places that lie anywhere, or all that
a sinc looks at.  Compilers do that number by number, or by way of the memory; copied side by side
first, the arithmetic after it is one of vectors, and three times as fast; weighed and added up in
registers, six times.  numba has no such operations, so they are emitted here.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

__all__ = ["TAPS", "copy_four", "copy_two", "weigh"]

TAPS = 32
"""Neighbours that `weigh` adds up: a power of two."""

_FLOAT_BYTES = 4
_COUNT = ir.IntType(32)


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


@intrinsic  # type: ignore[untyped-decorator]
def weigh(_typing: Any, table: Any, row: Any, part: Any, source: Any, first: Any) -> Any:
    """Add up `TAPS` neighbours of a source from `first` on, by weights between two rows of a table.

    The table is float32[rows, TAPS]; `part` of the way, 0 to 1, the weights lie from `row` to the
    next.  Always in the same order: the one half to the other, until one number is left.  Weights that
    two sources share are made once, where nothing is written between them.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        """Emit plain products and sums: nothing may be drawn together or put in another order."""
        rows, frames = (
            context.make_array(signature.args[k])(context, builder, args[k]).data for k in (0, 3)
        )
        low = builder.gep(rows, [builder.mul(args[1], args[1].type(TAPS))])
        here, there = _load(builder, low), _load(builder, builder.gep(low, [_COUNT(TAPS)]))
        slope = builder.fmul(_spread(builder, args[2]), builder.fsub(there, here))
        heard = _load(builder, builder.gep(frames, [args[4]]))
        return _add_up(builder, builder.fmul(builder.fadd(here, slope), heard))

    return types.float32(table, types.uint64, types.float32, source, types.uint64), generate


def _load(builder: Any, place: Any) -> Any:
    """Emit a load of `TAPS` neighbours, aligned as floats are."""
    vector = ir.VectorType(ir.FloatType(), TAPS).as_pointer()
    value = builder.load(builder.bitcast(place, vector))
    value.align = _FLOAT_BYTES
    return value


def _pick(builder: Any, value: Any, lanes: range | list[int]) -> Any:
    nothing = ir.Constant(value.type, ir.Undefined)
    chosen = ir.Constant(ir.VectorType(_COUNT, len(lanes)), list(lanes))
    return builder.shuffle_vector(value, nothing, chosen)


def _spread(builder: Any, number: Any) -> Any:
    """Emit a vector of one number."""
    nothing = ir.Constant(ir.VectorType(ir.FloatType(), TAPS), ir.Undefined)
    return _pick(builder, builder.insert_element(nothing, number, _COUNT(0)), [0] * TAPS)


def _add_up(builder: Any, value: Any) -> Any:
    """Emit the sum of a vector, halved until it is one number."""
    half = TAPS // 2
    while half > 0:
        low, high = _pick(builder, value, range(half)), _pick(builder, value, range(half, 2 * half))
        value = builder.fadd(low, high)
        half //= 2
    return builder.extract_element(value, _COUNT(0))
