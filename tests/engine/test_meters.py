from pathlib import Path

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.engine.layout import HOP
from idiolect.engine.meters import read_levels
from stage import Stage
from synthetic import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path: Path = tmp_path_factory.mktemp("meters") / "random.idiolect"
    make_bundle(path, sample_rate=48_000, seconds=10)
    return Bundle.open(path)


def speak(bundle: Bundle, block: int = 256, gain: float = 0.0) -> tuple[Stage, np.ndarray]:
    stage = Stage(bundle, voices=2)
    stage.player.set("gain", 1, gain)
    stage.player.set("run", 1, 1.0)
    heard = stage.play(2.0, block=block)
    delay = stage.engine.delay_frames
    return stage, heard[delay:]  # as it was before the limiter, which has nothing to do


def test_a_voice_alone_is_as_loud_as_the_output(bundle: Bundle) -> None:
    stage, heard = speak(bundle)
    first, last = 40, 80
    (peak, mean), silent = read_levels(stage.engine.state.meters, first, last)
    own = heard[first * HOP : last * HOP].astype(np.float64)
    assert peak == pytest.approx(np.abs(own).max(), rel=1e-6)
    assert mean == pytest.approx(np.sqrt(np.square(own).mean()), rel=1e-6)
    assert list(silent) == [0.0, 0.0]


def test_a_meter_lies_behind_the_voice_s_gain(bundle: Bundle) -> None:
    levels = [
        read_levels(speak(bundle, gain=gain)[0].engine.state.meters, 40, 80)[0]
        for gain in (0.0, -20.0)
    ]
    np.testing.assert_allclose(levels[0], levels[1] * 10, rtol=1e-6)


def test_what_is_no_longer_kept_is_not_told(bundle: Bundle) -> None:
    stage, _ = speak(bundle)
    assert not read_levels(stage.engine.state.meters, 10_000, 10_010).any()
    assert not read_levels(stage.engine.state.meters, 50, 50).any()
