"""Where a scale's units lie on its map."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["anchors_and_points"]

MOST_POINTS = 20_000
FULL = 32767


def anchors_and_points(
    folder: Path, exemplars: NDArray[np.int64], drawn: NDArray[np.int64]
) -> tuple[NDArray[np.int16], NDArray[np.int16], int]:
    """Place exemplars and units as the bundle says.

    Parameters
    ----------
    folder
        Of the scale: `map.npy`, float32[units, 2] in -1 to 1.
    exemplars : int64[tokens]
        Unit of each token, -1 where there is none; such a token lies in the middle.
    drawn : int64[drawn]
        The units that may be points.

    Returns
    -------
    int16[tokens, 2], int16[points, 2], int
        Both in 32767ths, and every how manyth of `drawn` is a point.
    """
    step = max(1, math.ceil(len(drawn) / MOST_POINTS))
    chosen = drawn[::step]
    there = exemplars >= 0
    wanted = np.concatenate([chosen, exemplars[there]])
    places = np.load(folder / "map.npy", mmap_mode="r", allow_pickle=False)[wanted]
    whole = np.round(np.clip(places, -1, 1) * FULL).astype(np.int16)
    anchors = np.zeros((len(exemplars), 2), np.int16)
    anchors[there] = whole[len(chosen) :]
    return anchors, whole[: len(chosen)], step
