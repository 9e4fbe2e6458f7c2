"""Bringing descriptors to one scale."""

import numpy as np
import pytest

from idiolect.vocabulary.standardise import LIMIT, fit, standardise

LEAST = np.full(2, 0.1, np.float32)


def test_normal_values_come_out_standard() -> None:
    values = np.random.default_rng(0).normal([5, -30], [2, 9], (9000, 2)).astype(np.float32)
    present = np.ones(values.shape, np.bool_)
    scaled = standardise(values, present, fit(values, present, LEAST))
    assert scaled.mean(axis=0) == pytest.approx([0, 0], abs=0.05)
    assert scaled.std(axis=0) == pytest.approx([1, 1], abs=0.05)


def test_missing_values_are_zero_and_do_not_shift_the_rest() -> None:
    values = np.array([[1, 900], [2, 0], [3, 900], [9, 1]], np.float32)
    present = np.array([[1, 0], [1, 1], [1, 0], [0, 1]], np.bool_)
    scaler = fit(values, present, LEAST)
    assert scaler[0].tolist() == [2, 0.5]
    assert (standardise(values, present, scaler)[~present] == 0).all()


def test_a_constant_is_not_blown_up_and_an_outlier_is_clipped() -> None:
    values = np.array([[1, 0], [1, 1], [1, 2], [1.05, 1e9]], np.float32)
    present = np.ones(values.shape, np.bool_)
    scaled = standardise(values, present, fit(values, present, LEAST))
    assert abs(scaled[:, 0]).max() <= 0.51
    assert scaled[3, 1] == LIMIT


def test_a_descriptor_that_is_always_missing_has_a_harmless_scaler() -> None:
    values, present = np.zeros((3, 2), np.float32), np.zeros((3, 2), np.bool_)
    np.testing.assert_array_equal(fit(values, present, LEAST), [[0, 0], LEAST])


def test_a_weight_scales_what_a_descriptor_counts_in_distances() -> None:
    values = np.random.default_rng(0).normal(size=(900, 2)).astype(np.float32)
    present = np.ones(values.shape, np.bool_)
    plain = standardise(values, present, fit(values, present, LEAST))
    weight = np.array([1, 0.5], np.float32)
    weighted = standardise(values, present, fit(values, present, LEAST, weight))
    inside = np.abs(plain) < LIMIT
    np.testing.assert_allclose(weighted[inside], (plain * weight)[inside], atol=1e-6)
