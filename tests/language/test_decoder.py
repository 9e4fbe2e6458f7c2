"""The decoder agrees with a network written plainly in torch, and repeats itself to the bit."""

import importlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.language import decoder
from synthetic import make_bundle

ROLLBACK = 5
STEPS = 40  # five windows: the ring has wrapped three times


class Context(NamedTuple):
    """A start step and random units after it."""

    tokens: NDArray[np.int64]
    descriptors: NDArray[np.float32]
    present: NDArray[np.float32]
    scales: NDArray[np.int64]
    parents: NDArray[np.int64]


def draw_context(bundle: Bundle, seed: int, steps: int = STEPS) -> Context:
    rng = np.random.default_rng(seed)
    total, width = len(bundle.weights["head"]), len(bundle.manifest["descriptors"])
    tokens = np.concatenate([[total], rng.integers(0, total, steps - 1)])
    present = (rng.random((steps, width)) > 0.2).astype(np.float32)
    present[0] = 0
    descriptors = rng.normal(size=(steps, width)).astype(np.float32) * present
    scales = (tokens >= bundle.scales[0].token_count).astype(np.int64)
    scales[0] = 0
    parents = rng.integers(0, total + 1, steps)  # of the units that follow; total: nobody says
    return Context(tokens, descriptors, present, scales, parents)


def step(bundle: Bundle, cache: decoder.Cache, context: Context, at: int) -> NDArray[np.float32]:
    weights = decoder.load_weights(bundle)
    hidden = np.empty(weights.final_norm.size, np.float32)
    decoder.advance(
        weights, cache, 0, at, context.tokens[at], context.descriptors[at],
        context.present[at], context.scales[at], context.parents[at], hidden,
    )  # fmt: skip
    return hidden


def walk(bundle: Bundle, cache: decoder.Cache, context: Context) -> NDArray[np.float32]:
    return np.stack([step(bundle, cache, context, at) for at in range(len(context.tokens))])


def score(bundle: Bundle, hidden: NDArray[np.float32]) -> NDArray[np.float32]:
    weights = decoder.load_weights(bundle)
    logits = np.empty((len(hidden), weights.head_bias.size), np.float32)
    for row, state in zip(logits, hidden, strict=True):
        decoder.score_tokens(weights, state, 0, row.size, row)
    return logits


