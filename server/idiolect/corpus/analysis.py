"""From files to described units at every scale: all that is done before anything is fitted.

What an earlier bundle of the same name knows is taken from there; only what changed is analysed.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.boundaries.bounds import Bounds
from idiolect.corpus.boundaries.segment import Segmented, gather, segment_source
from idiolect.corpus.description.custom import source_of
from idiolect.corpus.description.describe import batches, describe
from idiolect.corpus.description.edges import EDGE_BANDS, measure_edges
from idiolect.corpus.pages import let_go
from idiolect.corpus.reading.earlier import Earlier, EarlierScale, write_analysis
from idiolect.corpus.reading.files import find
from idiolect.corpus.reading.labels import labels_of
from idiolect.corpus.reading.sources import Stored
from idiolect.corpus.reading.store import store
from idiolect.corpus.settings import CorpusSettings
from idiolect.corpus.workers import each

__all__ = ["Analysis", "Described", "analyse"]

REVISION = 2
"""Grows when the same settings find something else: what an earlier revision found is not used."""

BATCH = 60.0  # seconds of audio described by one call

Tick = Callable[[float, float], None]
Stage = Callable[[str], AbstractContextManager[Tick]]
Boundaries = list[Bounds]


@dataclass(frozen=True, slots=True)
class Described:
    """The units of one scale, before they have tokens."""

    segmented: Segmented
    values: NDArray[np.float32]  # (units, descriptors), 0 where missing
    present: NDArray[np.bool_]  # (units, descriptors)
    edges: NDArray[np.float32]  # (units, 2, bands), dB


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a corpus holds."""

    audio: NDArray[np.float32]  # (frames, channels), memory map
    stored: Stored
    scales: list[Described]  # finest first
    left_out: dict[str, str]  # scales that are not there, and why


def analyse(
    folders: list[Path], folder: Path, settings: CorpusSettings, earlier_path: Path, stage: Stage
) -> Analysis:
    """Decode, segment and describe; leaves the audio, and the analysis itself, in `folder`.

    Parameters
    ----------
    folders
        Where the audio is.
    folder
        The bundle's, as it is being written.
    settings
        How.
    earlier_path
        Where an earlier bundle may be.
    stage
        Opens the stages ``decode``, ``segment`` and ``describe``, and gives the function that is
        told how far each has come.

    Raises
    ------
    CorpusError
        When there is no usable audio, or labels that cannot be.
    """
    digest = _digest(settings)
    earlier = Earlier.open(earlier_path, digest)
    path = folder / "audio.npy"
    with stage("decode") as tick:
        stored = store(find(folders), path, settings, tick, earlier)
    audio = np.load(path, mmap_mode="r")
    with stage("segment") as tick:
        boundaries, notes = _segment(audio, stored, settings, earlier, tick)
        told = zip(stored.sources, notes, strict=True)
        sources = tuple(replace(source, notes=source.notes + more) for source, more in told)
        stored = replace(stored, sources=sources)
        segmented, left_out = gather(boundaries, settings)
    with stage("describe") as tick:
        scales = []
        for index, scale in enumerate(segmented):
            known = _known_rows(scale, stored, earlier)
            part = _share(tick, index, len(segmented))
            scales.append(_describe(audio, scale, settings, known, part))
        write_analysis(folder, digest, list(stored.hashes), _kept(boundaries, scales, settings))
    return Analysis(audio, stored, scales, left_out)


def _digest(settings: CorpusSettings) -> str:
    """Digest what decides the analysis of a source; not how many threads there are."""
    own = [source_of(name) for name in settings.descriptors if ":" in name]
    deciding = asdict(settings) | {"jobs": None, "fewest_units": None, "revision": REVISION}
    for scale in deciding["scales"]:
        del scale["context_seconds"]  # is the network's
    deciding["own"] = own
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


def _segment(
    audio: NDArray[np.float32],
    stored: Stored,
    settings: CorpusSettings,
    earlier: Earlier | None,
    tick: Tick,
) -> tuple[list[Boundaries], list[tuple[str, ...]]]:
    """Give each source's boundaries at every scale that was asked for, and what was passed over."""
    sources, names, rate = stored.sources, settings.scale_names, settings.sample_rate
    fresh = [i for i, known in enumerate(stored.known) if earlier is None or known < 0]

    def work(index: int) -> tuple[Boundaries, tuple[str, ...]]:
        source, path = sources[index], stored.candidates[index].path
        labels = labels_of(path, names, source.frames, rate)
        found = segment_source(audio, source.start, source.frames, settings, labels.bounds)
        let_go(audio, source.start, source.start + source.frames)
        return found, labels.notes

    found: list[Boundaries] = [[] for _ in sources]
    notes: list[tuple[str, ...]] = [() for _ in sources]
    for index, heard in zip(fresh, each(work, fresh, settings.jobs), strict=True):
        found[index], notes[index] = heard
        tick(sources[index].start + sources[index].frames, len(audio))
    for index, known in enumerate(stored.known):
        if earlier is not None and known >= 0:
            scales = (earlier.scales[name] for name in names)
            found[index] = [scale.bounds(known, sources[index].start) for scale in scales]
    return found, notes


