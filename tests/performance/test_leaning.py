"""A bias moves what is played, as far as it says and no farther, and only by being asked."""

from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.parameters.bias import bias_name
from idiolect.performance.leaning import measure_leanings, place_tokens, tilt_tokens, weigh_classes
from idiolect.selection.inventory import load_inventory
from stage import Stage
from synthetic import DESCRIPTORS, make_bundle, make_inventory

Make = Callable[..., Stage]
BIASES = (-2.0, -1.0, 0.0, 1.0, 2.0)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_a_place_says_how_much_of_the_corpus_lies_below(tokens: list[int], seed: int) -> None:
    """Below and above count alike, and it is a token's mean that counts."""
    inventory = make_inventory(tokens, vocabulary=5, seed=seed)
    places = place_tokens(inventory)
    often = np.bincount(tokens, minlength=5) / len(tokens)
    for column in range(places.shape[1]):
        means = [inventory.descriptors[np.array(tokens) == t, column].mean() for t in set(tokens)]
        for token, mean in zip(set(tokens), means, strict=True):
            below = sum(often[t] for t, m in zip(set(tokens), means, strict=True) if m < mean)
            share = NormalDist().cdf(places[token, column])
            assert share == pytest.approx(below + often[token] / 2, abs=1e-6)
    assert (places[often == 0] == 0).all()


def test_less_of_something_is_as_far_as_more_of_its_contrary() -> None:
    inventory = make_inventory([0, 0, 1, 1, 2, 3, 3, 3])
    places = place_tokens(inventory)
    inventory.descriptors[:] *= -1
    np.testing.assert_allclose(place_tokens(inventory), -places, atol=1e-9)


def test_one_odd_sound_is_no_farther_than_the_last_in_its_row() -> None:
    inventory = make_inventory(list(range(20)))
    places = place_tokens(inventory)
    inventory.descriptors[np.argmax(inventory.descriptors[:, 0]), 0] = 1e6
    np.testing.assert_array_equal(place_tokens(inventory), places)


def test_a_missing_descriptor_says_nothing_about_its_token() -> None:
    inventory = make_inventory([0, 0, 1, 1, 2])
    inventory.present[1, 3] = inventory.present[4, 3] = 0
    places = place_tokens(inventory)
    assert places[2, 3] == 0
    inventory.descriptors[1, 3] = inventory.descriptors[4, 3] = 99
    np.testing.assert_array_equal(place_tokens(inventory), places)


def test_where_all_tokens_are_alike_there_is_nothing_to_lean_towards() -> None:
    inventory = make_inventory([0, 1, 2, 1])
    inventory.descriptors[:, 2] = 0.7
    assert (place_tokens(inventory)[:, 2] == 0).all()


def test_each_scale_is_placed_by_itself(bundle: Bundle) -> None:
    inventory = load_inventory(bundle)
    first, last = inventory.token_offset[1:]
    lone = inventory._replace(
        units=bundle.scales[1].units,
        descriptors=bundle.scales[1].descriptors,
        present=bundle.scales[1].present.astype(np.float32),
        unit_offset=np.array([0, len(bundle.scales[1].units)]),
        token_offset=np.array([0, last - first]),
    )
    np.testing.assert_array_equal(place_tokens(inventory)[first:last], place_tokens(lone))


@given(st.integers(0, 99), st.lists(st.floats(-4, 4), min_size=5, max_size=5))
@settings(max_examples=50, deadline=None)
def test_biases_add_up(seed: int, biases: list[float]) -> None:
    leanings = measure_leanings(make_inventory([0, 1, 2, 3, 1, 0], seed=seed))
    together, alone = np.zeros(4, np.float32), np.zeros(4, np.float32)
    tilt_tokens(leanings, np.array(biases), -1, together)
    for column, bias in enumerate(biases):
        own = np.zeros(4, np.float32)
        tilt_tokens(leanings, bias * np.eye(5)[column], -1, own)
        alone += own
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_class_speaks_for_tokens_that_lie_in_it_oftener_than_elsewhere(bundle: Bundle) -> None:
    weights = weigh_classes(load_inventory(bundle), 0)
    fine, coarse = (bundle.scales[k].units for k in (0, 1))
    classes = coarse["token"][fine["parent"]]
    for token in range(weights.shape[1]):
        own = classes[fine["token"] == token]
        for name, weight in enumerate(weights[:, token]):
            more = np.mean(own == name) - np.mean(classes == name) if len(own) else 0.0
            assert np.sign(weight.round(5)) == np.sign(more.round(5))


