"""The master limiter: a sample peak of -1 dBFS, and bit-exact when nothing exceeds it.

Lookahead limiting by a sliding minimum and a moving average of the gain that is needed (the
minimum covers the average's whole span, so the averaged gain is never too high).  The gain is kept
as an integer in units of 2**-30: its running sum has no rounding, so it comes back to exactly 1.
The sliding minimum is D. Lemire, "Streaming maximum-minimum filter using no more than three
comparisons per element" (2006), section 3.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.counters import CLIPPED, PEAK
from idiolect.engine.layout import LIMITER_CEILING
from idiolect.engine.state import State

__all__ = ["ONE", "limit", "reset_limiter"]

ONE = 1 << 30
_RELEASE_SECONDS = 0.05
# Columns of State.limiter
_COUNT, _HEAD, _TAIL, _GAIN, _SUM = range(5)
# Rows of State.limiter_needs
_VALUES, _INDICES, _BOX = range(3)


def reset_limiter(limiter: NDArray[np.int64], needs: NDArray[np.int64]) -> None:
    """Set the limiter to rest, before the stream starts."""
    limiter[:] = 0
    needs[:] = 0
    needs[_BOX] = ONE
    limiter[_GAIN] = ONE
    limiter[_SUM] = ONE * needs.shape[1]


@realtime
def _least(state: State, count: int, need: int) -> int:
    """Push `need`; return the least of the last ones, as many as the lookahead has frames."""
    s, needs = state.limiter, state.limiter_needs
    size = needs.shape[1]
    while s[_TAIL] > s[_HEAD] and needs[_VALUES, (s[_TAIL] - 1) % size] >= need:
        s[_TAIL] -= 1
    while s[_TAIL] > s[_HEAD] and needs[_INDICES, s[_HEAD] % size] <= count - size:
        s[_HEAD] += 1
    needs[_VALUES, s[_TAIL] % size] = need
    needs[_INDICES, s[_TAIL] % size] = count
    s[_TAIL] += 1
    return needs[_VALUES, s[_HEAD] % size]


@realtime
def _next_gain(state: State, peak: np.float32, release: int) -> float:
    """Gain for the frame that leaves while one with sample peak `peak` enters."""
    s, needs = state.limiter, state.limiter_needs
    size = needs.shape[1]
    count = s[_COUNT]
    need = ONE
    if peak > LIMITER_CEILING:
        need = int(np.float64(LIMITER_CEILING) / np.float64(peak) * ONE)
        state.counters[CLIPPED] += 1
    least = _least(state, count, need)
    s[_GAIN] = min(least, s[_GAIN] + (ONE - s[_GAIN]) // release + 1)
    at = count % size
    s[_SUM] += s[_GAIN] - needs[_BOX, at]
    needs[_BOX, at] = s[_GAIN]
    s[_COUNT] = count + 1
    return np.float32(np.float64(s[_SUM]) / np.float64(ONE * size))  # type: ignore[return-value]


@realtime
def limit(
    state: State, out: NDArray[np.float32], offset: int, count: int, sample_rate: int
) -> None:
    """Limit and delay `count` frames of `out` in place, from row `offset` on.

    Parameters
    ----------
    out : float32[frames, channels]
        Linear; finite.  All channels get the gain that the loudest needs, so nothing moves.

    Notes
    -----
    Real time.  The delay is the lookahead less one frame.
    """
    size = state.limiter_needs.shape[1]
    release = int(_RELEASE_SECONDS * sample_rate)
    highest = np.float32(0.0)
    for i in range(offset, offset + count):
        at = state.limiter[_COUNT] % size
        peak = np.float32(0.0)
        for c in range(out.shape[1]):
            peak = max(peak, abs(out[i, c]))
            state.limiter_delay[at, c] = out[i, c]
        gain = _next_gain(state, peak, release)
        oldest = (at + 1) % size
        for c in range(out.shape[1]):
            y = state.limiter_delay[oldest, c] * gain
            y = min(max(y, -LIMITER_CEILING), LIMITER_CEILING)
            highest = max(highest, abs(y))
            out[i, c] = y
    state.counters[PEAK] = max(state.counters[PEAK], np.int64(highest * 1048576.0))
