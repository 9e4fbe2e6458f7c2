"""Cut sources into units at every scale.

Each scale is detected on its own; coarse boundaries then cut the finer scales, whose own boundaries
give way where they would lie too near.  A scale's units tile each source.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from idiolect.config import ScaleSettings
from idiolect.corpus.beat import bars
from idiolect.corpus.cuts import settle
from idiolect.corpus.features import Features, features
from idiolect.corpus.gate import gate
from idiolect.corpus.novelty import changes
from idiolect.corpus.onsets import onsets
from idiolect.corpus.settings import CorpusSettings
from idiolect.corpus.store import Source
from idiolect.grain import UNIT

__all__ = ["Bounds", "Segmented", "equal_parts", "gather", "segment", "segment_source", "tidy"]

Places = tuple[NDArray[np.int64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The boundaries of one source at one scale."""

    frames: NDArray[np.int64]  # [units + 1], absolute; the source's start and end among them
    method: str  # how they were found: the scale's own, or what took its place


@dataclass(frozen=True, slots=True)
class Segmented:
    """The units of one scale, before they have tokens."""

    name: str
    method: str  # how its boundaries were found
    units: NDArray[np.void]  # UNIT[units]


@dataclass
class _Heard:
    """A source, and what was heard in it if a method asks."""

    audio: NDArray[np.float32]
    start: int
    frames: int
    rate: int

    @cached_property
    def features(self) -> Features:
        return features(self.audio, self.start, self.frames, self.rate)


def segment_source(
    audio: NDArray[np.float32],
    start: int,
    frames: int,
    settings: CorpusSettings,
    labels: Mapping[str, NDArray[np.int64]] | None = None,
) -> list[Bounds]:
    """Cut one source at every scale.

    Parameters
    ----------
    audio : float32[n, channels]
        The bundle's audio.
    start, frames
        The source within it.
    settings
        The scales.
    labels
        Boundaries that win over detection, by the scale's name: frames from the source's start.

    Returns
    -------
    list of Bounds
        Finest first; every boundary of a scale is one of the finer scales, too.

    Notes
    -----
    Pure: no state, no randomness.  May run in any thread.
    """
    rate = settings.sample_rate
    heard = _Heard(audio, start, frames, rate)
    bounds = np.array([start, start + frames], np.int64)
    found: list[Bounds] = []
    for scale in reversed(settings.scales):
        if labels and scale.name in labels:
            places = np.unique(labels[scale.name]) + start
            method, strengths = "labels", np.ones(len(places))
        elif scale.method == "fixed":
            shortest = max(1, round(scale.shortest * rate))
            bounds = equal_parts(bounds, scale.wanted * rate, shortest, scale.longest * rate)
            found.append(Bounds(bounds, "fixed"))
            continue
        else:
            method, (places, strengths) = _detect(heard, scale)
        shortest = max(1, round(scale.shortest * rate))
        bounds = tidy(bounds, places, strengths, shortest, scale.longest * rate)
        found.append(Bounds(bounds, method))
    return found[::-1]


def _detect(heard: _Heard, scale: ScaleSettings) -> tuple[str, Places]:
    """Find a scale's places, absolute, and the method that found them."""
    rate = heard.rate
    if scale.method == "onset":
        places = onsets(heard.audio, heard.start, heard.frames, rate)
        return "onset", (places, np.ones(len(places)))
    if heard.frames < 2 * scale.shortest * rate:  # nowhere to cut
        return scale.method, (np.zeros(0, np.int64), np.zeros(0))
    if scale.method == "silence":
        places = gate(heard.audio, heard.start, heard.frames, rate)
        cuts = settle(heard.audio, places, heard.start, heard.frames, rate, 0.02)
        return "silence", (cuts, np.ones(len(cuts)))
    method = scale.method
    if method == "beat":
        lines = bars(heard.features, scale.wanted, rate)
        if lines is not None:
            cuts = settle(heard.audio, lines + heard.start, heard.start, heard.frames, rate, 0.006)
            return "beat", (cuts, np.ones(len(cuts)))
        method = "novelty"
    lengths = scale.shortest * rate, scale.wanted * rate
    places, strengths = changes(heard.features, *lengths, method == "novelty")
    cuts = settle(heard.audio, places + heard.start, heard.start, heard.frames, rate, 0.1)
    return method, (cuts, strengths)


def tidy(
    parents: NDArray[np.int64],
    places: NDArray[np.int64],
    strengths: NDArray[np.float64],
    shortest: int,
    longest: float,
) -> NDArray[np.int64]:
    """Choose a scale's boundaries within its parents.

    Parameters
    ----------
    parents : int64[parents + 1]
        Boundaries that stay.
    places, strengths
        Where the scale could be cut: from a strength of 1 on it is, the strongest first, unless
        that leaves a unit too short; places below serve to split what is too long.
    shortest, longest
        Of a unit, frames; `longest` at least twice `shortest`.

    Returns
    -------
    int64[units + 1]
        With `parents` among them.
    """
    bounds = [int(parents[0])]
    for low, high in pairwise(parents.tolist()):
        inside = (places >= low + shortest) & (places <= high - shortest)
        order = np.lexsort((places[inside], -strengths[inside]))
        sorted_places = places[inside][order].tolist()
        sure = int((strengths[inside] >= 1).sum())
        kept = _spaced(low, high, sorted_places[:sure], shortest)
        for first, last in pairwise(kept):
            bounds += _split(first, last, sorted_places[sure:], shortest, longest)
    return np.array(bounds, np.int64)


