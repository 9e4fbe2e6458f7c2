"""A bundle at another rate is the same bundle, heard the same."""

from pathlib import Path

import numpy as np
import pytest

from idiolect.bundle.resampling import resample
from synthetic import make_bundle


@pytest.mark.parametrize("rate", [8000, 11025, 6000])
def test_units_still_tile_and_stay_where_they_were(tmp_path: Path, rate: int) -> None:
    bundle = make_bundle(tmp_path / "b.idiolect", seconds=5)
    moved = resample(bundle, rate)
    assert moved.sample_rate == rate
    assert len(moved.audio) == sum(source["frames"] for source in moved.sources)
    for old, new in zip(bundle.scales, moved.scales, strict=True):
        ends = new.units["start"] + new.units["length"]
        np.testing.assert_array_equal(ends[:-1], new.units["start"][1:])
        there = new.units["start"] / rate - old.units["start"] / bundle.sample_rate
        assert np.abs(there).max() < 3 / rate


def test_a_tone_keeps_its_level(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b.idiolect", seconds=5)
    moved = resample(bundle, 16000)
    before, after = (np.sqrt(np.mean(b.audio**2)) for b in (bundle, moved))
    assert after == pytest.approx(before, rel=0.01)


def test_the_bundles_own_rate_costs_nothing(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b.idiolect", seconds=5)
    assert resample(bundle, bundle.sample_rate) is bundle
