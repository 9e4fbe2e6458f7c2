"""A change whose frame is known ahead sounds as one that is made just in time for it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.engine.events import CONTROLLED, CUT
from stage import Stage
from synthetic import make_bundle

RATE = 48_000
MARGIN = 480
FRAME = 40_011
SECONDS = 2.0

Do = Callable[[Stage], object]

DONE: dict[str, Do] = {
    "temperature": lambda stage: stage.player.set("temperature", 1, 0.2),
    "cut": lambda stage: stage.player.cut(1),
    "seed": lambda stage: stage.player.seed_unit(1, 40),
    "scale": lambda stage: stage.player.set("scale", 1, 1.0),
    "rest": lambda stage: stage.player.set("run", 1, 0.0),
    "speak": lambda stage: stage.player.set("run", 2, 1.0),
    "allow": lambda stage: stage.player.allow_region(1, 0.0, 0.0, 0.5),
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path: Path = tmp_path_factory.mktemp("timing") / "random.idiolect"
    make_bundle(path, sample_rate=RATE, seconds=10)
    return Bundle.open(path)


def spoken(bundle: Bundle, at: float, do: Do, block: int = 256) -> tuple[np.ndarray, Stage]:
    stage = Stage(bundle, voices=2)
    stage.player.set("run", 1, 1.0)
    stage.player.set("continuity", 1, 0.5)
    return stage.play(SECONDS, block=block, changes=[(at, do)]), stage


def ahead(do: Do, frame: int = FRAME) -> Do:
    def tell(stage: Stage) -> None:
        stage.player.at = frame
        do(stage)
        stage.player.at = -1

    return tell


@pytest.mark.parametrize("name", DONE)
def test_known_ahead_or_just_in_time_is_the_same_sound(bundle: Bundle, name: str) -> None:
    just, _ = spoken(bundle, (FRAME - MARGIN) / RATE, DONE[name])
    for told in (0.0, 0.4):
        known, _ = spoken(bundle, told, ahead(DONE[name]), block=64)
        assert np.array_equal(known, just)
    untold, _ = spoken(bundle, SECONDS, DONE[name])
    assert np.array_equal(untold[:FRAME], just[:FRAME])
    assert not np.array_equal(untold, just)


@pytest.mark.parametrize("block", [64, 1000, 1400])
def test_a_cut_acts_at_the_frame_it_names(bundle: Bundle, block: int) -> None:
    _, stage = spoken(bundle, 0.0, ahead(DONE["cut"]), block=block)
    assert [event[0] for event in stage.events if event[2] == CUT][-1] == FRAME


def test_a_change_for_now_does_not_wait_for_one_that_is_far_off(bundle: Bundle) -> None:
    def both(stage: Stage) -> None:
        ahead(DONE["cut"])(stage)
        stage.player.cut(1)

    _, stage = spoken(bundle, 0.1, both)
    cuts = [event[0] for event in stage.events if event[2] == CUT]
    assert FRAME in cuts
    assert any(0.1 * RATE <= cut <= 0.1 * RATE + 2 * MARGIN for cut in cuts)


def test_what_is_done_together_is_heard_from_one_frame_on(bundle: Bundle) -> None:
    """Even where the callback comes in between."""
    stage = Stage(bundle)
    out = np.zeros((64, 2), np.float32)
    with stage.player.together():
        stage.player.set("gain", 1, -6.0)
        stage.engine.render(out)
        stage.player.set("pan", 1, 0.5)
        with stage.player.together():
            stage.player.set("gain", 0, -3.0)
        stage.engine.render(out)
    stage.play(0.1)
    turned = [event[0] for event in stage.events if event[2] == CONTROLLED]
    assert turned == [128, 128, 128]
