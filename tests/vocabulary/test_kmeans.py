"""Clustering units into a vocabulary."""

import numpy as np
import pytest

from idiolect.vocabulary.assign import assign
from idiolect.vocabulary.kmeans import FEWEST, MOST, cluster, size_for


@pytest.mark.parametrize(("units", "size"), [(1, FEWEST), (100, 10), (4900, 70), (10**6, MOST)])
def test_the_size_is_about_the_root_of_the_units(units: int, size: int) -> None:
    assert size_for(units) == size


def test_every_token_names_a_unit_and_equal_seeds_give_equal_bytes() -> None:
    units = np.random.default_rng(0).normal(size=(500, 24)).astype(np.float32)
    one, two = cluster(units, 22, seed=3), cluster(units, 22, seed=3)
    assert one.tobytes() == two.tobytes()
    assert set(assign(units, one)) == set(range(len(one)))


def test_there_are_never_more_tokens_than_distinct_units() -> None:
    units = np.repeat(np.eye(3, dtype=np.float32), 50, axis=0)
    assert len(cluster(units, 12, seed=0)) == 3


def test_clear_clusters_are_found() -> None:
    rng = np.random.default_rng(0)
    names = rng.integers(0, 4, 400)
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 9]])
    units = (centres[names] + rng.normal(0, 0.5, (400, 2))).astype(np.float32)
    tokens = assign(units, cluster(units, 4, seed=0))
    assert len({(int(a), int(b)) for a, b in zip(names, tokens, strict=True)}) == 4
