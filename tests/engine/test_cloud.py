"""The cloud: what it does to pitch, level and time, and what it leaves alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.counters import STARVED
from idiolect.parameters.slots import BLOCK_SLOTS
from stage import Stage
from synthetic import make_bundle

RATE = 24_000
TONE = 440.0  # Hz
STIRRED = {
    "rate": -300.0, "overlap": 6.0, "jitter": 0.5, "reverse": 0.3, "pan_spread": 0.8,
    "rate_spread": 200.0, "length": 0.06,
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("cloud") / "random.idiolect"
    return make_bundle(folder, sample_rate=RATE)


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """All units are pieces of one tone; its level is that of a sine of 0.25."""
    folder: Path = tmp_path_factory.mktemp("cloud") / "tone.idiolect"
    bundle = make_bundle(folder, sample_rate=RATE)
    wave = 0.25 * np.sin(2 * np.pi * TONE / RATE * np.arange(len(bundle.audio)))
    np.save(folder / "audio.npy", np.stack([wave, wave], 1).astype(np.float32))
    return Bundle.open(folder)


def play(
    bundle: Bundle, seconds: float = 4, *, block: int = 480, voices: int = 1, **values: float
) -> NDArray[np.float32]:
    """Play with the block's parameters set before the first frame."""
    stage = Stage(bundle, voices)
    for voice in range(1, voices + 1):
        stage.player.set("continuity", voice, values.get("continuity", 1.0))
        for name, value in values.items():
            if name in BLOCK_SLOTS:
                stage.engine.push_control(voice, name, value, frame=0, ramp=0)
        stage.player.set("run", voice, 1.0)
    return stage.play(seconds, block=block)


