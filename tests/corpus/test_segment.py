"""Units tile their sources, and coarse boundaries cut the finer scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idiolect.corpus.onsets import onsets
from idiolect.corpus.segment import equal_parts, note_boundaries, segment
from idiolect.corpus.settings import CorpusSettings
from idiolect.corpus.store import Source
from tones import melody

RATE = 8000
SETTINGS = CorpusSettings(sample_rate=RATE, fewest_units=2)


def _sources(*lengths: int) -> tuple[Source, ...]:
    starts = np.cumsum((0, *lengths))[:-1].tolist()
    pairs = zip(starts, lengths, strict=True)
    return tuple(Source(f"{i}.wav", a, n, RATE, 1) for i, (a, n) in enumerate(pairs))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12_000), min_size=1, max_size=5), st.integers(0, 9))
def test_units_tile_each_source_and_lie_in_one_parent(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    audio = rng.normal(0, 0.1, (sum(lengths), 1)).astype(np.float32)
    audio[rng.random(len(audio)) < 0.001] *= 9
    sources = _sources(*lengths)
    scales, _ = segment(audio, sources, SETTINGS, lambda done, total: None)
    for scale in scales:
        ends = scale.units["start"] + scale.units["length"]
        assert scale.units["start"][0] == 0
        assert ends[-1] == len(audio)
        assert (scale.units["start"][1:] == ends[:-1]).all()
        assert (scale.units["length"] > 0).all()
        for index, source in enumerate(sources):
            mine = scale.units[scale.units["source"] == index]
            assert mine["start"][0] == source.start
            assert mine["length"].sum() == source.frames
    if len(scales) == 2:
        fine, coarse = scales[0].units, scales[1].units
        parents = coarse[fine["parent"]]
        assert (fine["start"] >= parents["start"]).all()
        assert (fine["start"] + fine["length"] <= parents["start"] + parents["length"]).all()
        assert (coarse["parent"] == -1).all()


def test_a_scale_with_too_few_units_is_left_out_and_said_so() -> None:
    audio = np.zeros((RATE, 1), np.float32)
    few = CorpusSettings(sample_rate=RATE, fewest_units=16)
    scales, left_out = segment(audio, _sources(RATE), few, lambda done, total: None)
    assert [scale.name for scale in scales] == ["grain"]
    assert (scales[0].units["parent"] == -1).all()
    assert "1 units" in left_out["note"]


@pytest.mark.parametrize(("length", "parts"), [(100, 1), (119, 1), (140, 2), (200, 2), (1, 1)])
def test_grains_are_equal_parts_as_near_the_wanted_length_as_possible(
    length: int, parts: int
) -> None:
    cuts, parents = equal_parts(np.array([7, 7 + length]), 100.0)
    assert len(parents) == parts
    assert np.ptp(np.diff(cuts)) <= 1


def test_notes_are_neither_too_short_nor_too_long() -> None:
    bounds = note_boundaries(np.array([100, 5000, 5100, 39_900]), 0, 40_000, SETTINGS)
    lengths = np.diff(bounds)
    assert lengths.min() >= SETTINGS.note_shortest * RATE
    assert lengths.max() <= SETTINGS.note_longest * RATE
    assert 5000 in bounds
    assert 5100 not in bounds


def test_an_onset_lies_just_before_its_attack() -> None:
    rng = np.random.default_rng(0)
    audio = 1e-4 * rng.normal(size=(4 * RATE, 1)).astype(np.float32)
    attacks = (np.array([0.5, 1.1, 1.6, 2.7, 3.2]) * RATE).astype(int)
    for at in attacks:
        time = np.arange(4000) / RATE
        audio[at : at + 4000, 0] += 0.5 * np.exp(-20 * time) * np.sin(2 * np.pi * 500 * time)
    found = onsets(audio, 0, len(audio), RATE)
    assert len(found) == len(attacks)
    late = attacks - found
    assert (late >= 0).all()
    assert (late < 0.02 * RATE).all()


def test_a_melody_is_cut_about_once_a_note() -> None:
    audio = melody(10, RATE)[:, None]
    assert 30 <= len(onsets(audio, 0, len(audio), RATE)) <= 60
