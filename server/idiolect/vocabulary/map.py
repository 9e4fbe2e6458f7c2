"""A picture of a scale: two coordinates for every unit, near where they sound alike."""

import warnings

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import ConfigError

__all__ = ["lay_out"]

FEW = 8  # units that have no spectrum to begin from
INSIDE = 0.995  # share of the units that lie within the map; the others lie on its edge


def lay_out(
    descriptors: NDArray[np.float32], known: NDArray[np.bool_], method: str, seed: int
) -> NDArray[np.float32]:
    """Give every unit a place.

    Parameters
    ----------
    descriptors : float32[units, descriptors]
        Standardised.
    known : bool[units]
        Which units decide directions and size; at least one.
    method
        ``pca``: the two directions in which they differ most; or ``umap``.
    seed
        Of UMAP.

    Returns
    -------
    float32[units, 2]
        -1 to 1.

    Raises
    ------
    ConfigError
        When UMAP is wanted and not installed.

    Notes
    -----
    L. McInnes, J. Healy and J. Melville, "UMAP: Uniform manifold approximation and projection for
    dimension reduction" (2018).
    """
    places = _umap(descriptors, seed) if method == "umap" else _pca(descriptors, known)
    middle = np.median(places[known], axis=0)
    reach = np.maximum(np.quantile(np.abs(places[known] - middle), INSIDE, axis=0), 1e-9)
    return np.asarray(np.clip((places - middle) / reach, -1.0, 1.0), np.float32)


def _pca(descriptors: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    rows = descriptors[known].astype(np.float64)
    middle = rows.mean(axis=0)
    covariance = (rows - middle).T @ (rows - middle)
    directions = np.linalg.eigh(covariance)[1][:, ::-1][:, :2]
    if directions.shape[1] < 2:  # a corpus of one descriptor
        directions = np.pad(directions, ((0, 0), (0, 2 - directions.shape[1])))
    # An axis may point either way: the largest part of each is positive.
    largest = np.abs(directions).argmax(axis=0)
    signs = np.where(directions[largest, np.arange(2)] < 0, -1.0, 1.0)
    return np.asarray((descriptors - middle) @ (directions * signs))


def _umap(descriptors: NDArray[np.float32], seed: int) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what else it could do, with more installed
        try:
            from umap import UMAP
        except ModuleNotFoundError as error:
            raise ConfigError(
                "learn.map is 'umap', which is not installed; pip install 'idiolect[map]', or "
                "use 'pca'"
            ) from error
        near = min(15, len(descriptors) - 1)
        if near < 2:
            return np.zeros((len(descriptors), 2))
        start = "random" if len(descriptors) < FEW else "spectral"
        model = UMAP(n_neighbors=near, init=start, random_state=seed, n_jobs=1)
        return np.asarray(model.fit_transform(descriptors), np.float64)
