"""A bundle at another sample rate, where the way out cannot have the bundle's own.

Every source is converted on its own, by soxr's band-limited interpolation, so that nothing leaks
across their borders; units keep their places in time, and still tile.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.scale import Scale

__all__ = ["resample"]

_BLOCK_FRAMES = 1 << 18


def resample(
    bundle: Bundle, sample_rate: int, tell: Callable[[float], None] = lambda _: None
) -> Bundle:
    """Convert a bundle's audio and the places of its units.

    Parameters
    ----------
    bundle : Bundle
    sample_rate : int
        Hz.
    tell : callable
        Told on the way what share of the audio is converted, 0 to 1.

    Returns
    -------
    Bundle
        The same one where the rate is already right; else one whose audio lies in a temporary
        file that the system removes with the process.

    Notes
    -----
    Before playing; some seconds for an hour of audio, memory bounded.
    """
    if sample_rate == bundle.sample_rate:
        return bundle
    ratio = sample_rate / bundle.sample_rate
    sources: list[dict[str, Any]] = []
    start = 0
    for source in bundle.sources:
        frames = max(1, round(int(source["frames"]) * ratio))
        sources.append({**source, "start": start, "frames": frames})
        start += frames
    with tempfile.TemporaryFile(prefix="idiolect-") as file:
        audio = np.memmap(file, np.float32, "w+", shape=(start, bundle.audio.shape[1]))
    for old, new in zip(bundle.sources, sources, strict=True):
        tell(new["start"] / start)
        _convert(bundle, old, audio[new["start"] :][: new["frames"]], sample_rate)
    manifest = {**bundle.manifest, "sample_rate": sample_rate, "sources": sources}
    plain = np.ndarray(audio.shape, audio.dtype, audio)
    plain.flags.writeable = False
    scales = tuple(_move(scale, bundle.sources, sources, ratio) for scale in bundle.scales)
    return replace(bundle, manifest=manifest, audio=plain, scales=scales)


def _convert(
    bundle: Bundle, source: dict[str, Any], out: NDArray[np.float32], sample_rate: int
) -> None:
    """Fill `out` with one source; a frame too many or too few at its end is cut or silent."""
    stream = soxr.ResampleStream(
        bundle.sample_rate, sample_rate, bundle.audio.shape[1], dtype="float32"
    )
    first, last = int(source["start"]), int(source["start"]) + int(source["frames"])
    done = 0
    for at in range(first, last, _BLOCK_FRAMES):
        end = min(at + _BLOCK_FRAMES, last)
        block = stream.resample_chunk(np.array(bundle.audio[at:end]), last=end == last)
        block = block[: len(out) - done]
        out[done : done + len(block)] = block
        done += len(block)


def _move(
    scale: Scale, old: list[dict[str, Any]], new: list[dict[str, Any]], ratio: float
) -> Scale:
    """Move every boundary to the frame nearest in time; a unit keeps at least one frame."""
    units = np.array(scale.units)
    source = units["source"]
    origins = np.array([int(s["start"]) for s in old])[source]
    starts = np.array([int(s["start"]) for s in new])[source]
    ends = starts + np.array([int(s["frames"]) for s in new])[source]
    first = starts + np.round((units["start"] - origins) * ratio).astype(np.int64)
    last = starts + np.round((units["start"] + units["length"] - origins) * ratio).astype(np.int64)
    first = np.minimum(first, ends - 1)
    units["start"] = first
    units["length"] = np.maximum(1, np.minimum(last, ends) - first)
    return replace(scale, units=units)
