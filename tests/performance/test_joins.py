"""The fade of a join lies where the waveforms agree, and stays at the onset for less."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.performance.joins import compare, find_join

FADE, ROOM = 960, 480


@pytest.fixture
def audio() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, 0.1, (20_000, 1)).astype(np.float32)


def test_a_stretch_agrees_with_itself_and_not_with_its_inverse(audio: NDArray[np.float32]) -> None:
    assert compare(audio, 5000, audio, 5000, FADE) == pytest.approx((1, 1))
    audio[9000 : 9000 + FADE] = -audio[5000 : 5000 + FADE]
    assert compare(audio, 5000, audio, 9000, FADE) == pytest.approx((-1, -1))


def test_another_level_counts_against_agreement_but_not_against_correlation(
    audio: NDArray[np.float32],
) -> None:
    audio[9000 : 9000 + FADE] = 0.5 * audio[5000 : 5000 + FADE]
    assert compare(audio, 5000, audio, 9000, FADE) == pytest.approx((0.8, 1))


@pytest.mark.parametrize("at", [120, 240, 465])
def test_the_fade_moves_to_where_the_waveforms_agree(audio: NDArray[np.float32], at: int) -> None:
    following, frame = 6000, 12_000
    source = audio[following - at - FADE : following - at]
    audio[frame - at - FADE : frame - at] = source
    assert find_join(audio, following, audio, frame, FADE, ROOM) == (at, pytest.approx(1))


def test_waveforms_that_agree_by_chance_alone_leave_the_fade_at_the_onset(
    audio: NDArray[np.float32],
) -> None:
    assert find_join(audio, 6000, audio, 12_000, FADE, ROOM)[0] == 0