@dataclass(frozen=True, slots=True)
class _Known:
    """Rows of a scale that were described before."""

    rows: NDArray[np.int64]  # here
    values: NDArray[np.float32]
    edges: NDArray[np.float32]


def _known_rows(scale: Segmented, stored: Stored, earlier: Earlier | None) -> _Known | None:
    """Collect what an earlier bundle knows of a scale's units."""
    there = None if earlier is None else earlier.scales.get(scale.name)
    known = np.array(stored.known, np.int64)
    if there is None or there.values is None or there.edges is None or not (known >= 0).any():
        return None
    if there.edges.shape[2] != EDGE_BANDS:  # measured by a version that heard fewer bands
        return None
    firsts = np.searchsorted(scale.units["source"], np.arange(len(known) + 1))
    here, before = [], []
    for source in np.flatnonzero(known >= 0).tolist():
        here.append(np.arange(firsts[source], firsts[source + 1]))
        before.append(np.arange(there.firsts[known[source]], there.firsts[known[source] + 1]))
    index = np.concatenate(before)
    return _Known(np.concatenate(here), there.values[index], there.edges[index])


def _describe(
    audio: NDArray[np.float32],
    scale: Segmented,
    settings: CorpusSettings,
    known: _Known | None,
    tick: Tick,
) -> Described:
    """Describe the units of one scale, but for those that were before."""
    units, rate = scale.units, settings.sample_rate
    fresh = np.ones(len(units), np.bool_)
    if known is not None:
        fresh[known.rows] = False
    parts = list(_runs(units, fresh, round(BATCH * rate)))

    def work(part: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        own = units[part[0] : part[1]]
        found = describe(audio, own, rate, settings.descriptors)
        edges = measure_edges(audio, own, rate)
        let_go(audio, int(own["start"][0]), int(own["start"][-1] + own["length"][-1]))
        return found, edges

    values: NDArray[np.float32] | None = None if known is None else _rows(known.values, units)
    ends: NDArray[np.float32] | None = None if known is None else _rows(known.edges, units)
    if known is not None and values is not None and ends is not None:
        values[known.rows], ends[known.rows] = known.values, known.edges
    for (low, high), (found, edges) in zip(parts, each(work, parts, settings.jobs), strict=True):
        values = _rows(found, units) if values is None else values
        ends = _rows(edges, units) if ends is None else ends
        values[low:high], ends[low:high] = found, edges
        tick(high, len(units))
    assert values is not None
    assert ends is not None
    present = np.isfinite(values)
    return Described(scale, np.where(present, values, np.float32(0)), present, ends)


def _rows(like: NDArray[np.float32], units: NDArray[np.void]) -> NDArray[np.float32]:
    return np.zeros((len(units), *like.shape[1:]), np.float32)


def _runs(
    units: NDArray[np.void], fresh: NDArray[np.bool_], frames: int
) -> Iterator[tuple[int, int]]:
    """Give the runs of units to describe, (first, end), of about `frames` of audio each."""
    marks = np.flatnonzero(np.diff(np.concatenate([[False], fresh, [False]]).astype(np.int8)))
    for first, end in marks.reshape(-1, 2).tolist():
        for low, high in batches(units[first:end], frames):
            yield first + low, first + high


def _kept(
    boundaries: list[Boundaries], scales: list[Described], settings: CorpusSettings
) -> dict[str, EarlierScale]:
    """Arrange an analysis as `Earlier` reads it."""
    described = {scale.segmented.name: scale for scale in scales}
    kept = {}
    for index, scale in enumerate(settings.scales):
        methods = tuple(found[index].method for found in boundaries)
        lengths = [np.diff(found[index].frames) for found in boundaries]
        counts = np.array([len(own) for own in lengths], np.int64)
        own = described.get(scale.name)
        values = None if own is None else np.where(own.present, own.values, np.float32(np.nan))
        edges = None if own is None else own.edges
        kept[scale.name] = EarlierScale(methods, counts, np.concatenate(lengths), values, edges)
    return kept


def _share(tick: Tick, index: int, steps: int) -> Tick:
    """Make one step's progress a share of its stage's."""
    return partial(_told, tick, index, steps)


def _told(tick: Tick, index: int, steps: int, done: float, total: float) -> None:
    tick(index + done / max(total, 1e-9), steps)
