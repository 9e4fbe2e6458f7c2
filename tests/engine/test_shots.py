"""What is played by hand: where it begins, what it sounds like, and what it leaves alone."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.counters import PLAYS, PLAYS_LATE, STOLEN
from idiolect.engine.events import PLAYED
from idiolect.engine.overload import COSTS
from stage import Stage
from synthetic import make_bundle

RATE = 24_000
PLAIN = {"attack": 0.0, "release": 0.0}
STIRRED = {"rate": -300.0, "overlap": 6.0, "jitter": 0.5, "pan_spread": 0.8, "length": 0.06}
SHOTS = (  # when, of which voice, and what
    (0.01, 1, {"unit": 3, **PLAIN}),
    (0.0101, 2, {"unit": 4, "rate": 700.0, "pan": -0.3}),
    (0.2, 1, {"token": 2, "speed": -1.0, "gain": -3.0}),
    (0.2, 1, {"unit": 9, "run": 3, "rate": -500.0, "attack": 0.05}),
    (0.35, 2, {"unit": 11, "speed": -1.5, "dur": 0.3, "pan": 0.7}),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("shots") / "random.idiolect"
    return make_bundle(folder, sample_rate=RATE)


@pytest.fixture(scope="module")
def mono(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("shots") / "mono.idiolect"
    return make_bundle(folder, sample_rate=RATE, channels=1)


def bundle_of(folder: Path, wave: NDArray[np.float64]) -> Bundle:
    """Give a bundle whose audio is the same wave on both sides."""
    bundle = make_bundle(folder, sample_rate=RATE)
    side = np.resize(wave, len(bundle.audio)).astype(np.float32)
    np.save(folder / "audio.npy", np.stack([side, side], axis=1))
    return Bundle.open(folder)


def play(
    bundle: Bundle, seconds: float, frame: int = -1, *, block: int = 256, **wish: object
) -> NDArray[np.float32]:
    """Play one shot of a voice that rests; the limiter's delay is taken off."""
    stage = Stage(bundle)
    stage.player.at = frame
    stage.player.play(1, **wish)
    delay = stage.engine.delay_frames
    return stage.play(seconds + delay / RATE, block=block)[delay:]


def unit_audio(bundle: Bundle, unit: int, count: int = 1) -> NDArray[np.float32]:
    """Audio of units of the finest scale, both sides."""
    units = bundle.scales[0].units[unit : unit + count]
    audio = bundle.audio[units["start"][0] : units["start"][-1] + units["length"][-1]]
    return np.broadcast_to(audio, (len(audio), 2))


def stirred(bundle: Bundle, block: int) -> tuple[Stage, NDArray[np.float32]]:
    """Play shots over two voices, of which one speaks; give the stage, and what was heard."""
    stage = Stage(bundle, 2)
    stage.player.set("run", 1, 1.0)
    for name, value in STIRRED.items():
        stage.player.set(name, 1, value)
    for seconds, voice, wish in SHOTS:
        stage.player.at = round(seconds * RATE)
        stage.player.play(voice, **wish)
    return stage, stage.play(0.8, block=block)


@pytest.mark.parametrize("block", [1, 64, 333])
def test_the_block_size_never_changes_what_is_played_by_hand(bundle: Bundle, block: int) -> None:
    stage, whole = stirred(bundle, 4096)
    assert stage.engine.state.counters[PLAYS] == len(SHOTS)
    assert np.abs(whole).max() > 0.05
    np.testing.assert_array_equal(stirred(bundle, block)[1], whole)


@pytest.mark.parametrize("run", [1, 4])
def test_as_recorded_it_is_the_bundles_audio_bit_for_bit(
    bundle: Bundle, mono: Bundle, run: int
) -> None:
    for own in (bundle, mono):
        audio = unit_audio(own, 5, run)
        heard = play(own, 3, unit=5, run=run, **PLAIN)
        np.testing.assert_array_equal(heard[: len(audio)], audio)
        assert not heard[len(audio) :].any()


@pytest.mark.parametrize("frame", [0, 1, 255, 256, 4321])
def test_it_begins_at_its_frame(bundle: Bundle, frame: int) -> None:
    audio = unit_audio(bundle, 7)
    heard = play(bundle, 1, frame, unit=7, **PLAIN)
    assert not heard[:frame].any()
    np.testing.assert_array_equal(heard[frame : frame + len(audio)], audio)


