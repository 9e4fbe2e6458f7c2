from types import SimpleNamespace

import numpy as np
import pytest

from idiolect.engine.calendar import Calendar
from idiolect.engine.clock import DUE_AT, DUE_FRAME, TIMING

RATE = 48_000
START = 1_000_000_000_000  # ns


class Clock:
    """A callback that writes down when its blocks are due."""

    def __init__(self) -> None:
        self.timing = np.zeros(TIMING, np.int64)
        self.calendar = Calendar(SimpleNamespace(timing=self.timing, sample_rate=RATE))

    def block(self, frame: int, seconds: float) -> None:
        self.timing[DUE_FRAME] = frame
        self.timing[DUE_AT] = START + round(seconds * 1e9)
        self.calendar.observe()

    def seconds_of(self, frame: int) -> float:
        """The calendar's time, on the callback's own clock."""
        calendar = self.calendar
        return calendar._at + (frame - calendar._frame) * calendar._period - START / 1e9


def test_nothing_is_known_before_the_first_block() -> None:
    clock = Clock()
    clock.calendar.observe()
    assert clock.calendar.time_of(0) is None
    assert clock.calendar.frame_at(0.0) is None


def test_a_steady_clock_is_told_exactly() -> None:
    clock = Clock()
    for block in range(1, 2000, 7):
        clock.block(256 * block, 256 * block / RATE)
    for frame in (0, 12_345, 10**6):
        assert clock.seconds_of(frame) == pytest.approx(frame / RATE, abs=1e-7)


def test_time_and_frame_are_each_other_s_reverse() -> None:
    clock = Clock()
    clock.block(48_000, 1.0)
    seconds = clock.calendar.time_of(96_000)
    assert seconds is not None
    assert clock.calendar.frame_at(seconds) == pytest.approx(96_000, abs=0.5)


@pytest.mark.parametrize("drift", [0.0, 1e-4])
def test_jitter_is_smoothed_and_drift_followed(drift: float) -> None:
    rng = np.random.default_rng(1)
    clock, errors = Clock(), []
    for block in range(1, 20_000, 4):
        true = 256 * block / RATE * (1 + drift)
        clock.block(256 * block, true + rng.uniform(-0.002, 0.002))
        if true > 30:
            errors.append(clock.seconds_of(256 * block) - true)
    assert np.std(errors) < 0.0012 / 5  # the jitter's own is 1.2 ms
    assert abs(np.mean(errors)) < 0.0001


def test_after_a_pause_of_the_device_it_begins_anew() -> None:
    clock = Clock()
    for block in range(1, 100):
        clock.block(256 * block, 256 * block / RATE)
    clock.block(256 * 100, 256 * 100 / RATE + 3.0)
    assert clock.seconds_of(256 * 100) == pytest.approx(256 * 100 / RATE + 3.0, abs=1e-7)


@pytest.mark.parametrize("gap", [-0.006, 0.0025, 0.006, 0.04])
def test_a_gap_of_the_device_is_followed_at_once(gap: float) -> None:
    """Every frame is later by as much from then on; a third of a second on, the calendar knows."""
    rng = np.random.default_rng(2)
    clock, steady, errors = Clock(), 20.0, []
    for block in range(1, 6000, 3):
        true = 256 * block / RATE
        true += gap if true > steady else 0.0
        clock.block(256 * block, true + rng.uniform(0, 0.0003))  # a wake-up is never early
        if true > steady + 0.3:
            errors.append(clock.seconds_of(256 * block) - true)
    assert len(errors) > 600
    assert np.abs(errors).max() < 0.001


def test_a_few_late_looks_are_no_gap() -> None:
    clock = Clock()
    for block in range(1, 2000):
        late = 0.01 if block % 400 > 385 else 0.0  # looks in a row, but for too short a time
        clock.block(64 * block, 64 * block / RATE + late)
        assert abs(clock.seconds_of(64 * block) - 64 * block / RATE) < 0.002
