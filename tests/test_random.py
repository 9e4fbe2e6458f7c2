"""The generator is Philox, and its keys are all that counts."""

import numpy as np
import pytest

from idiolect.random import uniform


def signed(low: int, high: int = 0) -> int:
    """Put two 32-bit words into an int64."""
    return int(np.array([low | high << 32], np.uint64).view(np.int64)[0])


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB),
        ),
    ],
)
def test_numbers_are_those_of_random123(
    counter: tuple[int, ...], key: tuple[int, int], words: tuple[int, int]
) -> None:
    """Known answers of philox4x32-10 from Random123's kat_vectors."""
    drawn = uniform(signed(*key), counter[2], signed(*counter[:2]), counter[3])
    assert drawn == ((words[0] >> 5) * 2**26 + (words[1] >> 6)) / 2**53


def test_negative_seeds_are_seeds_of_their_own() -> None:
    drawn = {uniform(seed, 1, 0, 0) for seed in range(-50, 51)}
    assert len(drawn) == 101


def test_numbers_are_uniform_over_steps() -> None:
    drawn = np.array([uniform(1, 1, step, 1) for step in range(20_000)])
    assert 0 <= drawn.min() < drawn.max() < 1
    counts = np.histogram(drawn, 20, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8  # chi-square, 19 degrees, p = 0.001


@pytest.mark.parametrize("other", [(8, 1, 0, 1), (7, 2, 0, 1), (7, 1, 1, 1), (7, 1, 0, 2)])
def test_streams_of_different_keys_are_uncorrelated(other: tuple[int, int, int, int]) -> None:
    """Neighbouring seeds, voices, steps and purposes tell nothing about each other."""
    n = 10_000
    one = [uniform(7, 1, step, 1) for step in range(n)]
    two = [uniform(other[0], other[1], step + other[2], other[3]) for step in range(n)]
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / np.sqrt(n)
