"""Descriptors say what was heard inside a unit, and nothing else."""

import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.corpus.description.columns import CLASSES, NAMES, select
from idiolect.corpus.description.custom import load
from idiolect.corpus.description.describe import describe
from idiolect.corpus.description.edges import measure_edges, scale_edges
from idiolect.corpus.settings import CorpusSettings
from idiolect.errors import ConfigError, CorpusError
from idiolect.grain import UNIT

RATE = 8000


def _units(*lengths: int) -> NDArray[np.void]:
    units = np.zeros(len(lengths), UNIT)
    units["length"] = lengths
    units["start"] = np.cumsum((0, *lengths))[:-1]
    return units


def _described(
    audio: NDArray[np.float32], units: NDArray[np.void]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    values = describe(audio, units, RATE)
    return np.nan_to_num(values), np.isfinite(values)


def _edges(audio: NDArray[np.float32], units: NDArray[np.void]) -> NDArray[np.float32]:
    return scale_edges(measure_edges(audio, units, RATE))


def _of(audio: NDArray[np.float32], units: NDArray[np.void]) -> dict[str, NDArray[np.float64]]:
    values, present = _described(audio, units)
    columns = np.where(present, values.astype(np.float64), np.nan).T
    return dict(zip(NAMES, columns, strict=True))


def _sine(hertz: float, frames: int, level: float = 0.5) -> NDArray[np.float32]:
    phase = 2 * np.pi * hertz * np.arange(frames) / RATE
    return (level * np.sin(phase)).astype(np.float32)[:, None]


def test_a_unit_is_described_and_joined_by_its_own_frames_alone() -> None:
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.1, (6000, 2)).astype(np.float32)
    units = _units(700, 13, 640, 1, 200, 2, 3000, 1444)
    values, present = _described(audio, units)
    for index, unit in enumerate(units):
        first, last = int(unit["start"]), int(unit["start"] + unit["length"])
        other = rng.normal(0, 0.5, audio.shape).astype(np.float32)
        other[first:last] = audio[first:last]
        again, known = _described(other, units)
        np.testing.assert_array_equal(known[index], present[index])
        np.testing.assert_allclose(again[index], values[index], rtol=1e-4, atol=1e-4)


def test_an_edge_is_measured_inside_its_unit() -> None:
    quiet, loud = np.full((800, 1), 0.001, np.float32), np.full((800, 1), 0.5, np.float32)
    found = _edges(np.concatenate([quiet, loud, quiet]), _units(800, 800, 800))
    np.testing.assert_allclose(found[:, 0], found[:, 1], atol=1e-5)
    assert found[1, 0, -1] > found[0, 0, -1] + 1


def test_edges_taken_at_random_differ_by_one() -> None:
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.1, (80_000, 1)) * np.repeat(rng.uniform(0.01, 1, 200), 400)[:, None]
    found = _edges(audio.astype(np.float32), _units(*[400] * 200))
    pairs = found[rng.permutation(200), 1] - found[:, 0]
    assert (pairs**2).mean() == pytest.approx(1, abs=0.2)


def test_a_sine_has_its_pitch_level_and_length() -> None:
    units = _units(800, 800)
    found = _of(np.concatenate([_sine(440, 800), _sine(880, 800, 0.05)]), units)
    assert found["pitch"][1] - found["pitch"][0] == pytest.approx(1, abs=0.02)
    assert (found["pitch_confidence"] > 0.9).all()
    assert found["loudness"] == pytest.approx([-9.03, -29.03], abs=0.2)
    assert found["duration"] == pytest.approx(np.log2([0.1, 0.1]))


def test_brighter_sounds_have_higher_centroids_and_noise_is_flatter() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (800, 1)).astype(np.float32)
    found = _of(np.concatenate([_sine(300, 800), _sine(2000, 800), noise]), _units(*[800] * 3))
    assert found["centroid"][0] < found["centroid"][1]
    assert found["flatness"][2] > found["flatness"][:2].max() + 10


def test_a_crescendo_changes_upwards_and_peaks_late() -> None:
    swell = _sine(500, 1600) * np.linspace(0.01, 1, 1600, dtype=np.float32)[:, None]
    found = _of(np.concatenate([swell, swell[::-1]]), _units(1600, 1600))
    assert found["loudness_change"][0] > 6
    assert found["loudness_change"][1] < -6
    assert found["attack"][0] > found["attack"][1]


@pytest.mark.parametrize(("hertz", "note"), [(440.0, "a"), (880.0, "a"), (523.25, "c")])
def test_a_sine_lies_in_its_pitch_class(hertz: float, note: str) -> None:
    found = _of(_sine(hertz, 1600), _units(1600))
    shares = np.array([found[f"chroma_{name}"][0] for name in CLASSES])
    assert CLASSES[int(shares.argmax())] == note
    assert shares.sum() == pytest.approx(1, abs=1e-5)


