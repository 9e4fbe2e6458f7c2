"""Cut sources into units at every scale.

Each scale is detected on its own; coarse boundaries then cut the finer scales, whose own boundaries
give way where they would lie too near.  A scale's units tile each source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from idiolect.config.learning import ScaleSettings
from idiolect.corpus.boundaries.beat import bars
from idiolect.corpus.boundaries.bounds import Bounds
from idiolect.corpus.boundaries.cuts import settle
from idiolect.corpus.boundaries.features import Features, features
from idiolect.corpus.boundaries.gate import gate
from idiolect.corpus.boundaries.harmony import harmony
from idiolect.corpus.boundaries.nesting import equal_parts, tidy
from idiolect.corpus.boundaries.novelty import changes
from idiolect.corpus.boundaries.onsets import onsets
from idiolect.corpus.boundaries.structure import sections
from idiolect.corpus.settings import CorpusSettings
from idiolect.grain import UNIT

__all__ = ["Segmented", "gather", "segment_source"]

BAR, CHANGE = 0.006, 0.1  # seconds a cut may be moved by

Places = tuple[NDArray[np.int64], NDArray[np.float64]]


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

    @cached_property
    def harmony(self) -> NDArray[np.float32]:
        hop = self.features.pool
        return harmony(self.audio, self.start, self.frames, self.rate, hop)


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
        drawn = _drawn(settings.scales, scale, start, labels)
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
            if drawn is not None and len(places):  # a detected phrase ends no labelled note early
                places = drawn[np.abs(drawn - places[:, None]).argmin(axis=1)]
        shortest = max(1, round(scale.shortest * rate))
        bounds = tidy(bounds, places, strengths, shortest, scale.longest * rate)
        found.append(Bounds(bounds, method))
    return found[::-1]


def _drawn(
    scales: tuple[ScaleSettings, ...],
    scale: ScaleSettings,
    start: int,
    labels: Mapping[str, NDArray[np.int64]] | None,
) -> NDArray[np.int64] | None:
    """Give the labels of the coarsest labelled scale that is finer than `scale`, absolute."""
    finer = [s.name for s in scales[: scales.index(scale)] if labels and s.name in labels]
    if not finer or not labels or not len(labels[finer[-1]]):
        return None
    return np.unique(labels[finer[-1]]) + start


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
    return _by_change(heard, scale)


def _by_change(heard: _Heard, scale: ScaleSettings) -> tuple[str, Places]:
    """Find bars, or else where the sound changes."""
    rate, method = heard.rate, scale.method
    lengths = scale.shortest * rate, scale.wanted * rate
    if method == "structure":
        places, strengths = sections(heard.features, heard.harmony, *lengths)
        return method, (_settled(heard, places, CHANGE), strengths)
    found = bars(heard.features, scale.wanted, rate) if method == "beat" else None
    if found is None or not len(found.places):
        places, strengths = changes(heard.features, *lengths)
        return "novelty", (_settled(heard, places, CHANGE), strengths)
    places, strengths = _settled(heard, found.places, BAR), np.ones(len(found.places))
    if len(found.free):
        others, strong = changes(heard.features, *lengths)
        free = ((others[:, None] >= found.free[:, 0]) & (others[:, None] < found.free[:, 1])).any(1)
        places = np.append(places, _settled(heard, others[free], CHANGE))
        strengths = np.append(strengths, strong[free])
    return "beat", (places, strengths)


def _settled(heard: _Heard, places: NDArray[np.int64], reach: float) -> NDArray[np.int64]:
    """Move places, from the source's start, to where a cut is heard least; absolute."""
    return settle(heard.audio, places + heard.start, heard.start, heard.frames, heard.rate, reach)


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
        if coarser is not None and len(units) == len(coarser):  # they tile the same audio
            left_out[kept.pop().name] = f"the same units as {name}"
            coarser = kept[-1].units if kept else None
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


def _units(bounds: NDArray[np.int64], source: int) -> NDArray[np.void]:
    units = np.zeros(len(bounds) - 1, UNIT)
    units["start"], units["length"] = bounds[:-1], np.diff(bounds)
    units["source"], units["parent"] = source, -1
    return units
