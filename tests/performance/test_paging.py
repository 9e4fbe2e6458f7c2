"""A corpus that memory cannot hold: the planner waits for its pages, the callback never does."""

import mmap
import os
import time
from pathlib import Path

import numpy as np
import pytest

from idiolect.audio.null import NullOutput
from idiolect.bench.threads import interruptions
from idiolect.bundle.bundle import Bundle
from idiolect.engine.counters import PLAYS, STARVED
from idiolect.engine.engine import Engine
from idiolect.engine.seat import Seat
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player
from synthetic import make_bundle

SECONDS = 12.0
FORGET_SECONDS = 0.02
FRAMES = 64
VOICES = 4


class Forgetful:
    """Throws a bundle's audio out of memory: this process' view of it, and the system's copy."""

    def __init__(self, bundle: Bundle) -> None:
        mapped = bundle.audio.base
        assert isinstance(mapped, np.memmap)
        self._view: mmap.mmap = mapped._mmap  # type: ignore[attr-defined]
        self._file = os.open(bundle.path / "audio.npy", os.O_RDONLY)
        os.fsync(self._file)

    def forget(self) -> None:
        self._view.madvise(mmap.MADV_DONTNEED)
        os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        os.close(self._file)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux counts them by thread")
def test_the_callback_waits_for_no_page_of_a_bundle_that_memory_does_not_keep(
    tmp_path: Path,
) -> None:
    """What was just read is thrown out fifty times a second, as if memory were that small."""
    bundle = make_bundle(tmp_path / "large.idiolect", sample_rate=48_000, seconds=120)
    engine = Engine(VOICES, 48_000, 48_000)
    planner = Planner(bundle, engine, lookahead_seconds=1.0, margin_ms=10)
    player = Player(bundle, engine, planner)
    for voice in range(1, VOICES + 1):
        player.set("continuity", voice, 0.2)
        player.set("run", voice, 1.0)
    planner.advance()
    forgetful, output = Forgetful(bundle), NullOutput(Seat(engine, FRAMES))
    planner.start()
    output.start()
    callback, ahead = output._thread.native_id, planner._thread.native_id
    begun = interruptions(callback)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        forgetful.forget()
        player.play(1)
        time.sleep(FORGET_SECONDS)
    waited = interruptions(ahead).major_faults
    ours = interruptions(callback).since(begun).major_faults
    planner.stop()
    output.stop()
    forgetful.close()
    if waited < 100:
        pytest.skip(
            f"{tmp_path} keeps its pages whatever it is told: {waited} faults of the planner"
        )
    assert ours == 0
    assert engine.frame > 0.9 * SECONDS * 48_000
    assert engine.state.counters[STARVED] == 0
    assert engine.state.counters[PLAYS] > 100
