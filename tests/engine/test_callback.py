"""The compiled callbacks: no Python inside, honest about their own time."""

import re
import time
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from numba import cfunc
from numpy.typing import NDArray

from idiolect.compiled import callback
from idiolect.engine.callback import CALLBACKS, compiled
from idiolect.engine.clock import (
    CALLS,
    CPU_LONGEST,
    CPU_SUM,
    ENTERED_AT,
    ENTERED_LATE,
    LATE,
    PERIOD,
    TIMING,
    XRUNS,
    monotonic_ns,
    thread_cpu_ns,
)
from idiolect.engine.engine import Engine
from idiolect.engine.seat import BINS, SEAT, Seat, note

RATE = 48_000
MS = 1_000_000  # ns

# What code without Python may call: clocks, and mathematics of the C library.
ALLOWED = re.compile(
    r"clock_gettime|QueryPerformance(Counter|Frequency)"
    r"|llvm\..*|(sin|cos|tan|sqrt|exp|exp2|log|log2|pow|floor|ceil|trunc|rint|fabs|fmod)f?"
)


class Module:
    """The functions of an LLVM module in text: what each calls, and what each returns."""

    def __init__(self, text: str) -> None:
        self.bodies = {
            name.strip('"'): body
            for name, body in re.findall(
                r'^define [^@]*@("[^"]+"|[\w.$]+)\(.*?\{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL
            )
        }

    def called(self, name: str) -> Iterator[str]:
        for line in self.bodies[name].splitlines():
            if re.search(r"\b(call|invoke)\b", line):
                yield from (found.strip('"') for found in re.findall(r'@("[^"]+"|[\w.$]+)\(', line))

    def reachable(self, name: str) -> set[str]:
        """Every function reached from `name`, itself included."""
        found, waiting = {name}, [name]
        while waiting:
            for callee in self.called(waiting.pop()):
                if callee not in found:
                    found.add(callee)
                    if callee in self.bodies:
                        waiting.append(callee)
        return found

    def statuses(self, name: str) -> set[str]:
        """Everything a function may return: constants, and the functions whose result it passes."""
        body = self.bodies[name]
        found, seen = set(), set()
        waiting = re.findall(r"^\s*ret i32 (\S+)", body, re.MULTILINE)
        while waiting:
            value = waiting.pop()
            if value in seen:
                continue
            seen.add(value)
            phi = re.search(rf"^\s*{re.escape(value)} = phi i32 (.*)$", body, re.MULTILINE)
            call = re.search(
                rf'^\s*{re.escape(value)} = .*call .*?@("[^"]+"|[\w.$]+)\(', body, re.MULTILINE
            )
            if phi:
                waiting += re.findall(r"\[ ([^,]+),", phi.group(1))
            else:
                found.add(call.group(1).strip('"') if call else value)
        return found


@cache
def module_of(name: str) -> tuple[Module, str]:
    """Compile a callback without the cache, and find its function: not the wrapper around it."""
    signature, body = CALLBACKS[name]
    made = callback(signature, body, cache=False)
    module = Module(made.inspect_llvm())
    wrapper = made.native_name
    return module, next(callee for callee in module.called(wrapper) if callee in module.bodies)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_reaches_nothing_of_python(name: str) -> None:
    module, start = module_of(name)
    outside = {callee for callee in module.reachable(start) if callee not in module.bodies}
    assert [callee for callee in outside if not ALLOWED.fullmatch(callee)] == []


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_never_fails(name: str) -> None:
    """Numba's wrapper takes the GIL when a callback fails, so each may only return success."""
    module, start = module_of(name)
    inside = {callee for callee in module.reachable(start) if callee in module.bodies}
    for function in inside:
        assert module.statuses(function) <= {"0"} | inside, function


def test_the_scan_finds_what_calls_python() -> None:
    """The two tests above would see an exception and an allocation."""

    def bad(size: int) -> int:
        if size > 5:
            raise ValueError
        return int(np.zeros(size).sum())

    made = cfunc("int64(int64)")(bad)
    module = Module(made.inspect_llvm())
    start = next(callee for callee in module.called(made.native_name) if "bad" in callee)
    outside = module.reachable(start) - set(module.bodies)
    assert [callee for callee in outside if not ALLOWED.fullmatch(callee)]
    inside = module.reachable(start) & set(module.bodies)
    assert not all(module.statuses(function) <= {"0"} | inside for function in inside)


