"""Small bundles and inventories of random but valid content, for tests that learn nothing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from idiolect import __version__
from idiolect.bundle.bundle import Bundle
from idiolect.bundle.formats import FORMAT
from idiolect.bundle.soundness import weight_shapes
from idiolect.grain import UNIT
from idiolect.learning.folder import writing
from idiolect.learning.ngrams import Stream, kneser_ney
from idiolect.learning.ngrams import count as count_ngrams
from idiolect.selection.inventory import Inventory

SCALES = ("grain", "note")
SOURCE_SHARES = (0.5, 0.2, 0.3)  # of the audio, one each
DESCRIPTORS = ("loudness", "centroid", "flatness", "pitch", "attack")
BANDS = 8
MEMORY_WEIGHT = 0.25


def make_bundle(
    folder: Path,
    *,
    seed: int = 0,
    seconds: float = 20,
    sample_rate: int = 8000,
    channels: int = 2,
    layers: int = 2,
    width: int = 16,
    heads: int = 2,
    window: int = 8,
    windows: tuple[int, ...] = (),
    unit_seconds: tuple[float, float] = (0.05, 0.4),
    tokens: tuple[int, int] = (12, 5),
) -> Bundle:
    """Write a bundle to `folder` (which becomes the bundle) and open it.

    Three sources; two scales, `grain` and `note`, whose units tile each source, every note made
    of one to four grains; every token has a unit when there are enough units; about a tenth of
    the descriptors are missing; the memory is that of the tokens.  Everything follows from the
    arguments.

    Parameters
    ----------
    folder
        Where the bundle will be; what is there is replaced.
    seed
        Of every random choice.
    seconds, sample_rate, channels
        Of the audio: a tone per grain with a little noise, peak below 0.5.
    layers, width, heads, window, windows
        Shape of the network, whose weights are random and of the size trained ones have.
    unit_seconds
        Shortest and longest grain.
    tokens
        Vocabulary of each scale, finest first.
    """
    rng = np.random.default_rng(seed)
    sources = _sources(round(seconds * sample_rate), sample_rate, channels)
    grains, notes = _units(rng, sources, sample_rate, unit_seconds)
    model: dict[str, Any] = {"layers": layers, "width": width, "heads": heads, "window": window}
    model |= {"windows": list(windows)} if windows else {}
    shapes = weight_shapes(model, sum(tokens), len(DESCRIPTORS), len(SCALES))
    manifest = {
        "format": FORMAT,
        "idiolect": __version__,
        "sample_rate": sample_rate,
        "sources": sources,
        "scales": [
            {"name": name, "method": "random", "memory_weight": MEMORY_WEIGHT} for name in SCALES
        ],
        "descriptors": list(DESCRIPTORS),
        "model": model,
        "report": {},
    }
    with writing(folder) as path:
        (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        for name, units, count in zip(SCALES, (grains, notes), tokens, strict=True):
            _write_scale(path / "scales" / name, rng, units, count)
        np.save(path / "audio.npy", _audio(rng, grains, sources, sample_rate, channels))
        save_file(_weights(rng, shapes), path / "model.safetensors")
    return Bundle.open(folder)


def make_inventory(
    tokens: list[int], *, vocabulary: int | None = None, ends: tuple[int, ...] = (), seed: int = 0
) -> Inventory:
    """Make an inventory of one scale from the tokens of its units, in the order of the corpus.

    Units have 100 frames each and random descriptors, all present.

    Parameters
    ----------
    tokens
        Of each unit.
    vocabulary
        How many tokens there are; by default up to the highest.
    ends
        Units after which a new source begins.
    seed
        Of descriptors and edges.
    """
    rng, count = np.random.default_rng(seed), len(tokens)
    units = np.zeros(count, UNIT)
    units["start"], units["length"], units["parent"] = 100 * np.arange(count), 100, -1
    units["token"] = tokens
    units["source"] = np.searchsorted(np.asarray(ends), np.arange(count))
    descriptors = rng.normal(size=(count, len(DESCRIPTORS))).astype(np.float32)
    size = vocabulary or max(tokens) + 1
    sums = np.cumsum([0, *np.bincount(tokens, minlength=size)])
    edges = rng.normal(0, np.sqrt(0.5), (count, 2, BANDS)).astype(np.float32)
    heads = edges[:, 0].mean(axis=1)
    return Inventory(
        units=units,
        descriptors=descriptors,
        present=np.ones((count, len(DESCRIPTORS)), np.float32),
        edges=edges,
        heads=heads,
        allowed=np.ones(count, np.uint8),
        members=np.lexsort((heads, tokens)),
        member_start=sums,
        unit_offset=np.array([0, count]),
        token_offset=np.array([0, size]),
    )


def _sources(frames: int, sample_rate: int, channels: int) -> list[dict[str, Any]]:
    edges = [round(frames * x) for x in np.cumsum((0, *SOURCE_SHARES))]
    return [
        {
            "name": f"source_{i}.wav",
            "start": edges[i],
            "frames": edges[i + 1] - edges[i],
            "sample_rate": sample_rate,
            "channels": channels,
        }
        for i in range(len(SOURCE_SHARES))
    ]


def _units(
    rng: np.random.Generator,
    sources: list[dict[str, Any]],
    sample_rate: int,
    unit_seconds: tuple[float, float],
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    shortest, longest = (max(1, round(s * sample_rate)) for s in unit_seconds)
    grains: list[tuple[int, ...]] = []
    notes: list[tuple[int, ...]] = []
    for index, source in enumerate(sources):
        at, end = source["start"], source["start"] + source["frames"]
        while at < end:
            start = at
            for _ in range(rng.integers(1, 5)):
                length = min(int(rng.integers(shortest, longest + 1)), end - at)
                length = end - at if end - at - length < shortest else length
                grains.append((at, length, index, len(notes), 0, 0))
                at += length
                if at >= end:
                    break
            notes.append((start, at - start, index, -1, 0, 0))
    return np.array(grains, UNIT), np.array(notes, UNIT)


def _write_scale(folder: Path, rng: np.random.Generator, units: NDArray[np.void], n: int) -> None:
    """Give the units tokens and descriptors near their token's centroid, and write them."""
    count, width = len(units), len(DESCRIPTORS)
    units["token"] = rng.permutation(np.resize(np.arange(n), count))
    centroids = rng.normal(size=(n, width)).astype(np.float32)
    present = rng.random((count, width)) > 0.1
    descriptors = centroids[units["token"]] + 0.4 * rng.normal(size=(count, width))
    folder.mkdir(parents=True)
    np.save(folder / "units.npy", units)
    np.save(folder / "descriptors.npy", np.where(present, descriptors, 0).astype(np.float32))
    np.save(folder / "present.npy", present)
    edges = rng.normal(0, np.sqrt(0.5), (count, 2, BANDS))  # two differ by 1 in the mean square
    np.save(folder / "edges.npy", edges.astype(np.float32))
    np.save(folder / "centroids.npy", centroids)
    np.save(folder / "scaler.npy", np.stack([np.zeros(width), np.ones(width)]).astype(np.float32))
    np.save(folder / "prototypes.npy", centroids)
    np.save(folder / "prototype_tokens.npy", np.arange(n, dtype=np.int32))
    exemplars = [np.flatnonzero(units["token"] == token)[:1].sum() for token in range(n)]
    np.save(folder / "exemplars.npy", np.array(exemplars, np.int64))
    np.save(folder / "spread.npy", np.ones(n, np.float32))
    np.save(folder / "map.npy", rng.uniform(-1, 1, (count, 2)).astype(np.float32))
    heard = Stream.of(units["token"].astype(np.int64), units["source"], np.full(count, True))
    memory = kneser_ney(count_ngrams(heard, 3), np.full(3, 0.5))
    save_file(memory.as_dict(), folder / "memory.safetensors")


