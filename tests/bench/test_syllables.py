"""Judging onsets and tokens by labels, on examples small enough to count by hand."""

import numpy as np
import pytest

from idiolect.bench.syllables import f_measure, information, judge, overlapping

SYLLABLES = np.array([[1.0, 1.1], [1.2, 1.3], [1.305, 1.4]])


def test_each_onset_and_each_syllable_is_used_once() -> None:
    assert judge(np.array([1.001, 1.002, 1.2, 1.21]), SYLLABLES) == (2, 2, 1)


def test_what_lies_near_an_end_or_outside_the_song_is_not_judged() -> None:
    assert judge(np.array([0.5, 1.0, 1.12, 1.2, 1.305, 1.42, 3.0]), SYLLABLES) == (3, 0, 0)


def test_an_onset_near_an_end_can_still_be_right() -> None:
    assert judge(np.array([1.3]), SYLLABLES) == (1, 0, 2)


def test_files_are_pooled_before_the_f_measure() -> None:
    pooled = f_measure([(1, 1, 0), (2, 0, 1)])
    assert pooled == pytest.approx({"f": 0.75, "precision": 0.75, "recall": 0.75})


def test_a_span_belongs_to_the_unit_that_shares_most_with_it() -> None:
    bounds, spans = np.array([0, 10, 30, 40]), np.array([[0, 9], [8, 14], [28, 39]])
    assert overlapping(bounds, spans).tolist() == [0, 1, 2]


def test_tokens_that_follow_the_labels_tell_everything_about_them() -> None:
    labels = ["a", "b", "c"] * 20
    points = np.repeat(np.eye(3, dtype=np.float32)[None], 20, axis=0).reshape(-1, 3)
    scores = information(points, np.arange(60), labels, (3,))
    assert scores == pytest.approx({"3": 1.0})
