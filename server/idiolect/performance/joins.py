"""Where and how one unit takes over from another."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit

__all__ = [
    "ATTACK_FRAMES",
    "FADE_FRAMES",
    "JOIN_FRAMES",
    "LEAD_FRAMES",
    "SEARCH_FRAMES",
    "compare",
    "find_join",
    "match_level",
]

FADE_FRAMES = 240
"""Cross-fade at a cut, and at the shortest notice: 5 ms at 48 kHz."""

JOIN_FRAMES = 960
"""Cross-fade at a join, where there is room: 20 ms at 48 kHz."""

SEARCH_FRAMES = 480
"""How far before the onset the fade may be moved to where the waveforms agree: 10 ms at 48 kHz."""

LEAD_FRAMES = JOIN_FRAMES + SEARCH_FRAMES
"""How far before its onset a unit may begin to sound."""

ATTACK_FRAMES = 96
"""Fade into a unit with nothing recorded before it: 2 ms at 48 kHz."""

_CANDIDATES = 32
_WORTH = 0.1  # of agreement, for which the fade leaves the onset: less is chance
_SILENCE = 1e-7  # mean square below which nothing is levelled: -70 dB
_LEAST_CORRELATION = -0.5  # below it the compensated fade would amplify noise by more than 3 dB


@njit
def compare(
    audio: NDArray[np.float32], a: int, other: NDArray[np.float32], b: int, count: int
) -> tuple[float, float]:
    """Compare two stretches of audio, all channels together; one channel stands for two.

    Parameters
    ----------
    audio, other : float32[frames, channels]
        Of the bundles they are from, mostly the same.
    a, b : int64
        First frames.
    count : int64
        Frames.

    Returns
    -------
    float64, float64
        Agreement: twice their product over the sum of their squares, so that another level counts
        against it as another phase does; and correlation.  Each -1 to 1; 0 when either is silent.
    """
    both, own_a, own_b = 0.0, 0.0, 0.0
    last, other_last = audio.shape[1] - 1, other.shape[1] - 1
    for i in range(count):
        for c in range(max(last, other_last) + 1):
            x, y = audio[a + i, min(c, last)], other[b + i, min(c, other_last)]
            both += x * y
            own_a += x * x
            own_b += y * y
    if own_a <= 1e-12 or own_b <= 1e-12:
        return 0.0, 0.0
    return 2 * both / (own_a + own_b), both / np.sqrt(own_a * own_b)


@njit
def find_join(
    sounding: NDArray[np.float32],
    following: int,
    audio: NDArray[np.float32],
    frame: int,
    fade: int,
    room: int,
) -> tuple[int, float]:
    """Find where, before the onset, what sounds agrees best with what precedes the new unit.

    The new unit's own material is not moved, so rhythm is kept; only the fade is.

    Parameters
    ----------
    sounding : float32[frames, channels]
        Audio of the bundle that what sounds is from.
    following : int64
        Frame of it that would sound at the onset if nothing took over.
    audio : float32[frames, channels]
        Of the new unit's bundle.
    frame : int64
        Its first frame there.
    fade : int64
        Frames of cross-fade.
    room : int64
        How many frames before the onset the fade may end.

    Returns
    -------
    int64, float64
        Frames before the onset at which the fade ends, and the correlation there (-0.5 to 1).

    Notes
    -----
    Planner thread; bounded: 32 places.  After "optimal coupling", A. Conkie and S. Isard,
    "Optimal coupling of diphones" (1997), with the agreement of `compare` as measure.
    """
    best, correlation = compare(sounding, following - fade, audio, frame - fade, fade)
    best, best_at = best + _WORTH, 0
    for k in range(1, _CANDIDATES):
        at = room * k // _CANDIDATES
        value, found = compare(sounding, following - fade - at, audio, frame - fade - at, fade)
        if value > best:
            best, best_at, correlation = value, at, found
    return best_at, max(correlation, _LEAST_CORRELATION)


@njit
def match_level(
    sounding: NDArray[np.float32],
    ending: int,
    audio: NDArray[np.float32],
    beginning: int,
    count: int,
) -> float:
    """Give the gain with which one stretch would be as loud as another; one channel stands for two.

    Parameters
    ----------
    sounding, audio : float32[frames, channels]
        Of the bundles of what sounds and of what comes, mostly the same.
    ending, beginning : int64
        First frames: of what sounds last, and of what comes, which the gain is for.
    count : int64
        Frames.

    Returns
    -------
    float64
        Linear; 1 when either is silent.

    Notes
    -----
    Planner thread.
    """
    goes, comes = 0.0, 0.0
    last, new = sounding.shape[1] - 1, audio.shape[1] - 1
    channels = max(last, new) + 1
    for i in range(count):
        for c in range(channels):
            x, y = sounding[ending + i, min(c, last)], audio[beginning + i, min(c, new)]
            goes += x * x
            comes += y * y
    least = _SILENCE * count * channels
    if goes <= least or comes <= least:
        return 1.0
    return np.sqrt(goes / comes)
