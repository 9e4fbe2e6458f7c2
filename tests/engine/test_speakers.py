"""Voices on one channel, on two, on pairs of many, and on the ring."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.layout import LIMITER_CEILING
from idiolect.engine.speakers import _add_side
from stage import Stage
from synthetic import make_bundle

RATE = 8000
SECONDS = 1.0

Turn = Callable[[Stage], object]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("speakers") / "random.idiolect"
    return make_bundle(folder, sample_rate=RATE)


def heard(
    bundle: Bundle,
    channels: int,
    *changes: tuple[float, Turn],
    voices: int = 1,
    block: int = 256,
) -> NDArray[np.float32]:
    stage = Stage(bundle, voices, channels=channels)
    for voice in range(1, voices + 1):
        stage.player.set("run", voice, 1.0)
    return stage.play(SECONDS, block=block, changes=changes)


def turn(name: str, value: float, voice: int = 1) -> Turn:
    return lambda stage: stage.player.set(name, voice, value)


@pytest.mark.parametrize("channels", [3, 4, 8])
def test_at_rest_the_ring_is_the_stereo_pair_bit_for_bit(bundle: Bundle, channels: int) -> None:
    ring = heard(bundle, channels)
    np.testing.assert_array_equal(ring[:, :2], heard(bundle, 2))
    assert not ring[:, 2:].any()


@pytest.mark.parametrize(("channels", "pan", "by"), [(4, 0.5, 1), (4, -1.0, 2), (8, -0.25, -1)])
def test_a_speaker_further_is_a_channel_further(
    bundle: Bundle, channels: int, pan: float, by: int
) -> None:
    turned = heard(bundle, channels, (0.0, turn("pan", pan)))[RATE // 50 :]
    np.testing.assert_array_equal(
        np.roll(turned, -by, axis=1)[:, :2], heard(bundle, 2)[RATE // 50 :]
    )
    assert not np.roll(turned, -by, axis=1)[:, 2:].any()


@pytest.mark.parametrize("channels", [3, 5, 8])
def test_between_speakers_the_power_is_the_same_and_the_gains_are_panaz(channels: int) -> None:
    for place in np.linspace(-2 * channels, 2 * channels, 97):
        out = np.zeros((1, channels), np.float32)
        _add_side(np.float32(1.0), np.float64(place), out, 0)
        away = (place - np.arange(channels) + channels / 2) % channels - channels / 2
        expected = np.where(np.abs(away) < 1, np.cos(np.pi / 2 * away), 0.0)
        np.testing.assert_allclose(out[0], expected, atol=1e-6)
        assert abs((out**2).sum() - 1) < 1e-6


def test_once_around_the_ring_is_where_it_began(bundle: Bundle) -> None:
    left, right = (heard(bundle, 4, (0.0, turn("pan", pan)))[RATE // 50 :] for pan in (-1.0, 1.0))
    np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(("out", "pan"), [(3, 0.0), (5, 0.0), (5, -0.5)])
def test_a_pair_of_its_own_is_stereo_with_its_balance(bundle: Bundle, out: int, pan: float) -> None:
    changes = [(0.0, turn("pan", pan))]
    stereo = heard(bundle, 2, *changes)
    pair = heard(bundle, 6, *changes, (0.0, turn("out", out)))
    after = RATE // 10  # it has moved there from the ring
    np.testing.assert_array_equal(pair[after:, out - 1 : out + 1], stereo[after:])
    assert not np.delete(pair[after:], [out - 1, out], axis=1).any()


def test_a_voice_moves_to_another_pair_without_a_step(bundle: Bundle) -> None:
    most = np.abs(np.diff(heard(bundle, 2), axis=0)).max()
    moves = [(0.3, turn("out", 3)), (0.302, turn("out", 5)), (0.304, turn("out", 1))]
    moved = heard(bundle, 6, *moves)
    assert np.abs(np.diff(moved, axis=0)).max() < 1.05 * most
    after = round(0.5 * RATE)
    np.testing.assert_array_equal(moved[after:, :2], heard(bundle, 2)[after:])


@pytest.mark.parametrize("block", [1, 333])
def test_blocks_of_any_size_put_it_in_the_same_places(bundle: Bundle, block: int) -> None:
    def at_once(stage: Stage) -> None:
        for seconds, name, value in ((0.2, "pan", 0.7), (0.3, "out", 4.0), (0.31, "out", 0.0)):
            stage.engine.push_control(1, name, value, frame=round(seconds * RATE))

    one, other = (heard(bundle, 5, (0.0, at_once), block=size) for size in (block, 256))
    np.testing.assert_array_equal(one, other)


def test_one_channel_is_the_mean_of_both_sides(bundle: Bundle) -> None:
    mono, stereo = heard(bundle, 1), heard(bundle, 2)
    np.testing.assert_allclose(mono[:, 0], stereo.mean(axis=1), atol=1e-6)


def test_the_limiter_holds_all_channels_down_together(bundle: Bundle) -> None:
    places = [(0.0, turn("out", 1, 1)), (0.0, turn("out", 3, 2)), (0.0, turn("gain", -20.0, 2))]
    quiet = heard(bundle, 4, *places, (0.0, turn("gain", -90.0, 1)), voices=2)
    loud = heard(bundle, 4, *places, (0.0, turn("gain", 12.0, 1)), (0.0, turn("gain", 12.0, 0)),
                 voices=2)  # fmt: skip
    after = RATE // 10
    assert np.abs(loud).max() <= LIMITER_CEILING
    limited, free = loud[after:, 2:], quiet[after:, 2:] * np.float32(10 ** (12 / 20))
    assert (np.abs(limited) <= np.abs(free) * 1.0001 + 1e-7).all()
    assert np.abs(limited).max() < 0.9 * np.abs(free).max()


def test_a_pair_that_is_not_there_is_the_last_there_is(bundle: Bundle) -> None:
    last, beyond = (heard(bundle, 4, (0.0, turn("out", out))) for out in (3, 60))
    np.testing.assert_array_equal(last, beyond)
    np.testing.assert_array_equal(heard(bundle, 2, (0.0, turn("out", 60))), heard(bundle, 2))
