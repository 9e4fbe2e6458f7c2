"""The waveform at several resolutions."""

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.pages import let_go
from idiolect.learning.page.packing import pack

__all__ = ["find_peaks"]

MOST_BUCKETS = 1 << 18  # of the finest level: 700 kB of text
FINEST = 64  # frames; zoomed in as far as one can, a bucket is still thinner than a pixel
COARSER = 8  # times from one level to the next
LEVELS = 3
BLOCK = 1 << 20  # frames read at once
FULL = 127


def find_peaks(audio: NDArray[np.float32]) -> dict[str, Any]:
    """Find the least and the greatest sample of every bucket, over all channels.

    Parameters
    ----------
    audio : float32[frames, channels]
        May be a memory map; it is read in blocks.

    Returns
    -------
    dict
        `peak`, the largest absolute sample (1 for silence), and `levels`, finest first, each with
        its `bucket` in frames and its `values`.  They are rounded outwards, so they always enclose
        the audio.
    """
    bucket = FINEST
    while len(audio) > bucket * MOST_BUCKETS:
        bucket *= 2
    values = _extremes(audio, bucket)
    peak = float(np.abs(values).max(initial=0)) or 1.0
    levels = []
    for _ in range(LEVELS):
        levels.append({"bucket": bucket, "values": pack(_quantise(values, peak), np.int8)})
        starts = np.arange(0, len(values), COARSER)
        low = np.minimum.reduceat(values[:, 0], starts)
        high = np.maximum.reduceat(values[:, 1], starts)
        values, bucket = np.stack([low, high], axis=1), bucket * COARSER
    return {"peak": peak, "levels": levels}


def _extremes(audio: NDArray[np.float32], bucket: int) -> NDArray[np.float64]:
    """Give float64[buckets, 2], least and greatest of each; the last bucket may be short."""
    found: list[NDArray[np.float32]] = []
    size = max(BLOCK // bucket, 1) * bucket
    for at in range(0, len(audio), size):
        block = np.asarray(audio[at : at + size])
        starts = np.arange(0, len(block), bucket)
        low = np.minimum.reduceat(reduce(np.minimum, block.T), starts)  # fast, unlike an axis of 2
        high = np.maximum.reduceat(reduce(np.maximum, block.T), starts)
        found.append(np.stack([low, high], axis=1))
        let_go(audio, at, at + len(block))
    return np.concatenate(found).astype(np.float64)


def _quantise(values: NDArray[np.float64], peak: float) -> NDArray[np.float64]:
    low, high = values[:, 0] / peak * FULL, values[:, 1] / peak * FULL
    whole = np.stack([np.floor(low), np.ceil(high)], axis=1)
    return np.asarray(np.clip(whole, -FULL, FULL))