def reference(bundle: Bundle, context: Context) -> Any:
    """Compute float64[steps, C], the states, without a cache: every step sees its window only."""
    torch = pytest.importorskip("torch")
    w = {name: torch.from_numpy(array).double() for name, array in bundle.weights.items()}
    model = bundle.manifest["model"]
    steps, width, heads = len(context.tokens), model["width"], model["heads"]

    def rms(x: Any) -> Any:
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5)

    read = torch.from_numpy(np.concatenate([context.descriptors, context.present], 1)).double()
    x = w["token_embedding"][torch.from_numpy(context.tokens)]
    x = x + read @ w["descriptor_projection"].T + w["scale_embedding"][context.scales]
    x = x + w["parent_embedding"][context.parents]
    time = torch.arange(steps)
    distance = time[:, None] - time[None, :]
    windows = model.get("windows") or [model["window"]] * len(bundle.scales)
    seen = torch.tensor(windows)[torch.from_numpy(context.scales)]
    hidden_from = (distance < 0) | (distance >= seen[:, None])
    slopes = 2.0 ** (-8 * torch.arange(1, heads + 1).double() / heads)
    for layer in range(model["layers"]):
        qkv = (rms(x) * w["attention_norm"][layer]) @ w["qkv"][layer].T
        q, k, v = qkv.reshape(steps, 3, heads, width // heads).permute(1, 2, 0, 3)
        scores = q @ k.transpose(-1, -2) / (width // heads) ** 0.5
        scores = scores - slopes[:, None, None] * distance
        seen = scores.masked_fill(hidden_from, -torch.inf).softmax(-1) @ v
        x = x + seen.transpose(0, 1).reshape(steps, width) @ w["attention_out"][layer].T
        inner = (rms(x) * w["mlp_norm"][layer]) @ w["mlp_in"][layer].T
        x = x + (inner * torch.sigmoid(inner)) @ w["mlp_out"][layer].T
    return rms(x) * w["final_norm"]


SHAPES = [(2, 16, 2, 8, ()), (3, 30, 3, 5, ()), (1, 8, 8, 1, ()), (2, 16, 2, 8, (8, 3))]


@pytest.fixture(scope="module", params=SHAPES)
def shaped(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    layers, width, heads, window, windows = request.param
    return make_bundle(
        Path(tmp_path_factory.mktemp("shaped")) / "x.idiolect",
        seconds=3, layers=layers, width=width, heads=heads, window=window, windows=windows,
    )  # fmt: skip


def test_logits_agree_with_torch_over_many_windows(shaped: Bundle) -> None:
    context = draw_context(shaped, seed=1)
    logits = score(
        shaped, walk(shaped, decoder.make_cache(shaped.manifest["model"], 1, ROLLBACK), context)
    )
    states = reference(shaped, context).numpy()
    expected = states @ shaped.weights["head"].T + shaped.weights["head_bias"]
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=0)


def test_expected_descriptors_agree_with_torch(shaped: Bundle) -> None:
    context = draw_context(shaped, seed=2)
    weights = decoder.load_weights(shaped)
    states = walk(shaped, decoder.make_cache(shaped.manifest["model"], 1, ROLLBACK), context)
    w, expected = shaped.weights, reference(shaped, context).numpy()
    mean, variance = np.empty((2, len(shaped.manifest["descriptors"])), np.float32)
    for state, truth, token in zip(states, expected, context.tokens[1:], strict=False):
        decoder.expect_descriptors(weights, state, token, mean, variance)
        log_variance = w["log_variance_head"] @ truth + w["log_variance_bias"][token]
        np.testing.assert_allclose(mean, w["mean_head"] @ truth + w["mean_bias"][token], atol=1e-4)
        np.testing.assert_allclose(variance, np.exp(np.clip(log_variance, -6, 4)), rtol=1e-4)


def test_the_network_that_is_trained_is_the_one_that_plays(shaped: Bundle) -> None:
    bundle = shaped
    torch = pytest.importorskip("torch")
    network = pytest.importorskip("idiolect.learning.network")
    shape = importlib.import_module("idiolect.learning.settings").ModelShape
    sizes = len(bundle.weights["head"]), len(bundle.manifest["descriptors"]), len(bundle.scales)
    trained = network.Network(shape(**bundle.manifest["model"]), *sizes).eval()
    trained.load_state_dict({k: torch.from_numpy(v) for k, v in bundle.weights.items()})
    context = draw_context(bundle, seed=3)
    with torch.no_grad():
        expected = trained(*(torch.from_numpy(a)[None] for a in context)).logits()[0].numpy()
    logits = score(
        bundle, walk(bundle, decoder.make_cache(bundle.manifest["model"], 1, ROLLBACK), context)
    )
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=0)


def test_who_is_told_the_parent_expects_something_else(bundle: Bundle) -> None:
    told = draw_context(bundle, seed=12)
    nobody = told._replace(parents=np.full(STEPS, len(bundle.weights["head"])))
    one, two = (
        walk(bundle, decoder.make_cache(bundle.manifest["model"], 1, ROLLBACK), c)
        for c in (told, nobody)
    )
    assert (told.parents[0] == nobody.parents[0]) == np.array_equal(one[0], two[0])
    assert not np.array_equal(one[-1], two[-1])


def test_variance_is_bounded_however_sure_the_network_is(bundle: Bundle) -> None:
    weights = decoder.load_weights(bundle)
    mean, variance = np.empty((2, len(bundle.manifest["descriptors"])), np.float32)
    for size in (-1e6, 1e6):
        hidden = np.full(weights.final_norm.size, size, np.float32)
        decoder.expect_descriptors(weights, hidden, 0, mean, variance)
        assert (variance >= np.exp(-6.001)).all()
        assert (variance <= np.exp(4.001)).all()


def test_a_step_sees_its_window_and_nothing_before_it(bundle: Bundle) -> None:
    reach = bundle.manifest["model"]["layers"] * (bundle.manifest["model"]["window"] - 1)
    long, short = draw_context(bundle, seed=4), draw_context(bundle, seed=5)
    same = Context(*(np.concatenate([a[:9], b[9:]]) for a, b in zip(short, long, strict=True)))
    one = walk(bundle, decoder.make_cache(bundle.manifest["model"], 1, 0), long)
    two = walk(bundle, decoder.make_cache(bundle.manifest["model"], 1, 0), same)
    np.testing.assert_array_equal(one[9 + reach :], two[9 + reach :])
    assert not np.array_equal(one[9], two[9])


def test_a_step_of_a_scale_hears_as_much_as_that_scale_does(tmp_path: Path) -> None:
    whole, less, none = (
        make_bundle(tmp_path / f"{i}.idiolect", seconds=3, layers=1, window=8, windows=windows)
        for i, windows in enumerate([(), (8, 3), (8, 8)])
    )
    context = draw_context(whole, seed=8)
    one, two, three = (
        walk(b, decoder.make_cache(b.manifest["model"], 1, 0), context) for b in (whole, less, none)
    )
    np.testing.assert_array_equal(one, three)
    np.testing.assert_array_equal(one[context.scales == 0], two[context.scales == 0])
    coarse = np.flatnonzero(context.scales == 1)
    assert all(np.array_equal(one[at], two[at]) == (at < 3) for at in coarse)


@pytest.mark.parametrize("back", range(1, ROLLBACK + 2))
def test_rolling_back_and_redoing_gives_the_same_bits(bundle: Bundle, back: int) -> None:
    context, other = draw_context(bundle, seed=6), draw_context(bundle, seed=7)
    plain = walk(bundle, decoder.make_cache(bundle.manifest["model"], 1, ROLLBACK), context)
    cache = decoder.make_cache(bundle.manifest["model"], 1, ROLLBACK)
    for at in range(25):
        step(bundle, cache, context, at)
    for at in range(25 - back, 25):
        step(bundle, cache, other, at)  # a plan that is dropped again
    for at in range(25 - back, STEPS):
        np.testing.assert_array_equal(step(bundle, cache, context, at), plain[at])


def test_rows_of_a_batch_have_the_bits_they_have_alone(bundle: Bundle) -> None:
    weights, cache = (
        decoder.load_weights(bundle),
        decoder.make_cache(bundle.manifest["model"], 3, ROLLBACK),
    )
    contexts = [draw_context(bundle, seed=10 + voice) for voice in range(3)]
    alone = [
        walk(bundle, decoder.make_cache(bundle.manifest["model"], 1, ROLLBACK), c) for c in contexts
    ]
    hidden = np.empty((3, weights.final_norm.size), np.float32)
    for at in range(STEPS - 4):
        ats = at + np.array([2, 0, 4])  # voices need not be at the same step
        if at == 0:
            for voice, first in enumerate(ats):
                decoder.fill(
                    weights, cache, voice, 0, *(a[:first] for a in contexts[voice]), hidden[0]
                )
        rows = [[a[i] for a in c] for c, i in zip(contexts, ats, strict=True)]
        read = (np.array(a) for a in zip(*rows, strict=True))
        decoder.advance_rows(weights, cache, np.arange(3), ats, *read, hidden)
        for voice in range(3):
            np.testing.assert_array_equal(hidden[voice], alone[voice][ats[voice]])


@pytest.mark.parametrize("rollback", [0, ROLLBACK])
@pytest.mark.parametrize("length", [1, 7, STEPS])
def test_filling_a_context_is_stepping_through_it(
    bundle: Bundle, rollback: int, length: int
) -> None:
    context = draw_context(bundle, seed=8)
    weights = decoder.load_weights(bundle)
    plain, filled = (decoder.make_cache(bundle.manifest["model"], 1, rollback) for _ in range(2))
    states = walk(bundle, plain, Context(*(a[:length] for a in context)))
    hidden = np.empty(weights.final_norm.size, np.float32)
    half = length // 2
    middle = decoder.fill(weights, filled, 0, 0, *(a[:half] for a in context), hidden)
    end = decoder.fill(weights, filled, 0, middle, *(a[half:length] for a in context), hidden)
    assert (middle, end) == (half, length)
    np.testing.assert_array_equal(hidden, states[-1])
    np.testing.assert_array_equal(filled.keys, plain.keys)
    np.testing.assert_array_equal(filled.values, plain.values)


def test_filling_with_nothing_changes_nothing(bundle: Bundle) -> None:
    weights, cache = (
        decoder.load_weights(bundle),
        decoder.make_cache(bundle.manifest["model"], 1, 0),
    )
    hidden = np.ones(weights.final_norm.size, np.float32)
    nothing = (a[:0] for a in draw_context(bundle, seed=9))
    assert decoder.fill(weights, cache, 0, 3, *nothing, hidden) == 3
    assert (hidden == 1).all()
    assert not cache.keys.any()


def test_a_voice_leaves_the_contexts_of_others_alone(bundle: Bundle) -> None:
    weights, cache = (
        decoder.load_weights(bundle),
        decoder.make_cache(bundle.manifest["model"], 3, 0),
    )
    hidden = np.empty(weights.final_norm.size, np.float32)
    decoder.fill(weights, cache, 1, 0, *draw_context(bundle, seed=11), hidden)
    assert cache.keys[1].all()
    assert not cache.keys[[0, 2]].any()
    assert not cache.values[[0, 2]].any()


def test_scores_of_a_scale_are_a_part_of_all_scores(bundle: Bundle) -> None:
    weights = decoder.load_weights(bundle)
    hidden = np.random.default_rng(0).normal(size=(1, weights.final_norm.size)).astype(np.float32)
    everything = score(bundle, hidden)[0]
    part = np.empty(5, np.float32)
    decoder.score_tokens(weights, hidden[0], 12, 17, part)
    np.testing.assert_array_equal(part, everything[12:17])
