"""Find where notes begin.

Spectral flux over log bands with a moving threshold, after S. Dixon, "Onset detection revisited"
(DAFx 2006), sections 2.1 and 2.6.  Bands are compressed in relation to the level around them, as
S. Böck, F. Krebs and M. Schedl, "Evaluating the online capabilities of onset detection methods"
(ISMIR 2012), section 2.1.1, do with a constant: what lies far below the music is no onset.  Each
onset is then put into the quiet just before its attack, so that the attack lies inside the unit it
opens.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.spectrum import even_length, mono, power_spectra
from idiolect.mel import SILENCE_DB, mel_bands

__all__ = ["onsets"]

HOP = 0.004  # seconds between flux frames
SIZE = 4  # hops in a flux frame
LAG = 3  # hops between the frames compared
BANDS = 40
LOW, HIGH = 100.0, 16_000.0  # Hz
REFERENCE = 5.0  # seconds on each side over which the level is taken as the reference
DEPTH_DB = 25.0  # below the reference a band counts little
RANGE_DB = 20.0  # the reference lies at most so far below the source's mean level
AROUND = 0.3  # seconds on each side that make the moving threshold
ABOVE = 2.0  # times the moving mean
LEAST_DB = 0.7  # and this much mean rise over the bands
FOOT = 0.2  # share of a peak at which its rise begins
REACH = 10  # hops a rise may last
CHUNK = 4096  # flux frames at once


def onsets(
    audio: NDArray[np.float32],
    start: int,
    frames: int,
    sample_rate: int,
    *,
    apart: float = 0.06,
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
    apart
        Seconds; of onsets nearer to each other than that only the strongest is kept.

    Returns
    -------
    int64[onsets]
        Increasing frames in `audio`, each at the quiet before its attack; `start` opens a note
        anyway, so none lies nearer to it than `apart`.
    """
    if frames == 0:
        return np.zeros(0, np.int64)
    hop = even_length(HOP, sample_rate)
    flux = _flux(audio, start, frames, hop, sample_rate)
    rate = sample_rate / hop
    peaks = _peaks(flux, round(AROUND * rate), max(1, round(apart * rate)))
    found = [
        _settle(audio, start, start + frames, start + _foot(flux, peak) * hop, hop)
        for peak in peaks.tolist()
    ]
    unique = np.unique(np.array(found, np.int64))
    return unique[unique - start >= apart * sample_rate]


def _flux(
    audio: NDArray[np.float32], start: int, frames: int, hop: int, sample_rate: int
) -> NDArray[np.float64]:
    """Give the mean rise over the bands, dB, around every hop; silence precedes the source."""
    size = SIZE * hop
    count = -(-frames // hop)
    reference = _reference(audio, start, frames, hop, sample_rate)
    bands = mel_bands(BANDS, size, sample_rate, LOW, HIGH)
    before = np.zeros((LAG, BANDS), np.float32)
    parts = []
    for first, signal in _chunks(audio, start, frames, hop):
        begin = np.arange((len(signal) - size) // hop + 1, dtype=np.int64) * hop
        power = power_spectra(signal, begin, np.full(len(begin), size), size) @ bands
        floor = reference[first : first + len(begin), None]
        level = np.concatenate([before, 10.0 * np.log10(1.0 + power / floor)])
        parts.append(np.maximum(0.0, level[LAG:] - level[:-LAG]).mean(axis=1))
        before = level[-LAG:]
    flux = np.concatenate(parts)[:count].astype(np.float64)
    return np.convolve(flux, [0.25, 0.5, 0.25], mode="same")


def _chunks(
    audio: NDArray[np.float32], start: int, frames: int, hop: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield the first hop and the signal of runs of frames, each centred on its hop."""
    half = SIZE * hop // 2
    count = -(-frames // hop)
    for first in range(0, count, CHUNK):
        last = min(count, first + CHUNK)
        low, high = first * hop - half, (last - 1) * hop + half
        inside = mono(audio, start + max(0, low), start + min(frames, high))
        # Mirrored, since a source that breaks off is no click.
        yield first, np.pad(inside, (max(0, -low), max(0, high - frames)), mode="symmetric")


def _reference(
    audio: NDArray[np.float32], start: int, frames: int, hop: int, sample_rate: int
) -> NDArray[np.float32]:
    """Give the power below which a band counts little, at every hop."""
    squares = []
    for first in range(start, start + frames, CHUNK * hop):
        signal = mono(audio, first, min(start + frames, first + CHUNK * hop)).astype(np.float64)
        squares.append(np.add.reduceat(signal**2, np.arange(0, len(signal), hop)) / hop)
    power = np.concatenate(squares)
    reach = round(REFERENCE * sample_rate / hop)
    around = np.maximum(_moving_mean(power, reach), power.mean() * 10.0 ** (-RANGE_DB / 10.0))
    floor = around * 10.0 ** (-DEPTH_DB / 10.0)
    return np.asarray(np.maximum(floor, 10.0 ** (SILENCE_DB / 10.0)), np.float32)


def _moving_mean(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Give the mean over `reach` values on each side, as far as there are any."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    low, high = np.maximum(0, index - reach), np.minimum(len(values), index + reach + 1)
    return np.asarray((sums[high] - sums[low]) / (high - low))


def _peaks(flux: NDArray[np.float64], around: int, apart: int) -> NDArray[np.int64]:
    """Pick the hops that stand out from what is around them, the strongest first."""
    padded = np.pad(flux, 1, constant_values=-1.0)
    threshold = ABOVE * _moving_mean(flux, around) + LEAST_DB
    peaks = np.flatnonzero((flux >= padded[:-2]) & (flux > padded[2:]) & (flux > threshold))
    taken = np.zeros(len(flux) + 2 * apart, np.bool_)
    kept = []
    for peak in peaks[np.argsort(-flux[peaks], kind="stable")].tolist():
        if not taken[peak + apart]:
            kept.append(peak)
            taken[peak + 1 : peak + 2 * apart] = True
    return np.sort(np.array(kept, np.int64))


def _foot(flux: NDArray[np.float64], peak: int) -> int:
    """Go back from a peak to the hop at which its rise began."""
    rise = flux[max(0, peak - REACH) : peak] <= FOOT * flux[peak]
    return peak - int(np.argmax(rise[::-1])) if rise.any() else max(0, peak - REACH)


def _settle(audio: NDArray[np.float32], first: int, last: int, position: int, hop: int) -> int:
    """Move an onset to the sign change, or else the smallest sample, in the quiet around it.

    Parameters
    ----------
    first, last
        The source's bounds.
    position
        Where the flux began to rise, frames; the attack follows within three hops.
    hop
        Frames between flux frames.
    """
    step = max(1, hop // 4)
    low, high = max(first, position - hop), min(last, position + 3 * hop)
    signal = mono(audio, low, high)
    count = len(signal) // step
    if count < 4:
        return low
    level = (signal[: count * step].reshape(count, step).astype(np.float64) ** 2).mean(axis=1)
    level = 10.0 * np.log10(level + 1e-9)
    at = int(np.argmax(level[2:] - level[:-2])) + 1
    while at > 0 and level[at - 1] < level[at]:
        at -= 1
    begin, end = at * step, min(len(signal), (at + 1) * step)
    part = signal[begin:end]
    crossings = np.flatnonzero(np.signbit(part[1:]) != np.signbit(part[:-1])) + 1
    offset = crossings[0] if len(crossings) else np.argmin(np.abs(part))
    return low + begin + int(offset)
