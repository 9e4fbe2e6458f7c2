"""What an earlier bundle of the same name still knows, so that only what changed is analysed.

The bundle keeps its analysis as it was before anything was fitted, in a folder of its own::

    analysis/
    ├── analysis.json         digest of the settings; for each source a content hash, and how each
    │                         scale's boundaries were found
    └── NAME/                 of every scale that was asked for
        ├── counts.npy        int64[sources], units of each
        ├── lengths.npy       int64[units], frames
        ├── values.npy        float32[units, descriptors], NaN where missing
        └── edges.npy         float32[units, 2, bands], dB

A scale that was left out has no values and no edges.  Only `learn` reads this folder; a bundle plays
without it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.corpus.boundaries.bounds import Bounds
from idiolect.errors import BundleError

__all__ = ["Earlier", "EarlierScale", "write_analysis"]

FOLDER = "analysis"


@dataclass(frozen=True, slots=True)
class EarlierScale:
    """What was found at one scale, for the sources end to end."""

    methods: tuple[str, ...]  # (sources,), how the boundaries were found
    counts: NDArray[np.int64]  # (sources,)
    lengths: NDArray[np.int64]  # (units,)
    values: NDArray[np.float32] | None = None  # (units, descriptors), NaN where missing
    edges: NDArray[np.float32] | None = None  # (units, 2, bands)
    firsts: NDArray[np.int64] = field(init=False)  # (sources + 1,), where each one's units begin

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other."""
        firsts = np.concatenate([[0], np.cumsum(self.counts)])
        rows = [len(a) for a in (self.values, self.edges) if a is not None]
        fits = firsts[-1] == len(self.lengths) and len(self.methods) == len(self.counts)
        if not fits or any(n != len(self.lengths) for n in rows):
            raise ValueError("an analysis whose arrays do not fit each other")
        object.__setattr__(self, "firsts", firsts)

    def bounds(self, source: int, start: int) -> Bounds:
        """Give a source's boundaries as if it began at frame `start`."""
        lengths = self.lengths[self.firsts[source] : self.firsts[source + 1]]
        frames = start + np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Bounds(frames, self.methods[source])


@dataclass(frozen=True, slots=True)
class Earlier:
    """The analysis of an earlier bundle."""

    sources: list[dict[str, Any]]  # as in its manifest
    audio: NDArray[np.float32]  # (frames, channels), memory map
    hashes: dict[str, int]  # content hash -> source
    scales: dict[str, EarlierScale]

    @property
    def channels(self) -> int:
        """How many the audio has."""
        return int(self.audio.shape[1])

    @classmethod
    def open(cls, path: Path, digest: str) -> "Earlier | None":
        """Open the analysis in a bundle, if it was made with these settings.

        Parameters
        ----------
        path
            Where the bundle may be.
        digest
            Of the settings of the analysis.

        Returns
        -------
        Earlier or None
            None too where it is damaged, or of another version: then everything is analysed.
        """
        try:
            kept = json.loads((path / FOLDER / "analysis.json").read_text(encoding="utf-8"))
            if kept["settings"] != digest:
                return None
            bundle = Bundle.open(path)
            scales = {
                name: _read(path / FOLDER / name, tuple(methods))
                for name, methods in kept["scales"].items()
            }
            if any(len(s.counts) != len(bundle.sources) for s in scales.values()):
                return None
            hashes = {str(text): index for index, text in enumerate(kept["hashes"])}
            return cls(bundle.sources, bundle.audio, hashes, scales)
        except (BundleError, OSError, ValueError, KeyError, TypeError):
            return None

    def span(self, source: int) -> tuple[int, int]:
        """Give the first frame of a source in the audio, and the one after its last."""
        entry = self.sources[source]
        return int(entry["start"]), int(entry["start"]) + int(entry["frames"])


def write_analysis(
    folder: Path, digest: str, hashes: list[str], scales: dict[str, EarlierScale]
) -> None:
    """Keep an analysis in the bundle that is being written.

    Parameters
    ----------
    folder
        The bundle's.
    digest
        Of the settings it was made with.
    hashes
        Of each source's content.
    scales
        By name, finest first.
    """
    for name, scale in scales.items():
        place = folder / FOLDER / name
        place.mkdir(parents=True)
        arrays = {"counts": scale.counts, "lengths": scale.lengths}
        for key, array in (arrays | {"values": scale.values, "edges": scale.edges}).items():
            if array is not None:
                np.save(place / f"{key}.npy", array, allow_pickle=False)
    methods = {name: scale.methods for name, scale in scales.items()}
    text = json.dumps({"settings": digest, "scales": methods, "hashes": hashes})
    (folder / FOLDER / "analysis.json").write_text(text + "\n", encoding="utf-8")


def _read(folder: Path, methods: tuple[str, ...]) -> EarlierScale:
    def load(name: str) -> NDArray[Any] | None:
        path = folder / f"{name}.npy"
        return np.load(path, mmap_mode="r", allow_pickle=False) if path.is_file() else None

    counts, lengths = load("counts"), load("lengths")
    if counts is None or lengths is None:
        raise ValueError(f"{folder} has no units")
    return EarlierScale(methods, np.array(counts), np.array(lengths), load("values"), load("edges"))
