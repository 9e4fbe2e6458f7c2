"""WAV files of 32-bit floats."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from idiolect.audio.wav import WavWriter, wav_header, write_wav
from idiolect.errors import AudioError

RNG = np.random.default_rng(1)
SOUND = RNG.normal(size=(1000, 2)).astype(np.float32)


@pytest.mark.parametrize("name", ["out.flac", "out.mp3", "out.AIFF"])
def test_a_name_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioError, match=r"end it in \.wav"):
        WavWriter(tmp_path / name, 8000)
    assert not list(tmp_path.iterdir())


def test_what_is_written_is_read_back_to_the_bit(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    assert write_wav(path, np.split(SOUND, [1, 300]), 44_100) == 1000
    sound, rate = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(sound, SOUND)
    assert rate == 44_100
    assert soundfile.info(path).subtype == "FLOAT"


def test_the_same_samples_make_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first.wav", tmp_path / "second.wav"
    write_wav(first, [SOUND], 8000)
    write_wav(second, np.split(SOUND, 10), 8000)
    assert first.read_bytes() == second.read_bytes()


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    path.write_bytes(b"before")
    writer = WavWriter(path, 8000)
    writer.write(SOUND)
    assert path.read_bytes() == b"before"
    writer.close()
    assert path.read_bytes()[:4] == b"RIFF"
    assert [file.name for file in tmp_path.iterdir()] == ["out.wav"]


def test_what_fails_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with WavWriter(tmp_path / "out.wav", 8000) as wav:
            wav.write(SOUND)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_more_than_four_gibibytes_become_rf64() -> None:
    frames = 2**30
    header = wav_header(frames, 48_000)
    assert len(header) == len(wav_header(1, 48_000))
    assert header[:4] == b"RF64"
    assert header[12:16] == b"ds64"
    assert int.from_bytes(header[28:36], "little") == 8 * frames
    assert int.from_bytes(header[36:44], "little") == frames


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot write"):
        WavWriter(tmp_path / "nowhere" / "out.wav", 8000)
