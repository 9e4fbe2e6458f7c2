"""The size of a vocabulary is the one that tells most about what comes next."""

import numpy as np
import pytest

from idiolect.learning.sizes import choose_size
from idiolect.learning.split import TRAIN, VALIDATION

CLASSES = 12


def corpus(units: int = 4000, *, ordered: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Sounds of twelve kinds, each mostly followed by the next; and their sets."""
    rng = np.random.default_rng(0)
    steps = np.where(rng.random(units) < 0.8, 1, rng.integers(0, CLASSES, units))
    names = np.cumsum(steps) % CLASSES if ordered else rng.integers(0, CLASSES, units)
    centres = 6 * rng.normal(size=(CLASSES, 8))
    rows = (centres[names] + rng.normal(size=(units, 8))).astype(np.float32)
    kinds = np.where(np.arange(units) % 1000 < 800, TRAIN, VALIDATION)
    return rows, kinds


def sources(units: int) -> np.ndarray:
    return np.zeros(units, np.int64)


def test_as_many_tokens_as_there_are_kinds_of_sounds() -> None:
    rows, kinds = corpus()
    found = choose_size(rows, kinds, sources(4000), 0.1, 0)
    assert found.chosen == CLASSES
    assert found.rates[found.sizes.index(CLASSES)] == pytest.approx(max(found.rates), rel=0.05)


def test_where_order_tells_nothing_few_are_enough() -> None:
    rows, kinds = corpus(ordered=False)
    found = choose_size(rows, kinds, sources(4000), 0.1, 0)
    assert found.chosen <= 8
    assert max(found.rates) < 1.0


def test_a_rate_is_bits_per_second() -> None:
    rows, kinds = corpus()
    slow, fast = (choose_size(rows, kinds, sources(4000), s, 0) for s in (0.2, 0.1))
    np.testing.assert_allclose(np.array(fast.rates), 2 * np.array(slow.rates))


@pytest.mark.parametrize("units", [5, 60, 300])
def test_where_too_little_is_held_out_the_root_decides_and_it_says_so(units: int) -> None:
    rows, _ = corpus(units)
    found = choose_size(rows, np.full(units, TRAIN), sources(units), 0.1, 0)
    assert 1 <= found.chosen <= units
    assert found.sizes == ()
    assert "too few" in found.why


def test_it_is_the_same_choice_twice() -> None:
    rows, kinds = corpus()
    assert choose_size(rows, kinds, sources(4000), 0.1, 3) == choose_size(
        rows, kinds, sources(4000), 0.1, 3
    )
