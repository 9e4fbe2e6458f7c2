"""Whether a bundle from a stranger is sound: compiled code reads it without bounds checks.

A file costs nothing to make huge, since one with holes takes no room; so sizes are seen before
anything is read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.memory import BOUNDARY

if TYPE_CHECKING:
    from idiolect.bundle.bundle import Bundle
    from idiolect.bundle.scale import Scale

__all__ = ["MOST_SCALES", "check", "check_file", "is_plain", "weight_shapes"]

SUM_ERROR = 1e-3  # of probabilities in float32
MOST_SCALES = 64
MOST_FRAMES = 2**33  # of audio: two days at 48 kHz
_MOST_SOURCES = 1_000_000
_MOST_UNITS = 2**24  # of a scale
_MOST_TOKENS = 65_536  # of a scale
_MOST_DESCRIPTORS = 1024
_MOST_BANDS = 1024
_MOST_BYTES = 2**33  # that describe the units of all scales
_MOST_STATE = 2**26  # layers by window by width: numbers that a voice remembers


def check_file(path: Path, most: int) -> None:
    """Check that there is a plain file, and how large it is, before it is read as a whole.

    Raises
    ------
    ValueError
        When it is a pipe or a device, which would never end, or has more bytes than that.
    OSError
        When it is not there, or not for us to read.
    """
    if path.exists() and not path.is_file():
        raise ValueError(f"{path.name} is no plain file")
    if path.stat().st_size > most:
        raise ValueError(f"{path.name} has more than {most} bytes")
    with path.open("rb"):  # safetensors would say that there is none
        pass


def is_plain(name: object) -> bool:
    """Say whether something is a name that can be a folder's, and leads nowhere else."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= 64
        and name.isprintable()
        and not name.startswith(".")
        and not set(name) & set("/\\")
    )


def check(bundle: "Bundle") -> None:
    """Check that every index points inside its array, and every shape fits the others.

    Parameters
    ----------
    bundle : Bundle
        As opened.

    Raises
    ------
    ValueError, KeyError
        When not.
    """
    frames, tokens, width = len(bundle.audio), 0, len(bundle.manifest["descriptors"])
    _check_sizes(bundle, width)
    starts, ends = _limits_of(bundle.sources, frames)
    for index, scale in enumerate(bundle.scales):
        units, count = scale.units, len(scale.units)
        parents = len(bundle.scales[index + 1].units) if index + 1 < len(bundle.scales) else 0
        ok = (
            count > 0
            and (units["source"] >= 0).all()
            and (units["source"] < len(bundle.sources)).all()
            and (units["start"] >= starts[units["source"]]).all()
            and (units["start"] <= frames).all()
            and (units["length"] > 0).all()
            and (units["length"] <= frames).all()  # or the sum might begin again below 0
            and (units["start"] + units["length"] <= ends[units["source"]]).all()
            and (np.diff(units["start"]) > 0).all()
            and (units["token"] >= 0).all()
            and (units["token"] < scale.token_count).all()
            and (units["parent"] >= -1).all()
            and (units["parent"] < max(parents, 1)).all()
            and scale.descriptors.shape == scale.present.shape == (count, width)
            and scale.centroids.shape == (scale.token_count, width)
            and scale.edges.shape[:2] == (count, 2)
            and scale.scaler.shape == (2, width)
            and scale.prototypes.shape == (len(scale.prototype_tokens), width)
            and len(scale.prototypes) > 0
            and (scale.prototype_tokens >= 0).all()
            and (scale.prototype_tokens < scale.token_count).all()
            and scale.exemplars.shape == scale.spread.shape == (scale.token_count,)
            and (scale.exemplars >= 0).all()
            and (scale.exemplars < count).all()
            and scale.map.shape == (count, 2)
        )
        if not ok:
            raise ValueError(f"scale {scale.name} is inconsistent")
        _check_numbers(scale)
        _check_memory(scale)
        tokens += scale.token_count
    _check_weights(bundle, tokens, width)


def _check_sizes(bundle: "Bundle", width: int) -> None:
    """Check what there is, and how much, before any of it is read."""
    scales, names = bundle.scales, bundle.manifest["descriptors"]
    if not scales or len({scale.name for scale in scales}) < len(scales):
        raise ValueError("no scales, or one name for two")
    if not 1 <= bundle.audio.shape[1] <= 2 or not 1000 <= bundle.sample_rate <= 768_000:
        raise ValueError("audio of an impossible shape or rate")
    if len(bundle.audio) > MOST_FRAMES:
        raise ValueError(f"more than {MOST_FRAMES} frames")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("descriptors are not named")
    if not 0 < width <= _MOST_DESCRIPTORS:
        raise ValueError(f"{width} descriptors")
    bands = scales[0].edges.shape[2]
    for scale in scales:
        if len(scale.units) > _MOST_UNITS or scale.token_count > _MOST_TOKENS:
            raise ValueError(
                f"scale {scale.name} has {len(scale.units)} units and {scale.token_count} tokens"
            )
        if scale.edges.shape[2] != bands or not 0 < bands <= _MOST_BANDS:
            raise ValueError(f"scale {scale.name} has edges of {scale.edges.shape[2]} bands")
    size = sum(array.nbytes for scale in scales for array in _arrays(scale))
    if size > _MOST_BYTES:
        raise ValueError(f"{size} bytes describe the units, {_MOST_BYTES} at most")


def _arrays(scale: "Scale") -> tuple[NDArray[Any], ...]:
    return (scale.units, scale.present, *_numbers(scale).values())


