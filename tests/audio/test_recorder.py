"""What is heard, in files."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from idiolect.audio.recorder import Recorder, Recordings
from idiolect.engine.engine import Engine
from idiolect.engine.layout import TAP_FRAMES
from idiolect.errors import AudioError, ControlError

Planned = Callable[[], Engine]


def play(engine: Engine, frames: int = 8000) -> NDArray[np.float32]:
    out = np.zeros((frames, engine.channels), np.float32)
    engine.render(out)
    return out


def read(path: Path) -> NDArray[np.float32]:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == 8000
    return np.asarray(sound)


@pytest.mark.parametrize(
    ("suffix", "apart"), [("wav", 0.0), ("flac", 2.0**-23), ("FLAC", 2.0**-23)]
)
def test_a_file_holds_what_was_heard(
    planned: Planned, tmp_path: Path, suffix: str, apart: float
) -> None:
    engine = planned()
    play(engine, 1000)
    recordings = Recordings(engine, str(tmp_path))
    done = recordings.start(f"take.{suffix}")
    assert recordings.running
    heard = play(engine)
    recordings.stop()
    take = done.result(20)
    assert (take.name, take.seconds, take.lost_frames, take.failure) == (f"take.{suffix}", 1, 0, "")
    assert np.abs(read(tmp_path / f"take.{suffix}") - heard).max() <= apart
    assert len(list(tmp_path.iterdir())) == 1
    assert not recordings.running
    assert recordings.take == take


def test_every_channel_is_recorded(tmp_path: Path) -> None:
    engine = Engine(1, 8000, 800, channels=6)
    recordings = Recordings(engine, str(tmp_path))
    done = recordings.start("six.flac")
    play(engine)
    recordings.close()
    assert done.result(0).seconds == 1
    assert read(tmp_path / "six.flac").shape == (8000, 6)


@pytest.mark.parametrize(
    "name",
    ["../out.wav", "a/b.wav", "a\\b.wav", "..", ".wav", ".hidden.wav", "", "out", "out.mp3", "C:x.wav",
     "a\0b.wav", "a\nb.wav", "x" * 300 + ".wav"],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(
    planned: Planned, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(ControlError):
        Recordings(planned(), str(folder)).start(name)
    assert list(tmp_path.rglob("*")) == [folder]


def test_links_and_what_is_there_are_left_alone(planned: Planned, tmp_path: Path) -> None:
    recordings = Recordings(planned(), str(tmp_path))
    (tmp_path / "there.wav").write_text("kept")
    (tmp_path / "link.wav").symlink_to(tmp_path / "elsewhere.wav")
    for name in ("there.wav", "link.wav"):
        with pytest.raises(ControlError, match="is there already"):
            recordings.start(name)
    assert (tmp_path / "there.wav").read_text() == "kept"
    assert not (tmp_path / "elsewhere.wav").exists()


def test_without_a_folder_or_a_recording_the_message_names_the_cure(planned: Planned) -> None:
    with pytest.raises(ControlError, match=r"audio\.recordings"):
        Recordings(planned(), "").start("out.wav")
    with pytest.raises(ControlError, match="nothing is recorded; /record/start begins"):
        Recordings(planned(), "").stop()
    with pytest.raises(AudioError, match="cannot write"):
        Recordings(planned(), "/no such folder").start("out.wav")


def test_one_file_at_a_time(planned: Planned, tmp_path: Path) -> None:
    recordings = Recordings(planned(), str(tmp_path))
    recordings.start("one.wav")
    with pytest.raises(ControlError, match="/record/stop ends it"):
        recordings.start("two.wav")
    recordings.close()
    recordings.start("two.wav")
    recordings.close()
    assert {file.name for file in tmp_path.iterdir()} == {"one.wav", "two.wav"}


def test_flac_has_no_room_for_more_than_eight_channels(tmp_path: Path) -> None:
    recordings = Recordings(Engine(1, 8000, 800, channels=9), str(tmp_path))
    with pytest.raises(ControlError, match=r"record into a \.wav"):
        recordings.start("nine.flac")
    recordings.start("nine.wav")
    recordings.close()


@pytest.mark.parametrize("name", ["take.wav", "take.flac"])
def test_a_disk_that_fills_leaves_what_came_before(
    planned: Planned, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, free = planned(), [2**40]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    recordings = Recordings(engine, str(tmp_path))
    done = recordings.start(name)
    heard = play(engine, 1 << 13)
    while recordings.take is None or recordings.take.seconds < 1:
        time.sleep(0.01)
    free[0] = 2**20
    take = done.result(20)
    assert "is full; make room" in take.failure
    assert np.abs(read(tmp_path / name) - heard).max() <= 2.0**-23
    assert not recordings.running
    with pytest.raises(ControlError, match=r"ended by itself, .*make room"):
        recordings.stop()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_may_not_grow_is_complete_up_to_there(planned: Planned, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    engine, path = planned(), tmp_path / "short.wav"
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    recorder = Recorder(engine, path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_001, kept[1]))
    try:
        heard = play(engine)
        recorder.start()
        take = recorder.done.result(20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    assert "cannot write" in take.failure
    with pytest.raises(AudioError, match="cannot write"):
        recorder.stop()
    np.testing.assert_array_equal(read(path), heard[: round(8000 * take.seconds)])


def test_what_was_lost_is_silence_and_is_counted(planned: Planned, tmp_path: Path) -> None:
    engine = planned()
    recorder = Recorder(engine, tmp_path / "late.wav")
    heard = np.concatenate([play(engine, 1 << 16) for _ in range(5)])
    recorder.start()
    recorder.finish()
    take = recorder.done.result(20)
    kept = TAP_FRAMES * 3 // 4
    assert take.lost_frames == len(heard) - kept
    sound = read(tmp_path / "late.wav")
    assert not sound[: take.lost_frames].any()
    np.testing.assert_array_equal(sound[take.lost_frames :], heard[take.lost_frames :])