def test_a_unit_under_fifty_milliseconds_has_no_pitch_class() -> None:
    found = _of(_sine(440, 1199), _units(399, 800))
    assert np.isnan(found["chroma_a"]).tolist() == [True, False]


def test_a_sound_that_changes_its_timbre_moves_and_one_that_stays_does_not() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (800, 1)).astype(np.float32)
    moving, steady = np.concatenate([_sine(300, 800), noise]), _sine(300, 1600)
    found = _of(np.concatenate([moving, moving[::-1], steady]), _units(1600, 1600, 1600))
    assert found["mfcc_deviation_1"][0] > 5 > found["mfcc_deviation_1"][2] + 3
    change = found["mfcc_change_1"]
    assert change[0] == pytest.approx(-change[1], abs=1)
    assert abs(change[0]) > 10 * abs(change[2])


def test_the_silence_after_a_sound_is_no_movement() -> None:
    sound = _sine(300, 800) * np.linspace(1, 0, 800, dtype=np.float32)[:, None]
    alone = _of(sound, _units(800))
    longer = _of(np.concatenate([sound, np.zeros((2400, 1), np.float32)]), _units(3200))
    for index in range(1, 7):
        name = f"mfcc_deviation_{index}"
        assert longer[name][0] == pytest.approx(alone[name][0], abs=3)


def test_silence_has_a_level_and_a_length_and_no_more() -> None:
    _, present = _described(np.zeros((800, 1), np.float32), _units(800))
    known = {name for name, here in zip(NAMES, present[0], strict=True) if here}
    assert known == {"loudness", "duration", "loudness_change"}


def test_a_unit_under_two_periods_has_no_pitch() -> None:
    found = _of(_sine(100, 120), _units(120))  # one and a half periods
    assert np.isnan(found["pitch"][0])


@pytest.mark.parametrize("level", [0.0, 1e-30, 1.0, 1e30])
def test_values_are_finite_whatever_the_level(level: float) -> None:
    audio = np.random.default_rng(0).normal(0, 1, (2000, 1)) * level
    values, _ = _described(audio.astype(np.float32), _units(1, 2, 3, 994, 1000))
    assert np.isfinite(values).all()


def loudest(signal: NDArray[np.float32], sample_rate: int) -> float:
    """Seconds to the loudest frame; nothing for a unit of less than 100 frames."""
    return float(np.abs(signal).argmax() / sample_rate) if len(signal) >= 100 else float("nan")


def broken(signal: NDArray[np.float32], sample_rate: int) -> float:
    return float("no number")


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> str:
    """This module, under a name that can be imported."""
    monkeypatch.setitem(sys.modules, "my_descriptors", sys.modules[__name__])
    load.cache_clear()
    return "my_descriptors"


def test_descriptors_are_chosen_by_name_and_by_group() -> None:
    units = _units(400, 400)
    whole = describe(_sine(440, 800), units, RATE)
    part = describe(_sine(440, 800), units, RATE, ("pitch", "mfcc"))
    mfcc = {f"mfcc_{index}" for index in range(1, 13)}
    kept = [i for i, name in enumerate(NAMES) if name == "pitch" or name in mfcc]
    np.testing.assert_array_equal(part, whole[:, kept])


@pytest.mark.parametrize(
    ("group", "members"), [("mfcc", 12), ("mfcc_change", 6), ("mfcc_deviation", 6), ("chroma", 12)]
)
def test_a_group_is_all_that_bears_its_name_and_a_number_or_a_note(
    group: str, members: int
) -> None:
    assert len(select((group,))) == members


def test_a_function_of_the_users_own_is_a_descriptor_too(own: str) -> None:
    audio = np.zeros((900, 1), np.float32)
    audio[[100, 650]] = 0.5
    values = describe(audio, _units(400, 400, 50, 50), RATE, ("loudness", f"{own}:loudest"))
    assert values.shape == (4, 2)
    np.testing.assert_allclose(values[:2, 1], [100 / RATE, 250 / RATE])
    assert np.isnan(values[2:, 1]).all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("loudnes", "did you mean loudness"),
        ("no_such_module:f", "cannot be imported"),
        ("my_descriptors:no_such", "cannot be imported"),
        ("my_descriptors:RATE", "is no function"),
    ],
)
def test_a_descriptor_there_is_none_of_is_named_with_a_cure(own: str, name: str, said: str) -> None:
    del own
    with pytest.raises(ConfigError, match=said):
        CorpusSettings(descriptors=(name,))


def test_a_function_that_fails_is_named(own: str) -> None:
    with pytest.raises(CorpusError, match=f"{own}:broken.*400 frames"):
        describe(_sine(440, 400), _units(400), RATE, (f"{own}:broken",))
