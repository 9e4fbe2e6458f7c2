"""Numbers side by side in a processor's vector registers, for sums that stay there.

LLVM makes loops run side by side by itself, but will not keep the sums of several rows in registers
over a loop: it cannot know that the arrays do not overlap.  So the few kernels where that counts
say it in these words.  Each lane adds and multiplies as a plain float32 does, rounded after each
step: the same sums in the same order have the same bits, whatever the processor.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.codegen import get_host_cpu_features
from numba.core.types.containers import UniTuple
from numba.extending import intrinsic, models, register_model

__all__ = ["LANES", "add_scaled", "load", "store"]

LANES = 16 if "+avx512f" in get_host_cpu_features() else 8
"""How many: what one or two of the processor's registers hold; nothing but speed hangs on it."""

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_BYTES = 4  # of a float32: the alignment that arrays have for certain


class LanesType(types.Type):
    """The type, to numba, of `LANES` float32."""

    def __init__(self) -> None:
        super().__init__(f"Lanes({LANES})")


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


_lanes = LanesType()


def _index_of(array: Any) -> Any:
    """Give the type of an index into contiguous float32; None where it is another array."""
    fits = isinstance(array, types.Array) and array.layout == "C" and array.dtype == types.float32
    return UniTuple(types.intp, array.ndim) if fits else None


def _place(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    view = context.make_array(array_type)(context, builder, array)
    indices = cgutils.unpack_tuple(builder, index, array_type.ndim)
    at = cgutils.get_item_pointer(context, builder, array_type, view, indices, wraparound=False)
    return builder.bitcast(at, _VECTOR.as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def load(_typing: Any, array: Any, index: Any) -> Any:
    """Read the lanes from ``array[index]`` (float32, a tuple) on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_place(context, builder, signature.args[0], *args), align=_BYTES)

    kind = _index_of(array)
    return (_lanes(array, kind), generate) if kind else None


@intrinsic  # type: ignore[untyped-decorator]
def store(_typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Write the lanes to ``array[index]`` (float32, a tuple) on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature.args[0], *args[:2])
        builder.store(args[2], place, align=_BYTES)
        return context.get_dummy_value()

    kind = _index_of(array)
    return (types.void(array, kind, _lanes), generate) if kind else None


@intrinsic  # type: ignore[untyped-decorator]
def add_scaled(_typing: Any, total: Any, factor: Any, value: Any) -> Any:
    """Give ``total + factor * value``: lanes, a float32, lanes."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        count, nothing = ir.IntType(32), ir.Constant(_VECTOR, ir.Undefined)
        one = builder.insert_element(nothing, args[1], count(0))
        everywhere = ir.Constant(ir.VectorType(count, LANES), [0] * LANES)
        factors = builder.shuffle_vector(one, nothing, everywhere)
        return builder.fadd(args[0], builder.fmul(factors, args[2]))

    return _lanes(_lanes, types.float32, _lanes), generate
