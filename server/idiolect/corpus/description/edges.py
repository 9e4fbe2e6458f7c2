"""How each unit begins and ends, so that joins can be weighed."""

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.spectrum import decibel, even_length, mono, power_spectra
from idiolect.mel import mel_bands

__all__ = ["EDGE_BANDS", "measure_edges", "scale_edges"]

BANDS = 24
EDGE_BANDS = BANDS + 1  # and the level
LENGTH = 0.02  # seconds of an edge
SPREAD_DB = 1.0  # least spread the bands are divided by


def measure_edges(
    audio: NDArray[np.float32], units: NDArray[np.void], sample_rate: int
) -> NDArray[np.float32]:
    """Measure the first and last 20 ms of units that follow each other.

    Parameters
    ----------
    audio : float32[frames, channels]
        The bundle's audio.
    units : UNIT[units]
        Sorted by start, of a stretch that fits into memory.
    sample_rate
        Hz.

    Returns
    -------
    float32[units, 2, bands]
        Log energy in 24 bands and the level, dB, of the head and of the tail.
    """
    starts = units["start"].astype(np.int64)
    lengths = units["length"].astype(np.int64)
    signal = mono(audio, int(starts[0]), int(starts[-1] + lengths[-1]))
    return _measure(signal, starts - starts[0], lengths, sample_rate).astype(np.float32)


def scale_edges(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centre, and divide so that two edges taken at random differ by 1 in the mean square.

    Two independent draws differ by twice the variance in the mean square.

    Parameters
    ----------
    found : float32[units, 2, bands]
        Of a whole scale, dB.

    Returns
    -------
    float32[units, 2, bands]
        Such that the mean squared difference between any tail and any head is 1 on average.
    """
    wide = found.astype(np.float64)
    heads, tails = wide[:, 0].mean(axis=0), wide[:, 1].mean(axis=0)
    variance = wide[:, 0].var(axis=0) + wide[:, 1].var(axis=0) + (heads - tails) ** 2
    centre = wide.mean(axis=(0, 1))
    return np.asarray((wide - centre) / max(np.sqrt(variance.mean()), SPREAD_DB), np.float32)


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