class Still:
    """An engine of one voice that rests, and its seat."""

    def __init__(self, frames: int = 64) -> None:
        self.engine = Engine(1, RATE, RATE // 10)
        self.seat = Seat(self.engine, frames)

    def ask(self, out: NDArray[np.float32], flags: int = 0) -> int:
        address = out.ctypes.data
        return int(compiled("portaudio").ctypes(0, address, len(out), 0, flags, self.seat.address))


def test_a_callback_is_silent_until_it_is_started() -> None:
    still = Still()
    out = np.full((64, 2), 7, np.float32)
    assert still.ask(out) == 0
    assert still.engine.frame == 0
    np.testing.assert_array_equal(out, 0)
    still.seat.run(True)
    still.ask(out)
    assert still.engine.frame == 64
    still.seat.run(False)
    still.ask(out)
    assert still.engine.frame == 64


def test_a_callback_counts_its_blocks_and_times() -> None:
    still = Still()
    out = np.zeros((48, 2), np.float32)
    before = monotonic_ns()
    for _ in range(5):
        still.ask(out)
    timing = still.engine.timing
    assert timing[CALLS] == 5
    assert timing[PERIOD] == MS
    assert before <= timing[ENTERED_AT] <= monotonic_ns()
    assert 0 < timing[CPU_LONGEST] <= timing[CPU_SUM]
    assert still.seat.histogram.sum() == 5


def test_what_the_device_lost_is_counted_apart() -> None:
    still = Still()
    out = np.zeros((64, 2), np.float32)
    still.ask(out, flags=4)
    still.ask(out, flags=1)
    assert still.engine.timing[XRUNS] == 1


def test_jacks_counters_need_no_server() -> None:
    still = Still()
    assert compiled("jack_xrun").ctypes(still.seat.address) == 0
    assert still.engine.timing[XRUNS] == 1
    assert compiled("jack_buffer").ctypes(512, still.seat.address) == 0
    compiled("jack_shutdown").ctypes(still.seat.address)
    assert still.seat.columns[:SEAT].tolist().count(512) == 1


@pytest.mark.parametrize(
    ("entered", "left", "cpu", "late", "entered_late"),
    [
        (0.0, 0.4, 0.4, 0, 0),
        (0.0, 0.9, 0.4, 0, 0),  # something else had the processor, and it was done in time
        (0.0, 0.6, 0.6, 1, 0),  # more than half the period for ourselves
        (0.0, 1.1, 0.1, 1, 0),  # entered in time, done too late
        (0.4, 1.1, 0.1, 1, 0),
        (0.6, 1.1, 0.1, 0, 1),  # asked for too late: not ours
        (0.6, 1.3, 0.6, 1, 1),
    ],
)
def test_a_block_is_late_by_our_own_fault_or_not(
    entered: float, left: float, cpu: float, late: int, entered_late: int
) -> None:
    still = Still()
    columns, origin = still.seat.columns, 5_000 * MS
    at = [origin + round(part * MS) for part in (0, 1, entered, left)]
    note(columns, np.int64(48), at[0], at[1], at[2], at[3], round(cpu * MS))
    timing = still.engine.timing
    assert timing.shape == (TIMING,)
    assert (timing[LATE], timing[ENTERED_LATE]) == (late, entered_late)


def test_the_histogram_keeps_what_is_too_long_for_it() -> None:
    still = Still()
    for cpu in (-5, 1999, 10**12):
        note(still.seat.columns, np.int64(48), 0, MS, 0, 0, cpu)
    assert np.flatnonzero(still.seat.histogram).tolist() == [0, 1, BINS - 1]


def test_the_threads_own_clock_does_not_run_while_it_sleeps() -> None:
    before = thread_cpu_ns()
    time.sleep(0.05)
    assert thread_cpu_ns() - before < 50 * MS
