"""What becomes of files, readable or not."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from idiolect.corpus.reading.files import find
from idiolect.corpus.reading.sources import Stored
from idiolect.corpus.reading.store import store
from idiolect.corpus.settings import CorpusSettings
from idiolect.errors import CorpusError

RATE = 8000


def _store(folder: Path, rate: int = RATE) -> tuple[Stored, NDArray[np.float32]]:
    path = folder.parent / "audio.npy"
    settings = CorpusSettings(sample_rate=rate)
    stored = store(find([folder]), path, settings, lambda done, total: None)
    return stored, np.load(path, allow_pickle=False)


def _noise(frames: int, channels: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "corpus"
    made.mkdir()
    return made


def test_sources_lie_end_to_end_and_are_kept_as_they_are(folder: Path) -> None:
    one, two = _noise(100_001, 2), 3 * _noise(9, 2, seed=1)
    soundfile.write(folder / "a.wav", one, RATE, subtype="FLOAT")
    soundfile.write(folder / "b.wav", two, RATE, subtype="FLOAT")
    stored, audio = _store(folder)
    np.testing.assert_array_equal(audio, np.concatenate([one, two]))
    assert [(s.start, s.frames) for s in stored.sources] == [(0, 100_001), (100_001, 9)]


def test_one_stereo_source_makes_all_stereo(folder: Path) -> None:
    mono = _noise(50, 1)
    soundfile.write(folder / "a.wav", mono, RATE, subtype="FLOAT")
    soundfile.write(folder / "b.wav", _noise(50, 2), RATE, subtype="FLOAT")
    stored, audio = _store(folder)
    assert stored.channels == 2
    np.testing.assert_array_equal(audio[:50], np.repeat(mono, 2, axis=1))


def test_more_than_two_channels_are_mixed_down_and_noted(folder: Path) -> None:
    audio = _noise(50, 5)
    soundfile.write(folder / "a.wav", audio, RATE, subtype="FLOAT")
    stored, kept = _store(folder)
    assert stored.sources[0].notes == ("5 channels mixed down",)
    np.testing.assert_allclose(kept[:, 0], audio.mean(axis=1), atol=1e-6)


def test_what_is_not_a_number_becomes_silence(folder: Path) -> None:
    audio = _noise(50, 1)
    audio[3], audio[4], audio[5] = np.nan, np.inf, -np.inf
    soundfile.write(folder / "a.wav", audio, RATE, subtype="FLOAT")
    stored, kept = _store(folder)
    assert (kept[3:6] == 0).all()
    assert "3 samples" in stored.sources[0].notes[0]


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 48000])
def test_resampling_keeps_length_and_level(folder: Path, rate: int) -> None:
    time = np.arange(3 * rate) / rate
    soundfile.write(folder / "a.wav", 0.5 * np.sin(2 * np.pi * 440 * time), rate, subtype="FLOAT")
    _, audio = _store(folder)
    assert abs(len(audio) - 3 * RATE) <= 1
    middle = audio[RATE : 2 * RATE, 0]
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)


def test_bad_files_are_named_with_their_reason_and_others_passed_over(folder: Path) -> None:
    soundfile.write(folder / "good.wav", _noise(50, 1), RATE)
    soundfile.write(folder / "no_frames.wav", np.zeros((0, 1)), RATE)
    (folder / "empty.flac").write_bytes(b"")
    (folder / "text.mp3").write_text("not music at all\n" * 100)
    (folder / "notes.txt").write_text("not audio\n")
    stored, _ = _store(folder)
    assert [s.name for s in stored.sources] == ["good.wav"]
    assert [s.name for s in stored.skipped] == ["empty.flac", "no_frames.wav", "text.mp3"]
    assert all(s.reason for s in stored.skipped)


def test_a_file_cut_short_keeps_what_is_there(folder: Path) -> None:
    audio = _noise(30_000, 1)
    soundfile.write(folder / "a.flac", audio, RATE)
    whole = (folder / "a.flac").read_bytes()
    (folder / "a.flac").write_bytes(whole[: len(whole) // 2])
    stored, kept = _store(folder)
    assert 1000 < stored.sources[0].frames == len(kept) < 30_000
    # A frame that was cut decodes to anything; those before it are the file's.
    np.testing.assert_allclose(kept[:8000], audio[:8000], atol=1e-4)


def test_a_folder_of_bad_files_is_one_clear_error(folder: Path) -> None:
    (folder / "empty.wav").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"none of 1 audio files.*empty\.wav") as error:
        _store(folder)
    assert "\n" not in str(error.value)


def test_a_folder_without_audio_is_an_error(folder: Path) -> None:
    (folder / "notes.txt").write_text("not audio\n")
    with pytest.raises(CorpusError, match="no audio files"):
        _store(folder)


@pytest.mark.slow
def test_files_cut_off_anywhere_are_used_as_far_as_they_go_or_named(
    corpora: Path, folder: Path
) -> None:
    """Ten good files of four formats, each cut at eight random bytes."""
    rng = np.random.default_rng(0)
    names = {
        ".flac": "birdsong_a",
        ".mp3": "drums_jazz",
        ".ogg": "music_surge",
        ".wav": "digits_george",
    }
    good = [p for s, name in names.items() for p in sorted((corpora / name).glob(f"*{s}"))[:3]]
    for number, path in enumerate(good[:10]):
        whole = path.read_bytes()[:2_000_000]
        for cut, length in enumerate(rng.integers(0, len(whole), 8).tolist()):
            (folder / f"{number}_{cut}{path.suffix}").write_bytes(whole[:length])
    stored, audio = _store(folder, 48_000)
    assert len(stored.sources) + len(stored.skipped) == 80
    assert len(stored.sources) > 40
    assert all(skipped.reason for skipped in stored.skipped)
    assert np.isfinite(audio).all()
