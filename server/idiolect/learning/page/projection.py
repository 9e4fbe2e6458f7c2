"""Where a scale's units lie on its map."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["anchors_and_points"]

MOST_POINTS = 20_000
FULL = 32767
OUTLIERS = 0.01  # this share of the units lies at the rim, so that a few far ones hide nothing


def anchors_and_points(
    folder: Path, exemplars: NDArray[np.int64], drawn: NDArray[np.int64]
) -> tuple[NDArray[np.int16], NDArray[np.int16], int]:
    """Place exemplars and units: as the bundle says, else by principal components.

    Parameters
    ----------
    folder
        Of the scale: `map.npy`, float32[units, 2] in -1 to 1, or `descriptors.npy`.
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
    stored = folder / "map.npy"
    if stored.is_file():
        places = np.asarray(np.load(stored, mmap_mode="r", allow_pickle=False)[wanted])
    else:
        descriptors = np.load(folder / "descriptors.npy", mmap_mode="r", allow_pickle=False)
        places = _components(np.asarray(descriptors[wanted], np.float64))
    whole = np.round(np.clip(np.nan_to_num(places), -1, 1) * FULL).astype(np.int16)
    anchors = np.zeros((len(exemplars), 2), np.int16)
    anchors[there] = whole[len(chosen) :]
    return anchors, whole[: len(chosen)], step


def _components(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project on the two directions of greatest spread, each towards its largest weight."""
    centred = values - values.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, : -3 if vectors.shape[1] > 1 else None : -1]
    largest = np.abs(axes).argmax(axis=0)
    places = centred @ (axes * np.sign(axes[largest, np.arange(axes.shape[1])]))
    if places.shape[1] == 1:
        places = np.column_stack([places, np.zeros(len(places))])
    extent = np.quantile(np.abs(places), 1 - OUTLIERS, axis=0)
    return np.asarray(places / np.where(extent > 0, extent, 1.0))
