"""How loud a source is, and what brings it to a level."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from idiolect.corpus.reading.level import Level

RATE = 1000


def tone(seconds: float, amplitude: float) -> NDArray[np.float32]:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * 50 * time))[:, None].astype(np.float32)


def level(*blocks: NDArray[np.float32]) -> Level:
    heard = Level(RATE)
    for block in blocks:
        heard.hear(block)
    return heard


@pytest.mark.parametrize("amplitude", [0.01, 0.1, 0.7])
def test_every_source_comes_to_the_same_level(amplitude: float) -> None:
    audio = tone(4, amplitude)
    power = ((audio * level(audio).gain(-25.0)) ** 2).mean()
    assert 10 * np.log10(power) == pytest.approx(-25.0, abs=0.01)


def test_pauses_do_not_count() -> None:
    pause = np.zeros((8 * RATE, 1), np.float32)
    assert level(tone(4, 0.1), pause).gain(-25.0) == pytest.approx(level(tone(4, 0.1)).gain(-25.0))


def test_no_peak_is_lifted_beyond_its_ceiling() -> None:
    audio = tone(4, 0.01)
    audio[100] = 0.5
    assert np.abs(audio * level(audio).gain(-10.0)).max() == pytest.approx(10 ** (-1 / 20))


def test_a_peak_above_the_ceiling_is_no_reason_to_go_down() -> None:
    audio = tone(4, 0.01)
    audio[100] = 1.0
    assert level(audio).gain(-10.0) == 1.0


def test_silence_stays_as_it_is() -> None:
    assert level(np.zeros((5000, 2), np.float32)).gain(-20.0) == 1.0
    assert level().gain(-20.0) == 1.0


def test_what_is_shorter_than_a_window_counts_whole() -> None:
    assert level(tone(0.1, 0.1)).gain(-25.0) == pytest.approx(level(tone(4, 0.1)).gain(-25.0))


@given(st.lists(st.integers(1, 700), min_size=1, max_size=20))
def test_how_it_comes_in_blocks_changes_nothing(sizes: list[int]) -> None:
    audio = np.random.default_rng(0).normal(0, 0.1, (3000, 2)).astype(np.float32)
    parts = np.split(audio, np.cumsum(sizes)[np.cumsum(sizes) < len(audio)])
    assert level(*parts).gain(-20.0) == pytest.approx(level(audio).gain(-20.0))
