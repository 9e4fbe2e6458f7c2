"""A corpus analysed again: only what changed, and with the same result."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from idiolect.corpus import analysis as analysis_module
from idiolect.corpus.analysis import Analysis, Tick, analyse
from idiolect.corpus.settings import CorpusSettings

RATE = 8000
SETTINGS = CorpusSettings(sample_rate=RATE, jobs=2, fewest_units=4)


@contextmanager
def stage(_: str) -> Iterator[Tick]:
    yield lambda done, total: None


def write(path: Path, seed: int, seconds: float = 2.0) -> None:
    """Bursts of noise with a tone, different for every seed."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = rng.uniform(200, 2000)
    audio = 0.3 * np.sin(2 * np.pi * pitch * time) * (np.sin(2 * np.pi * 3 * time) > 0)
    soundfile.write(path, audio + rng.normal(0, 0.01, len(time)), RATE, subtype="FLOAT")


@pytest.fixture(scope="module")
def learned_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sounds and a whole bundle of them, so that it can be opened again."""
    from idiolect.learning.pipeline import learn
    from idiolect.learning.settings import LearnSettings, TrainingSettings

    folder = tmp_path_factory.mktemp("analysis")
    (folder / "sounds").mkdir()
    for seed in range(5):
        write(folder / f"sounds/{seed}.wav", seed)
    settings = LearnSettings(corpus=SETTINGS, training=TrainingSettings(max_steps=0))
    learn([folder / "sounds"], folder / "a.idiolect", settings=settings, progress=lambda *_: None)
    return folder


@pytest.fixture
def sounds(learned_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(learned_once / "sounds", tmp_path / "sounds")


@pytest.fixture
def bundle(learned_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(learned_once / "a.idiolect", tmp_path / "a.idiolect")


def again(
    sounds: Path, tmp_path: Path, earlier: Path, settings: CorpusSettings = SETTINGS
) -> Analysis:
    folder = tmp_path / "new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return analyse([sounds], folder, settings, earlier, stage)


def same(one: Analysis, two: Analysis) -> None:
    np.testing.assert_array_equal(one.audio, two.audio)
    assert [s.segmented.name for s in one.scales] == [s.segmented.name for s in two.scales]
    for left, right in zip(one.scales, two.scales, strict=True):
        np.testing.assert_array_equal(left.segmented.units, right.segmented.units)
        np.testing.assert_array_equal(left.present, right.present)
        np.testing.assert_allclose(left.values, right.values, atol=1e-4)
        np.testing.assert_allclose(left.edges, right.edges, atol=1e-4)


def described(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Units that are described from now on, per call."""
    counts: list[int] = []
    real = analysis_module.measure_edges

    def counting(audio, units, rate):  # type: ignore[no-untyped-def]
        counts.append(len(units))
        return real(audio, units, rate)

    monkeypatch.setattr(analysis_module, "measure_edges", counting)
    return counts


def test_an_unchanged_corpus_is_not_analysed_again(
    sounds: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = described(monkeypatch)
    found = again(sounds, tmp_path, bundle)
    assert counts == []
    assert found.stored.known == (0, 1, 2, 3, 4)
    same(found, again(sounds, tmp_path, tmp_path / "none"))


def test_only_a_changed_file_is_analysed_again(
    sounds: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(sounds / "2.wav", 99, seconds=3.0)
    (sounds / "0.wav").unlink()
    write(sounds / "5.wav", 5)
    whole = again(sounds, tmp_path, tmp_path / "none")
    counts = described(monkeypatch)
    found = again(sounds, tmp_path, bundle)
    assert found.stored.known == (1, -1, 3, 4, -1)
    new = [len(s.segmented.units) for s in found.scales]
    assert 0 < sum(counts) < sum(new) / 2
    same(found, whole)


def test_a_renamed_file_is_known_by_what_it_holds(
    sounds: Path, bundle: Path, tmp_path: Path
) -> None:
    (sounds / "0.wav").rename(sounds / "9.wav")
    assert again(sounds, tmp_path, bundle).stored.known == (1, 2, 3, 4, 0)


@pytest.mark.parametrize("change", [{"sample_rate": 4000}, {"level_db": -20.0}])
def test_other_settings_use_nothing_of_it(
    sounds: Path, bundle: Path, tmp_path: Path, change: dict[str, float]
) -> None:
    settings = replace(SETTINGS, **change)
    assert set(again(sounds, tmp_path, bundle, settings).stored.known) == {-1}


def test_a_stereo_file_beside_mono_ones_makes_all_of_them_new(
    sounds: Path, bundle: Path, tmp_path: Path
) -> None:
    soundfile.write(sounds / "s.wav", np.zeros((RATE, 2)), RATE)
    found = again(sounds, tmp_path, bundle)
    assert set(found.stored.known) == {-1}
    assert found.audio.shape[1] == 2


def test_a_damaged_analysis_is_made_anew(sounds: Path, bundle: Path, tmp_path: Path) -> None:
    (bundle / "analysis" / "grain" / "values.npy").write_bytes(b"nothing")
    assert set(again(sounds, tmp_path, bundle).stored.known) == {-1}


def test_how_many_threads_there_are_changes_nothing(sounds: Path, tmp_path: Path) -> None:
    one = again(sounds, tmp_path, tmp_path / "none", replace(SETTINGS, jobs=1))
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "new", kept)
    again(sounds, tmp_path, tmp_path / "none", replace(SETTINGS, jobs=4))
    assert one.audio.shape
    for path in sorted(p for p in kept.rglob("*") if p.is_file()):
        other = tmp_path / "new" / path.relative_to(kept)
        assert path.read_bytes() == other.read_bytes(), path.name


def test_sources_are_brought_to_one_level_when_asked(sounds: Path, tmp_path: Path) -> None:
    found = again(sounds, tmp_path, tmp_path / "none", replace(SETTINGS, level_db=-20.0))
    assert all("levelled by" in source.notes[-1] for source in found.stored.sources)
    plain = again(sounds, tmp_path, tmp_path / "none")
    assert np.abs(found.audio).max() != np.abs(plain.audio).max()


def test_what_is_said_about_labels_reaches_the_source_and_is_still_said_the_second_time(
    sounds: Path, tmp_path: Path
) -> None:
    from idiolect.learning.pipeline import learn
    from idiolect.learning.settings import LearnSettings, TrainingSettings

    (sounds / "1.txt").write_text("a poem\n")
    (sounds / "2.txt").write_text("0.5\t1.5\tx\n")
    settings = LearnSettings(
        corpus=replace(SETTINGS, silence_seconds=0.5), training=TrainingSettings(max_steps=0)
    )
    for _ in range(2):
        report = learn(
            [sounds], tmp_path / "a.idiolect", settings=settings, progress=lambda *_: None
        )
        notes = {source["name"]: " ".join(source["notes"]) for source in report.sources}
        assert "1.txt is no label file" in notes["1.wav"]
        assert "its silences are not cut down" in notes["2.wav"]
        assert notes["0.wav"] == ""
    assert report.reused == 5
