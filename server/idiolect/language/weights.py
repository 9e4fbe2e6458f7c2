"""What the decoder reads and writes: the network's weights, and the memory of each voice."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.viewed import Viewed

__all__ = [
    "Cache",
    "Floats",
    "Integers",
    "Weights",
    "arrange_weights",
    "load_weights",
    "make_cache",
]

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Weights(Viewed):
    """Weights of the network, float32, matrices as (inputs, outputs), rows contiguous.

    C is the width, T the tokens of all scales, D the descriptors, L the layers.
    """

    token_embedding: Floats  # (T + 1, C); the last row: nothing has sounded yet
    descriptor_projection: Floats  # (2 D, C)
    scale_embedding: Floats  # (scales, C)
    parent_embedding: Floats  # (T + 1, C), of the next unit; the last row: nobody says
    attention_norm: Floats  # (L, C)
    qkv: Floats  # (L, C, 3 C)
    attention_out: Floats  # (L, C, C)
    mlp_norm: Floats  # (L, C)
    mlp_in: Floats  # (L, C, 4 C)
    mlp_out: Floats  # (L, 4 C, C)
    final_norm: Floats  # (C,)
    head: Floats  # (C, T)
    head_bias: Floats  # (T,)
    mean_head: Floats  # (C, D)
    mean_bias: Floats  # (T, D)
    log_variance_head: Floats  # (C, D)
    log_variance_bias: Floats  # (T, D)
    slopes: Floats  # (heads,) ALiBi: loss of score per step of distance
    window: int  # steps a step sees at most, itself included
    windows: Integers  # (scales,) steps a step of each scale sees


@dataclass(frozen=True, eq=False)
class Cache(Viewed):
    """Keys and values of the last steps of each voice; position p lies in slot ``p % slots``.

    Rolling back is stepping on from an earlier position: up to `rollback` steps (see `make_cache`).
    """

    keys: Floats  # (voices, L, heads, C / heads, slots): slots last, to score them side by side
    values: Floats  # (voices, L, heads, slots, C / heads)


def load_weights(bundle: Bundle) -> Weights:
    """Arrange the bundle's weights for the decoder, as private copies."""
    return arrange_weights(bundle.weights, bundle.manifest["model"])


def arrange_weights(given: dict[str, Floats], model: dict[str, Any]) -> Weights:
    """Arrange a network's weights, by the names and shapes of `bundle.soundness.weight_shapes`."""
    turned = ("descriptor_projection", "head", "mean_head", "log_variance_head")
    stacked = ("qkv", "attention_out", "mlp_in", "mlp_out")
    arrays = {}
    for name in [f.name for f in fields(Weights) if f.init][:-3]:
        array = given[name]
        if name in turned or name in stacked:
            array = array.swapaxes(-1, -2)
        arrays[name] = np.array(array, np.float32, order="C")
    heads = int(model["heads"])
    slopes = np.exp2(-8 * np.arange(1, heads + 1) / heads).astype(np.float32)
    window = int(model["window"])
    windows = np.array(model.get("windows") or [window] * len(arrays["scale_embedding"]), np.int64)
    return Weights(**arrays, slopes=slopes, window=window, windows=windows)


def make_cache(model: dict[str, Any], voices: int, rollback: int) -> Cache:
    """Make an empty cache of window + `rollback` slots for each of `voices`.

    Parameters
    ----------
    model
        The manifest's "model".
    voices, rollback
        Rows, and the most steps that are taken back.
    """
    layers, heads = int(model["layers"]), int(model["heads"])
    slots, size = int(model["window"]) + rollback, int(model["width"]) // heads
    return Cache(
        keys=np.zeros((voices, layers, heads, size, slots), np.float32),
        values=np.zeros((voices, layers, heads, slots, size), np.float32),
    )
