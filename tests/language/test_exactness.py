"""Networks of every size play as they are trained, and the cache's ring turns without a trace."""

from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from idiolect.language.decoder import advance, advance_rows, fill, make_cache, score_tokens
from idiolect.language.lanes import LANES
from idiolect.language.layers import COLUMNS
from idiolect.language.weights import Cache, Floats, Weights, arrange_weights
from idiolect.learning.settings import SIZES, ModelShape

TOKENS, DESCRIPTORS, SCALES = 64, 8, 2
ROLLBACK = 100
PIECE, ROWS = 512, 16  # steps that torch and the decoder read together
SPREAD = 1 / 8  # of the weights, as trained ones have it


class Context(NamedTuple):
    """What a voice heard: a start step and random units after it."""

    tokens: NDArray[np.int64]
    descriptors: Floats
    present: Floats
    scales: NDArray[np.int64]
    parents: NDArray[np.int64]

    def between(self, first: int, last: int) -> "Context":
        """Give the steps from `first` to `last` - 1."""
        return Context(*(array[first:last] for array in self))


def draw_context(steps: int, seed: int) -> Context:
    rng = np.random.default_rng(seed)
    tokens = np.concatenate([[TOKENS], rng.integers(0, TOKENS, steps - 1)])
    present = (rng.random((steps, DESCRIPTORS)) > 0.2).astype(np.float32)
    present[0] = 0
    descriptors = rng.normal(size=(steps, DESCRIPTORS)).astype(np.float32) * present
    scales, parents = rng.integers(0, SCALES, steps), rng.integers(0, TOKENS + 1, steps)
    return Context(tokens, descriptors, present, scales, parents)


def draw_network(shape: ModelShape) -> Any:
    """Make a network in torch, of random weights."""
    torch = pytest.importorskip("torch")
    network = pytest.importorskip("idiolect.learning.network")
    made = network.Network(shape, TOKENS, DESCRIPTORS, SCALES).eval()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            one = name.endswith("_norm")
            weight.normal_(float(one), SPREAD, generator=generator)
    return made


def weights_of(network: Any) -> Weights:
    arrays = {name: weight.detach().numpy() for name, weight in network.named_parameters()}
    return arrange_weights(arrays, asdict(network.shape))


def trained_logits(network: Any, context: Context) -> Floats:
    """Score every step in torch, piece by piece: a step's reach is a window less one per layer."""
    torch = pytest.importorskip("torch")
    steps, reach = len(context.tokens), network.shape.layers * (network.shape.window - 1)
    pieces = []
    for first in range(0, steps, PIECE):
        begin = max(0, first - reach)
        read = (torch.from_numpy(a)[None] for a in context.between(begin, first + PIECE))
        with torch.no_grad():
            pieces.append(network(*read).logits()[0, first - begin :].numpy())
    return np.concatenate(pieces)


def played_logits(weights: Weights, cache: Cache, context: Context) -> Floats:
    steps = len(context.tokens)
    hidden = np.empty((steps, weights.final_norm.size), np.float32)
    for first in range(0, steps, ROWS):
        positions = np.arange(first, min(first + ROWS, steps))
        rows = context.between(first, first + ROWS)
        voices, states = np.zeros_like(positions), hidden[first : first + ROWS]
        advance_rows(weights, cache, voices, positions, *rows, states)
    logits = np.empty((steps, TOKENS), np.float32)
    for state, row in zip(hidden, logits, strict=True):
        score_tokens(weights, state, 0, TOKENS, row)
    return logits


@pytest.mark.parametrize("size", SIZES)
def test_a_network_of_every_size_plays_as_it_is_trained(size: str) -> None:
    """To 1e-4 over ten thousand steps, a quarter of an hour of grains; the ring turns 43 times."""
    network, context = draw_network(SIZES[size]), draw_context(10_000, seed=1)
    cache = make_cache(asdict(SIZES[size]), 1, ROLLBACK)
    assert len(context.tokens) > 43 * cache.values.shape[3]
    expected = trained_logits(network, context)
    found = played_logits(weights_of(network), cache, context)
    assert expected.std(axis=0).min() > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", SIZES)
