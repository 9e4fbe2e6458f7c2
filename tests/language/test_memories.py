"""The memories of all scales stand side by side, and hold what the performer gives them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.memory import BOUNDARY, recall
from idiolect.language.memories import DEPTH, NOTHING, Memories, load_memories, mix_memory
from synthetic import MEMORY_WEIGHT, make_bundle

NO_SEEDS = np.zeros(0, np.int64)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(Path(tmp_path_factory.mktemp("memories")) / "x.idiolect")


@pytest.fixture(scope="module")
def memories(bundle: Bundle) -> Memories:
    return load_memories(bundle)


def _past(*tokens: int) -> NDArray[np.int64]:
    return np.array([*tokens, *[NOTHING] * (DEPTH - len(tokens))])


def _mixed(
    memories: Memories,
    scale: int,
    lean: float,
    past: NDArray[np.int64],
    seeded: NDArray[np.int64] = NO_SEEDS,
    *,
    size: int = 12,
) -> NDArray[np.float64]:
    logits = np.random.default_rng(5).normal(0, 2, size).astype(np.float32)
    mix_memory(memories, scale, lean, past, seeded, logits)
    return np.exp(logits.astype(np.float64))


def _network(size: int = 12) -> NDArray[np.float64]:
    shares = np.exp(np.random.default_rng(5).normal(0, 2, size).astype(np.float32))
    return np.asarray(shares.astype(np.float64) / shares.sum())


@pytest.mark.parametrize("scale", [0, 1])
def test_every_scale_recalls_from_its_own_tree(
    bundle: Bundle, memories: Memories, scale: int
) -> None:
    own = bundle.scales[scale]
    tokens, size = own.units["token"], own.token_count
    for index in range(DEPTH, 60):
        past = tokens[index - DEPTH : index][::-1].astype(np.int64)
        alone = np.zeros(size)
        recall(own.memory, past, DEPTH, alone)
        found = _mixed(memories, scale, 1.0, past, size=size)
        np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-7)


def test_the_network_alone_is_left_as_it_is(memories: Memories) -> None:
    logits = np.random.default_rng(5).normal(0, 2, 12).astype(np.float32)
    again = logits.copy()
    mix_memory(memories, 0, 0.0, _past(1, 2), NO_SEEDS, again)
    np.testing.assert_array_equal(again, logits)


def test_in_the_middle_both_have_the_share_that_was_fitted(memories: Memories) -> None:
    remembered = _mixed(memories, 0, 1.0, _past(3))
    expected = MEMORY_WEIGHT * remembered + (1 - MEMORY_WEIGHT) * _network()
    np.testing.assert_allclose(_mixed(memories, 0, 0.5, _past(3)), expected, rtol=1e-5)


@pytest.mark.parametrize("lean", [0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("past", [_past(), _past(BOUNDARY), _past(2, 5, 1, 7, 0)], ids=str)
def test_what_is_expected_adds_up_to_one(
    memories: Memories, lean: float, past: NDArray[np.int64]
) -> None:
    seeded = np.array([1, 2, NOTHING, BOUNDARY, 4, 5, 1, 2, 4])
    assert _mixed(memories, 0, lean, past, seeded).sum() == pytest.approx(1, abs=1e-5)


def test_what_the_performer_gave_is_expected_after_its_own_past(memories: Memories) -> None:
    seeded = np.array([7, 3, 9, NOTHING])
    without = _mixed(memories, 0, 1.0, _past(3, 7))[9]
    shorter, longer = (_mixed(memories, 0, 1.0, _past(3, *more), seeded)[9] for more in ((), (7,)))
    assert without < shorter < longer
    after_another = _mixed(memories, 0, 1.0, _past(8, 7), seeded)
    np.testing.assert_array_equal(after_another, _mixed(memories, 0, 1.0, _past(8, 7)))


def test_no_context_reaches_across_the_gap_between_two(memories: Memories) -> None:
    apart = _mixed(memories, 0, 1.0, _past(7), np.array([7, NOTHING, 9, NOTHING]))
    np.testing.assert_array_equal(apart, _mixed(memories, 0, 1.0, _past(7)))


few = st.sampled_from([0, 1, 2, BOUNDARY])


@given(st.lists(few | st.sampled_from([NOTHING, 40]), max_size=40), st.lists(few, max_size=DEPTH))
@settings(max_examples=200, deadline=None)
def test_what_is_seeded_is_expected_as_partial_matching_says(
    memories: Memories, seeded: list[int], past: list[int]
) -> None:
    """PPM, method C, in other words: counts after ever longer pasts, over what shorter ones say."""
    expected = _mixed(memories, 0, 1.0, _past(*past))
    for depth in range(1, len(past) + 1):
        ends = [i for i in range(depth, len(seeded)) if 0 <= seeded[i] < len(expected)]
        found = [seeded[i] for i in ends if seeded[i - depth : i] == past[:depth][::-1]]
        if not found:
            break
        kinds, counts = len(set(found)), np.bincount(found, minlength=len(expected))
        expected = (counts + kinds * expected) / (len(found) + kinds)
    mixed = _mixed(memories, 0, 1.0, _past(*past), np.array(seeded, np.int64))
    np.testing.assert_allclose(mixed, expected, rtol=1e-5)
