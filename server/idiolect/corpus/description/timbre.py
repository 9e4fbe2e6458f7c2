"""Timbre inside each unit: the shape of its mean spectrum, and how it moves."""

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.scale import LOWEST
from idiolect.corpus.description.columns import MFCC, MOVING
from idiolect.corpus.spectrum import decibel, even_length, frames_of_units, power_spectra
from idiolect.mel import mel_bands

__all__ = ["timbre"]

FRAME = 0.0213  # seconds: 1024 frames at 48 kHz
MEL_BANDS = 32
ROLLOFF = 0.85  # share of the power below the roll-off
FINE = 2.0**32  # steps of a frame's amplitude: whole numbers add up alike in any company

Matrix = NDArray[np.float64]
Owners = NDArray[np.int64]


def timbre(
    signal: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sample_rate: int,
) -> dict[str, Matrix]:
    """Describe the mean power spectrum of each unit, and how its frames move.

    Parameters
    ----------
    signal : float32[n]
        Audio.
    starts, lengths : int64[units]
        Where the units lie in it.
    sample_rate
        Hz.

    Returns
    -------
    dict
        float64[units] by column; NaN where a unit has too few frames to move.
    """
    size = even_length(FRAME, sample_rate)
    owner, begin, held = frames_of_units(starts, lengths, size, size // 2)
    frames = power_spectra(signal, begin, held, size)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    counts = np.diff(np.append(first, len(owner)))
    power = np.add.reduceat(frames, first, axis=0).astype(np.float64) / counts[:, None]
    octaves = np.log2(1.0 + np.fft.rfftfreq(size, 1.0 / sample_rate) / LOWEST)
    bands = mel_bands(MEL_BANDS, size, sample_rate)
    columns = _shape(power, octaves)
    columns["centroid_change"] = _drift(frames, octaves, owner, first, counts)
    cepstrum = decibel(power @ bands) @ _cosines(MFCC)
    columns |= {f"mfcc_{i + 1}": cepstrum[:, i] for i in range(MFCC)}
    moving = decibel(frames @ bands).astype(np.float64) @ _cosines(MOVING)
    return columns | _movement(moving, frames.mean(axis=1), owner, first)


def _shape(power: Matrix, octaves: Matrix) -> dict[str, Matrix]:
    """Describe spectra, float64[units, bins], by where their power lies."""
    total = np.maximum(power.sum(axis=1), 1e-20)
    centroid = power @ octaves / total
    below = np.cumsum(power, axis=1) >= ROLLOFF * total[:, None]
    return {
        "centroid": centroid,
        "spread": np.sqrt(np.maximum(0.0, power @ octaves**2 / total - centroid**2)),
        "flatness": (10.0 * np.log10(power + 1e-12)).mean(axis=1)
        - 10.0 * np.log10(power.mean(axis=1) + 1e-12),
        "rolloff": octaves[np.argmax(below, axis=1)],
    }


def _drift(
    frames: NDArray[np.float32], octaves: Matrix, owner: Owners, first: Owners, counts: Owners
) -> Matrix:
    """Give the centroid of each unit's later frames less that of its earlier ones."""
    index = np.arange(len(owner)) - first[owner]
    later = index >= (counts[owner] + 1) // 2
    earlier = index < counts[owner] // 2
    sums = np.stack([frames.sum(axis=1), frames @ octaves.astype(np.float32)], axis=1)
    sums = sums.astype(np.float64)
    one = np.add.reduceat(sums * earlier[:, None], first, axis=0)
    two = np.add.reduceat(sums * later[:, None], first, axis=0)
    heard = (counts >= 2) & (one[:, 0] > 1e-9) & (two[:, 0] > 1e-9)
    safe = np.where(heard, 1.0, np.nan)
    change = two[:, 1] / np.maximum(two[:, 0], 1e-30) - one[:, 1] / np.maximum(one[:, 0], 1e-30)
    return np.asarray(change * safe)


def _movement(
    cepstrum: Matrix, power: NDArray[np.float32], owner: Owners, first: Owners
) -> dict[str, Matrix]:
    """Give how the cepstrum changes from one half of the sound to the other, and how much it varies.

    A frame counts by its amplitude, so that the silence after a sound is no part of its movement:
    the halves are those of the amplitude's sum, not of the time.
    """
    amount = 1 + np.round(np.sqrt(power.astype(np.float64)) * FINE).astype(np.int64)
    total = np.add.reduceat(amount, first)
    before = np.cumsum(amount) - amount
    middle = 2 * (before - before[first][owner]) + amount
    later = middle >= total[owner]
    weight = amount.astype(np.float64)[:, None]

    def mean(values: Matrix, chosen: NDArray[np.bool_]) -> Matrix:
        kept = weight * chosen[:, None]
        sums = np.add.reduceat(kept * values, first, axis=0)
        return np.asarray(sums / np.maximum(np.add.reduceat(kept, first, axis=0), 1e-9))

    everywhere = np.ones(len(owner), np.bool_)
    change = mean(cepstrum, later) - mean(cepstrum, ~later)
    away = cepstrum - mean(cepstrum, everywhere)[owner]
    deviation = np.sqrt(mean(away**2, everywhere))
    single = np.diff(np.append(first, len(owner))) < 2
    change[single], deviation[single] = np.nan, np.nan
    return {f"mfcc_change_{i + 1}": change[:, i] for i in range(MOVING)} | {
        f"mfcc_deviation_{i + 1}": deviation[:, i] for i in range(MOVING)
    }


def _cosines(count: int) -> Matrix:
    """Give columns 1 to `count` of the orthonormal discrete cosine transform of the bands."""
    band = (np.arange(MEL_BANDS) + 0.5) / MEL_BANDS
    return np.asarray(
        np.sqrt(2.0 / MEL_BANDS) * np.cos(np.pi * band[:, None] * np.arange(1, count + 1))
    )
