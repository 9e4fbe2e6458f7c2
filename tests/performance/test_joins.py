"""The fade of a join lies where the spectrum steps least through it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.performance.joins import LEAD_FRAMES, SPARE_FRAMES, correlate, find_join

COUNT = 960
SHORT = LEAD_FRAMES - SPARE_FRAMES
FOLLOWING, FRAME = 6000, 12_000


@pytest.fixture
def audio() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, 0.1, (20_000, 1)).astype(np.float32)


def join(audio: NDArray[np.float32], **values: int) -> tuple[int, int, float]:
    place = {"frame": FRAME, "lead": LEAD_FRAMES, "spare": SPARE_FRAMES} | values
    return find_join(audio, FOLLOWING, audio, place["frame"], place["lead"], place["spare"])


def test_a_stretch_agrees_with_itself_and_not_with_its_inverse(audio: NDArray[np.float32]) -> None:
    assert correlate(audio, 5000, audio, 5000, COUNT) == pytest.approx(1)
    audio[9000 : 9000 + COUNT] = -0.3 * audio[5000 : 5000 + COUNT]
    assert correlate(audio, 5000, audio, 9000, COUNT) == pytest.approx(-1)


def test_silence_agrees_with_nothing(audio: NDArray[np.float32]) -> None:
    audio[9000 : 9000 + COUNT] = 0
    assert correlate(audio, 5000, audio, 9000, COUNT) == 0


def test_one_channel_stands_for_two(audio: NDArray[np.float32]) -> None:
    both = np.repeat(audio, 2, axis=1)
    for other in (audio, both):
        found = correlate(both, 5000, other, 9000, COUNT)
        assert found == pytest.approx(correlate(audio, 5000, audio, 9000, COUNT))


def test_what_precedes_the_unit_is_left_out_where_it_would_be_heard(
    audio: NDArray[np.float32],
) -> None:
    audio[FRAME - LEAD_FRAMES : FRAME - SHORT] *= 10
    assert join(audio)[:2] == (SHORT, SHORT)


def test_what_sounds_is_left_before_its_end_where_that_would_be_heard(
    audio: NDArray[np.float32],
) -> None:
    audio[FOLLOWING - SPARE_FRAMES : FOLLOWING] *= 10
    assert join(audio)[:2] == (LEAD_FRAMES, SHORT)


def test_a_fade_that_may_leave_nothing_free_takes_all_there_is(audio: NDArray[np.float32]) -> None:
    audio[FRAME - LEAD_FRAMES : FRAME - SHORT] *= 10
    assert join(audio, spare=0)[:2] == (LEAD_FRAMES, LEAD_FRAMES)


@pytest.mark.parametrize("lead", [100, 700, LEAD_FRAMES])
@pytest.mark.parametrize("frame", [LEAD_FRAMES, 9000, 20_000 - 1])
def test_every_fade_lies_between_where_it_may_begin_and_the_onset(
    audio: NDArray[np.float32], lead: int, frame: int
) -> None:
    """At both ends of the audio, too, where there is nothing to measure."""
    begin, fade, correlation = join(audio, frame=frame, lead=lead)
    assert lead - lead // 3 <= fade <= begin <= lead
    assert -0.5 <= correlation <= 1


def test_what_would_cancel_is_not_made_up_for_by_more_than_3_db(
    audio: NDArray[np.float32],
) -> None:
    audio[FRAME - LEAD_FRAMES : FRAME] = -audio[FOLLOWING - LEAD_FRAMES : FOLLOWING]
    assert join(audio)[2] == -0.5
