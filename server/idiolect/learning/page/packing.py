"""Numbers as text, for JSON."""

import base64

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

__all__ = ["pack"]


def pack(values: ArrayLike, dtype: DTypeLike) -> str:
    """Give `values` as base64 of little-endian numbers of type `dtype`."""
    array = np.asarray(values).astype(np.dtype(dtype).newbyteorder("<"))
    return base64.b64encode(array.tobytes()).decode("ascii")
