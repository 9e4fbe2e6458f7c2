"""How each unit begins and ends, so that joins can be weighed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.describe import batches
from idiolect.corpus.spectrum import decibel, even_length, mel_bands, mono, power_spectra

__all__ = ["EDGE_BANDS", "edges"]

BANDS = 12
EDGE_BANDS = BANDS + 1  # and the level
LENGTH = 0.01  # seconds of an edge
BATCH = 20.0  # seconds of audio at once
SPREAD_DB = 1.0  # least spread the bands are divided by


def edges(
    audio: NDArray[np.float32],
    units: NDArray[np.void],
    sample_rate: int,
    progress: Callable[[float, float], None],
) -> NDArray[np.float32]:
    """Measure the first and last 10 ms of every unit.

    Parameters
    ----------
    audio : float32[frames, channels]
        The bundle's audio.
    units : UNIT[units]
        Sorted by start.
    sample_rate
        Hz.
    progress
        Called with units done and units in all.

    Returns
    -------
    float32[units, 2, bands]
        Log energy in 12 bands and the level, of the head and of the tail, scaled so that the mean
        squared difference between any tail and any head is 1 on average.
    """
    found = np.zeros((len(units), 2, EDGE_BANDS))
    for low, high in batches(units, round(BATCH * sample_rate)):
        starts = units["start"][low:high].astype(np.int64)
        lengths = units["length"][low:high].astype(np.int64)
        signal = mono(audio, int(starts[0]), int(starts[-1] + lengths[-1]))
        found[low:high] = _measure(signal, starts - starts[0], lengths, sample_rate)
        progress(high, len(units))
    return _scale(found).astype(np.float32)


def _measure(
    signal: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sample_rate: int,
) -> NDArray[np.float64]:
    size = even_length(LENGTH, sample_rate)
    held = np.minimum(lengths, size)
    found = np.zeros((len(starts), 2, EDGE_BANDS))
    for side, begin in enumerate((starts, starts + lengths - held)):
        power = power_spectra(signal, begin, held, size)
        found[:, side, :BANDS] = decibel(power @ mel_bands(BANDS, size, sample_rate))
        found[:, side, BANDS] = decibel(power.mean(axis=1))
    return found


def _scale(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre, and divide so that two edges taken at random differ by 1 in the mean square.

    Two independent draws differ by twice the variance in the mean square.
    """
    heads, tails = found[:, 0].mean(axis=0), found[:, 1].mean(axis=0)
    variance = found[:, 0].var(axis=0) + found[:, 1].var(axis=0) + (heads - tails) ** 2
    centre = found.mean(axis=(0, 1))
    return np.asarray((found - centre) / max(np.sqrt(variance.mean()), SPREAD_DB))
