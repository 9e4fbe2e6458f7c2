"""Judging sections by pieces whose structure is known."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from idiolect.bench.sections import MUSIC, OTHERS, RATE, judge, measure, pieces


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of corpora in which each recording is one loud sine."""
    folder: Path = tmp_path_factory.mktemp("tones")
    for index, name in enumerate((*MUSIC, *OTHERS)):
        (folder / name).mkdir()
        for part in range(4):
            tone = np.sin(2 * np.pi * (200 + 40 * (4 * index + part)) * np.arange(50 * 8000) / 8000)
            soundfile.write(folder / name / f"{part}.wav", tone, 8000)
    return folder


def test_each_boundary_and_each_join_is_used_once() -> None:
    joins = np.array([10.0, 20.0, 30.0])
    assert judge(np.array([9.8, 10.1, 20.4, 33.0]), joins, 0.5) == (2, 2, 1)
    assert judge(np.array([9.8, 10.1, 20.4, 33.0]), joins, 3.0) == (3, 1, 0)


def test_parts_are_as_long_and_as_loud_as_they_should_be(tones: Path) -> None:
    for piece in pieces(tones, np.random.default_rng(0)):
        ends = np.concatenate([[0.0], piece.joins, [len(piece.audio) / RATE]])
        assert np.diff(ends).min() > 11
        assert np.diff(ends).max() < 41
        for first, last in zip(ends[:-1] + 1, ends[1:] - 1, strict=True):
            part = piece.audio[round(first * RATE) : round(last * RATE)]
            assert np.sqrt((part**2).mean()) == pytest.approx(0.1, rel=0.02)


def test_equal_seeds_make_equal_pieces(tones: Path) -> None:
    one, two = (next(pieces(tones, np.random.default_rng(3))) for _ in range(2))
    np.testing.assert_array_equal(one.audio, two.audio)


@pytest.mark.slow
def test_sections_are_found_better_than_by_timbre_alone(corpora: Path) -> None:
    found = measure(corpora)
    for kind, score in found["structure"].items():
        assert score["3 s"] > found["novelty"][kind]["3 s"]
        assert score["3 s"] > found["equal"][kind]["3 s"] + 0.2
