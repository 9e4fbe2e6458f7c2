"""What joins sounds about as loud as what it joins, and comes back to what was recorded."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.kernels import level_of
from idiolect.engine.layout import GRAIN_CAPACITY
from idiolect.performance.joins import match_level
from idiolect.performance.pieces import GLIDE_SECONDS
from stage import Stage

Make = Callable[..., Stage]
FADED = 2000  # frames after an onset by which every fade has ended


def run(stage: Stage, **values: float) -> Stage:
    for name, value in values.items():
        stage.player.set(name, 1, value)
    stage.player.set("run", 1, 1.0)
    return stage


def grains_of(stage: Stage) -> NDArray[np.void]:
    """Every grain queued so far, as far as the ring still holds it."""
    pushed = int(stage.engine.state.pushed[0])
    assert pushed <= GRAIN_CAPACITY
    return stage.engine.state.grains[0, :pushed]


def gain_at(grain: np.void, frame: int) -> float:
    return float(level_of(grain["gain"], int(grain["settle"]), frame - int(grain["start"])))


def test_a_level_is_a_line_that_ends_at_exactly_one() -> None:
    levels = [float(level_of(np.float32(0.5), 100, position)) for position in range(120)]
    np.testing.assert_allclose(levels[:100], np.linspace(0.5, 1, 101)[:-1], rtol=1e-6)
    assert levels[100:] == [1.0] * 20


def test_what_was_not_levelled_is_multiplied_by_exactly_one() -> None:
    assert level_of(np.float32(1), 0, 0) == 1
    assert level_of(np.float32(1), 12_000, 17) == 1


@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
def test_a_stretch_is_matched_to_another_by_the_ratio_of_their_levels(factor: float) -> None:
    audio = np.random.default_rng(1).normal(0, 0.1, (4000, 2)).astype(np.float32)
    audio[2000:3000] = np.float32(factor) * audio[:1000]
    assert match_level(audio, 2000, audio, 0, 1000) == pytest.approx(factor, rel=1e-5)


def test_silence_is_matched_to_nothing() -> None:
    audio = np.random.default_rng(1).normal(0, 0.1, (4000, 1)).astype(np.float32)
    audio[1000:2000] = 0
    assert match_level(audio, 0, audio, 1000, 1000) == 1
    assert match_level(audio, 1000, audio, 0, 1000) == 1


def test_without_levelling_every_grain_is_as_it_was_recorded(stage: Make) -> None:
    playing = run(stage(), continuity=0.3, levelling=0.0)
    playing.play(8)
    assert (grains_of(playing)["gain"] == 1).all()


@pytest.mark.parametrize("most", [0.5, 1.5])
def test_no_unit_is_levelled_by_more_than_was_allowed(stage: Make, most: float) -> None:
    playing = run(stage(), continuity=0.3, levelling=most)
    playing.play(8)
    grains = grains_of(playing)
    gains = 20 * np.log10(grains["gain"])
    assert np.abs(gains).max() == pytest.approx(most, abs=1e-3)
    joined = grains[grains["fade"] > 0]
    assert len(np.unique(joined["gain"])) > 5
    assert (grains["settle"] <= GLIDE_SECONDS * playing.bundle.sample_rate).all()


def test_a_unit_that_joins_begins_as_loud_as_what_sounds(stage: Make, bundle: Bundle) -> None:
    """Within the limit; measured on what is queued, over the last and the first 20 ms."""
    playing = run(stage(), continuity=0.3, levelling=12.0)
    playing.play(8)
    grains, audio, checked = grains_of(playing), bundle.audio, 0
    for before, grain in itertools.pairwise(grains):
        lead = int(grain["onset"] - grain["start"])
        follows = int(before["frame"] + grain["onset"] - before["onset"])
        count = min(960, int(grain["length"]) - lead, int(grain["onset"] - before["onset"]))
        if grain["fade"] == 0 or follows == grain["frame"] or count < 96:
            continue
        goes = gain_at(before, int(grain["start"])) * level(audio, follows - count, count)
        comes = float(grain["gain"]) * level(audio, int(grain["frame"]), count)
        limits = 20 * np.log10(float(grain["gain"]))
        if abs(limits) < 11.99:
            assert 20 * np.log10(comes / goes) == pytest.approx(0, abs=0.01)
            checked += 1
    assert checked > 10


def level(audio: NDArray[np.float32], first: int, count: int) -> float:
    return float(np.sqrt((audio[first : first + count].astype(np.float64) ** 2).mean()))


def test_what_follows_in_the_corpus_goes_on_along_the_same_glide(stage: Make) -> None:
    """No step in gain from grain to grain, whatever the boundary."""
    playing = run(stage(), continuity=0.7, levelling=6.0)
    playing.play(30)
    grains, carried = grains_of(playing), 0
    for before, grain in itertools.pairwise(grains):
        if grain["fade"] == 0:
            start = int(grain["start"])
            assert gain_at(before, start) == pytest.approx(float(grain["gain"]), abs=1e-6)
            carried += grain["gain"] != 1
    assert carried > 5


def test_a_levelled_unit_glides_back_to_the_corpus_bit_for_bit(stage: Make, bundle: Bundle) -> None:
    playing = stage()
    playing.player.seed_unit(1, 0)
    run(playing, continuity=1.0, levelling=6.0)
    out = playing.play(4, changes=[(1.0, lambda s: s.player.seed_unit(1, 40))])
    grains = grains_of(playing)
    joined = grains[(grains["fade"] > 0) & (grains["gain"] != 1)][0]
    onset = int(joined["onset"]) + playing.engine.delay_frames
    glide = round(GLIDE_SECONDS * bundle.sample_rate)
    corpus = bundle.audio[int(joined["frame"]) :]
    np.testing.assert_array_equal(out[onset + glide : onset + 6000], corpus[glide:6000])
    assert (out[onset + 200 : onset + glide - 1] != corpus[200 : glide - 1]).any()
    middle = out[onset + FADED // 2], corpus[FADED // 2]
    ratio = float(gain_at(joined, int(joined["onset"]) + FADED // 2))
    np.testing.assert_allclose(middle[0], ratio * middle[1], rtol=1e-4)


def test_levels_depend_on_neither_block_nor_lookahead_nor_plans_taken_back(stage: Make) -> None:
    values = {"continuity": 0.4, "levelling": 6.0}
    whole = run(stage(), **values).play(3, block=4096)
    np.testing.assert_array_equal(run(stage(), **values).play(3, block=37), whole)
    short = run(stage(lookahead_seconds=0.3), **values).play(3)
    np.testing.assert_array_equal(short, whole)

    def redraw(playing: Stage) -> None:
        for value in (3.0, 1.0):
            playing.player.set("temperature", 1, value)

    changes = [(0.1 + 0.05 * k, redraw) for k in range(50)]
    np.testing.assert_array_equal(run(stage(), **values).play(3, changes=changes), whole)


def test_a_cloud_is_levelled_as_its_unit_is(stage: Make) -> None:
    """Sub-grains that read what would have sounded anyway add up to it, its glide included."""
    values = {"continuity": 0.0, "levelling": 6.0, "length": 0.02}
    plain, cloud = (run(stage(), **values, overlap=overlap) for overlap in (2.0, 4.0))
    heard = [each.play(4)[4000:].astype(np.float64) for each in (plain, cloud)]
    flat = run(stage(), **values | {"levelling": 0.0}, overlap=2.0).play(4)[4000:]
    apart = [float(np.abs(heard[1] - other).mean()) for other in (heard[0], flat)]
    assert apart[0] < apart[1]
