"""Boundaries that a person drew: label files as Audacity exports them, beside the audio.

``NAME.txt`` beside ``NAME.wav`` labels the scale ``note``, or the finest where there is none of
that name; ``NAME.SCALE.txt`` labels the scale it names.  A line holds start, end and text, parted by
tabs, in seconds; a point has its start twice.
"""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import CorpusError

__all__ = ["Labelled", "label_files", "labels_of"]

USUAL = "note"  # the scale of a file that names none
SAME = 0.02  # seconds: an end this near to the next start is the same boundary
LATE = 0.1  # seconds beyond the audio's end that are rounding


@dataclass(frozen=True, slots=True)
class Labelled:
    """The label files of one source."""

    bounds: dict[str, NDArray[np.int64]]  # frames from the source's start, by scale
    notes: tuple[str, ...]  # what was passed over


def labels_of(path: Path, names: tuple[str, ...], frames: int, sample_rate: int) -> Labelled:
    """Read the label files beside an audio file.

    Parameters
    ----------
    path
        The audio file.
    names
        The scales, finest first.
    frames, sample_rate
        Of the audio as it is stored.

    Raises
    ------
    CorpusError
        With file, line, value and cure, when a label cannot be.
    """
    bounds, notes = {}, []
    for name, file in label_files(path, names).items():
        pairs = _read(file, frames / sample_rate)
        if pairs is None:
            notes.append(f"{file.name} is no label file (start, end and text, in seconds)")
        else:
            bounds[name] = np.round(_bounds(pairs) * sample_rate).astype(np.int64)
    return Labelled(bounds, tuple(notes))


def label_files(path: Path, names: tuple[str, ...]) -> dict[str, Path]:
    """Find the texts beside an audio file that may label it, by scale.

    Parameters
    ----------
    path
        The audio file.
    names
        The scales, finest first.
    """
    usual = USUAL if USUAL in names else names[0]
    stem = os.path.splitext(path)[0]  # noqa: PTH122 - asked of every file of a large corpus
    files = {usual: f"{stem}.txt"}
    for name in names:
        named = f"{stem}.{name}.txt"
        if os.path.isfile(named):  # noqa: PTH113
            files[name] = named
    found = {name: file for name, file in files.items() if os.path.isfile(file)}  # noqa: PTH113
    return {name: Path(file) for name, file in found.items()}


def _read(file: Path, seconds: float) -> list[tuple[float, float]] | None:
    """Give starts and ends; None for a text that is no label file."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs: list[tuple[float, float]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("\\"):  # Audacity's second line: frequencies
            continue
        pair = _numbers(line)
        if pair is None and not pairs:
            return None
        where = f"{file}, line {number}"
        if pair is None:
            raise CorpusError(
                f"{where}: {line!r} has no start and end; write seconds, tab, seconds"
            )
        _check(where, pair, pairs[-1] if pairs else (0.0, 0.0), seconds)
        pairs.append(pair)
    return pairs or None


def _numbers(line: str) -> tuple[float, float] | None:
    fields = line.split("\t")
    try:
        pair = float(fields[0]), float(fields[1])
    except (ValueError, IndexError):
        return None
    return pair if all(map(math.isfinite, pair)) else None


def _check(
    where: str, pair: tuple[float, float], before: tuple[float, float], seconds: float
) -> None:
    start, end = pair
    if start < 0 or end < start:
        raise CorpusError(f"{where}: {start:g} to {end:g} s; let it start at 0 or later, then end")
    if start < before[0]:
        raise CorpusError(f"{where}: starts at {start:g} s, before {before[0]:g}; sort the labels")
    if start < before[1] - SAME:
        raise CorpusError(
            f"{where}: starts at {start:g} s inside the label before, which ends at {before[1]:g}; "
            "labels of one scale must not overlap"
        )
    if end > seconds + LATE:
        raise CorpusError(f"{where}: ends at {end:g} s, but the audio at {seconds:g}; shorten it")


def _bounds(pairs: list[tuple[float, float]]) -> NDArray[np.float64]:
    """Give all starts, and the ends that are not the next one's start."""
    found = np.array(pairs)
    starts, ends = found[:, 0], found[:, 1]
    after = np.append(starts[1:], np.inf)
    return np.unique(np.concatenate([starts, ends[after - ends > SAME]]))