def test_a_class_leans_its_own_finer_scale_alone(bundle: Bundle) -> None:
    leanings = measure_leanings(load_inventory(bundle))
    size, bias = int(leanings.offsets[-1]), np.zeros(len(DESCRIPTORS))
    tilt = np.ones(size, np.float32)
    for parent in (-2, -1, 10_000):
        tilt_tokens(leanings, bias, parent, tilt)
        assert (tilt == 0).all()
    tilt_tokens(leanings, bias, 0, tilt)
    np.testing.assert_array_equal(tilt[: leanings.offsets[1]], leanings.classes[0][0])
    coarsest = leanings.offsets[-2]
    assert (tilt[coarsest:] == 0).all()


def speak(bundle: Bundle, scale: int = 0, **values: float) -> NDArray[np.void]:
    """Steps of half a minute."""
    playing = Stage(bundle)
    for name, value in ({"random_seed": 3.0, "continuity": 0.5, "scale": scale} | values).items():
        playing.player.set(name, 1, value)
    playing.player.set("run", 1, 1.0)
    playing.play(60, block=4096)
    plan = playing.planner.plan
    return plan.steps[0][: min(plan.voices["steps"][0], plan.steps.shape[1])]


def mean_of(bundle: Bundle, steps: NDArray[np.void], descriptor: str, scale: int = 0) -> float:
    column, units = DESCRIPTORS.index(descriptor), steps["unit"]
    known = bundle.scales[scale].present[units, column]
    return float(bundle.scales[scale].descriptors[units[known], column].mean())


@pytest.fixture(params=[1, 2, 3])
def corpus(request: pytest.FixtureRequest, tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "x.idiolect", seed=request.param, seconds=40, tokens=(24, 8))


@pytest.mark.parametrize("descriptor", ["centroid", "loudness"])
def test_raising_a_bias_raises_what_is_played(corpus: Bundle, descriptor: str) -> None:
    """Over five values, without settling on one source or one token."""
    heard = {bias: speak(corpus, **{bias_name(descriptor): bias}) for bias in BIASES}
    means = [mean_of(corpus, steps, descriptor) for steps in heard.values()]
    entropies = {bias: float(steps["entropy"].mean()) for bias, steps in heard.items()}
    assert (np.diff(means) > 0.05).all(), means
    for bias, steps in heard.items():
        assert entropies[bias] > (0.5 if abs(bias) <= 1 else 0.2) * entropies[0.0], entropies
        sources = corpus.scales[0].units["source"][steps["unit"]]
        assert np.bincount(sources, minlength=3).min() > 0.02 * len(sources)
        assert len(np.unique(steps["token"])) > 6


def test_at_the_coarse_scale_too(corpus: Bundle) -> None:
    means = [
        mean_of(corpus, speak(corpus, 1, **{bias_name("pitch"): bias}), "pitch", 1)
        for bias in (-3.0, 0.0, 3.0)
    ]
    assert means[0] < means[1] < means[2]


def test_within_a_class_most_units_come_from_it(corpus: Bundle) -> None:
    classes = corpus.scales[1].units["token"][corpus.scales[0].units["parent"]]
    units = speak(corpus, parent=-2)["unit"]
    free = np.array([np.mean(classes[units] == token) for token in range(4)])
    told = np.array(
        [np.mean(classes[speak(corpus, parent=token)["unit"]] == token) for token in range(4)]
    )
    assert (told > 1.5 * free).all(), (free, told)
    assert told.sum() > 2.5 * free.sum(), (free, told)


def test_a_bias_turned_and_turned_back_leaves_no_trace(stage: Make) -> None:
    """Among the steps that were decided before it came, and after it was gone."""

    def nod(playing: Stage) -> None:
        for bias in (3.0, 0.0):
            playing.player.set("bias/centroid", 1, bias)

    played = []
    for changes in ([], [(0.2 + 0.1 * k, nod) for k in range(20)]):
        playing = stage()
        playing.player.set("run", 1, 1.0)
        played.append(playing.play(3, changes=changes))
    np.testing.assert_array_equal(*played)


def test_a_bias_is_each_voices_own(stage: Make) -> None:
    def units(*leaning: int) -> list[list[int]]:
        playing = stage(2)
        for voice in (1, 2):
            if voice in leaning:
                playing.player.set("bias/loudness", voice, 4.0)
            playing.player.set("run", voice, 1.0)
        playing.play(5)
        plan = playing.planner.plan
        return [plan.steps["unit"][v, : plan.voices["steps"][v]].tolist() for v in (0, 1)]

    plain, leaned = units(), units(2)
    assert leaned[0] == plain[0]
    assert leaned[1] != plain[1]
