"""Sections meet where timbre or harmony changes, and where repetition begins or ends."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.config.learning import ScaleSettings
from idiolect.corpus.boundaries.features import Features
from idiolect.corpus.boundaries.grid import frames_of_source
from idiolect.corpus.boundaries.harmony import harmony
from idiolect.corpus.boundaries.segment import segment_source
from idiolect.corpus.boundaries.structure import STRETCH, sections
from idiolect.corpus.settings import CorpusSettings

RATE = 8000
POOL = 800  # frames in a row of timbre
SECTION = ScaleSettings(name="section", method="structure", shortest=8.0, longest=60.0)


def _melody(pitches: NDArray[np.int64], seconds: float) -> NDArray[np.float32]:
    time = np.arange(round(seconds * RATE)) / RATE
    bell = np.minimum(1.0, 50 * time) * np.exp(-3 * time)
    hertz = 220.0 * 2.0 ** (pitches / 12)
    return np.concatenate([0.3 * bell * np.sin(2 * np.pi * f * time) for f in hertz]).astype("f4")


def _sections(timbre: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the sections of 8 s and more of what has a timbre, ten rows a second, and no harmony."""
    heard = Features(16, np.zeros((1, 4), np.float32), POOL, timbre, timbre[:, 0])
    return sections(heard, np.ones((len(timbre), 12), np.float32), 80 * POOL, 219 * POOL)


def _found(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    settings = CorpusSettings(sample_rate=RATE, scales=(SECTION,))
    (bounds,) = segment_source(audio[:, None], 0, len(audio), settings)
    assert bounds.method == "structure"
    return np.asarray(bounds.frames[1:-1] / RATE)


@pytest.mark.parametrize("seed", range(5))
def test_a_change_of_key_alone_makes_a_section(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chords = np.array([0, 4, 7]), np.array([6, 10, 13])
    parts = [_melody(rng.choice(chords[i % 2], 60), 0.3) for i in range(4)]
    found = _found(np.concatenate(parts))
    for join in (18.0, 36.0, 54.0):
        assert np.abs(found - join).min() < 1.5


@pytest.mark.parametrize("seed", range(5))
def test_sections_begin_where_a_verse_comes_again_though_nothing_new_is_heard(seed: int) -> None:
    rng = np.random.default_rng(seed)
    verses = rng.normal(0, 3, (3, 60, 24)).repeat(4, axis=1)  # 24 s; a sound lasts 0.4 s
    timbre = np.concatenate([verses["ABC".index(name)] for name in "ABACABCA"])
    timbre += rng.normal(0, 1, timbre.shape)
    places, strengths = _sections(timbre.astype(np.float32))
    joins = 240 * np.arange(1, 8)
    near = np.abs(places[strengths >= 1] / POOL - joins[:, None]).min(axis=1) < 30
    assert near.mean() >= 0.7


def test_a_sine_is_its_own_pitch_class() -> None:
    for pitch in range(12):
        tone = np.sin(2 * np.pi * 440 * 2 ** ((pitch - 9) / 12) * np.arange(2 * RATE) / RATE)
        found = harmony(tone.astype(np.float32)[:, None], 0, len(tone), RATE, 800)
        assert (np.argmax(found[2:-2], axis=1) == pitch).all()


@pytest.mark.parametrize("before", [0, 3, 15])
@pytest.mark.parametrize("most", [1, 4, 1000])
def test_rows_lie_one_hop_apart_however_many_are_read_at_once(before: int, most: int) -> None:
    audio = np.arange(1, 100, dtype=np.float32)[:, None]
    rows = list(frames_of_source(audio, 10, 57, 16, 5, most=most, before=before))
    found = np.concatenate([row for _, row in rows])
    assert [first for first, _ in rows] == list(range(0, 12, most))
    padded = np.pad(audio[10:67, 0], (before, 100))
    for index, row in enumerate(found):
        np.testing.assert_array_equal(row, padded[5 * index : 5 * index + 16])
    assert len(found) == 12


def test_a_source_longer_than_a_stretch_is_cut_everywhere() -> None:
    rng = np.random.default_rng(0)
    length = 200  # rows of a section: 20 s
    kinds = rng.permutation(4 * STRETCH * 5 // length) % 7
    timbre = rng.normal(0, 3, (7, 24))[kinds].repeat(length, axis=0)
    timbre += rng.normal(0, 3, timbre.shape)
    places, strengths = _sections(timbre.astype(np.float32))
    joins = length * (np.flatnonzero(np.diff(kinds)) + 1)
    near = np.abs(places[strengths >= 1] / POOL - joins[:, None]).min(axis=1) <= 10
    assert near.mean() > 0.9
