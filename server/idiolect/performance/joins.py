"""Where and how one unit takes over from another."""

import math

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.performance.smoothness import HOP, SIZE, SPAN, WAYS, measure_steps

__all__ = [
    "ATTACK_FRAMES",
    "FADE_FRAMES",
    "LEAD_FRAMES",
    "LEVEL_FRAMES",
    "SPARE_FRAMES",
    "correlate",
    "find_join",
    "match_level",
]

FADE_FRAMES = 240
"""Cross-fade at a cut, and at the shortest notice: 5 ms at 48 kHz."""

LEAD_FRAMES = 1440
"""How far before its onset a unit may begin to sound, and the longest cross-fade: 30 ms at 48 kHz."""

SPARE_FRAMES = 480
"""How much of that a fade may leave free, before or after it: 10 ms at 48 kHz."""

ATTACK_FRAMES = 96
"""Fade into a unit with nothing recorded before it: 2 ms at 48 kHz."""

LEVEL_FRAMES = 960
"""Of what goes and what comes, whose levels are compared: 20 ms at 48 kHz."""

_BEFORE = LEAD_FRAMES + (SIZE + HOP) // 2  # frames ahead of the onset that are looked at
_SILENCE = 1e-7  # mean square below which nothing is levelled: -70 dB
_LEAST_CORRELATION = -0.5  # below it the compensated fade would amplify noise by more than 3 dB
_PHASES = 1024
_SINE = np.sin(np.pi / 2 * (np.arange(_PHASES) + 0.5) / _PHASES).astype(np.float32)


@njit
def correlate(
    audio: NDArray[np.float32], a: int, other: NDArray[np.float32], b: int, count: int
) -> float:
    """Correlate two stretches of audio, all channels together; one channel stands for two.

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
    float64
        -1 to 1; 0 when either is silent.
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
        return 0.0
    return both / math.sqrt(own_a * own_b)


@njit
def find_join(
    sounding: NDArray[np.float32],
    following: int,
    audio: NDArray[np.float32],
    frame: int,
    lead: int,
    spare: int,
) -> tuple[int, int, float]:
    """Find the fade from what sounds to what precedes the new unit that is heard least.

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
    lead : int64
        How many frames before the onset the fade may begin, `LEAD_FRAMES` at most.
    spare : int64
        How many of them it may leave free, before or after it; 0: it is as long as it can be.

    Returns
    -------
    int64, int64, float64
        Frames before the onset at which the fade begins, how many it takes, and the correlation
        there (-0.5 to 1).

    Notes
    -----
    Planner thread; bounded: three fades are tried.  After "optimal coupling", A. Conkie and
    S. Isard, "Optimal coupling of diphones" (1997), who move the cut to where spectra differ least.
    The fades are laid as they would be, and the spectrum is measured through each of them: over
    10 ms what waveforms and spectra are alone hardly changes, but how they meet in the fade does.
    """
    spare = min(spare, lead // WAYS)
    leads, fades = (lead, lead - spare, lead), (lead, lead - spare, lead - spare)
    correlations = np.empty(WAYS)
    for way in range(WAYS if spare > 0 else 1):
        found = correlate(sounding, following - leads[way], audio, frame - leads[way], fades[way])
        correlations[way] = max(found, _LEAST_CORRELATION)
    if spare == 0:
        return lead, lead, correlations[0]
    sounds, steps = np.empty((SPAN, WAYS), np.float32), np.empty(WAYS)
    goes, comes = _hear(sounding, following - _BEFORE), _hear(audio, frame - _BEFORE)
    for way in range(WAYS):
        _fade(goes, comes, _BEFORE - leads[way], fades[way], correlations[way], sounds[:, way])
    measure_steps(sounds, steps)
    best = np.argmin(steps)
    return leads[best], fades[best], correlations[best]


@njit
def _hear(audio: NDArray[np.float32], first: int) -> NDArray[np.float32]:
    """Copy what is measured as one channel, silent where there is no audio."""
    mono, channels = np.zeros(SPAN, np.float32), audio.shape[1]
    share = np.float32(1 / channels)
    for i in range(max(0, -first), min(SPAN, audio.shape[0] - first)):
        for c in range(channels):
            mono[i] += share * audio[first + i, c]
    return mono


@njit
def _fade(
    goes: NDArray[np.float32],
    comes: NDArray[np.float32],
    begin: int,
    count: int,
    correlation: float,
    out: NDArray[np.float32],
) -> None:
    """Write one sound that turns into another, with the gains of ``engine.kernels.fade_in``."""
    out[:begin], out[begin + count :] = goes[:begin], comes[begin + count :]
    pace, bulge = np.float32(_PHASES / count), np.float32(2 * correlation)
    for i in range(count):
        phase = int(np.float32(i) * pace)
        sine, cosine = _SINE[phase], _SINE[_PHASES - 1 - phase]
        both = cosine * goes[begin + i] + sine * comes[begin + i]
        out[begin + i] = both / np.sqrt(np.float32(1) + bulge * sine * cosine)


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
