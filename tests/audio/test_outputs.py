"""Every way out gives the same samples for the same plan."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from eavesdrop import Eavesdropper
from idiolect.audio.file import FileOutput, render
from idiolect.audio.null import NullOutput
from idiolect.audio.output import Output, open_output, pick_rate
from idiolect.engine.clock import CALLS
from idiolect.engine.engine import Engine
from idiolect.errors import AudioError

FRAMES = 4000  # half a second of the two that are planned

Planned = Callable[[], Engine]


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def rendered(engine: Engine, block_size: int = 100) -> NDArray[np.float32]:
    return np.concatenate(list(render(engine, FRAMES, block_size)))


def heard(output: Output, engine: Engine) -> NDArray[np.float32]:
    output.start()
    wait_until(lambda: engine.frame >= FRAMES)
    output.stop()
    return engine.heard(0)[1][:FRAMES]


def test_the_plan_sounds(planned: Planned) -> None:
    sound = rendered(planned())
    assert np.abs(sound).max() > 0.05


@pytest.mark.parametrize("block_size", [1, 64, 333, 4096])
def test_blocks_of_any_size_give_the_same_samples(planned: Planned, block_size: int) -> None:
    np.testing.assert_array_equal(rendered(planned(), block_size), rendered(planned()))


@pytest.mark.parametrize("block_size", [64, 333])
def test_the_null_output_gives_the_same_samples(planned: Planned, block_size: int) -> None:
    engine = planned()
    output = open_output("null", engine, block_size=block_size)
    np.testing.assert_array_equal(heard(output, engine), rendered(planned()))


def test_the_file_output_gives_the_same_samples(planned: Planned, tmp_path: Path) -> None:
    engine = planned()
    path = tmp_path / "out.wav"
    output = open_output(f"file:{path}", engine, block_size=64)
    assert isinstance(output, FileOutput)
    output.start()
    wait_until(lambda: engine.frame >= FRAMES)
    output.stop()
    sound, rate = soundfile.read(path, dtype="float32")
    assert rate == engine.sample_rate
    np.testing.assert_array_equal(sound[:FRAMES], rendered(planned()))


@pytest.mark.usefixtures("jack_server")
def test_the_jack_output_gives_the_same_samples(planned: Planned) -> None:
    engine = planned()
    output = open_output("jack", engine)
    listener = Eavesdropper(output.name.removeprefix("jack "), engine.sample_rate)
    output.start()
    try:
        expected = rendered(planned())
        first = int(np.flatnonzero(expected.any(axis=1))[0])
        np.testing.assert_array_equal(listener.take(FRAMES - first), expected[first:])
    finally:
        listener.close()
        output.stop()


@pytest.mark.parametrize("kind", ["null", "file:{}/out.wav"])
def test_nothing_is_rendered_before_the_start(planned: Planned, tmp_path: Path, kind: str) -> None:
    engine = planned()
    output = open_output(kind.format(tmp_path), engine)
    if kind == "null":
        wait_until(lambda: bool(engine.timing[CALLS] > 2))
    assert engine.frame == 0
    assert output.alive
    output.stop()
    output.stop()
    assert not output.alive


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_every_way_out_has_as_many_channels_as_the_engine(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "out.wav"
    for kind in ("null", f"file:{path}"):
        engine = Engine(1, 8000, 800, channels)
        output = open_output(kind, engine)
        output.start()
        wait_until(lambda engine=engine: engine.frame > 0)
        output.stop()
        assert engine.heard(0)[1].shape[1] == channels
    assert soundfile.info(path).channels == channels


def test_the_null_outputs_thread_is_realtime_where_that_is_permitted() -> None:
    if not hasattr(os, "sched_setscheduler"):
        pytest.skip("this system has no such scheduling")
    kept = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pytest.skip("not permitted here")
    os.sched_setscheduler(0, *kept)
    output = open_output("null", Engine(1, 8000, 800))
    assert isinstance(output, NullOutput)
    thread = next(t for t in threading.enumerate() if t.name == "idiolect-null" and t.is_alive())
    wait_until(lambda: os.sched_getscheduler(thread.native_id or 0) == os.SCHED_FIFO)
    assert os.sched_getscheduler(0) == kept[0]
    output.stop()


def test_an_unknown_output_is_refused_with_the_choices(planned: Planned) -> None:
    with pytest.raises(AudioError, match=r"'tape'; choose device, jack, null or file:PATH"):
        open_output("tape", planned())
    with pytest.raises(AudioError, match="'file:'"):
        open_output("file:", planned())


def test_null_and_file_play_at_any_rate() -> None:
    assert pick_rate("null", 12345) == 12345
    assert pick_rate("file:x.wav", 12345) == 12345


def test_a_file_that_cannot_be_written_is_named(planned: Planned, tmp_path: Path) -> None:
    path = tmp_path / "no such folder" / "out.wav"
    with pytest.raises(AudioError, match=r"cannot write .*no such folder.*; name another file"):
        open_output(f"file:{path}", planned())
    assert list(tmp_path.iterdir()) == []
