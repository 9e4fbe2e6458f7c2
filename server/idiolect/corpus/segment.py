"""Cut sources into units at every scale.

A scale's units tile each source.  Coarse boundaries cut the finer scale, so every unit lies in one
parent; the grains of a note are equal parts of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.onsets import onsets
from idiolect.corpus.settings import CorpusSettings
from idiolect.corpus.store import Source
from idiolect.grain import UNIT

__all__ = ["Segmented", "equal_parts", "note_boundaries", "segment"]


@dataclass(frozen=True, slots=True)
class Segmented:
    """The units of one scale, before they have tokens."""

    name: str
    method: str  # how its boundaries were found
    units: NDArray[np.void]  # UNIT[units]


def segment(
    audio: NDArray[np.float32],
    sources: tuple[Source, ...],
    settings: CorpusSettings,
    progress: Callable[[float, float], None],
) -> tuple[list[Segmented], dict[str, str]]:
    """Cut every source at every scale.

    Parameters
    ----------
    audio : float32[frames, channels]
        All sources, end to end.
    sources
        Where each lies.
    settings
        Lengths, and how few units make no scale.
    progress
        Called with frames done and frames in all.

    Returns
    -------
    scales
        Finest first.
    left_out
        Scales that are not there, and why.
    """
    rate = settings.sample_rate
    notes, grains, parents = [], [], []
    count = 0
    for index, source in enumerate(sources):
        starts = onsets(audio, source.start, source.frames, rate)
        bounds = note_boundaries(starts, source.start, source.frames, settings)
        notes.append(_units(bounds, index))
        cuts, parent = equal_parts(bounds, settings.grain * rate)
        grains.append(_units(cuts, index))
        parents.append(parent + count)
        count += len(bounds) - 1
        progress(source.start + source.frames, len(audio))
    fine, coarse = np.concatenate(grains), np.concatenate(notes)
    grain = Segmented("grain", f"equal parts of about {settings.grain:g} s", fine)
    if count < settings.fewest_units:
        reason = f"{count} units; {settings.fewest_units} are the fewest worth learning"
        return [grain], {"note": reason}
    fine["parent"] = np.concatenate(parents)
    return [grain, Segmented("note", "onsets by spectral flux", coarse)], {}


def note_boundaries(
    starts: NDArray[np.int64], first: int, frames: int, settings: CorpusSettings
) -> NDArray[np.int64]:
    """Turn onsets into boundaries that tile a source.

    Parameters
    ----------
    starts : int64[onsets]
        Increasing, absolute frames.
    first, frames
        The source.

    Returns
    -------
    int64[notes + 1]
        The first is the source's start, the last its end.  No note is shorter than the shortest
        (unless the source is), none longer than the longest.
    """
    shortest = max(1, round(settings.note_shortest * settings.sample_rate))
    kept = [first]
    for start in starts.tolist():
        if start - kept[-1] >= shortest and first + frames - start >= shortest:
            kept.append(start)
    kept.append(first + frames)
    bounds = [first]
    longest = settings.note_longest * settings.sample_rate
    for low, high in pairwise(kept):
        parts = max(1, int(np.ceil((high - low) / longest)))
        bounds += [low + (high - low) * (part + 1) // parts for part in range(parts)]
    return np.array(bounds, np.int64)


def equal_parts(
    bounds: NDArray[np.int64], wanted: float
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Cut each piece into equal parts as near to the wanted length as possible.

    Parameters
    ----------
    bounds : int64[pieces + 1]
        Boundaries of the pieces.
    wanted
        Length of a part, frames.

    Returns
    -------
    cuts : int64[parts + 1]
        Boundaries of the parts, `bounds` among them.
    parents : int32[parts]
        Piece of each part.
    """
    lengths = np.diff(bounds)
    fewer = np.maximum(1, np.floor(lengths / wanted)).astype(np.int64)
    more = np.minimum(fewer + 1, lengths)
    nearer = np.abs(lengths / more - wanted) < np.abs(lengths / fewer - wanted)
    counts = np.where(nearer, more, fewer)
    parents = np.repeat(np.arange(len(lengths)), counts)
    index = np.arange(len(parents)) - (np.cumsum(counts) - counts)[parents]
    cuts = bounds[parents] + lengths[parents] * index // counts[parents]
    return np.append(cuts, bounds[-1]), parents.astype(np.int32)


def _units(bounds: NDArray[np.int64], source: int) -> NDArray[np.void]:
    units = np.zeros(len(bounds) - 1, UNIT)
    units["start"], units["length"] = bounds[:-1], np.diff(bounds)
    units["source"], units["parent"] = source, -1
    return units
