"""Naming a unit by the nearest centroid."""

import numpy as np

from idiolect.vocabulary.assign import ROWS, nearest


def test_a_centroid_has_its_own_token() -> None:
    centroids = np.random.default_rng(0).normal(size=(40, 24)).astype(np.float32)
    np.testing.assert_array_equal(nearest(centroids, centroids), np.arange(40))


def test_tokens_do_not_depend_on_who_else_is_named() -> None:
    rng = np.random.default_rng(1)
    units = rng.normal(size=(ROWS + 7, 3)).astype(np.float32)
    centroids = rng.normal(size=(9, 3)).astype(np.float32)
    alone = np.concatenate([nearest(units[i : i + 1], centroids) for i in (0, 5, ROWS, ROWS + 6)])
    np.testing.assert_array_equal(nearest(units, centroids)[[0, 5, ROWS, ROWS + 6]], alone)


def test_equals_go_to_the_lowest() -> None:
    assert nearest(np.zeros((1, 2), np.float32), np.ones((3, 2), np.float32)).tolist() == [0]
