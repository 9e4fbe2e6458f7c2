"""Find the bars of steady music.

The period is where the onsets' autocorrelation is high at one, two, four and eight beats at once;
it is then refined as the frequency with the most power in its harmonics (P. Grosche and M. Müller,
"Extracting predominant local pulse information", IEEE TASLP 2011, section II, with one window over
all).  A bar has four beats.  A long source is heard in stretches, each with its own tempo; bars go on
from one to the next.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from idiolect.corpus.boundaries.features import LAG, SIZE, Features

__all__ = ["Bars", "bars"]

SHORTEST, LONGEST = 0.26, 1.05  # seconds of a beat: 57 to 230 a minute
USUAL, OCTAVES = 0.5, 0.8  # seconds of the likeliest beat, and the spread of the prior
BEATS = (1, 2, 4, 8)  # at which the autocorrelation is read
HARMONICS = (1, 2, 3, 4, 6, 8)  # straight and swung subdivisions
STEADY = 0.15  # least mean autocorrelation of a steady pulse
NEAR = 0.06  # seconds: how far from the first sound its bar may begin
ACCENT = 0.5  # weight of the accents beside the first sound
STRETCH = 600.0  # seconds with one tempo, at most
SAME = 0.02  # of the tempo: by how much it may differ where bars go on


@dataclass(frozen=True, slots=True)
class Bars:
    """Where phrases of whole bars begin, and where there is no pulse to tell; frames."""

    places: NDArray[np.int64]  # [phrases], from the source's start
    free: NDArray[np.int64]  # [stretches, 2], first and end of each


@dataclass(frozen=True, slots=True)
class _Grid:
    """The phrases of one stretch, in rows."""

    lines: NDArray[np.float64]
    bar: float
    following: float  # where the first phrase after the stretch begins


def bars(heard: Features, wanted: float, sample_rate: int) -> Bars:
    """Give the first frame of every phrase of so many bars.

    Parameters
    ----------
    heard
        One source.
    wanted
        Length of a phrase, seconds; it gets the power of two of bars nearest to it.
    sample_rate
        Hz.
    """
    rate = sample_rate / heard.hop
    count = len(heard.rise)
    edges = np.linspace(0, count, 1 + max(1, int(np.ceil(count / (STRETCH * rate))))).astype(int)
    lines, free = [np.zeros(0)], []
    before: _Grid | None = None
    for low, high in pairwise(edges.tolist()):
        before = _grid(heard.rise[low:high], wanted, rate, before)
        if before is None:
            free.append((low * heard.hop, high * heard.hop))
        else:
            lines.append(before.lines + low)
    # a rise stands where the later spectrum begins; the attack is in that one's last hops
    places = np.round((np.concatenate(lines) + SIZE - LAG / 2) * heard.hop).astype(np.int64)
    return Bars(places, np.array(free, np.int64).reshape(-1, 2))


def _grid(
    rise: NDArray[np.float32], wanted: float, rate: float, before: _Grid | None
) -> _Grid | None:
    """Lay phrases over a stretch, going on from the one before; None where no pulse is steady."""
    if len(rise) < 8 * SHORTEST * rate:
        return None
    onset = np.minimum(rise.astype(np.float64), np.percentile(rise, 99.5, axis=0))
    centred = onset - onset.mean(axis=0)
    beat, steadiness = _period(centred, rate)
    if steadiness < STEADY:
        return None
    bar = 4 * _refine(centred, beat)
    phrase = bar * 2.0 ** np.round(np.log2(wanted * rate / bar))
    if before is not None and abs(bar / before.bar - 1.0) < SAME:
        first = _downbeat(onset, bar, rate, int(before.following))
    else:
        first = _downbeat(onset, bar, rate, _first_sound(onset))
    first -= phrase * np.floor(first / phrase)
    lines = np.arange(first, len(rise), phrase)
    return _Grid(lines, bar, first + phrase * len(lines) - len(rise))


def _period(onset: NDArray[np.float64], rate: float) -> tuple[float, float]:
    """Give the beat in rows, and how well the sound repeats after 1, 2, 4 and 8 beats."""
    count = len(onset)
    power = np.abs(scipy.fft.rfft(onset, scipy.fft.next_fast_len(2 * count), axis=0)) ** 2
    likeness = scipy.fft.irfft(power.sum(axis=1))[:count] / np.arange(count, 0, -1)
    if likeness[0] <= 0:
        return 1.0, 0.0
    smooth = np.convolve(likeness / likeness[0], np.hanning(9) / 4.0, mode="same")
    lags = np.arange(SHORTEST * rate, LONGEST * rate, 0.25)
    inside = np.stack([lags * beats < 0.75 * count for beats in BEATS])
    read = np.stack([np.interp(lags * beats, np.arange(count), smooth) for beats in BEATS])
    score = (read * inside).sum(axis=0) / np.maximum(1, inside.sum(axis=0))
    prior = np.exp(-0.5 * (np.log2(lags / rate / USUAL) / OCTAVES) ** 2)
    best = int(np.argmax(score * prior))
    return float(lags[best]), float(score[best])


def _refine(onset: NDArray[np.float64], beat: float) -> float:
    """Tune the beat to the whole stretch."""
    size = scipy.fft.next_fast_len(4 * len(onset))
    power = (np.abs(scipy.fft.rfft(onset, size, axis=0)) ** 2).sum(axis=1)
    steps = 601 + 2 * int(len(onset) / beat)
    beats = beat * (1.0 + np.linspace(-0.012, 0.012, steps))
    bins = np.arange(len(power))
    total = np.sum([np.interp(h * size / beats, bins, power) for h in HARMONICS], axis=0)
    return float(beats[np.argmax(total)])


def _first_sound(onset: NDArray[np.float64]) -> int:
    total = onset.sum(axis=1)
    return int(np.argmax(total > 0.3 * np.percentile(total, 99)))


def _downbeat(onset: NDArray[np.float64], bar: float, rate: float, origin: int) -> float:
    """Choose the row at which bars begin: at the origin, unless accents speak against it."""
    rows = np.arange(origin, origin + bar)
    turns = np.arange(max(1, int((len(onset) - origin) / bar)))
    smooth = np.convolve(onset.sum(axis=1) + onset[:, 0], np.hanning(7) / 3.0, mode="same")
    at = rows[:, None] + turns * bar
    accent = np.interp(at, np.arange(len(onset)), smooth, right=0.0).mean(axis=1)
    accent = accent / max(accent.max(), 1e-9)
    away = np.minimum(rows - origin, origin + bar - rows)
    near = np.exp(-0.5 * (away / (NEAR * rate)) ** 2)
    return float(rows[np.argmax(near + ACCENT * accent)])