def level(audio: NDArray[np.float32]) -> float:
    """Decibels."""
    return float(10 * np.log10(np.mean(audio[RATE // 2 :] ** 2)))


def pitch(audio: NDArray[np.float32]) -> float:
    """Hz of the strongest partial."""
    part = audio[RATE // 2 :, 0]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 19))
    return float(np.argmax(spectrum) * RATE / (1 << 19))


@pytest.mark.parametrize("values", [STIRRED, {"rate": 1200.0, "quality": 3.0, "overlap": 0.3}])
def test_the_block_size_never_changes_a_cloud(bundle: Bundle, values: dict[str, float]) -> None:
    whole = play(bundle, 2, voices=2, continuity=0.8, block=4096, **values)
    assert np.abs(whole).max() > 0.05
    for block in (1, 64, 333):
        again = play(bundle, 2, voices=2, continuity=0.8, block=block, **values)
        np.testing.assert_array_equal(again, whole)


def test_nor_does_how_far_ahead_it_was_planned(bundle: Bundle) -> None:
    heard = []
    for lookahead in (0.3, 2.0):
        stage = Stage(bundle, 1, lookahead)
        for name, value in STIRRED.items():
            stage.engine.push_control(1, name, value, frame=0, ramp=0)
        stage.player.set("run", 1, 1.0)
        heard.append(stage.play(3))
    np.testing.assert_array_equal(*heard)


@pytest.mark.parametrize("cents", [-1200, -500, 300, 700])
@pytest.mark.parametrize("quality", [1, 2, 3])
def test_rate_transposes_and_keeps_the_time(tone: Bundle, cents: int, quality: int) -> None:
    stage = Stage(tone, 1)
    stage.player.set("continuity", 1, 1.0)
    stage.engine.push_control(1, "rate", cents, frame=0, ramp=0)
    stage.engine.push_control(1, "quality", quality, frame=0, ramp=0)
    stage.player.set("run", 1, 1.0)
    heard = stage.play(4)
    # Sub-grains follow each other by half their length: partials lie 20 Hz apart.
    assert pitch(heard) == pytest.approx(TONE * 2 ** (cents / 1200), abs=12)
    straight = Stage(tone, 1)
    straight.player.set("continuity", 1, 1.0)
    straight.player.set("run", 1, 1.0)
    straight.play(4)
    assert stage.heard_units() == straight.heard_units()


@pytest.mark.parametrize("overlap", [2.5, 4, 8, 16])
def test_a_cloud_that_reads_what_would_have_sounded_sounds_like_it(
    tone: Bundle, overlap: float
) -> None:
    """Windows that overlap evenly add up; others waver by a tenth."""
    plain, cloud = play(tone), play(tone, overlap=overlap)
    part = slice(RATE, 3 * RATE)
    allowed = 0.02 if overlap % 2 == 0 else 0.2
    assert np.abs(cloud[part] - plain[part]).max() < allowed * 0.25


@pytest.mark.parametrize("values", [
    {"jitter": 1.0}, {"rate_spread": 600.0, "overlap": 8.0}, {"reverse": 1.0, "jitter": 0.5},
    {"density": 80.0}, {"rate": 50.0, "jitter": 0.3, "overlap": 16.0},
])  # fmt: skip
def test_a_cloud_is_about_as_loud_as_what_it_is_made_of(
    tone: Bundle, values: dict[str, float]
) -> None:
    assert level(play(tone, 8, **values)) == pytest.approx(level(play(tone, 8)), abs=2)


def test_below_one_there_are_gaps(tone: Bundle) -> None:
    heard = play(tone, 8, overlap=0.25)
    assert np.mean(np.abs(heard[RATE:, 0]) == 0) == pytest.approx(0.75, abs=0.05)


def test_pan_spread_scatters_and_the_middle_stays(tone: Bundle) -> None:
    heard = play(tone, 20, pan_spread=1.0, density=40.0)[RATE:]
    left, right = (float(np.mean(heard[:, c] ** 2)) for c in (0, 1))
    assert left == pytest.approx(right, rel=0.3)
    assert np.abs(heard[:, 0] - heard[:, 1]).max() > 0.1


@pytest.mark.parametrize("name", ["rate", "overlap", "jitter"])
def test_turning_to_the_cloud_and_back_makes_no_click(tone: Bundle, name: str) -> None:
    """No step between samples beyond what the tone itself makes, transposed and mixed."""
    stage = Stage(tone, 1)
    stage.player.set("continuity", 1, 1.0)
    rest = {"rate": 0.0, "overlap": 2.0, "jitter": 0.0}[name]
    for k in range(8):
        value = {"rate": 400.0, "overlap": 7.0, "jitter": 0.6}[name] if k % 2 == 0 else rest
        stage.engine.push_control(1, name, value, frame=RATE // 2 + 5000 * k, ramp=0)
    stage.player.set("run", 1, 1.0)
    heard = stage.play(3)[:, 0]
    steepest = 0.25 * 2 * np.pi * TONE / RATE  # of the tone, from sample to sample
    assert np.abs(np.diff(heard)).max() < 2.5 * steepest


def test_back_at_rest_it_is_bit_exact_again(bundle: Bundle) -> None:
    """After the last sub-grain and the turn."""
    plain, stage = Stage(bundle, 1), Stage(bundle, 1)
    for value, frame in ((700.0, RATE), (0.0, 2 * RATE)):
        stage.engine.push_control(1, "rate", value, frame=frame, ramp=0)
    heard = []
    for each in (plain, stage):
        each.player.set("run", 1, 1.0)
        heard.append(each.play(4))
    np.testing.assert_array_equal(heard[0][:RATE], heard[1][:RATE])
    after = 2 * RATE + 3000
    np.testing.assert_array_equal(heard[0][after:], heard[1][after:])
    assert not np.array_equal(heard[0][RATE : 2 * RATE], heard[1][RATE : 2 * RATE])


@pytest.mark.parametrize("change", ["run", "cut"])
def test_what_ends_the_unit_ends_its_cloud(tone: Bundle, change: str) -> None:
    stage = Stage(tone, 1)
    stage.engine.push_control(1, "length", 1.0, frame=0, ramp=0)
    stage.engine.push_control(1, "rate", -700.0, frame=0, ramp=0)
    stage.player.set("run", 1, 1.0)
    end: Callable[[Stage], object] = lambda s: s.player.set("run", 1, 0.0)  # noqa: E731
    if change == "cut":
        end = lambda s: s.player.cut(1)  # noqa: E731
    stage.play(2.0, changes=[(1.5, end)])
    voice = stage.engine.state.voices[0]
    assert voice["subgrains"] <= (0 if change == "run" else 5)
    if change == "run":
        assert np.abs(stage.play(0.2)).max() == 0


def test_overload_of_overlap_is_bounded(bundle: Bundle) -> None:
    stage = Stage(bundle, 1)
    for name, value in {"length": 1.0, "density": 400.0}.items():
        stage.engine.push_control(1, name, value, frame=0, ramp=0)
    stage.player.set("run", 1, 1.0)
    heard = stage.play(3)
    assert np.isfinite(heard).all()
    assert stage.engine.state.voices[0]["subgrains"] <= 24


def onsets(bundle: Bundle, seconds: float, **values: float) -> list[tuple[int, int]]:
    """Engine frames and units of a voice that plays the corpus in its order."""
    stage = Stage(bundle, 1)
    stage.player.set("continuity", 1, 1.0)
    for name, value in values.items():
        stage.engine.push_control(1, name, value, frame=0, ramp=0)
    stage.player.set("run", 1, 1.0)
    heard = stage.play(seconds)
    assert np.abs(heard).max() > 0.05
    assert stage.engine.state.counters[STARVED] == 0
    return stage.heard_units()


@pytest.mark.parametrize("name", ["stretch", "duration"])
@pytest.mark.parametrize("value", [0.25, 0.5, 1.7, 4.0])
def test_stretch_and_duration_move_onsets_and_nothing_else_does(
    bundle: Bundle, name: str, value: float
) -> None:
    plain = onsets(bundle, 3)
    moved = onsets(bundle, 3 * value, **{name: value})
    count = min(len(plain), len(moved))
    assert count > 10
    for (before, unit), (after, other) in zip(plain[:count], moved[:count], strict=True):
        assert other == unit
        assert after == pytest.approx(before * value, abs=2 * count)
    assert onsets(bundle, 3, rate=-700.0, jitter=0.5, overlap=8.0) == plain


@pytest.mark.parametrize("values", [
    {"stretch": 3.0}, {"stretch": 0.4}, {"duration": 2.0}, {"duration": 0.5, "rate": 300.0},
])  # fmt: skip
def test_the_block_size_never_changes_a_pace(bundle: Bundle, values: dict[str, float]) -> None:
    whole = play(bundle, 2, continuity=0.7, block=4096, **values)
    for block in (1, 100):
        again = play(bundle, 2, continuity=0.7, block=block, **values)
        np.testing.assert_array_equal(again, whole)


def test_stretched_it_keeps_its_pitch_and_level(tone: Bundle, bundle: Bundle) -> None:
    for stretch in (0.5, 3.0):
        heard = play(tone, 6, stretch=stretch, overlap=4.0)
        # Sub-grains are born 25 ms apart: partials lie 40 Hz apart.
        assert pitch(heard) == pytest.approx(TONE, abs=21)
        heard = play(bundle, 12, stretch=stretch, overlap=4.0)
        assert level(heard) == pytest.approx(level(play(bundle, 12)), abs=2)


def test_frozen_it_holds_the_unit_and_goes_on_where_it_was(bundle: Bundle) -> None:
    stage, plain = Stage(bundle, 1), onsets(bundle, 4)
    stage.player.set("continuity", 1, 1.0)
    for value, frame in ((1.0, RATE), (0.0, 3 * RATE)):
        stage.engine.push_control(1, "freeze", value, frame=frame, ramp=0)
    stage.player.set("run", 1, 1.0)
    heard = stage.play(6)
    assert level(heard[RATE : 3 * RATE]) == pytest.approx(level(heard[:RATE]), abs=6)
    begun = stage.heard_units()
    assert not [frame for frame, _ in begun if RATE < frame < 3 * RATE]
    later = [(frame - 2 * RATE if frame > RATE else frame, unit) for frame, unit in begun]
    count = min(len(plain), len(later))
    assert count > 10
    for (before, unit), (after, other) in zip(plain[:count], later[:count], strict=True):
        assert (abs(after - before) <= 1, other) == (True, unit)


def test_a_frozen_voice_can_be_stopped(bundle: Bundle) -> None:
    stage = Stage(bundle, 1)
    stage.player.set("run", 1, 1.0)
    stage.play(0.5)
    stage.player.set("freeze", 1, 1.0)
    stage.play(0.5)
    stage.player.set("run", 1, 0.0)
    stage.play(0.5)
    assert np.abs(stage.play(0.5)).max() == 0


def test_turned_at_any_moment_it_never_starves_nor_clicks(tone: Bundle) -> None:
    """Stretch, duration and freeze thrown about, back at rest in the end."""
    rng = np.random.default_rng(5)
    stage = Stage(tone, 1)
    stage.player.set("continuity", 1, 1.0)
    for k in range(40):
        name = ("stretch", "duration", "freeze", "rate")[k % 4]
        value = {"stretch": rng.uniform(0.3, 6), "duration": rng.uniform(0.3, 4)}.get(
            name, float(rng.integers(2))
        )
        stage.engine.push_control(1, name, value, frame=int(rng.integers(6 * RATE)), ramp=0)
    for name, value in {"stretch": 1.0, "duration": 1.0, "freeze": 0.0, "rate": 0.0}.items():
        stage.engine.push_control(1, name, value, frame=7 * RATE, ramp=0)
    stage.player.set("run", 1, 1.0)
    heard = stage.play(9)
    assert stage.engine.state.counters[STARVED] == 0
    steepest = 0.25 * 2 * np.pi * TONE / RATE
    assert np.abs(np.diff(heard[:, 0])).max() < 3 * steepest
    quiet = np.sqrt(np.convolve(heard[RATE // 4 :, 0] ** 2, np.ones(480) / 480, "valid"))
    assert quiet.min() > 0.01
