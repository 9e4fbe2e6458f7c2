"""Describe units by numbers, each from the unit's own frames alone.

A descriptor that saw frames outside its unit would carry the next token into the model's input.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.columns import MFCC, NAMES, select
from idiolect.corpus.custom import measure
from idiolect.corpus.pitch import pitches
from idiolect.corpus.spectrum import (
    SILENCE_DB,
    decibel,
    even_length,
    frames_of_units,
    mel_bands,
    mono,
    power_spectra,
)

__all__ = ["batches", "describe"]

FRAME = 0.0213  # seconds: 1024 frames at 48 kHz
MEL_BANDS = 32
BATCH = 20.0  # seconds of audio at once: bounds memory to tens of megabytes
LOWEST = 20.0  # Hz, where the logarithm of a frequency begins
ROLLOFF = 0.85  # share of the power below the roll-off
PEAK_STEP = 0.002  # seconds added to the attack before its logarithm

Matrix = NDArray[np.float64]


def describe(
    audio: NDArray[np.float32],
    units: NDArray[np.void],
    sample_rate: int,
    wanted: tuple[str, ...] = (),
) -> NDArray[np.float32]:
    """Describe units that follow each other.

    Parameters
    ----------
    audio : float32[frames, channels]
        The bundle's audio.
    units : UNIT[units]
        Of one scale, sorted by start.
    sample_rate
        Hz.
    wanted
        As in `columns.select`.

    Returns
    -------
    float32[units, descriptors]
        In the units of `columns.COLUMNS`; NaN where the unit is too short or too quiet to tell.
    """
    chosen = select(wanted)
    kept = [NAMES.index(column.name) for column in chosen if column.name in NAMES]
    own = [column.name for column in chosen if column.name not in NAMES]
    values = np.zeros((len(units), len(chosen)), np.float32)
    for low, high in batches(units, round(BATCH * sample_rate)):
        starts = units["start"][low:high].astype(np.int64)
        lengths = units["length"][low:high].astype(np.int64)
        signal = mono(audio, int(starts[0]), int(starts[-1] + lengths[-1]))
        starts -= starts[0]
        values[low:high, : len(kept)] = _describe(signal, starts, lengths, sample_rate)[:, kept]
        for index, name in enumerate(own, start=len(kept)):
            values[low:high, index] = measure(name, signal, starts, lengths, sample_rate)
    return values


def batches(units: NDArray[np.void], frames: int) -> Iterator[tuple[int, int]]:
    """Split units into runs of about `frames` of audio each, at least one unit."""
    low = 0
    while low < len(units):
        limit = units["start"][low] + frames
        high = max(low + 1, int(np.searchsorted(units["start"], limit)))
        yield low, high
        low = high


def _describe(
    signal: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sample_rate: int,
) -> Matrix:
    """Fill the columns; NaN is missing."""
    columns: dict[str, Matrix] = {}
    columns.update(_waveform(signal, starts, lengths, sample_rate))
    columns.update(_spectral(signal, starts, lengths, sample_rate))
    hertz, confidence, measured = pitches(signal, starts, lengths, sample_rate)
    columns["pitch"] = np.where(hertz > 0, np.log2(np.maximum(hertz, 1.0) / LOWEST), np.nan)
    columns["pitch_confidence"] = np.where(measured, confidence, np.nan)
    silent = columns["loudness"] <= SILENCE_DB
    for name, column in columns.items():
        if name not in {"loudness", "duration", "loudness_change"}:
            column[silent] = np.nan
    return np.stack([columns[name] for name in NAMES], axis=1)


def _waveform(
    signal: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sample_rate: int,
) -> dict[str, Matrix]:
    """Describe what needs no spectrum; the units tile `signal`."""
    squares = signal.astype(np.float64) ** 2
    middle = starts + lengths // 2
    halves = np.add.reduceat(squares, np.stack([starts, middle], axis=1).ravel()).reshape(-1, 2)
    # reduceat gives the element itself for an empty range: units of one frame have no first half
    halves[lengths < 2, 0] = 0.0
    power = halves.sum(axis=1) / lengths
    rest = np.maximum(1, lengths - lengths // 2)
    change = decibel(halves[:, 1] / rest) - decibel(halves[:, 0] / np.maximum(1, lengths // 2))
    crossing = np.append(np.signbit(signal[1:]) != np.signbit(signal[:-1]), False)
    crossing[starts + lengths - 1] = False
    crossings = np.add.reduceat(crossing.astype(np.float64), starts) * sample_rate / (2.0 * lengths)
    peak = _first_peak(np.abs(signal), starts, lengths) / sample_rate
    return {
        "loudness": decibel(power),
        "loudness_change": np.where(lengths >= 2, change, np.nan),
        "zero_crossings": np.where(lengths >= 2, np.log2(1.0 + crossings / LOWEST), np.nan),
        "attack": np.log2(1.0 + peak / PEAK_STEP),
        "duration": np.log2(lengths / sample_rate),
    }


def _first_peak(
    size: NDArray[np.float32], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Matrix:
    """Give the frames from each unit's start to its largest sample."""
    owner = np.repeat(np.arange(len(starts)), lengths)
    largest = np.flatnonzero(size == np.maximum.reduceat(size, starts)[owner])
    units, first = np.unique(owner[largest], return_index=True)
    offset = np.zeros(len(starts))
    offset[units] = largest[first] - starts[units]
    return offset


def _spectral(
    signal: NDArray[np.float32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    sample_rate: int,
) -> dict[str, Matrix]:
    """Describe the mean power spectrum of each unit, and how its centroid moves."""
    size = even_length(FRAME, sample_rate)
    owner, begin, held = frames_of_units(starts, lengths, size, size // 2)
    frames = power_spectra(signal, begin, held, size)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    counts = np.diff(np.append(first, len(owner)))
    power = np.add.reduceat(frames, first, axis=0).astype(np.float64) / counts[:, None]
    octaves = np.log2(1.0 + np.fft.rfftfreq(size, 1.0 / sample_rate) / LOWEST)
    total = np.maximum(power.sum(axis=1), 1e-20)
    centroid = power @ octaves / total
    spread = np.sqrt(np.maximum(0.0, power @ octaves**2 / total - centroid**2))
    below = np.cumsum(power, axis=1) >= ROLLOFF * total[:, None]
    columns = {
        "centroid": centroid,
        "spread": spread,
        "flatness": (10.0 * np.log10(power + 1e-12)).mean(axis=1)
        - 10.0 * np.log10(power.mean(axis=1) + 1e-12),
        "rolloff": octaves[np.argmax(below, axis=1)],
        "centroid_change": _movement(frames, octaves, owner, first, counts),
    }
    cepstrum = decibel(power @ mel_bands(MEL_BANDS, size, sample_rate)) @ _cosines()
    columns.update({f"mfcc_{i + 1}": cepstrum[:, i] for i in range(MFCC)})
    return columns


def _movement(
    frames: NDArray[np.float32],
    octaves: Matrix,
    owner: NDArray[np.int64],
    first: NDArray[np.int64],
    counts: NDArray[np.int64],
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


def _cosines() -> Matrix:
    """Give columns 1 to 12 of the orthonormal discrete cosine transform of the bands."""
    band = (np.arange(MEL_BANDS) + 0.5) / MEL_BANDS
    return np.asarray(
        np.sqrt(2.0 / MEL_BANDS) * np.cos(np.pi * band[:, None] * np.arange(1, MFCC + 1))
    )