def test_backwards_it_is_the_same_the_other_way_round(bundle: Bundle) -> None:
    audio = unit_audio(bundle, 2)[::-1]
    for wish in ({"speed": -1.0}, {"reverse": True}):
        heard = play(bundle, 1, unit=2, **wish, **PLAIN)
        np.testing.assert_array_equal(heard[: len(audio)], audio)
        assert not heard[len(audio) :].any()
    both = play(bundle, 1, unit=2, speed=-1.0, reverse=True, **PLAIN)
    np.testing.assert_array_equal(both[: len(audio)], audio[::-1])


def test_it_rises_and_falls_as_wished(tmp_path: Path) -> None:
    flat = bundle_of(tmp_path / "flat.idiolect", np.full(2, 0.5))
    heard = play(flat, 1, unit=0, dur=0.05, attack=0.01, release=0.02)[:, 0] / 0.5
    x = (np.arange(240) + 0.5) / 240
    np.testing.assert_allclose(heard[:240], x * x * (3 - 2 * x), atol=1e-6)
    np.testing.assert_array_equal(heard[240:720], 1)
    x = (np.arange(480)[::-1] + 0.5) / 480
    np.testing.assert_allclose(heard[720:1200], x * x * (3 - 2 * x), atol=1e-6)
    assert not heard[1200:].any()


def test_rise_and_fall_share_what_is_too_short_for_both(tmp_path: Path) -> None:
    flat = bundle_of(tmp_path / "flat.idiolect", np.full(2, 0.5))
    heard = play(flat, 1, unit=0, dur=0.01, attack=9.0, release=9.0)[:240, 0]
    np.testing.assert_allclose(heard, heard[::-1], atol=1e-6)
    assert heard.argmax() in (119, 120)


def test_gain_and_pan_are_its_own(bundle: Bundle) -> None:
    audio = unit_audio(bundle, 5)
    heard = play(bundle, 1, unit=5, gain=-20.0, pan=0.5, **PLAIN)[: len(audio)]
    np.testing.assert_allclose(heard, audio * [0.05, 0.1], rtol=1e-5)
    assert not play(bundle, 1, unit=5, gain=-90.0).any()


def test_it_belongs_to_its_voices_mix(bundle: Bundle) -> None:
    stage = Stage(bundle, 2)
    stage.engine.push_control(1, "gain", 0.5, frame=0, ramp=0)
    stage.engine.push_control(2, "gain", 0.0, frame=0, ramp=0)
    for voice in (1, 2):
        stage.player.play(voice, unit=5, **PLAIN)
    delay, audio = stage.engine.delay_frames, unit_audio(bundle, 5)
    heard = stage.play(1)[delay : delay + len(audio)]
    np.testing.assert_array_equal(heard, audio * np.float32(0.5))


@pytest.mark.parametrize(("wish", "ratio"), [
    ({"rate": 1200.0}, 2.0), ({"rate": -700.0}, 2 ** (-7 / 12)), ({"speed": 1.5}, 1.5),
    ({"speed": -0.5, "rate": 1200.0}, 1.0),
])  # fmt: skip
def test_rate_and_speed_transpose_and_shorten(
    tmp_path: Path, wish: dict[str, float], ratio: float
) -> None:
    wave = 0.25 * np.sin(2 * np.pi * 440 / RATE * np.arange(20 * RATE))
    tone = bundle_of(tmp_path / "tone.idiolect", wave)
    heard = play(tone, 2, unit=1, run=4, **wish)[:, 0]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 1 << 19))
    assert np.argmax(spectrum) * RATE / (1 << 19) == pytest.approx(440 * ratio, abs=2)
    length = len(unit_audio(tone, 1, 4))
    assert np.flatnonzero(heard)[-1] == pytest.approx(length / ratio, abs=3)


