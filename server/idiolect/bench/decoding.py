"""How long a step of the language takes: the compiled decoder beside torch, on one thread."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from idiolect.compiled import njit
from idiolect.language.decoder import advance_rows, make_cache, score_tokens
from idiolect.language.weights import Cache, Floats, Integers, Weights, arrange_weights
from idiolect.learning.network import EPSILON, Network
from idiolect.learning.settings import SIZES

__all__ = ["measure"]

VOICES = (1, 8, 16)
TOKENS, DESCRIPTORS, SCALES = 256, 48, 4  # of a bundle with four scales
STEPS = 1000  # of a run
RUNS = 7
HOUR = 45_000  # steps of 80 ms
SCALE = 1 / 8  # spread of the random weights: those of a trained network, about

Step = Callable[[], object]


def measure() -> dict[str, Any]:
    """Time a step and the scores of the next tokens, for each size of network and number of voices.

    Returns
    -------
    dict
        For JSON: microseconds by size and voices, medians over runs that take turns; and, for one
        voice, those of the first and the last thousand of an hour of steps.
    """
    torch.set_num_threads(1)
    return {name: _measure(name) for name in SIZES}


def _measure(name: str) -> dict[str, Any]:
    network = Network(SIZES[name], TOKENS, DESCRIPTORS, SCALES)
    network.initialise(0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for title, weight in network.named_parameters():
            if not title.endswith("_norm"):
                weight.normal_(0.0, SCALE, generator=generator)
    found: dict[str, Any] = {}
    for voices in VOICES:
        ours, theirs = _compiled(network, voices), _eager(network, voices)
        ours(), theirs()
        pairs = [(_time(ours, STEPS), _time(theirs, STEPS)) for _ in range(RUNS)]
        mine, torchs = (statistics.median(side) for side in zip(*pairs, strict=True))
        found[f"{voices} voices"] = {"compiled": mine, "torch": torchs, "ratio": torchs / mine}
    step = _compiled(network, 1)
    times = [_time(step, STEPS) for _ in range(HOUR // STEPS)]
    found["hour"] = {"first": times[0], "median": statistics.median(times), "last": times[-1]}
    return found


def _time(step: Step, count: int) -> float:
    """Give microseconds a step."""
    begun = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - begun) / count * 1e6


def _compiled(network: Network, voices: int) -> Step:
    arrays = {name: weight.detach().numpy() for name, weight in network.named_parameters()}
    model = asdict(network.shape)
    weights, cache = arrange_weights(arrays, model), make_cache(model, voices, 1024)
    rows, hidden = np.arange(voices), np.zeros((voices, network.shape.width), np.float32)
    logits = np.zeros(TOKENS, np.float32)
    token, scale = np.full(voices, 3), np.zeros(voices, np.int64)
    descriptors = np.full((voices, DESCRIPTORS), 0.5, np.float32)
    present = np.ones_like(descriptors)
    position = np.zeros(voices, np.int64)

    def step() -> None:
        _step(weights, cache, rows, position, token, descriptors, present, scale, hidden, logits)

    return step


@njit
def _step(
    weights: Weights,
    cache: Cache,
    rows: Integers,
    position: Integers,
    token: Integers,
    descriptors: Floats,
    present: Floats,
    scale: Integers,
    hidden: Floats,
    logits: Floats,
) -> None:
    """Read a unit for every voice, and score all tokens after it, as the planner's calls do."""
    advance_rows(weights, cache, rows, position, token, descriptors, present, scale, token, hidden)
    for row in range(rows.size):
        score_tokens(weights, hidden[row], 0, logits.size, logits)
        position[row] += 1


def _eager(network: Network, voices: int) -> Step:
    """Make the same step of torch operations, with a preallocated cache of one window."""
    shape, net = network.shape, network
    size, window = shape.width // shape.heads, shape.window
    keys = torch.zeros(shape.layers, voices, shape.heads, window, size)
    values = torch.zeros_like(keys)
    slopes = torch.pow(2.0, -8.0 * torch.arange(1, shape.heads + 1) / shape.heads)
    slots, token = torch.arange(window), torch.full((voices,), 3)
    scale = torch.zeros(voices, dtype=torch.int64)
    both = torch.cat([torch.full((voices, DESCRIPTORS), 0.5), torch.ones(voices, DESCRIPTORS)], 1)
    position = 0

    def norm(x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + EPSILON)

    def step() -> Tensor:
        nonlocal position
        with torch.inference_mode():
            distance = (position - slots) % window
            bias = (-slopes[:, None] * distance)[None, :, None, :]
            if position < window:
                bias = bias.masked_fill(slots > position, float("-inf"))
            x = functional.embedding(token, net.token_embedding)
            x = x + functional.linear(both, net.descriptor_projection)
            x = x + functional.embedding(scale, net.scale_embedding)
            x = x + functional.embedding(token, net.parent_embedding)
            for layer in range(shape.layers):
                seen = norm(x) * net.attention_norm[layer]
                parts = functional.linear(seen, net.qkv[layer]).view(voices, 3, shape.heads, size)
                keys[layer, :, :, position % window] = parts[:, 1]
                values[layer, :, :, position % window] = parts[:, 2]
                mixed = functional.scaled_dot_product_attention(
                    parts[:, 0, :, None], keys[layer], values[layer], attn_mask=bias
                )
                x = x + functional.linear(mixed.reshape(voices, -1), net.attention_out[layer])
                seen = functional.linear(norm(x) * net.mlp_norm[layer], net.mlp_in[layer])
                x = x + functional.linear(functional.silu(seen), net.mlp_out[layer])
            position += 1
            return functional.linear(norm(x) * net.final_norm, net.head, net.head_bias)

    return step
