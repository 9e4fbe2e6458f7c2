"""The soak: what is sent and counted, what the system says of threads, and a short run of it all."""

import json
import mmap
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from components import require
from idiolect.bench import again
from idiolect.bench.again import Costs
from idiolect.bench.flood import COMMANDS, RATE, SWAP_TICKS, messages, switches
from idiolect.bench.jackd import dummy_server
from idiolect.bench.soak import MESSAGES, VOICES, measure, summary
from idiolect.bench.threads import interruptions, is_realtime, private_mib
from idiolect.cli import main
from idiolect.control.namespace import Namespace
from idiolect.engine.engine import Engine
from synthetic import make_bundle

LINUX = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux says it")


def sent(ticks: int, bundles: tuple[str, ...] = ()) -> Iterator[str]:
    for tick in range(ticks):
        for address, _ in messages(tick, VOICES, MESSAGES // RATE + 1 - VOICES):
            yield address
        for address, _ in switches(tick, VOICES, 3, bundles):
            yield address


def test_a_soak_sends_a_thousand_messages_a_second_and_some_are_answered() -> None:
    each = list(sent(RATE))
    assert 1000 <= len(each) <= 1050
    assert sum(address in COMMANDS for address in each) >= 100


def test_every_voice_comes_to_every_scale() -> None:
    turned = [m for tick in range(20 * RATE) for m in switches(tick, VOICES, 3, ())]
    places = {(address, int(scale)) for address, (scale,) in turned}
    assert places == {(f"/voice/{v}/scale", s) for v in range(1, VOICES + 1) for s in range(3)}
    known = Namespace(VOICES)
    assert all(known.is_known(address) for address, _ in places)


def test_bundles_are_swapped_in_turn_where_there_are_any() -> None:
    named = [
        arguments[0]
        for tick in range(4 * SWAP_TICKS + 1)
        for address, arguments in switches(tick, VOICES, 1, ("a", "b"))
        if address == "/bundle/swap"
    ]
    assert named == ["b", "a", "b", "a"]
    assert "/bundle/swap" not in set(sent(3 * SWAP_TICKS))


@LINUX
def test_memory_of_ones_own_is_counted_in_mib() -> None:
    before, deadline = private_mib(), time.monotonic() + 10
    own = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with mmap.mmap(-1, 40 << 20, flags=own) as held:
        held.write(b"1" * len(held))
        while private_mib() - before < 30 and time.monotonic() < deadline:
            time.sleep(0.05)  # some systems count now and then
        assert 30 < private_mib() - before < 100


@LINUX
def test_a_thread_that_only_waits_faults_nowhere() -> None:
    stop, begun = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        stop.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    begun.wait()
    assert interruptions(thread.native_id).major_faults == 0
    assert not is_realtime(thread.native_id)
    stop.set()
    thread.join()


@LINUX
def test_a_thread_that_sleeps_is_seen_to_wait() -> None:
    before = interruptions(threading.get_native_id())
    for _ in range(5):
        time.sleep(0.002)
    assert interruptions(threading.get_native_id()).since(before).waits >= 5


THREADS = """
import threading
from pathlib import Path

from idiolect.audio.jack import JackOutput
from idiolect.bench.callbacks import Silence
from idiolect.bench.threads import interruptions, jack_thread
from idiolect.engine.seat import Seat

seat = Seat(Silence(48_000), 64)
output = JackOutput(seat, "soak")
found = jack_thread(seat)
assert found > 0
assert found not in {thread.native_id for thread in threading.enumerate()}
assert Path(f"/proc/self/task/{found}/stat").is_file()
assert interruptions(found).waits >= 0
output.stop()
"""


@LINUX
def test_jacks_thread_is_the_one_that_calls() -> None:
    """None of Python's, and it uses its processor time for us alone."""
    require("jackd")
    with dummy_server(sample_rate=48_000, period=64):
        subprocess.run([sys.executable, "-c", THREADS], check=True, timeout=120)


def test_an_impossible_length_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "soak", "--minutes", "0"]) == 1
    assert "--minutes must be" in capsys.readouterr().err


def test_a_block_is_late_again_when_it_takes_more_than_half_its_time() -> None:
    def render(out: NDArray[np.float32]) -> None:
        begun = time.thread_time()
        while time.thread_time() - begun < float(out[0, 0]):
            pass

    costs = Costs(64)
    engine = cast(Engine, SimpleNamespace(render=render))
    out = np.zeros((256, 2), np.float32)
    out[[0, 64], 0] = 0.002, 0.001  # seconds; the first of all is not counted
    costs.render(engine, out)
    assert len(costs.blocks) == 3
    assert sum(spent >= 1_000_000 for spent in costs.blocks) == 1


def test_a_block_is_our_own_doing_when_it_is_dear_both_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More than half of 1.3 ms; what was interrupted in one rendering is not counted."""
    renderings = iter([np.array([700, 10, 700, 650]), np.array([10, 700, 690, 650])])
    monkeypatch.setattr(again, "_render", lambda *_: (1000 * next(renderings), 48_000))
    found = again.play_again(Path(), Path(), period=64)
    assert found == {"blocks": 4, "late": 1, "cpu_longest": 690}


def test_what_a_change_divides_is_one_block() -> None:
    sizes: list[int] = []
    costs = Costs(64)
    engine = cast(Engine, SimpleNamespace(render=lambda out: sizes.append(len(out))))
    for frames in (64, 10, 54, 100, 28):
        costs.render(engine, np.zeros((frames, 2), np.float32))
    assert sizes == [64, 10, 54, 64, 36, 28]
    assert len(costs.blocks) == 3


@pytest.mark.slow
@LINUX
def test_two_minutes_of_everything_leave_memory_flat_and_nobody_waiting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Times are printed and not judged: they are the machine's as much as ours."""
    require("jackd")
    bundle = tmp_path / "random.idiolect"
    make_bundle(bundle, sample_rate=48_000, seconds=30)
    found = measure(bundle, minutes=2, say=lambda _: None)
    with capsys.disabled():
        print("", *summary(found), sep="\n")
    json.dumps(found)
    tally, memory = found["messages"], found["memory_mib"]
    assert isinstance(tally, dict)
    assert isinstance(memory, dict)
    assert tally["sent"] >= 2 * 60 * MESSAGES
    assert tally["answered"] == tally["asked"] > 10_000
    assert tally["swapped"] == 11  # one each ten seconds, but for the last
    assert memory["most"] - memory["settled"] < 8
    interrupted, labour, again = found["interrupted"], found["labour"], found["again"]
    assert isinstance(interrupted, dict)
    assert isinstance(labour, dict)
    assert isinstance(again, dict)
    assert labour["blocks"] > 1000
    assert again["blocks"] >= 2 * 60 * 48_000 // 64  # nothing of it is left out
    assert (found["nan"], found["starved"], interrupted["major_faults"]) == (0, 0, 0)
    assert int(str(found["cuts"])) > 1000