def test_a_row_has_the_bits_it_has_alone_however_many_are_read_with_it(size: str) -> None:
    """One to nine voices in any order, each where it stands, past a turn of the ring."""
    weights, voices = weights_of(draw_network(SIZES[size])), 9
    steps, rng = weights.window + 20, np.random.default_rng(4)
    contexts = [draw_context(steps, seed) for seed in range(voices)]
    alone = np.empty((voices, steps, weights.final_norm.size), np.float32)
    together = np.empty((voices, weights.final_norm.size), np.float32)
    single, shared = (make_cache(asdict(SIZES[size]), voices, 0) for _ in range(2))
    for voice, context in enumerate(contexts):
        for at, step in enumerate(zip(*context, strict=True)):
            advance(weights, single, voice, at, *step, alone[voice, at])
    positions = np.zeros(voices, np.int64)
    while (positions < steps).any():
        chosen = rng.permutation(np.flatnonzero(positions < steps))[: rng.integers(1, voices + 1)]
        ats = positions[chosen]
        read = [[array[at] for array in contexts[v]] for v, at in zip(chosen, ats, strict=True)]
        rows = (np.array(column) for column in zip(*read, strict=True))
        advance_rows(weights, shared, chosen, ats, *rows, together[: len(chosen)])
        np.testing.assert_array_equal(together[: len(chosen)], alone[chosen, ats])
        positions[chosen] += 1


class Voice:
    """A voice of a tiny network, which reads one context or another, step by step."""

    def __init__(self, weights: Weights, rollback: int, contexts: tuple[Context, ...]) -> None:
        model = {"layers": 2, "heads": 2, "width": weights.final_norm.size}
        self.weights = weights
        self.cache = make_cache(model | {"window": weights.window}, 1, rollback)
        self.contexts = contexts

    def read(self, at: int, which: int = 0) -> Floats:
        """Read one step; give the state after it."""
        hidden = np.empty(self.weights.final_norm.size, np.float32)
        step = (array[at] for array in self.contexts[which])
        advance(self.weights, self.cache, 0, at, *step, hidden)
        return hidden

    def read_on(self, first: int, last: int) -> Floats:
        """Read the steps from `first` to `last` - 1 at once; give the state after them."""
        hidden = np.empty(self.weights.final_norm.size, np.float32)
        fill(self.weights, self.cache, 0, first, *self.contexts[0].between(first, last), hidden)
        return hidden


def tiny(window: int, rollback: int, steps: int, width: int = 8) -> tuple[partial[Voice], Floats]:
    """Give what makes voices of a tiny network, and the states of one that never turned back."""
    weights = weights_of(draw_network(ModelShape(layers=2, width=width, heads=2, window=window)))
    contexts = draw_context(steps, seed=2), draw_context(steps, seed=3)
    made = partial(Voice, weights, rollback, contexts)
    plain = made()
    return made, np.stack([plain.read(at) for at in range(steps)])


RINGS = [(window, rollback, 8) for window in (1, 2, 3, 5) for rollback in (0, 1, 2, 4, 6)]
RINGS += [(2 * COLUMNS + 3, 2, 2 * LANES)]  # as many steps and numbers as go side by side


@pytest.mark.parametrize(("window", "rollback", "width"), RINGS)
def test_wherever_the_ring_stands_any_step_back_leaves_no_trace(
    window: int, rollback: int, width: int
) -> None:
    """All positions of two turns and more, all depths, the dropped plan another; to the bit."""
    slots = window + rollback
    make, straight = tiny(window, rollback, 4 * slots, width)
    for position in range(1, 2 * slots + window + 1):
        for depth in range(min(rollback, position) + 1):
            by_step, at_once = make(), make()
            for voice in (by_step, at_once):
                if position > depth:
                    voice.read_on(0, position - depth)
                for at in range(position - depth, position):
                    voice.read(at, which=1)
            for at in range(position - depth, position + window):
                np.testing.assert_array_equal(by_step.read(at), straight[at])
            state = at_once.read_on(position - depth, position + window)
            np.testing.assert_array_equal(state, straight[position + window - 1])


def test_what_lies_further_back_than_promised_was_overwritten() -> None:
    """So the tests beside this one can fail."""
    window, rollback = 3, 2
    make, straight = tiny(window, rollback, steps=20)
    voice, back = make(), rollback + 2
    voice.read_on(0, 12)
    for at in range(12, 12 + back):
        voice.read(at, which=1)
    assert not np.array_equal(voice.read(12), straight[12])


@pytest.fixture(scope="module")
def long() -> tuple[partial[Voice], Floats]:
    return tiny(window=3, rollback=6, steps=250)


moves = st.tuples(st.integers(0, 6), st.integers(1, 8), st.booleans())


@given(st.lists(moves, max_size=30))
@settings(max_examples=100, deadline=None)
def test_turning_back_again_and_again_leaves_no_trace(
    long: tuple[partial[Voice], Floats], plan: list[tuple[int, int, bool]]
) -> None:
    """Back from as far as was ever read, and on: in the context, or in another that is dropped."""
    make, straight = long
    voice, furthest, sure = make(), 0, 0
    for back, on, dropped in plan:
        first = min(max(furthest - back, 0), sure)  # what was dropped is read again
        last = first + (min(on, 6) if dropped else on)
        for at in range(first, last):
            state = voice.read(at, which=int(dropped))
            if not dropped:
                np.testing.assert_array_equal(state, straight[at])
        furthest, sure = max(furthest, last), first if dropped else last
