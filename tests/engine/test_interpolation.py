"""Reading between frames: what is heard of a tone, and of one that would fold."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.engine.interpolation import (
    CUBIC,
    LINEAR,
    MARGIN,
    NEAR,
    NONE,
    SINC,
    UNIT,
    read,
    read_pair,
)

FRAMES = 4000
COUNT = 1000
RATES = (0.25, 0.731, 1.0, 1.19, 1.5, 2.0, 3.0)


def tone(frequency: float) -> NDArray[np.float32]:
    """Cycles a frame."""
    return np.sin(2 * np.pi * frequency * np.arange(FRAMES)).astype(np.float32)


def heard(
    source: NDArray[np.float32], position: int, step: int, quality: int = SINC, count: int = COUNT
) -> NDArray[np.float32]:
    out, near = np.full(count, np.nan, np.float32), np.empty(NEAR * count, np.float32)
    read(source, position, step, quality, count, near, out)
    return out


def decibel(power: float) -> float:
    return float(10 * np.log10(power))


@pytest.mark.parametrize("rate", RATES)
def test_a_sinc_reads_a_tone_as_it_would_have_been_recorded(rate: float) -> None:
    frequency = 0.15 / max(rate, 1)
    step, first = round(rate * UNIT), 100 * UNIT + 12_345_678
    out = heard(tone(frequency), first, step)
    at = (first + np.arange(COUNT) * step) / UNIT
    wanted = np.sin(2 * np.pi * frequency * at)
    noise = np.mean((out - wanted) ** 2) / np.mean(wanted**2)
    assert decibel(noise) < -80


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate < 1])
def test_a_sinc_read_slowly_keeps_what_is_high(rate: float) -> None:
    step, first = round(rate * UNIT), 100 * UNIT + 12_345_678
    out = heard(tone(0.38), first, step)
    at = (first + np.arange(COUNT) * step) / UNIT
    noise = np.mean((out - np.sin(2 * np.pi * 0.38 * at)) ** 2) * 2
    assert decibel(noise) < -75


@pytest.mark.parametrize("rate", [1.5, 1.682, 2.0])
def test_what_would_fold_is_not_heard_of_a_sinc_and_is_of_a_cubic(rate: float) -> None:
    frequency = 0.5 / rate + 0.13
    folded = {
        quality: decibel(
            2 * np.mean(heard(tone(frequency), 100 * UNIT, round(rate * UNIT), quality) ** 2)
        )
        for quality in (CUBIC, SINC)
    }
    assert folded[SINC] < -80
    assert folded[CUBIC] > -20


@pytest.mark.parametrize("quality", [NONE, LINEAR, CUBIC, SINC])
@pytest.mark.parametrize("rate", RATES)
def test_in_pieces_it_reads_what_it_does_at_once(rate: float, quality: int) -> None:
    source = np.random.default_rng(1).normal(size=FRAMES).astype(np.float32)
    step, first = round(rate * UNIT), 50 * UNIT + 987_654_321
    whole = heard(source, first, step, quality)
    parts = [heard(source, first + k * step, step, quality, 50) for k in range(0, COUNT, 50)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("rate", RATES)
def test_backwards_a_sinc_reads_the_same_from_the_other_end(rate: float) -> None:
    source = np.random.default_rng(2).normal(size=FRAMES).astype(np.float32)
    step, first = round(rate * UNIT), 50 * UNIT + 987_654_321
    last = first + (COUNT - 1) * step
    np.testing.assert_array_equal(heard(source, last, -step)[::-1], heard(source, first, step))


@pytest.mark.parametrize("quality", [NONE, LINEAR, CUBIC, SINC])
def test_two_channels_are_read_as_each_alone_is(quality: int) -> None:
    both = np.random.default_rng(3).normal(size=(2, FRAMES)).astype(np.float32)
    step, first = round(1.31 * UNIT), 50 * UNIT + 987_654_321
    rows, near = np.empty((2, COUNT), np.float32), np.empty(NEAR * COUNT, np.float32)
    read_pair(both[0], both[1], first, step, quality, COUNT, near, rows)
    for row, source in zip(rows, both, strict=True):
        np.testing.assert_array_equal(row, heard(source, first, step, quality))


def test_what_lies_on_a_frame_is_that_frame() -> None:
    source = np.random.default_rng(4).normal(size=FRAMES).astype(np.float32)
    out = heard(source, 50 * UNIT, UNIT)
    np.testing.assert_allclose(out, source[50 : 50 + COUNT], atol=2e-6)


@pytest.mark.parametrize("rate", RATES)
def test_a_hair_before_a_frame_is_as_good_as_on_it(rate: float) -> None:
    """There the last phase ends, and with the fastest rate the table."""
    source, step = tone(0.03), round(rate * UNIT)
    before, on = (heard(source, at, step, count=1) for at in (90 * UNIT - 1, 90 * UNIT))
    np.testing.assert_allclose(before, on, atol=1e-5)


def test_nothing_is_looked_at_beyond_the_margin() -> None:
    source = np.full(FRAMES, np.nan, np.float32)
    source[100 - MARGIN + 1 : 200 + MARGIN] = 1
    for step in (UNIT, round(1.9 * UNIT), round(0.3 * UNIT)):
        count = (99 * UNIT) // step
        np.testing.assert_allclose(heard(source, 100 * UNIT, step, count=count), 1, rtol=1e-6)
