"""How loud each voice is: written down by the block, read by whoever shows it."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.kernels import ramp_value
from idiolect.engine.layout import HOP, HOPS
from idiolect.engine.state import State
from idiolect.parameters.slots import BLOCK_SLOTS

__all__ = ["measure", "read_levels"]

GAIN = BLOCK_SLOTS["gain"]


@realtime
def measure(state: State, voice: int, now: int, count: int) -> None:
    """Note peak and power of a voice's frames in the scratch, behind its gain.

    Parameters
    ----------
    now : int64
        Engine frame of the first.
    count : int64
        How many there are; all count for the hop that the first lies in.

    Notes
    -----
    Real time.
    """
    meter = state.meters[voice, now // HOP % HOPS]
    if meter.hop != now // HOP:
        meter.hop = now // HOP
        meter.frames = 0
        meter.peak = 0.0
        meter.squares = 0.0
    meter.frames += count
    if state.voices[voice].muted == 1:
        return
    first = ramp_value(state, voice + 1, GAIN, now)
    last = ramp_value(state, voice + 1, GAIN, now + count)
    for i in range(count):
        gain = first if first == last else ramp_value(state, voice + 1, GAIN, now + i)
        left, right = state.scratch[0, i] * gain, state.scratch[1, i] * gain
        meter.peak = max(meter.peak, abs(left), abs(right))
        meter.squares += left * left + right * right


def read_levels(meters: NDArray[np.void], first: int, last: int) -> NDArray[np.float64]:
    """Read how loud each voice was from hop `first` on, before hop `last`.

    Parameters
    ----------
    meters : METER[voices, HOPS]
    first, last : int
        The hops from `last` on are still being written.

    Returns
    -------
    float64[voices, 2]
        Peak and root mean square, linear; 0 where nothing is kept.

    Notes
    -----
    Any thread.
    """
    hops = np.arange(max(first, last - HOPS // 2), last)
    kept = meters[:, hops % HOPS]
    valid = kept["hop"] == hops
    peaks = np.where(valid, kept["peak"], 0.0).max(axis=1, initial=0.0)
    frames = np.where(valid, kept["frames"], 0).sum(axis=1)
    squares = np.where(valid, kept["squares"], 0.0).sum(axis=1)
    power = squares / np.maximum(2 * frames, 1)
    return np.stack([peaks, np.sqrt(power)], axis=1)