def _numbers(scale: "Scale") -> dict[str, NDArray[np.float32]]:
    names = ("descriptors", "edges", "centroids", "scaler", "prototypes", "spread", "map")
    return {name: getattr(scale, name) for name in names}


def _check_numbers(scale: "Scale") -> None:
    for name, array in _numbers(scale).items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} of scale {scale.name} holds what is no number")


def _limits_of(
    sources: Sequence[dict[str, Any]], frames: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give where each source begins and ends, after a check that they lie one behind the other."""
    if not 0 < len(sources) <= _MOST_SOURCES:
        raise ValueError(f"{len(sources)} sources")
    last = 0
    for source in sources:
        start, length = source["start"], source["frames"]
        whole = (
            isinstance(start, int) and isinstance(length, int) and isinstance(source["name"], str)
        )
        if not whole or not (last <= start and 0 < length <= frames - start):
            raise ValueError(f"source {str(source['name'])[:64]!r} does not lie in the audio")
        last = start + length
    starts = np.array([source["start"] for source in sources], np.int64)
    return starts, starts + np.array([source["frames"] for source in sources], np.int64)


def _check_weights(bundle: "Bundle", tokens: int, descriptors: int) -> None:
    model = bundle.manifest["model"]
    shapes = weight_shapes(model, tokens, descriptors, len(bundle.scales))
    windows = model.get("windows") or [model["window"]] * len(bundle.scales)
    if len(windows) != len(bundle.scales) or not all(
        isinstance(steps, int) and 1 <= steps <= model["window"] for steps in windows
    ):
        raise ValueError(f"windows of {windows} steps")
    for name, shape in shapes.items():
        weight = bundle.weights[name]
        if weight.shape != shape or weight.dtype != np.float32 or not np.isfinite(weight).all():
            raise ValueError(f"weight {name} is not a finite float32 array of shape {shape}")


def _check_memory(scale: "Scale") -> None:
    """Check that the tree is one, its children sorted, and every node's shares add up to 1."""
    memory, weight = scale.memory, scale.memory_weight
    nodes, shares = len(memory.rest), len(memory.share)
    ok = (
        0.0 <= weight <= 1.0
        and nodes > 0
        and len(memory.child_token) == len(memory.child_node) == nodes - 1
        and len(memory.share_token) == shares
        and _bounds(memory.child_start, nodes, nodes - 1)
        and _bounds(memory.share_start, nodes, shares)
        and (memory.child_token >= BOUNDARY).all()
        and (memory.child_token < scale.token_count).all()
        and (memory.share_token >= 0).all()
        and (memory.share_token < scale.token_count).all()
        and (memory.share >= 0).all()
        and (memory.rest >= 0).all()
    )
    if not ok:
        raise ValueError(f"the memory of scale {scale.name} is inconsistent")
    above = np.repeat(np.arange(nodes), np.diff(memory.child_start))
    owner = np.repeat(np.arange(nodes), np.diff(memory.share_start))
    sums = np.bincount(owner, memory.share, minlength=nodes) + memory.rest
    ok = (
        np.array_equal(np.sort(memory.child_node), np.arange(1, nodes))
        and (memory.child_node > above).all()
        and ((np.diff(memory.child_token) > 0) | (np.diff(above) > 0)).all()
        and (abs(sums - 1.0) < SUM_ERROR).all()
    )
    if not ok:
        raise ValueError(f"the memory of scale {scale.name} is no tree of shares")


def _bounds(starts: NDArray[np.int64], parts: int, total: int) -> bool:
    """Say whether an array's parts, one behind the other, begin where `starts` says."""
    return bool(
        len(starts) == parts + 1
        and starts[0] == 0
        and starts[-1] == total
        and (np.diff(starts) >= 0).all()
    )


def weight_shapes(
    model: dict[str, Any], tokens: int, descriptors: int, scales: int
) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight of the network; `language.decoder` says what each does.

    Parameters
    ----------
    model
        The manifest's "model": `layers`, `width`, `heads`, `window`.
    tokens, descriptors, scales
        Tokens of all scales together, descriptor columns, scales.
    """
    layers, width, heads, window = (model[name] for name in ("layers", "width", "heads", "window"))
    if not all(isinstance(size, int) for size in (layers, width, heads, window)):
        raise ValueError("a model whose shape is not in whole numbers")
    if not (0 < layers <= 64 and 0 < heads <= 64 and 0 < width <= 4096 and width % heads == 0):
        raise ValueError(f"a model of {layers} layers, width {width}, {heads} heads")
    if not 1 <= window <= 4096 or layers * window * width > _MOST_STATE:
        raise ValueError(f"a window of {window} steps")
    return {
        "token_embedding": (tokens + 1, width),  # the last row: nothing has sounded yet
        "descriptor_projection": (width, 2 * descriptors),  # values, then presence as 0 or 1
        "scale_embedding": (scales, width),
        "parent_embedding": (tokens + 1, width),  # of the next unit; last row: nobody says
        "attention_norm": (layers, width),
        "qkv": (layers, 3 * width, width),
        "attention_out": (layers, width, width),
        "mlp_norm": (layers, width),
        "mlp_in": (layers, 4 * width, width),
        "mlp_out": (layers, width, 4 * width),
        "final_norm": (width,),
        "head": (tokens, width),
        "head_bias": (tokens,),
        "mean_head": (descriptors, width),
        "mean_bias": (tokens, descriptors),
        "log_variance_head": (descriptors, width),
        "log_variance_bias": (tokens, descriptors),
    }
