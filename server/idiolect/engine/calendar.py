"""The calendar: when an engine's frame is, on the clock of the world.

The callback writes down when each block is due; those times jitter with the machine.  A delay-locked
loop smooths them: F. Adriaensen, "Using a DLL to filter time" (2005), here with steps of unequal
length, since not every block is looked at.  Such a loop takes seconds to follow a device that had a
gap, after which every frame is later by as much; so what many looks in a row agree on is a step.
"""

import math
import time

from idiolect.engine.atomics import observe
from idiolect.engine.clock import DUE_AT, DUE_FRAME, DUE_WRITES, monotonic_ns
from idiolect.engine.engine import Engine

__all__ = ["Calendar"]

_BANDWIDTH = 0.2  # Hz: jitter faster than this is smoothed away
_LONGEST_STEP = 1.0  # seconds between two looks that the loop can follow
_JUMP = 0.05  # seconds: further off, the device has paused, and the loop begins anew
_STEP = 0.001  # seconds: less is left to the loop
_AGREED, _LOOKS = 0.15, 4  # seconds, and looks, in a row that are off to one side
_TRIES = 100


class Calendar:
    """Tells the time of an engine's frames.

    Parameters
    ----------
    engine : Engine

    Notes
    -----
    Control thread.  To be smooth it must look often: `observe` ten times a second or more.
    """

    def __init__(self, engine: Engine) -> None:
        self._timing = engine.timing
        self._rate = engine.sample_rate
        self._frame = -1  # of the last look; -1: none yet
        self._at = 0.0  # monotonic seconds at which it is due, smoothed
        self._period = 1.0 / self._rate  # seconds a frame, smoothed
        self._apart: list[float] = []  # seconds that the last looks were off, all to one side
        self._since = 0  # frame of the first of them
        self._settled = self._period  # as it was before they were

    def observe(self) -> None:
        """Look at the last block."""
        frame, at = self._read()
        passed = frame - self._frame
        if frame == 0 or passed == 0:
            return
        seconds = passed / self._rate
        error = at - (self._at + passed * self._period)
        if self._frame < 0 or not 0 < seconds <= _LONGEST_STEP or abs(error) > _JUMP:
            self._frame, self._at, self._period = frame, at, 1.0 / self._rate
            self._apart.clear()
            return
        self._at += passed * self._period
        self._frame = frame
        if self._stepped(error):
            self._at += min(self._apart, key=abs)
            self._period = self._settled
            self._apart.clear()
            return
        omega = 2 * math.pi * _BANDWIDTH * seconds
        self._at += min(1.0, math.sqrt(2) * omega) * error
        self._period += omega**2 * error / passed

    def time_of(self, frame: int) -> float | None:
        """Give the time at which the device takes a frame, in Unix seconds; None when unknown.

        Known it is once a device has asked for blocks; a file that is written asks for none.
        """
        if self._frame < 0:
            return None
        return self._at + (frame - self._frame) * self._period + _wall_offset()

    def frame_at(self, seconds: float) -> float | None:
        """Give the frame that the device takes at a time in Unix seconds; None when unknown."""
        if self._frame < 0:
            return None
        return self._frame + (seconds - _wall_offset() - self._at) / self._period

    def _stepped(self, error: float) -> bool:
        """Note how far off a look was, and tell whether it and those before it agree."""
        if abs(error) < _STEP or (self._apart and error * self._apart[-1] < 0):
            self._apart.clear()
        if not self._apart:
            self._settled, self._since = self._period, self._frame
        if abs(error) >= _STEP:
            self._apart.append(error)
        return len(self._apart) >= _LOOKS and self._frame - self._since >= _AGREED * self._rate

    def _read(self) -> tuple[int, float]:
        timing = self._timing
        for _ in range(_TRIES):
            writes = observe(timing[DUE_WRITES:])
            frame, at = int(timing[DUE_FRAME]), int(timing[DUE_AT])
            if writes % 2 == 0 and observe(timing[DUE_WRITES:]) == writes:
                return frame, at / 1e9
        return self._frame, 0.0


def _wall_offset() -> float:
    """Seconds from the callback's clock to that of the world, by the quickest of three readings."""
    best, offset = math.inf, 0.0
    for _ in range(3):
        before, wall, after = monotonic_ns(), time.time(), monotonic_ns()
        if after - before < best:
            best, offset = after - before, wall - (before + after) / 2e9
    return offset
