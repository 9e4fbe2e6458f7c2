"""The versions of the format, and what earlier ones lack, derived from what they have."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FORMAT", "READS", "derive"]

FORMAT = 3
"""What is written."""

READS = (1, 2, 3)
"""What can be opened."""


def derive(
    units: NDArray[np.void], descriptors: NDArray[np.float32], centroids: NDArray[np.float32]
) -> dict[str, NDArray[Any]]:
    """Give what format 1 does not hold.

    Parameters
    ----------
    units : UNIT[units]
    descriptors : float32[units, descriptors]
        Standardised.
    centroids : float32[tokens, descriptors]

    Returns
    -------
    dict
        Arrays of a `bundle.scale.Scale`, by name.
    """
    count = len(centroids)
    apart = ((descriptors - centroids[np.clip(units["token"], 0, count - 1)]) ** 2).sum(axis=1)
    exemplars, spread = np.zeros(count, np.int64), np.zeros(count, np.float32)
    for token in range(count):
        members = np.flatnonzero(units["token"] == token)
        if len(members):
            exemplars[token] = members[np.argmin(apart[members])]
            spread[token] = np.sqrt(apart[members].mean())
    varied = np.argsort(descriptors.var(axis=0))[::-1][:2]
    return {
        "prototypes": centroids,
        "prototype_tokens": np.arange(count, dtype=np.int32),
        "exemplars": exemplars,
        "spread": spread,
        "map": np.clip(descriptors[:, varied] / 3, -1, 1).astype(np.float32),
    }
