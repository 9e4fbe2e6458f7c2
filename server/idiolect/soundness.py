"""Whether a bundle from a stranger is sound: compiled code reads it without bounds checks."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from idiolect.bundle import Bundle

__all__ = ["check", "weight_shapes"]


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
        tokens += scale.token_count
    _check_weights(bundle, tokens, width)


def _check_weights(bundle: "Bundle", tokens: int, descriptors: int) -> None:
    shapes = weight_shapes(bundle.manifest["model"], tokens, descriptors, len(bundle.scales))
    for name, shape in shapes.items():
        if bundle.weights[name].shape != shape or not np.isfinite(bundle.weights[name]).all():
            raise ValueError(f"weight {name} is not a finite array of shape {shape}")


def weight_shapes(
    model: dict[str, int], tokens: int, descriptors: int, scales: int
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