def _audio(
    rng: np.random.Generator,
    grains: NDArray[np.void],
    sources: list[dict[str, Any]],
    sample_rate: int,
    channels: int,
) -> NDArray[np.float32]:
    frames = sources[-1]["start"] + sources[-1]["frames"]
    audio = 0.02 * rng.uniform(-1, 1, (frames, channels))
    for unit in grains:
        time = np.arange(unit["length"]) / sample_rate
        pitch = 110 * 2 ** (unit["token"] / 6)
        envelope = 0.3 * np.exp(-2 * time) + 0.1
        for c in range(channels):
            tone = envelope * np.sin(2 * np.pi * pitch * time + c)
            audio[unit["start"] : unit["start"] + unit["length"], c] += tone
    return audio.astype(np.float32)


def _weights(
    rng: np.random.Generator, shapes: dict[str, tuple[int, ...]]
) -> dict[str, NDArray[np.float32]]:
    """Draw weights that keep activations near 1 and give logits a spread of about 2."""
    weights = {}
    for name, shape in shapes.items():
        values = rng.normal(size=shape)
        if name.endswith("_norm"):
            values = 1 + 0.1 * values
        elif name.endswith("_bias"):
            values *= 0.5
        elif name == "head":
            values *= 2 / np.sqrt(shape[-1])
        elif not name.endswith("_embedding"):
            values /= np.sqrt(shape[-1])
        weights[name] = values.astype(np.float32)
    return weights
