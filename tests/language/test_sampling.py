"""Laws of repetition, temperature, min-p, top-k, top-p and the draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from idiolect.language.sampling import avoid_heard, draw, shape_distribution


def shape(
    logits: object,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
) -> tuple[NDArray[np.float64], float]:
    scores = np.asarray(logits, np.float32)
    probabilities = np.full(len(scores), np.nan)
    bits = shape_distribution(
        scores, float(temperature), float(min_p), top_k, float(top_p), probabilities
    )
    return probabilities, bits


def softmax(x: NDArray[np.float32]) -> NDArray[np.float64]:
    e = np.exp(x.astype(np.float64) - x.max())
    return e / e.sum()


@pytest.fixture
def logits() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, 2, 50).astype(np.float32)


@pytest.mark.parametrize("temperature", [0.1, 0.7, 1.0, 4.0])
def test_temperature_divides_the_scores(logits: NDArray[np.float32], temperature: float) -> None:
    expected = softmax(logits / np.float32(temperature))
    np.testing.assert_allclose(shape(logits, temperature)[0], expected, rtol=1e-4)


def test_temperature_0_takes_the_first_of_the_likeliest() -> None:
    probabilities, bits = shape([1, 3, 2, 3], temperature=0)
    assert probabilities.tolist() == [0, 1, 0, 0]
    assert bits == 0


def test_temperature_near_0_tends_to_temperature_0(logits: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(shape(logits, 1e-12)[0], shape(logits, 0)[0])


@pytest.mark.parametrize("top_k", [1, 2, 17, 50, 60])
def test_top_k_keeps_the_k_likeliest_in_proportion(logits: NDArray[np.float32], top_k: int) -> None:
    probabilities, _ = shape(logits, top_k=top_k)
    kept = np.argsort(-logits, kind="stable")[:top_k]
    assert set(np.flatnonzero(probabilities)) == set(kept)
    expected = softmax(logits)[kept]
    np.testing.assert_allclose(probabilities[kept], expected / expected.sum(), rtol=1e-6)


def test_top_k_keeps_the_first_of_equals() -> None:
    np.testing.assert_allclose(shape([1, 1, 1, 1], top_k=2)[0], [0.5, 0.5, 0, 0])


@pytest.mark.parametrize("top_p", [0.01, 0.3, 0.9, 0.999])
def test_top_p_keeps_the_fewest_that_reach_p(logits: NDArray[np.float32], top_p: float) -> None:
    probabilities, _ = shape(logits, top_p=top_p)
    plain = softmax(logits)
    kept = np.flatnonzero(probabilities)
    assert plain[kept].sum() >= top_p
    assert plain[kept].sum() - plain[kept].min() < top_p
    assert plain[kept].min() >= np.delete(plain, kept).max()


def test_top_p_counts_within_what_top_k_left() -> None:
    logits = np.log(np.array([0.4, 0.3, 0.2, 0.1], np.float32))
    np.testing.assert_allclose(shape(logits, top_k=2, top_p=0.5)[0], [1, 0, 0, 0])
    np.testing.assert_allclose(
        shape(logits, top_k=2, top_p=0.6)[0], [4 / 7, 3 / 7, 0, 0], rtol=1e-6
    )


def test_top_p_0_leaves_the_likeliest(logits: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(shape(logits, top_p=0)[0], shape(logits, 0)[0])


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("min_p", [1e-9, 0.02, 0.5, 1.0])
def test_min_p_keeps_what_is_so_likely_beside_the_likeliest(
    logits: NDArray[np.float32], temperature: float, min_p: float
) -> None:
    probabilities, bits = shape(logits, temperature, min_p=min_p)
    plain = softmax(logits / np.float32(temperature))
    kept = plain >= min_p * plain.max()
    np.testing.assert_allclose(probabilities, kept * plain / plain[kept].sum(), rtol=1e-4)
    assert bits <= shape(logits, temperature)[1] + 1e-9


def test_min_p_1_keeps_equals() -> None:
    np.testing.assert_allclose(shape([1, 3, 2, 3], min_p=1)[0], [0, 0.5, 0, 0.5])


def test_top_p_counts_within_what_min_p_left() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
    np.testing.assert_allclose(  # of 0.5 and 0.3 the first alone reaches 0.6 of their sum
        shape(logits, top_p=0.6, min_p=0.5)[0], [1, 0, 0, 0], rtol=1e-6
    )
    np.testing.assert_allclose(
        shape(logits, top_k=3, min_p=0.5)[0], [5 / 8, 3 / 8, 0, 0], rtol=1e-6
    )


@pytest.mark.parametrize("repetition", [0.5, 1, 4])
def test_a_token_heard_n_times_is_n_plus_1_times_less_likely(
    logits: NDArray[np.float32], repetition: float
) -> None:
    heard = np.random.default_rng(3).integers(0, 6, 50)
    lowered = logits.copy()
    avoid_heard(lowered, heard, repetition)
    weights = softmax(logits) / (1.0 + heard) ** repetition
    np.testing.assert_allclose(softmax(lowered), weights / weights.sum(), rtol=1e-4)
    np.testing.assert_array_equal(lowered[heard == 0], logits[heard == 0])


def test_what_is_forbidden_is_not_heard_back_to_life() -> None:
    scores = np.array([-np.inf, 0, 1], np.float32)
    avoid_heard(scores, np.array([9, 9, 0]), 4.0)
    assert scores[0] == -np.inf


def test_temperature_without_end_makes_all_that_is_allowed_equal() -> None:
    np.testing.assert_allclose(shape([-5, np.nan, 5], temperature=np.inf)[0], [0.5, 0, 0.5])


def test_entropy_is_in_bits() -> None:
    assert shape([0, 0, 0, 0])[1] == pytest.approx(2)
    assert shape([0, 0, 0, 0], top_k=2)[1] == pytest.approx(1)


def test_forbidden_tokens_never_come_back() -> None:
    probabilities, _ = shape([-np.inf, 0, np.nan, 0], temperature=4)
    np.testing.assert_allclose(probabilities, [0, 0.5, 0, 0.5])


numbers = st.floats(width=32, allow_nan=True, allow_infinity=True)
settings_ = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.lists(numbers, min_size=1, max_size=12),
    settings_,
    st.integers(-2, 2**40),
    settings_,
    settings_,
)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_a_token_survives(
    logits: list[float], temperature: float, top_k: int, top_p: float, min_p: float
) -> None:
    probabilities, bits = shape(logits, temperature, top_k, top_p, min_p)
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities >= 0).all()
    assert 0 <= bits <= np.log2(len(logits)) + 1e-9
    allowed = np.array(logits) > -np.inf
    assert not allowed.any() or not probabilities[~allowed].any()


def test_draws_fall_as_often_as_their_weights_say() -> None:
    weights = np.array([0, 3.0, 1, 0, 4, 0])
    rng = np.random.default_rng(2)
    counts = np.bincount([draw(weights, u) for u in rng.random(20_000)], minlength=6)
    expected = 20_000 * weights / weights.sum()
    assert (abs(counts - expected) <= 4 * np.sqrt(expected)).all()


def test_a_draw_inverts_the_cumulative_sum() -> None:
    weights = np.array([0.25, 0.5, 0.25])
    assert [draw(weights, u) for u in (0, 0.2499, 0.25, 0.7499, 0.75, 1 - 2**-53)] == [
        0, 0, 1, 1, 2, 2,
    ]  # fmt: skip


def test_a_draw_from_nothing_says_so() -> None:
    assert draw(np.zeros(3), 0.5) == -1
