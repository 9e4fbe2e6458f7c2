"""Gather what the page shows; the package's docstring describes it."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import EVALUATION
from idiolect.learning.page.clips import Clips, clip
from idiolect.learning.page.packing import pack
from idiolect.learning.page.peaks import find_peaks
from idiolect.learning.page.projection import anchors_and_points

__all__ = ["gather"]

MOST_UNITS = 200_000  # drawn of a scale: six to ten hours of grains in 1.6 MB of text
MOST_SKIPPED = 500  # files named with their reason before the rest are counted
LONGEST_NAME = 160  # characters shown of a file's name


@dataclass(frozen=True, slots=True)
class _Scale:
    """What the bundle holds of one scale, by memory map."""

    entry: dict[str, Any]
    report: dict[str, Any]
    units: NDArray[np.void]
    exemplars: NDArray[np.int64]
    placed: tuple[NDArray[np.int16], NDArray[np.int16], int]


def gather(folder: Path, name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Gather the page's contents from a bundle's folder.

    Parameters
    ----------
    folder
        Where `audio.npy` and `scales/` are.
    name
        What the bundle is called.
    manifest
        Its manifest, with the report or without.

    Returns
    -------
    dict
        Plain values for JSON, None for what is not finite.
    """
    audio = np.load(folder / "audio.npy", mmap_mode="r", allow_pickle=False)
    report = manifest.get("report", {})
    reported = {str(scale["name"]): scale for scale in report.get("scales", [])}
    scales = [
        _open(folder / "scales" / entry["name"], entry, reported.get(entry["name"], {}))
        for entry in manifest["scales"]
    ]
    rate = int(manifest["sample_rate"])
    clips = clip(audio, rate, [(scale.units, scale.exemplars) for scale in scales])
    skipped, speech = report.get("skipped", []), _speech(folder, manifest)
    contents = {
        "bundle": name,
        "version": str(manifest.get("idiolect", "")),
        "hash": str(manifest.get("hash", "")),
        "rate": rate,
        "frames": len(audio),
        "channels": audio.shape[1],
        "sources": [_source(source) for source in manifest["sources"]],
        "peaks": find_peaks(audio),
        "scales": [
            _scale(scale, found, len(audio), rate)
            | {"speech": speech.get(str(scale.entry["name"]))}
            for scale, found in zip(scales, clips, strict=True)
        ],
        "splits": manifest.get("splits", []),
        "left_out": report.get("left_out", {}),
        "skipped": [
            {"name": _shorten(s["name"]), "reason": _shorten(s["reason"])}
            for s in skipped[:MOST_SKIPPED]
        ],
        "skipped_more": max(0, len(skipped) - MOST_SKIPPED),
        "training": report.get("training", {}),
        "model": manifest.get("model", {}),
        "seconds": report.get("seconds", {}),
    }
    return dict(_finite(contents))


def _speech(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Give what this bundle was heard to say, by name of the scale."""
    path = folder / EVALUATION
    if not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return dict(found["scales"]) if found["hash"] == manifest.get("hash", "") else {}


def _open(folder: Path, entry: dict[str, Any], report: dict[str, Any]) -> _Scale:
    units = np.load(folder / "units.npy", mmap_mode="r", allow_pickle=False)
    said = np.load(folder / "exemplars.npy", allow_pickle=False)
    used = np.bincount(units["token"], minlength=len(said)) > 0
    exemplars = np.where(used, said, -1)  # a token without units has none
    drawn = np.arange(0, len(units), _stride(len(units)))
    return _Scale(entry, report, units, exemplars, anchors_and_points(folder, exemplars, drawn))


def _stride(count: int) -> int:
    return math.ceil(count / MOST_UNITS)


def _scale(scale: _Scale, clips: Clips, frames: int, rate: int) -> dict[str, Any]:
    units, step = scale.units, _stride(len(scale.units))
    tick = 1 + (frames >> 32)
    tokens = len(scale.exemplars)
    anchors, points, apart = scale.placed
    return {
        "name": str(scale.entry["name"]),
        "method": str(scale.entry.get("method", "")),
        "units": len(units),
        "tokens": tokens,
        "median": float(np.median(units["length"])) / rate,
        "tick": tick,
        "step": step,
        "starts": pack(units["start"][::step] // tick, np.uint32),
        "labels": pack(units["token"][::step], np.uint16),
        "counts": np.bincount(units["token"], minlength=tokens).tolist(),
        "map": {
            "step": apart,
            "points": pack(points, np.int16),
            "anchors": pack(anchors, np.int16),
        },
        "exemplars": [_exemplar(units, int(unit)) for unit in scale.exemplars],
        "clips": {
            "type": clips.type,
            "seconds": clips.seconds,
            "missing": clips.missing,
            "data": clips.data,
        },
        "figures": scale.report.get("figures", {}),
        "speaks": scale.report.get("speaks", ""),
        "size_choice": scale.report.get("size_choice"),
    }


def _exemplar(units: NDArray[np.void], unit: int) -> dict[str, int] | None:
    if unit < 0:
        return None
    start, length = int(units["start"][unit]), int(units["length"][unit])
    return {"unit": unit, "start": start, "frames": length}


def _source(source: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": _shorten(source["name"]),
        "start": int(source["start"]),
        "frames": int(source["frames"]),
        "rate": int(source.get("sample_rate", 0)),
        "channels": int(source.get("channels", 0)),
        "notes": [_shorten(note) for note in source.get("notes", [])],
    }


def _shorten(text: Any) -> str:
    """Keep both ends of a long text: a path says most in its last part."""
    whole = str(text)
    half = LONGEST_NAME // 2
    return whole if len(whole) <= LONGEST_NAME else f"{whole[:half]} … {whole[-half:]}"


def _finite(value: Any) -> Any:
    """Give plain values for JSON, None for NaN and infinity."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