def _spaced(low: int, high: int, places: list[int], shortest: int) -> list[int]:
    """Keep each place that is far enough from all kept before it."""
    taken = {low // shortest: low}
    for place in places:
        cell = place // shortest
        if all(abs(place - taken.get(c, high)) >= shortest for c in (cell - 1, cell, cell + 1)):
            taken[cell] = place
    return [*sorted(taken.values()), high]


def _split(low: int, high: int, places: list[int], shortest: int, longest: float) -> list[int]:
    """Give the ends of the units between two boundaries: none longer than the longest."""
    if high - low <= longest:
        return [high]
    for place in places:
        if low + shortest <= place <= high - shortest:
            left = _split(low, place, places, shortest, longest)
            return left + _split(place, high, places, shortest, longest)
    parts = int(np.ceil((high - low) / longest))
    return [low + (high - low) * part // parts for part in range(1, parts + 1)]


def equal_parts(
    bounds: NDArray[np.int64], wanted: float, shortest: int, longest: float
) -> NDArray[np.int64]:
    """Cut each piece into equal parts as near to the wanted length as possible.

    Parameters
    ----------
    bounds : int64[pieces + 1]
        Boundaries of the pieces.
    wanted
        Length of a part, frames.
    shortest, longest
        Limits of a part, frames; a piece below the shortest is one part.

    Returns
    -------
    int64[parts + 1]
        Boundaries of the parts, `bounds` among them.
    """
    lengths = np.diff(bounds)
    fewer = np.maximum(1, np.floor(lengths / wanted)).astype(np.int64)
    more = np.minimum(fewer + 1, lengths)
    nearer = np.abs(lengths / more - wanted) < np.abs(lengths / fewer - wanted)
    counts = np.minimum(np.where(nearer, more, fewer), np.maximum(1, lengths // shortest))
    counts = np.maximum(counts, np.ceil(lengths / longest).astype(np.int64))
    parents = np.repeat(np.arange(len(lengths)), counts)
    index = np.arange(len(parents)) - (np.cumsum(counts) - counts)[parents]
    cuts = bounds[parents] + lengths[parents] * index // counts[parents]
    return np.append(cuts, bounds[-1])


def gather(
    cut: Sequence[Sequence[Bounds]], settings: CorpusSettings
) -> tuple[list[Segmented], dict[str, str]]:
    """Make the units of all sources.

    Parameters
    ----------
    cut
        What `segment_source` gave for each source, in their order.
    settings
        The scales, and how few units make no scale.

    Returns
    -------
    scales
        Finest first.
    left_out
        Scales that are not there, and why.
    """
    kept: list[Segmented] = []
    left_out: dict[str, str] = {}
    coarser: NDArray[np.void] | None = None
    for index in reversed(range(len(settings.scales))):
        name = settings.scales[index].name
        units = np.concatenate([_units(s[index].frames, i) for i, s in enumerate(cut)])
        if index > 0 and len(units) < settings.fewest_units:
            left_out[name] = (
                f"{len(units)} units; {settings.fewest_units} are the fewest worth learning"
            )
            continue
        if coarser is not None:
            inside = np.searchsorted(coarser["start"], units["start"], side="right") - 1
            units["parent"] = inside
        kept.append(Segmented(name, _method([s[index].method for s in cut]), units))
        coarser = units
    return kept[::-1], left_out


def _method(methods: list[str]) -> str:
    """Say how boundaries were found, and for how many sources where that differs."""
    counts = {method: methods.count(method) for method in sorted(set(methods))}
    if len(counts) == 1:
        return methods[0]
    return ", ".join(f"{method} ({count} sources)" for method, count in counts.items())


def segment(
    audio: NDArray[np.float32],
    sources: tuple[Source, ...],
    settings: CorpusSettings,
    progress: Callable[[float, float], None],
) -> tuple[list[Segmented], dict[str, str]]:
    """Cut every source at every scale, one after the other.

    Parameters
    ----------
    audio : float32[frames, channels]
        All sources, end to end.
    sources
        Where each lies.
    settings
        The scales, and how few units make no scale.
    progress
        Called with frames done and frames in all.

    Returns
    -------
    scales, left_out
        As `gather` gives them.
    """
    cut = []
    for source in sources:
        cut.append(segment_source(audio, source.start, source.frames, settings))
        progress(source.start + source.frames, len(audio))
    return gather(cut, settings)


def _units(bounds: NDArray[np.int64], source: int) -> NDArray[np.void]:
    units = np.zeros(len(bounds) - 1, UNIT)
    units["start"], units["length"] = bounds[:-1], np.diff(bounds)
    units["source"], units["parent"] = source, -1
    return units
