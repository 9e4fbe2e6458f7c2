"""A place for every unit."""

import sys

import numpy as np
import pytest

from idiolect.errors import ConfigError
from idiolect.vocabulary.map import lay_out


def units(count: int = 300) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(count, 6)) * [5, 3, 1, 0.5, 0.1, 0.1]).astype(np.float32)


def test_the_map_shows_what_units_differ_in_most() -> None:
    rows = units()
    places = lay_out(rows, np.ones(300, np.bool_), "pca", 0)
    assert places.shape == (300, 2)
    assert np.abs(places).max() <= 1
    for axis, column in enumerate((0, 1)):
        assert abs(np.corrcoef(places[:, axis], rows[:, column])[0, 1]) > 0.9


def test_rows_follow_the_units() -> None:
    rows, known = units(), np.ones(300, np.bool_)
    order = np.random.default_rng(1).permutation(300)
    there = lay_out(rows, known, "pca", 0)[order]
    np.testing.assert_allclose(lay_out(rows[order], known, "pca", 0), there, atol=1e-5)


def test_units_that_are_not_learned_from_turn_nothing() -> None:
    rows, known = units(), np.arange(300) < 200
    other = rows.copy()
    other[250:] = 0
    directions = [np.diff(lay_out(r, known, "pca", 0)[:3], axis=0) for r in (rows, other)]
    one, two = (d / np.abs(d).max(axis=0) for d in directions)
    np.testing.assert_allclose(one, two, atol=1e-4)


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_there_is_always_a_map(count: int, width: int) -> None:
    rows = np.ones((count, width), np.float32)
    assert np.isfinite(lay_out(rows, np.ones(count, np.bool_), "pca", 0)).all()


@pytest.mark.slow
def test_umap_lays_out_blobs_apart() -> None:
    pytest.importorskip("umap", exc_type=ImportError)
    rng = np.random.default_rng(0)
    names = np.arange(120) % 2
    rows = (rng.normal(size=(120, 6)) + 12 * names[:, None]).astype(np.float32)
    places = lay_out(rows, np.ones(120, np.bool_), "umap", 0)
    apart = np.linalg.norm(places[names == 0].mean(axis=0) - places[names == 1].mean(axis=0))
    assert apart > 2 * max(places[names == n].std() for n in (0, 1))
    np.testing.assert_array_equal(lay_out(rows, np.ones(120, np.bool_), "umap", 0), places)


def test_without_umap_its_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ConfigError, match=r"idiolect\[map\]"):
        lay_out(units(60), np.ones(60, np.bool_), "umap", 0)
