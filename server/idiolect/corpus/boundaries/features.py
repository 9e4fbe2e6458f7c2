"""What the detectors of boundaries listen to, computed in one pass over a source, in blocks."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from idiolect.corpus.spectrum import decibel, even_length, mono
from idiolect.mel import mel_bands

__all__ = ["Features", "features"]

HOP = 0.00533  # seconds between rows of rise: 256 frames at 48 kHz
SIZE = 4  # hops in a spectrum
LAG = 2  # hops between the spectra compared
BANDS = 24
REGISTERS = 4  # of six bands each, so that a kick is not taken for a hi-hat
FLOOR = np.float32(1e-7)  # of power, below which a change does not count: -70 dB
POOL = 19  # hops in a row of timbre: 0.1 s
CHUNK = 108 * POOL  # spectra at once


@dataclass(frozen=True, slots=True)
class Features:
    """One source, as the detectors hear it: 0.5 MB a minute."""

    hop: int  # frames between rows of `rise`
    rise: NDArray[np.float32]  # [hops, registers], dB: mean rise over the bands of a register
    pool: int  # frames between rows of `timbre` and `level`
    timbre: NDArray[np.float32]  # [rows, bands], dB
    level: NDArray[np.float32]  # [rows], dB


def features(audio: NDArray[np.float32], start: int, frames: int, sample_rate: int) -> Features:
    """Listen to one source.

    Parameters
    ----------
    audio : float32[n, channels]
        The bundle's audio, linear.
    start, frames
        The source within it.
    sample_rate
        Hz.
    """
    hop = even_length(HOP, sample_rate)
    size = SIZE * hop
    window = np.hanning(size + 2)[1:-1].astype(np.float32)
    weights = mel_bands(BANDS, size, sample_rate) / np.float32((window**2).sum())
    before = np.full((LAG, BANDS), 10.0 * np.log10(FLOOR), np.float32)
    rise, timbre, level = [], [], []
    for first in range(0, frames, CHUNK * hop):
        count = -(-min(CHUNK * hop, frames - first) // hop)
        signal = mono(audio, start + first, min(start + frames, start + first + count * hop + size))
        signal = np.pad(signal, (0, max(0, count * hop + size - len(signal))))
        spectra = scipy.fft.rfft(sliding_window_view(signal, size)[: count * hop : hop] * window)
        power = (spectra.real**2 + spectra.imag**2) @ weights
        bands = np.concatenate([before, 10.0 * np.log10(power + FLOOR)])
        change = np.maximum(0.0, bands[LAG:] - bands[:-LAG])
        rise.append(change.reshape(count, REGISTERS, -1).mean(axis=2))
        rows = np.arange(0, count, POOL)
        sizes = np.diff(np.append(rows, count))
        mean = np.add.reduceat(power, rows) / sizes[:, None]
        timbre.append(decibel(mean))
        level.append(decibel(mean.mean(axis=1)))
        before = bands[-LAG:]
    return Features(
        hop,
        np.concatenate(rise).astype(np.float32),
        POOL * hop,
        np.concatenate(timbre).astype(np.float32),
        np.concatenate(level).astype(np.float32),
    )
