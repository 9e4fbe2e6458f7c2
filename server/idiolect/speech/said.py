"""Units in the order in which they are heard: what a bundle says, or its corpus as it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.scale import Scale

__all__ = ["Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """Units of one scale, one after the other."""

    units: NDArray[np.int64]  # (heard,), indices in the scale
    tokens: NDArray[np.int64]  # (heard,)
    lengths: NDArray[np.float64]  # (heard,), seconds
    follows: NDArray[np.bool_]  # (heard,), True where the corpus goes on from the one before

    @classmethod
    def of(cls, scale: Scale, units: NDArray[np.int64], sample_rate: int) -> "Said":
        """Look units up in their scale.

        Parameters
        ----------
        scale
            Where they belong.
        units : int64[heard]
            Indices in the scale, as they are heard.
        sample_rate
            Hz.
        """
        heard = scale.units[units]
        goes_on = (np.diff(units) == 1) & (np.diff(heard["source"]) == 0)
        return cls(
            units=units,
            tokens=heard["token"].astype(np.int64),
            lengths=heard["length"] / sample_rate,
            follows=np.append(np.zeros(min(1, len(units)), bool), goes_on),
        )

    @classmethod
    def corpus(cls, scale: Scale, sample_rate: int) -> "Said":
        """Hear a whole corpus in its own order."""
        return cls.of(scale, np.arange(len(scale.units)), sample_rate)

    @property
    def onsets(self) -> NDArray[np.float64]:
        """Seconds from the beginning to each unit."""
        return np.cumsum(self.lengths) - self.lengths
