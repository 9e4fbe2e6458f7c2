"""Find where notes begin.

Spectral flux over log bands with a moving threshold, after S. Dixon, "Onset detection revisited"
(DAFx 2006), sections 2.1 and 2.6; each onset is then moved back to the quiet just before its
attack, so that the attack lies inside the unit it opens.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from idiolect.corpus.spectrum import even_length, mel_bands, mono, power_spectra

__all__ = ["onsets"]

HOP = 0.00533  # seconds between flux frames: 256 frames at 48 kHz
SIZE = 4  # hops in a flux frame
LAG = 2  # hops between the frames compared
BANDS = 24
FLOOR_DB = -70.0  # bands quieter than this do not count as change
NEAR = 5  # hops on each side over which an onset is the largest
AROUND = 75  # hops on each side that make the moving threshold: 0.4 s
ABOVE = 1.4  # times the moving mean
LEAST_DB = 1.5  # and this much mean rise over the bands
CHUNK = 4096  # flux frames at once


def onsets(
    audio: NDArray[np.float32], start: int, frames: int, sample_rate: int
) -> NDArray[np.int64]:
    """Find the onsets of one source.

    Parameters
    ----------
    audio : float32[n, channels]
        The bundle's audio, linear.
    start, frames
        The source within it.
    sample_rate
        Hz.

    Returns
    -------
    int64[onsets]
        Increasing frames in `audio`, each at the quiet before its attack; `start` not included.
    """
    hop = even_length(HOP, sample_rate)
    flux = _flux(audio, start, frames, hop, sample_rate)
    if len(flux) < 2 * LAG:
        return np.zeros(0, np.int64)
    found = [
        _backtrack(audio, start, start + frames, start + int(peak) * hop, hop)
        for peak in _peaks(flux)
    ]
    unique = np.unique(np.array(found, np.int64))
    return unique[unique > start]


def _flux(
    audio: NDArray[np.float32], start: int, frames: int, hop: int, sample_rate: int
) -> NDArray[np.float64]:
    """Give the mean rise over the bands, dB, at every hop; silence precedes the source."""
    size = SIZE * hop
    count = max(0, (frames - size) // hop + 1)
    before = np.full((LAG, BANDS), FLOOR_DB)
    parts = []
    for first in range(0, count, CHUNK):
        last = min(count, first + CHUNK)
        signal = mono(audio, start + first * hop, start + (last - 1) * hop + size)
        begin = np.arange(last - first, dtype=np.int64) * hop
        power = power_spectra(signal, begin, np.full(len(begin), size), size)
        bands = 10.0 * np.log10(power @ mel_bands(BANDS, size, sample_rate) + 1e-7)
        bands = np.concatenate([before, np.maximum(bands, FLOOR_DB)])
        parts.append(np.maximum(0.0, bands[LAG:] - bands[:-LAG]).mean(axis=1))
        before = bands[-LAG:]
    return np.concatenate(parts) if parts else np.zeros(0)


def _peaks(flux: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pick the frames that stand out from what is around them.

    Returns
    -------
    int64[peaks]
        In hops, where the middle of the changed half of the frame lies.
    """
    smooth = np.convolve(flux, [0.25, 0.5, 0.25], mode="same")
    padded = np.pad(smooth, NEAR, constant_values=-1.0)
    largest = smooth >= sliding_window_view(padded, 2 * NEAR + 1).max(axis=1)
    sums = np.concatenate([[0.0], np.cumsum(smooth)])
    index = np.arange(len(smooth))
    low, high = np.maximum(0, index - AROUND), np.minimum(len(smooth), index + AROUND + 1)
    mean = (sums[high] - sums[low]) / (high - low)
    peaks = np.flatnonzero(largest & (smooth > ABOVE * mean + LEAST_DB))
    return np.asarray(peaks + SIZE * 3 // 4, np.int64)


def _backtrack(audio: NDArray[np.float32], first: int, last: int, position: int, hop: int) -> int:
    """Move an onset to the zero crossing in the quiet before its attack.

    Parameters
    ----------
    first, last
        The source's bounds.
    position
        Where the flux peaked, frames; the attack lies within three hops of it.
    hop
        Frames between flux frames.
    """
    step = max(1, hop // 4)
    low = max(first, position - 10 * hop)
    high = min(last, position + 3 * hop)
    signal = mono(audio, low, high)
    count = len(signal) // step
    if count < 4:
        return low
    level = (signal[: count * step].reshape(count, step).astype(np.float64) ** 2).mean(axis=1)
    level = 10.0 * np.log10(level + 1e-9)
    rise = level[2:] - level[:-2]
    near = max(0, min((position - low) // step - 16, len(rise) - 1))
    at = near + int(np.argmax(rise[near:])) + 1
    while at > 0 and level[at - 1] < level[at]:
        at -= 1
    return low + _zero_crossing(signal, at * step, step)


def _zero_crossing(signal: NDArray[np.float32], at: int, reach: int) -> int:
    """Find the sign change nearest to `at`, or else the smallest sample, within `reach`."""
    low, high = max(0, at - reach), min(len(signal), at + reach)
    part = signal[low:high]
    crossings = np.flatnonzero(np.signbit(part[1:]) != np.signbit(part[:-1])) + 1
    if len(crossings):
        return low + int(crossings[np.argmin(np.abs(crossings + low - at))])
    return low + int(np.argmin(np.abs(part)))
