"""Bands as wide as hearing has them, for what is learned and for how joins are laid."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["SILENCE_DB", "mel_bands"]

SILENCE_DB = -90.0
"""Mean power below which nothing is described but the silence itself: 16-bit audio's own floor."""


@lru_cache(maxsize=16)
def mel_bands(
    bands: int, size: int, sample_rate: int, low: float = 40.0, high: float = 16_000.0
) -> NDArray[np.float32]:
    """Make triangular bands, equally wide on the mel scale, each with a mean weight of 1.

    Parameters
    ----------
    bands
        How many.
    size
        Frames of the transform.
    sample_rate
        Hz.
    low, high
        Edges, Hz; `high` is lowered to half the sample rate.

    Returns
    -------
    float32[size // 2 + 1, bands]
        Multiply power spectra by it to get mean power density within each band.

    Notes
    -----
    Mel scale after D. O'Shaughnessy, *Speech Communication* (1987), p. 150.
    """
    top = 2595.0 * np.log10(1.0 + min(high, sample_rate / 2) / 700.0)
    bottom = 2595.0 * np.log10(1.0 + low / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(bottom, top, bands + 2) / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(size, 1.0 / sample_rate)
    # A band narrower than two bins would fall between them: it is widened to reach one.
    width = np.maximum(np.diff(edges), sample_rate / size)
    rise = (bins[:, None] - (edges[1:-1] - width[:-1])) / width[:-1]
    fall = ((edges[1:-1] + width[1:]) - bins[:, None]) / width[1:]
    weights = np.maximum(0.0, np.minimum(rise, fall))
    total = weights.sum(axis=0)
    return np.asarray(weights / np.where(total > 0, total, 1.0), np.float32)
