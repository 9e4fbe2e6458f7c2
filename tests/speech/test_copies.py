"""A copy is a piece of the corpus in its own order."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.speech.copies import measure_copies
from idiolect.speech.said import Said

Hear = Callable[[Sequence[int]], Said]


def test_the_copies_of_a_corpus_are_its_files(bundle: Bundle) -> None:
    for scale in bundle.scales:
        found = measure_copies(Said.corpus(scale, bundle.sample_rate))
        frames = [source["frames"] for source in bundle.sources]
        assert found["count"] == len(frames)
        assert found["seconds"]["longest"] == pytest.approx(max(frames) / bundle.sample_rate)
        assert found["seconds"]["mean"] == pytest.approx(np.mean(frames) / bundle.sample_rate)
        assert found["units"]["longest"] == np.bincount(scale.units["source"]).max()


def test_units_that_leap_are_copies_of_one(hear: Hear) -> None:
    found = measure_copies(hear([40, 20, 60, 58, 30]))
    assert set(found) == {"count", "continued", "units", "seconds", "by_time"}
    assert found["count"] == 5
    assert found["continued"] == 0
    assert found["units"] == {"median": 1, "mean": 1, "p90": 1, "longest": 1}


def test_a_unit_that_sounds_again_is_no_continuation(hear: Hear) -> None:
    assert measure_copies(hear([5, 5, 5]))["count"] == 3


def test_the_end_of_a_file_and_the_beginning_of_the_next_are_two_copies(
    bundle: Bundle, hear: Hear
) -> None:
    first = int(np.flatnonzero(bundle.scales[0].units["source"] == 1)[0])
    assert measure_copies(hear([first - 2, first - 1, first, first + 1]))["count"] == 2


def test_at_a_random_moment_a_long_copy_is_likelier(hear: Hear) -> None:
    """Nine leaps and one run of thirty units: most copies are short, most time is in the long one."""
    said = hear([90, 80, 70, 60, 91, 81, 71, 61, 92, *range(10, 40)])
    found = measure_copies(said)
    assert found["units"] == {"median": 1, "mean": 3.9, "p90": 1, "longest": 30}
    long = said.lengths[9:].sum()
    assert found["seconds"]["longest"] == found["by_time"]["median"] == pytest.approx(long)
    assert found["by_time"]["mean"] == pytest.approx(
        ((said.lengths[:9] ** 2).sum() + long**2) / said.lengths.sum()
    )
