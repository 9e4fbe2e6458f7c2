"""Describe units by numbers, each from the unit's own frames alone.

A descriptor that saw frames outside its unit would carry the next token into the model's input.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.scale import LOWEST
from idiolect.corpus.description.chroma import chroma
from idiolect.corpus.description.columns import NAMES, select
from idiolect.corpus.description.custom import measure
from idiolect.corpus.description.pitch import pitches
from idiolect.corpus.description.timbre import timbre
from idiolect.corpus.spectrum import decibel, mono
from idiolect.mel import SILENCE_DB

__all__ = ["batches", "describe"]

BATCH = 20.0  # seconds of audio at once: bounds memory to tens of megabytes
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
    columns.update(timbre(signal, starts, lengths, sample_rate))
    columns.update(chroma(signal, starts, lengths, sample_rate))
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
