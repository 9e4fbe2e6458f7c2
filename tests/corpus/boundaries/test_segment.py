"""Units tile their sources, and coarse boundaries cut the finer scales."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from idiolect.bench.bars import measure
from idiolect.config.learning import METHODS, SCALES, ScaleSettings
from idiolect.corpus.boundaries.bounds import Bounds
from idiolect.corpus.boundaries.nesting import equal_parts, tidy
from idiolect.corpus.boundaries.novelty import novelty
from idiolect.corpus.boundaries.onsets import onsets
from idiolect.corpus.boundaries.segment import Segmented, gather, segment_source
from idiolect.corpus.reading.sources import Source
from idiolect.corpus.settings import CorpusSettings
from tones import melody

RATE = 8000
SETTINGS = CorpusSettings(sample_rate=RATE, fewest_units=2)


def _sources(*lengths: int) -> tuple[Source, ...]:
    starts = np.cumsum((0, *lengths))[:-1].tolist()
    pairs = zip(starts, lengths, strict=True)
    return tuple(Source(f"{i}.wav", a, n, RATE, 1) for i, (a, n) in enumerate(pairs))


def segment(
    audio: NDArray[np.float32], sources: tuple[Source, ...], settings: CorpusSettings
) -> tuple[list[Segmented], dict[str, str]]:
    cut = [segment_source(audio, s.start, s.frames, settings) for s in sources]
    return gather(cut, settings)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=4), st.integers(0, 9))
def test_units_tile_each_source_and_lie_in_one_parent(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    audio = rng.normal(0, 0.1, (sum(lengths), 1)).astype(np.float32)
    audio[rng.random(len(audio)) < 0.001] *= 9
    sources = _sources(*lengths)
    scales, _ = segment(audio, sources, SETTINGS)
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
    for fine, coarse in pairwise(scales):
        parents = coarse.units[fine.units["parent"]]
        assert (fine.units["start"] >= parents["start"]).all()
        ends = parents["start"] + parents["length"]
        assert (fine.units["start"] + fine.units["length"] <= ends).all()
    assert (scales[-1].units["parent"] == -1).all()


@given(
    st.lists(st.integers(40, 3000), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 18_000), st.floats(0, 2)), max_size=60),
)
def test_fine_boundaries_give_way_and_lengths_are_kept(
    lengths: list[int], candidates: list[tuple[int, float]]
) -> None:
    parents = np.concatenate([[0], np.cumsum(lengths)])
    places = np.array([place for place, _ in candidates], np.int64)
    strengths = np.array([strength for _, strength in candidates])
    bounds = tidy(parents, places, strengths, 40, 200.0)
    assert set(parents.tolist()) <= set(bounds.tolist())
    assert np.diff(bounds).min() >= 40
    assert np.diff(bounds).max() <= 200
    parts = equal_parts(parents, 50.0, 40, 200.0)
    assert set(parents.tolist()) <= set(parts.tolist())
    assert 40 <= np.diff(parts).min() <= np.diff(parts).max() <= 200


def test_a_scale_with_too_few_units_is_left_out_and_said_so() -> None:
    audio = np.zeros((RATE, 1), np.float32)
    few = CorpusSettings(sample_rate=RATE, fewest_units=16)
    scales, left_out = segment(audio, _sources(RATE), few)
    assert [scale.name for scale in scales] == ["grain"]
    assert (scales[0].units["parent"] == -1).all()
    assert "1 units" in left_out["note"]


def test_children_of_a_scale_that_is_left_out_have_the_next_coarser_parent() -> None:
    scales = [np.array(bounds) for bounds in ([0, 1, 2, 3, 4], [0, 4], [0, 2, 4])]
    few = CorpusSettings(sample_rate=RATE, fewest_units=2, scales=SCALES[:3])
    kept, left_out = gather([[Bounds(bounds, "fixed") for bounds in scales]], few)
    assert [scale.name for scale in kept] == ["grain", "phrase"]
    assert list(left_out) == ["note"]
    assert kept[0].units["parent"].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("length", "parts"), [(100, 1), (119, 1), (140, 2), (200, 2), (1, 1)])
def test_grains_are_equal_parts_as_near_the_wanted_length_as_possible(
    length: int, parts: int
) -> None:
    cuts = equal_parts(np.array([7, 7 + length]), 100.0, 1, 1000.0)
    assert len(cuts) == parts + 1
    assert np.ptp(np.diff(cuts)) <= 1


@pytest.mark.parametrize("method", METHODS)
def test_every_method_works_alone_and_ten_scales_nest(method: str) -> None:
    audio = melody(20, RATE)[:, None]
    one = ScaleSettings(name="x", method=method, shortest=0.5, longest=4)
    ten = tuple(
        ScaleSettings(name=str(i), method=method, shortest=0.02 * 1.4**i, longest=0.2 * 1.5**i)
        for i in range(10)
    )
    for scales in ((one,), ten):
        some = CorpusSettings(sample_rate=RATE, scales=scales)
        found = segment_source(audio, 0, len(audio), some)
        again = segment_source(audio, 0, len(audio), some)
        for scale, bounds, same in zip(scales, found, again, strict=True):
            np.testing.assert_array_equal(bounds.frames, same.frames)
            assert np.diff(bounds.frames).min() >= round(scale.shortest * RATE)
            assert np.diff(bounds.frames).max() <= scale.longest * RATE
        for fine, coarse in pairwise(found):
            assert np.isin(coarse.frames, fine.frames).all()


def test_labels_win_over_detection() -> None:
    audio = melody(5, RATE)[:, None]
    drawn = np.array([4000, 12_000, 30_000])
    found = segment_source(audio, 0, len(audio), SETTINGS, {"phrase": drawn})
    assert set(found[2].frames.tolist()) >= {12_000}
    assert found[2].method == "labels"
    assert np.isin(found[2].frames, found[0].frames).all()


def test_a_detected_phrase_ends_no_labelled_note_early() -> None:
    audio = melody(20, RATE)[:, None]
    drawn = np.arange(2500, len(audio) - 2500, 3000)
    _, note, phrase, _ = segment_source(audio, 0, len(audio), SETTINGS, {"note": drawn})
    assert np.isin(drawn, note.frames).all()
    assert len(phrase.frames) > 3
    assert np.isin(phrase.frames[1:-1], drawn).all()


@pytest.mark.parametrize("seed", range(8))
def test_phrases_of_a_click_track_begin_on_bars(seed: int) -> None:
    rng = np.random.default_rng(seed)
    beat, first = rng.uniform(0.33, 0.8), rng.uniform(0.0, 1.5)
    audio = 1e-5 * rng.normal(size=(40 * RATE, 1)).astype(np.float32)
    for index in range(int((39.8 - first) / beat)):
        at = round((first + index * beat) * RATE)
        size = 0.8 if index % 4 == 0 else 0.4
        burst = rng.normal(size=600) * np.exp(-np.arange(600) / 100)
        audio[at : at + 600, 0] += (size * burst).astype(np.float32)
    phrase = ScaleSettings(name="phrase", method="beat", shortest=1.5, longest=8.0)
    some = CorpusSettings(sample_rate=RATE, scales=(phrase,))
    (found,) = segment_source(audio, 0, len(audio), some)
    assert found.method == "beat"
    inner = found.frames[1:-1] / RATE - first
    away = (inner + 2 * beat) % (4 * beat) - 2 * beat
    assert (np.abs(away) <= 0.03).mean() >= 0.9


def test_noise_has_no_bars() -> None:
    audio = np.random.default_rng(0).normal(0, 0.1, (30 * RATE, 1)).astype(np.float32)
    phrase = ScaleSettings(name="phrase", method="beat", shortest=1.5, longest=8.0)
    some = CorpusSettings(sample_rate=RATE, scales=(phrase,))
    assert segment_source(audio, 0, len(audio), some)[0].method == "novelty"


def test_novelty_is_the_sum_under_the_checkerboard() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3))
    half = 4
    place = np.arange(-half, half) + 0.5
    side = np.sign(place) * np.exp(-0.5 * (place / (0.5 * half)) ** 2)
    similar = rows @ rows.T
    for at in range(half, 40 - half):
        part = similar[at - half : at + half, at - half : at + half]
        wanted = (part * np.outer(side, side)).sum() / np.abs(side).sum() ** 2
        assert novelty(rows, half)[at] == pytest.approx(wanted)


@pytest.mark.slow
def test_phrases_of_real_loops_begin_on_bars(corpora: Path) -> None:
    assert measure(corpora)["share"] >= 0.9


def test_the_default_scales_are_four() -> None:
    assert [scale.name for scale in SCALES] == ["grain", "note", "phrase", "section"]


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


def _struck(seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Strokes every 0.4 s that die away over a murmur; their sound changes every ten strokes."""
    rng = np.random.default_rng(seed)
    beat, strokes = round(0.4 * RATE), 60
    audio = rng.normal(0, 0.002, strokes * beat + RATE).astype(np.float32)
    attacks = beat * np.arange(strokes) + RATE // 2
    time = np.arange(beat) / RATE
    for index, at in enumerate(attacks.tolist()):
        kind = index // 10 % 3
        tone = np.sin(2 * np.pi * (250, 900, 2200)[kind] * time)
        noise = rng.normal(0, 0.5, beat)
        sound = (tone, noise, 0.5 * tone + 0.3 * noise)[kind]
        audio[at : at + beat] += (0.4 * sound * np.exp(-time / 0.08)).astype(np.float32)
    return audio[:, None], attacks


@pytest.mark.parametrize("method", ["novelty", "structure", "silence", "beat", "onset"])
@pytest.mark.parametrize("seed", range(3))
def test_an_attack_is_inside_its_unit_and_whole_at_coarse_cuts_too(method: str, seed: int) -> None:
    """No cut lies in the first hundred milliseconds of a stroke, or on its very rise."""
    audio, attacks = _struck(seed)
    scale = ScaleSettings(name="one", method=method, shortest=1.5, longest=8.0)
    (bounds,) = segment_source(
        audio, 0, len(audio), CorpusSettings(sample_rate=RATE, scales=(scale,))
    )
    assert bounds.method == method
    cuts = bounds.frames[1:-1]
    assert len(cuts) >= 4
    into = cuts - attacks[np.searchsorted(attacks, cuts, side="right") - 1]
    assert (into > 0.1 * RATE).all(), into / RATE
