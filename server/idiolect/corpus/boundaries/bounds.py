"""The boundaries of one source at one scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bounds"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the units of one source begin and end."""

    frames: NDArray[np.int64]  # [units + 1], absolute; the source's start and end among them
    method: str  # how they were found: the scale's own, or what took its place