def test_read_fast_nothing_folds(tmp_path: Path) -> None:
    """A tone that twice as fast lies beyond half the sample rate is not heard, one below it is."""
    at = np.arange(20 * RATE)
    low = bundle_of(tmp_path / "low.idiolect", 0.25 * np.sin(2 * np.pi * 3000 / RATE * at))
    high = bundle_of(tmp_path / "high.idiolect", 0.25 * np.sin(2 * np.pi * 9000 / RATE * at))
    part = slice(RATE // 20, RATE // 10)  # away from where it begins and ends
    heard = [
        float(np.std(play(own, 0.3, file="source_0", start=1.0, dur=0.2, speed=2.0)[part]))
        for own in (low, high)
    ]
    assert 20 * np.log10(heard[0] / (0.25 / np.sqrt(2))) == pytest.approx(0, abs=0.5)
    assert 20 * np.log10(heard[1] / heard[0]) < -60


def test_what_comes_late_sounds_at_once_and_is_counted(bundle: Bundle) -> None:
    stage, audio = Stage(bundle), unit_audio(bundle, 5)
    stage.play(0.1)
    stage.player.at = 100
    stage.player.play(1, unit=5, **PLAIN)
    stage.player.at = -1
    stage.player.play(1, unit=5, gain=-90.0)
    now, delay = stage.engine.frame, stage.engine.delay_frames
    heard = stage.play(0.5)
    np.testing.assert_array_equal(heard[delay : delay + len(audio)], audio)
    assert stage.engine.state.counters[PLAYS_LATE] == 1
    late = [(frame, value) for frame, _, kind, _, _, value in stage.events if kind == PLAYED]
    assert late == [(now, now - 100), (now, 0)]


def test_a_hush_lets_what_sounds_fade_and_what_waits_be(bundle: Bundle) -> None:
    stage = Stage(bundle, 2)
    for voice, frame in ((1, -1), (2, RATE // 2), (1, 20 * RATE)):
        stage.player.at = frame
        stage.player.play(voice, file=bundle.sources[0]["name"])
    ahead = stage.play(0.3)
    assert np.abs(ahead[-100:]).max() > 0.01
    stage.player.panic()
    stage.player.at = -1
    heard = stage.play(1)
    fade = round(0.02 * RATE) + stage.engine.delay_frames
    assert np.abs(heard[: fade // 2]).max() > 0.01
    assert not heard[fade:].any()
    assert stage.engine.state.counters[PLAYS] == 1
    stage.player.play(1, unit=3)
    assert stage.play(0.3).any()


@pytest.mark.parametrize("block", [1, 64, 4096])
def test_a_recall_lets_what_sounds_sound_and_what_waits_be(bundle: Bundle, block: int) -> None:
    """What waits and is not recalled is there to the sample, and so is what comes afterwards."""
    stage, audio = Stage(bundle, 2), unit_audio(bundle, 5)
    name = bundle.sources[0]["name"]
    stage.player.play(1, file=name, dur=0.5, **PLAIN)
    for frame in (RATE // 4, RATE // 3, 20 * RATE):
        stage.player.at = frame
        stage.player.play(2, unit=3)
    heard = [stage.play(0.1, block=block)]
    stage.player.recall()
    stage.player.at = RATE
    stage.player.play(1, unit=5, **PLAIN)
    heard.append(stage.play(2, block=block))
    whole, delay = np.concatenate(heard), stage.engine.delay_frames
    expected = np.zeros_like(whole)
    start = int(bundle.sources[0]["start"])
    expected[delay : delay + RATE // 2] = bundle.audio[start : start + RATE // 2]
    expected[delay + RATE : delay + RATE + len(audio)] += audio
    np.testing.assert_array_equal(whole, expected)
    assert stage.engine.state.counters[PLAYS] == 2


def test_the_quietest_shots_go_when_there_is_too_much(bundle: Bundle) -> None:
    heard = []
    for block in (1, 100, 4096):
        stage = Stage(bundle)
        stage.engine.capacity = 10 * COSTS[3] * 2  # about seven shots of two channels
        for unit in range(12):
            stage.player.at = 100 * unit
            stage.player.play(1, unit=unit, run=4, speed=1.1, gain=-2.0 * unit)
        heard.append(stage.play(0.5, block=block))
        assert 4 <= stage.engine.state.counters[STOLEN] <= 8
    np.testing.assert_array_equal(heard[0], heard[2])
    np.testing.assert_array_equal(heard[1], heard[2])


def test_the_arena_goes_around(bundle: Bundle) -> None:
    """Two hundred seconds of audio, where there is room for sixty, and two shots at a time."""
    stage, rate = Stage(bundle), RATE
    name, audio = bundle.sources[0]["name"], bundle.audio
    wanted = np.zeros((132 * rate, 2), np.float32)
    for k in range(65):
        stage.player.at = frame = 2 * rate * k
        start = 0.1 * (k % 50)
        stage.player.play(1, file=name, start=start, dur=3.1, gain=-20.0, **PLAIN)
        first = round(start * rate)
        wanted[frame : frame + round(3.1 * rate)] += (
            np.float32(0.1) * audio[first : first + round(3.1 * rate)]
        )
    delay = stage.engine.delay_frames
    heard = stage.play(131, block=4096)[delay:]
    assert stage.engine.state.counters[PLAYS] == 65
    np.testing.assert_array_equal(heard, wanted[: len(heard)])
