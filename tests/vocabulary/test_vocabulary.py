"""Clustering units into a vocabulary."""

import numpy as np
import pytest

from idiolect.errors import ConfigError
from idiolect.vocabulary.clusters import FEWEST, MOST, size_for
from idiolect.vocabulary.vocabulary import METHODS, Vocabulary


@pytest.mark.parametrize(("units", "size"), [(1, FEWEST), (100, 10), (4900, 70), (10**6, MOST)])
def test_the_size_is_about_the_root_of_the_units(units: int, size: int) -> None:
    assert size_for(units) == size


@pytest.mark.parametrize("method", METHODS)
def test_clear_clusters_are_found_whatever_the_order(method: str) -> None:
    rng = np.random.default_rng(0)
    names = rng.integers(0, 4, 300)
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 11]])
    units = (centres[names] + rng.normal(0, 0.5, (300, 2))).astype(np.float32)
    one, two = Vocabulary(method, 4).fit(units), Vocabulary(method, 4).fit(units[::-1])
    tokens = one.assign(units)
    assert len({(int(a), int(b)) for a, b in zip(names, tokens, strict=True)}) == 4
    assert one.prototypes_.tobytes() == two.prototypes_.tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_an_exemplar_has_its_token_and_every_token_a_unit(method: str) -> None:
    units = np.random.default_rng(0).normal(size=(400, 24)).astype(np.float32)
    found = Vocabulary(method, 16).fit(units)
    tokens = found.assign(units)
    assert tokens[found.exemplars_].tolist() == list(range(len(found.centroids_)))
    assert (found.spread_ >= 0).all()


def test_there_are_never_more_tokens_than_distinct_units() -> None:
    units = np.repeat(np.eye(3, dtype=np.float32), 50, axis=0)
    assert len(Vocabulary("kmeans", 12).fit(units).centroids_) == 3


@pytest.mark.parametrize(
    ("method", "size", "said"), [("kmean", 4, "method"), ("kmeans", 0, "size")]
)
def test_wrong_settings_are_named(method: str, size: int, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"vocabulary\.{said}"):
        Vocabulary(method, size)
