"""What a time tag says is when it leaves: from the socket to the samples, in a daemon that plays."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from idiolect.config.config import load
from idiolect.control.codec import encode, encode_bundle
from idiolect.control.schedule import ntp_of
from idiolect.control.score import ScoreWriter, time_tag_of
from idiolect.daemon.app import App
from idiolect.rendering import Beginning
from idiolect.scores import render as render_score
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


@pytest.fixture(params=[1])
def app(level: Path, request: pytest.FixtureRequest) -> Iterator[App]:
    flags = {"audio.output": "null", "control.port": 0, "performance.autostart": request.param}
    with App(level, load(flags=flags)) as app:
        time.sleep(1.0)  # its calendar has seen some blocks
        yield app


@pytest.fixture
def mapped(app: App, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Frames of the output that time tags were mapped to, in their order."""
    found: list[int] = []
    frame_at = app.witness.frame_at

    def note(seconds: float) -> int | None:
        frame = frame_at(seconds)
        assert frame is not None
        found.append(frame + app.engine.delay_frames)
        return frame

    monkeypatch.setattr(app.witness, "frame_at", note)
    return found


def blip(pan: float) -> bytes:
    """Two milliseconds that begin and end at once."""
    words = ("unit", 3, "dur", 0.002, "pan", pan, "attack", 0.0, "release", 0.0)
    return encode("/play", *words)


def onsets_of(channel: np.ndarray) -> np.ndarray:
    """Frames at which silence ends."""
    sounds = np.abs(channel) > LEVEL / 4
    return np.flatnonzero(sounds[1:] & ~sounds[:-1]) + 1


def steps_of(heard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frames at which each channel changes by itself, without a ramp."""
    left, right = (np.flatnonzero(np.abs(np.diff(heard[:, side])) > 1e-2) + 1 for side in (0, 1))
    return left, right


def test_bundles_act_at_the_frame_of_their_tag_and_all_in_them_at_one(
    app: App, mapped: list[int]
) -> None:
    wire = Wire(app.control.address[1])
    begin, first = time.time() + 0.1, app.engine.frame
    for n in range(60):
        at = begin + 0.0313 * n
        turn = encode("/voice/1/gain", -6.0 if n % 2 else -3.0, 0.0)
        pan = encode("/voice/1/pan", 0.5 if n % 2 else -0.5, 0.0)
        wire.raw(encode_bundle(turn, pan, time_tag=ntp_of(at)))
        time.sleep(max(0.0, at + 0.0313 - 0.1 - time.time()))  # each 0.1 s ahead
    time.sleep(0.5)
    start, heard = app.engine.heard(first)
    for steps in steps_of(heard):
        assert (steps + start).tolist() == mapped
    assert wire.settle() == []
    wire.socket.close()


@pytest.mark.parametrize("app", [0], indirect=True)
def test_what_is_played_by_hand_begins_at_the_frame_of_its_tag(app: App, mapped: list[int]) -> None:
    """Two hundred events, 50 to 500 ms ahead, each two grains in one OSC bundle."""
    rng, wire = np.random.default_rng(4), Wire(app.control.address[1])
    begin, first = time.time() + 0.6, app.engine.frame
    at = begin + np.cumsum(rng.uniform(0.008, 0.015, 200))
    sent = np.maximum.accumulate(at - rng.uniform(0.05, 0.5, 200))
    for tag, moment in zip(at.tolist(), sent.tolist(), strict=True):
        time.sleep(max(0.0, moment - time.time()))
        wire.raw(encode_bundle(*(blip(side) for side in (-1.0, 1.0)), time_tag=ntp_of(tag)))
    time.sleep(max(0.0, float(at[-1]) + 0.3 - time.time()))
    start, heard = app.engine.heard(first)
    for side in (0, 1):
        assert (onsets_of(heard[:, side]) + start).tolist() == mapped
    assert len(mapped) == len(at)
    assert app.player.status().plays_late == 0
    assert wire.settle() == []
    wire.socket.close()


def test_a_score_begins_what_it_plays_at_the_frame_of_its_tag(level: Path, tmp_path: Path) -> None:
    rng, rate = np.random.default_rng(5), 48_000
    frames = np.cumsum(rng.integers(400, 800, 200))
    score, output = tmp_path / "blips.osc", tmp_path / "blips.wav"
    writer = ScoreWriter(score)
    for frame in frames.tolist():
        writer.write(time_tag_of(frame, rate), blip(-1.0), blip(1.0))
    writer.close()
    config = load(flags={"performance.autostart": 0})
    beginning = Beginning(seed=1, temperature=1.0, scale=None)
    render_score(level, score, output, float(frames[-1]) / rate + 0.1, beginning, config)
    heard, _ = soundfile.read(output, dtype="float32")
    for side in (0, 1):
        assert onsets_of(heard[:, side]).tolist() == frames.tolist()
