"""Whether a bundle from a stranger is sound: compiled code reads it without bounds checks."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from idiolect.memory import BOUNDARY

if TYPE_CHECKING:
    from idiolect.bundle import Bundle, Scale

__all__ = ["check", "weight_shapes"]

SUM_ERROR = 1e-3  # of probabilities in float32


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
    if not bundle.scales:
        raise ValueError("no scales")
    if not 1 <= bundle.audio.shape[1] <= 2 or not 1000 <= bundle.sample_rate <= 768_000:
        raise ValueError("audio of an impossible shape or rate")
    for index, scale in enumerate(bundle.scales):
        units, count = scale.units, len(scale.units)
        parents = len(bundle.scales[index + 1].units) if index + 1 < len(bundle.scales) else 0
        ok = (
            count > 0
            and (units["start"] >= 0).all()
            and (units["length"] > 0).all()
            and (units["start"] + units["length"] <= frames).all()
            and (np.diff(units["start"]) > 0).all()
            and (units["source"] >= 0).all()
            and (units["source"] < len(bundle.sources)).all()
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
            and np.isfinite(scale.map).all()
        )
        if not ok:
            raise ValueError(f"scale {scale.name} is inconsistent")
        _check_memory(scale)
        tokens += scale.token_count
    _check_weights(bundle, tokens, width)


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
    layers, width, heads = int(model["layers"]), int(model["width"]), int(model["heads"])
    if not (0 < layers <= 64 and 0 < heads <= 64 and 0 < width <= 4096 and width % heads == 0):
        raise ValueError(f"a model of {layers} layers, width {width}, {heads} heads")
    if not 1 <= int(model["window"]) <= 4096:
        raise ValueError(f"a window of {model['window']} steps")
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
