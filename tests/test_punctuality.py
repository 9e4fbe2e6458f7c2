"""What a time tag says is when it leaves: from the socket to the samples, in a daemon that plays."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from idiolect.app import App
from idiolect.bundle import Bundle
from idiolect.config import load
from idiolect.control.codec import encode, encode_bundle
from idiolect.control.schedule import ntp_of
from recording import Wire
from synthetic import make_bundle

LEVEL = 0.25


@pytest.fixture(scope="module")
def level(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose every frame is the same, so that what turns a gain is seen at its frame."""
    path: Path = tmp_path_factory.mktemp("punctual") / "level.idiolect"
    make_bundle(path, sample_rate=48_000, seconds=10)
    audio = np.load(path / "audio.npy")
    np.save(path / "audio.npy", np.full_like(audio, LEVEL))
    return path


@pytest.fixture
def app(level: Path) -> Iterator[App]:
    config = load(flags={"audio.output": "null", "control.port": 0})
    with App(level, config) as app:
        yield app


def steps_of(heard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frames at which each channel changes by itself, without a ramp."""
    left, right = (np.flatnonzero(np.abs(np.diff(heard[:, side])) > 1e-3) + 1 for side in (0, 1))
    return left, right


def test_bundles_act_at_the_frame_of_their_tag_and_all_in_them_at_one(app: App) -> None:
    mapped: list[int] = []
    frame_at = app.witness.frame_at

    def note(seconds: float) -> int | None:
        frame = frame_at(seconds)
        assert frame is not None
        mapped.append(frame)
        return frame

    assert Bundle.open(app.performance.bundle.path).audio[0, 0] == LEVEL
    time.sleep(1.0)
    app.witness.frame_at = note  # type: ignore[method-assign]
    wire = Wire(app.control.address[1])
    begin = time.time() + 0.1
    first = app.engine.frame
    tags = [begin + 0.0313 * n for n in range(60)]
    for n, at in enumerate(tags):
        turn = encode("/voice/1/gain", -6.0 if n % 2 else -3.0, 0.0)
        pan = encode("/voice/1/pan", 0.5 if n % 2 else -0.5, 0.0)
        wire.raw(encode_bundle(turn, pan, time_tag=ntp_of(at)))
        time.sleep(max(0.0, at + 0.0313 - 0.1 - time.time()))  # each 0.1 s ahead
    time.sleep(0.5)
    start, heard = app.engine.heard(first)
    left, right = steps_of(heard)
    due = np.array(mapped) + app.engine.delay_frames - start
    assert len(due) == len(tags)
    assert np.array_equal(left, due)
    assert np.array_equal(right, due)
    assert wire.settle() == []
    wire.socket.close()
