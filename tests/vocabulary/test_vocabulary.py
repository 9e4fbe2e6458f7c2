"""Clustering units into a vocabulary."""

import numpy as np
import pytest

from idiolect.config.learning import CLUSTERINGS, VocabularyConfig
from idiolect.errors import ConfigError
from idiolect.vocabulary.clusters import FEWEST, MOST, size_for
from idiolect.vocabulary.vocabulary import Vocabulary


def vocabulary(method: str, size: int = 0, **more: object) -> Vocabulary:
    return Vocabulary(VocabularyConfig(method=method, size=size, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("units", "size"), [(1, FEWEST), (100, 10), (4900, 70), (10**6, MOST)])
def test_the_size_is_about_the_root_of_the_units(units: int, size: int) -> None:
    assert size_for(units) == size


@pytest.mark.parametrize("method", CLUSTERINGS)
def test_clear_clusters_are_found_whatever_the_order(method: str) -> None:
    rng = np.random.default_rng(0)
    names = rng.integers(0, 4, 300)
    centres = np.array([[0, 0], [9, 0], [0, 9], [9, 11]])
    units = (centres[names] + rng.normal(0, 0.5, (300, 2))).astype(np.float32)
    one, two = vocabulary(method, 4).fit(units), vocabulary(method, 4).fit(units[::-1])
    tokens = one.assign(units)
    assert len({(int(a), int(b)) for a, b in zip(names, tokens, strict=True)}) == 4
    assert one.prototypes_.tobytes() == two.prototypes_.tobytes()


@pytest.mark.parametrize("method", CLUSTERINGS)
def test_an_exemplar_has_its_token_and_every_token_a_unit(method: str) -> None:
    units = np.random.default_rng(0).normal(size=(400, 24)).astype(np.float32)
    found = vocabulary(method, 16).fit(units)
    tokens = found.assign(units)
    assert tokens[found.exemplars_].tolist() == list(range(len(found.centroids_)))
    assert (found.spread_ >= 0).all()


def test_there_are_never_more_tokens_than_distinct_units() -> None:
    units = np.repeat(np.eye(3, dtype=np.float32), 50, axis=0)
    assert len(vocabulary("kmeans", 12).fit(units).centroids_) == 3


@pytest.mark.parametrize("method", ["dbscan", "hdbscan"])
def test_rings_are_two_clusters_to_density(method: str) -> None:
    """One inside the other: no two centroids could part them."""
    rng = np.random.default_rng(0)
    angle, ring = rng.uniform(0, 2 * np.pi, 800), rng.integers(0, 2, 800)
    radius = 1 + 4 * ring + rng.normal(0, 0.05, 800)
    units = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)
    tokens = vocabulary(method, 2).fit(units).assign(units)
    assert len({(int(a), int(b)) for a, b in zip(ring, tokens, strict=True)}) == 2


@pytest.mark.parametrize("method", ["dbscan", "hdbscan"])
def test_noise_has_a_token_of_its_own_when_asked(method: str) -> None:
    rng = np.random.default_rng(0)
    blobs = np.concatenate([rng.normal(at, 0.2, (200, 2)) for at in (0, 8)])
    units = np.concatenate([blobs, rng.uniform(-30, 30, (40, 2))]).astype(np.float32)
    own = vocabulary(method, 2, noise="token", min_size=20, eps=0.5).fit(units)
    near = vocabulary(method, 2, noise="nearest", min_size=20, eps=0.5).fit(units)
    assert len(own.centroids_) == len(near.centroids_) + 1
    outside = own.assign(units)[400:]
    assert np.bincount(outside).max() > 20


@pytest.mark.parametrize("method", CLUSTERINGS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_and_equal_units_are_named_too(method: str, count: int) -> None:
    units = np.ones((count, 3), np.float32)
    assert (vocabulary(method).fit(units).assign(units) == 0).all()


def test_more_tokens_than_units_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"vocabulary\.size is 9 tokens, but only 4 units"):
        vocabulary("kmeans", 9).fit(np.eye(4, dtype=np.float32))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("method", "kmean", "did you mean kmeans"),
        ("size", -1, "must be 0 to"),
        ("eps", float("nan"), "must be 0 to"),
        ("min_size", -5, "must be 0 to"),
        ("noise", "nearst", "did you mean nearest"),
    ],
)
def test_wrong_settings_are_named_with_a_cure(key: str, value: object, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"vocabulary\.{key} .*{said}"):
        VocabularyConfig(**{key: value})  # type: ignore[arg-type]
