"""Move cuts to where they are heard least: the quiet before an attack, at a zero crossing."""

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.spectrum import mono

__all__ = ["settle"]

STEP = 0.00133  # seconds of a level
AHEAD = 0.5  # of the reach: how far after the place it is looked


def settle(
    audio: NDArray[np.float32],
    places: NDArray[np.int64],
    start: int,
    frames: int,
    sample_rate: int,
    reach: float,
) -> NDArray[np.int64]:
    """Move each place to a zero crossing in the quietest moment near it.

    Parameters
    ----------
    audio : float32[n, channels]
        The bundle's audio.
    places : int64[places]
        Absolute frames.
    start, frames
        The source they lie in.
    sample_rate
        Hz.
    reach
        Seconds before the place, and half as many after it, among which is chosen.

    Returns
    -------
    int64[places]
        One for each, within the source.
    """
    step = max(1, round(STEP * sample_rate))
    before = round(reach * sample_rate)
    moved = []
    for place in places.tolist():
        low = max(start, place - before)
        high = min(start + frames, place + round(AHEAD * before))
        signal = mono(audio, low, high)
        count = len(signal) // step
        if count < 2:
            moved.append(place)
            continue
        level = (signal[: count * step].reshape(count, step).astype(np.float64) ** 2).mean(axis=1)
        at = int(np.argmin(level)) * step
        sign = np.signbit(signal[at : at + step])
        crossing = np.flatnonzero(sign[1:] != sign[:-1])
        moved.append(low + at + (int(crossing[0]) + 1 if len(crossing) else 0))
    return np.array(moved, np.int64)
