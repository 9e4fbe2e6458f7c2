"""The bench: its arithmetic, and a short run of the real thing."""

from pathlib import Path

import numpy as np
import pytest

from components import require
from idiolect.bench.callbacks import Silence
from idiolect.bench.flood import RATE, messages
from idiolect.bench.row import Row, Stopwatch
from idiolect.bench.workload import run
from idiolect.cli import main
from idiolect.engine.clock import LATE
from idiolect.engine.seat import BINS, Seat, note
from synthetic import make_bundle

MS = 1_000_000  # ns


def test_a_stopwatch_counts_from_when_it_was_made() -> None:
    seat = Seat(Silence(48_000), 48)
    note(seat.columns, np.int64(48), 0, MS, 0, 0, 700_000)
    watch = Stopwatch(seat)
    for cpu in [10_000] * 98 + [20_000, 600_000]:
        note(seat.columns, np.int64(48), 0, MS, 0, 0, cpu)
    row = watch.read()
    assert seat.engine.timing[LATE] == 2
    assert (row.blocks, row.late) == (100, 1)
    assert (row.cpu_p99, row.cpu_longest) == (21, 601)


def test_what_is_longer_than_the_histogram_counts_as_its_end() -> None:
    seat = Seat(Silence(48_000), 48)
    watch = Stopwatch(seat)
    note(seat.columns, np.int64(48), 0, MS, 0, 0, 10**12)
    assert watch.read().cpu_longest == BINS


def test_every_voice_is_swept_at_every_tick() -> None:
    for tick in (0, RATE, 12_345):
        sent = dict(messages(tick, 3))
        for voice in (1, 2, 3):
            assert 0.1 < sent[f"/voice/{voice}/temperature"][0] < 2


def test_impossible_settings_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "callback", "--seconds", "0"]) == 1
    assert "--seconds must be" in capsys.readouterr().err
    assert main(["bench", "callback", "--period", "100"]) == 1
    assert "power of two" in capsys.readouterr().err


@pytest.mark.slow
def test_no_block_is_late_under_load_but_what_the_machine_itself_loses(tmp_path: Path) -> None:
    require("jackd")
    bundle = tmp_path / "random.idiolect"
    make_bundle(bundle, sample_rate=48_000, seconds=30)
    result = run(bundle, seconds=20)
    load, floor = result.daemon, result.floor.labour
    assert load.row.blocks > 0
    # What a callback loses that is there as long and does nothing, nobody could keep.
    assert load.row.late <= floor.late + floor.entered_late + floor.skipped
    assert load.starved == 0
    assert load.cuts > 1000
    assert load.refill_seconds < 1
    assert lost_share(result.python) > max(0.25, lost_share(load.row))


def lost_share(row: Row) -> float:
    return (row.late + row.skipped) / (row.blocks + row.skipped)
