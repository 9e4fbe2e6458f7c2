"""N-grams are distributions, remember what was seen, and are those of the literature."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from idiolect.bundle.memory import BOUNDARY, Memory, recall
from idiolect.learning.memories import USUAL, choose
from idiolect.learning.ngrams import Stream, count, kneser_ney, ppm

SIZE = 5


def stream(tokens: NDArray[np.int64], sources: NDArray[np.int64] | None = None) -> Stream:
    sources = np.zeros(len(tokens), np.int64) if sources is None else sources
    return Stream.of(tokens, sources, np.ones(len(tokens), np.bool_))


def some(units: int = 400, seed: int = 0) -> NDArray[np.int64]:
    """Tokens of which every third repeats the one before."""
    tokens = np.random.default_rng(seed).integers(0, SIZE, units)
    tokens[1::3] = tokens[0:-1:3]
    return tokens


def memories(tokens: NDArray[np.int64], order: int) -> list[Memory]:
    counts = count(stream(tokens), order)
    return [kneser_ney(counts, np.full(order, 0.4)), ppm(counts)]


@settings(deadline=None)  # the first is compiled
@given(
    st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=60),
    st.integers(1, 5),
    st.lists(st.integers(BOUNDARY, SIZE - 1), max_size=6),
)
def test_whatever_was_and_is_heard_the_shares_add_up(
    tokens: list[int], order: int, past: list[int]
) -> None:
    for memory in memories(np.array(tokens), order):
        probabilities = np.zeros(SIZE)
        recall(memory, np.array(past, np.int64), len(past), probabilities)
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert (probabilities >= 0).all()


def test_what_was_heard_often_is_expected() -> None:
    for memory in memories(np.array([0, 1, 2, 3, 4] * 20), 3):
        probabilities = np.zeros(SIZE)
        assert recall(memory, np.array([1, 0]), 2, probabilities) == 2
        assert probabilities.argmax() == 2
        assert probabilities[2] > 0.85


def test_an_unknown_past_is_read_as_far_as_it_is_known() -> None:
    tokens = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    for memory in memories(tokens, 4):
        one, two = np.zeros(SIZE), np.zeros(SIZE)
        assert recall(memory, np.array([1, 4, 4]), 3, one) == 1
        recall(memory, np.array([1]), 1, two)
        np.testing.assert_array_equal(one, two)


def test_no_context_reaches_across_the_beginning_of_a_source() -> None:
    tokens, sources = np.array([0, 1, 2, 3, 4, 0]), np.array([0, 0, 0, 1, 1, 1])
    laid = stream(tokens, sources)
    memory = kneser_ney(count(laid, 3), np.full(3, 0.1))
    probabilities = np.zeros(SIZE)
    assert recall(memory, np.array([BOUNDARY]), 1, probabilities) == 1
    assert sorted(np.argsort(probabilities)[-2:].tolist()) == [0, 3]
    assert recall(memory, np.array([3, BOUNDARY]), 2, probabilities) == 2
    assert recall(memory, np.array([3, 2]), 2, probabilities) == 1  # 2 ends the source before
    assert recall(memory, np.array([2]), 1, probabilities) == 0


def test_the_past_ends_where_the_set_does() -> None:
    inside = np.array([True, True, False, True, True])
    memory = ppm(count(Stream.of(np.arange(5), np.zeros(5, np.int64), inside), 3))
    for past, known in (([0, BOUNDARY], 2), ([3], 1), ([3, 1], 1), ([1], 0)):
        assert recall(memory, np.array(past), len(past), np.zeros(5)) == known


@pytest.mark.parametrize("order", [2, 3, 4])
def test_kneser_ney_is_that_of_a_published_toolkit(order: int) -> None:
    """NLTK's has one discount for all orders and nothing below the unigram."""
    from nltk.lm import KneserNeyInterpolated
    from nltk.util import everygrams

    tokens = some()
    words = ["<s>", *map(str, tokens)]
    model = KneserNeyInterpolated(order, discount=0.3)
    names = [str(token) for token in range(SIZE)]
    model.fit([list(everygrams(words, max_len=order))], vocabulary_text=names)
    discounts = np.append(0.0, np.full(order - 1, 0.3))
    memory = kneser_ney(count(stream(tokens), order), discounts)
    probabilities = np.zeros(SIZE)
    for index in range(order, 60):
        recall(memory, tokens[index - order + 1 : index][::-1], order - 1, probabilities)
        past = words[index + 2 - order : index + 1]
        expected = [model.score(name, past) for name in names]
        np.testing.assert_allclose(probabilities, expected, atol=1e-6)


def test_the_best_is_as_long_as_what_there_is_to_remember() -> None:
    """Three tokens back decide: no shorter memory can know it."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 2, 3000)
    for index in range(3, 3000):
        if rng.random() < 0.95:
            tokens[index] = tokens[index - 3] ^ tokens[index - 2]
    learned = stream(tokens[:2000])
    best = choose([(learned, stream(tokens[2000:2500]), 2)])
    assert best.order >= 4
    assert best.surprise(best.remember(learned), stream(tokens[2500:]), 2).mean() < 0.5


def test_where_nothing_is_held_out_a_bigram_it_is() -> None:
    found = choose([(stream(some()), stream(some(0)), SIZE)])
    assert found == USUAL
    assert found.order == 2
    memory = found.remember(stream(some()))
    assert np.isfinite(found.surprise(memory, stream(some(50, 1)), SIZE)).all()
