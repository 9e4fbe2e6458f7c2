"""Onsets lie just before attacks, wherever in time these are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.corpus.boundaries.onsets import HOP, onsets
from idiolect.corpus.spectrum import even_length

RATE = 16_000


def _bursts(attacks: NDArray[np.int64], frames: int, seed: int = 0) -> NDArray[np.float32]:
    """Play decaying tones over a little noise."""
    audio = 1e-4 * np.random.default_rng(seed).normal(size=(frames, 1))
    time = np.arange(RATE // 5) / RATE
    for index, at in enumerate(attacks):
        tone = 0.5 * np.exp(-25 * time) * np.cos(2 * np.pi * 400 * (1 + index % 3) * time)
        audio[at : at + len(time), 0] += tone[: frames - at]
    return audio.astype(np.float32)


def test_an_attack_lies_inside_the_unit_it_opens() -> None:
    attacks = np.array([3000, 7001, 12_345, 20_000, 28_888])
    found = onsets(_bursts(attacks, 2 * RATE), 0, 2 * RATE, RATE)
    assert len(found) == len(attacks)
    assert (found <= attacks).all()
    assert (attacks - found < 0.015 * RATE).all()


def test_all_clicks_of_a_train_are_found() -> None:
    clicks = np.arange(2000, 4 * RATE - 2000, 3200)
    audio = np.zeros((4 * RATE, 1), np.float32)
    audio[clicks] = 0.8
    found = onsets(audio, 0, len(audio), RATE)
    assert len(found) == len(clicks)
    assert (found <= clicks).all()
    assert (clicks - found < 0.015 * RATE).all()


@pytest.mark.parametrize("level", [0.0, 0.25])
def test_a_constant_has_no_onset(level: float) -> None:
    assert len(onsets(np.full((RATE, 1), level, np.float32), 10, RATE - 10, RATE)) == 0


@pytest.mark.parametrize("frames", [0, 1, 15, 100])
def test_a_source_too_short_for_an_attack_has_none(frames: int) -> None:
    assert len(onsets(np.zeros((200, 1), np.float32), 50, frames, RATE)) == 0


def test_shifting_the_audio_shifts_the_onsets() -> None:
    hop = even_length(HOP, RATE)
    attacks = np.array([6000, 9000, 14_000, 22_000, 27_000])
    audio = _bursts(attacks, 2 * RATE)
    shift = 25 * hop
    before = onsets(audio, 0, len(audio), RATE)
    after = onsets(np.concatenate([audio[-shift:], audio]), 0, len(audio) + shift, RATE)
    np.testing.assert_array_equal(after, before + shift)


def test_only_the_source_itself_is_looked_at() -> None:
    audio = _bursts(np.array([3000, 9000, 15_000]), 20_000)
    loud = np.random.default_rng(1).normal(size=(5000, 1)).astype(np.float32)
    alone = onsets(audio, 0, len(audio), RATE)
    among = onsets(np.concatenate([loud, audio, loud]), len(loud), len(audio), RATE)
    np.testing.assert_array_equal(among, alone + len(loud))


def test_the_level_of_a_recording_does_not_matter() -> None:
    audio = _bursts(np.array([3000, 9000, 15_000, 22_000]), 2 * RATE)
    np.testing.assert_array_equal(
        onsets(audio, 0, len(audio), RATE), onsets(audio * np.float32(0.5), 0, len(audio), RATE)
    )


def test_of_onsets_too_near_to_each_other_the_strongest_is_kept() -> None:
    audio = np.zeros((RATE, 1), np.float32)
    audio[8000], audio[8500] = 0.01, 0.8
    found = onsets(audio, 0, len(audio), RATE, apart=0.06)
    assert len(found) == 1
    assert 8000 < found[0] <= 8500
