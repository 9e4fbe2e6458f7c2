"""Find where sections meet: where timbre and harmony change, and where repetition begins or ends.

Two curves, multiplied.  One is Foote's novelty (see `boundaries.novelty`) of timbre and of
harmony.  The other is that of structure features (J. Serrà, M. Müller, P. Grosche and J. Arcos,
"Unsupervised music structure annotation by time series structure features and segment similarity",
IEEE Transactions on Multimedia 2014, section III): a row is told by how long before and after it
something like it is heard, and that changes where a repeated passage begins or ends.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from idiolect.corpus.boundaries.features import Features
from idiolect.corpus.boundaries.novelty import novelty, stand_out

__all__ = ["sections"]

KERNEL = 2.0  # of the shortest section, on each side of a change
FINER = 0.25  # of that kernel is one which says where exactly
NEAR = 0.375  # of the shortest section, within which it may do so
GRID = 16  # rows of the shortest section, among which repetition is looked for
EMBED = 1  # rows before and after that must be alike, too
NEAREST = 0.05  # of all rows are like a row
SMOOTH = (6.0, 1.0)  # rows of time and of lag
STRETCH = 1200  # rows compared with each other, so that ten hours are no matrix
CONTRAST = 10.0  # of a pitch class at its mean strength, before the logarithm

Rows = NDArray[np.float32]
Curve = NDArray[np.float64]


def sections(
    heard: Features, harmony: Rows, shortest: float, wanted: float
) -> tuple[NDArray[np.int64], Curve]:
    """Find the places where sections meet.

    Parameters
    ----------
    heard
        One source.
    harmony : float32[rows, 12]
        Its pitch classes, a row for each of timbre.
    shortest, wanted
        Lengths of the sections, frames.

    Returns
    -------
    places : int64[changes]
        Frames from the source's start.
    strengths : float64[changes]
        From 1 on a boundary, below it a place to split at.
    """
    timbre, tones = _alike(heard.timbre), _alike(_tones(harmony))
    half = max(2, round(KERNEL * shortest / heard.pool))
    changing = _even(novelty(timbre, half)) + _even(novelty(tones, half))
    step = max(1, round(shortest / heard.pool / GRID))
    repeating = _repetition(_pooled(np.concatenate([timbre, tones], axis=1), step))
    at = np.arange(len(changing)) / step
    curve = np.sqrt(changing * np.interp(at, np.arange(len(repeating)), repeating))
    reach = max(1, round(shortest / heard.pool / 2))
    peaks, strengths = stand_out(curve, reach, max(1, round(wanted / heard.pool / 2)))
    half = max(2, round(FINER * half))
    sharp = _even(novelty(timbre, half)) + _even(novelty(tones, half))
    return _sharpen(
        peaks, sharp, max(1, round(NEAR * shortest / heard.pool))
    ) * heard.pool, strengths


def _sharpen(peaks: NDArray[np.int64], curve: Curve, reach: int) -> NDArray[np.int64]:
    """Move each peak to where another curve is highest, what is nearer weighing more."""
    bell = 1.0 - np.abs(np.arange(-reach, reach + 1)) / (reach + 1)
    near = sliding_window_view(np.pad(curve, reach), len(bell))[peaks]
    return np.asarray(peaks + np.argmax(near * bell, axis=1) - reach, np.int64)


def _tones(harmony: Rows) -> Rows:
    """Compress, and leave how loud it is to the timbre."""
    found = np.log1p(CONTRAST * harmony / max(float(harmony.mean()), 1e-9))
    size = np.sqrt((found**2).sum(axis=1, keepdims=True))
    return np.asarray(found / np.maximum(size, max(0.01 * float(size.max()), 1e-9)), np.float32)


def _alike(rows: Rows) -> Rows:
    """Centre, and bring the mean square of a row to 1: timbre and harmony weigh the same."""
    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    power = float((centred**2).sum(axis=1, dtype=np.float64).mean())
    return np.asarray(centred / max(np.sqrt(power), 1e-6), np.float32)


def _even(curve: Curve) -> Curve:
    return curve / max(float(curve.std()), 1e-9)


def _pooled(rows: Rows, step: int) -> Rows:
    first = np.arange(0, len(rows), step)
    sizes = np.diff(np.append(first, len(rows)))
    return np.asarray(np.add.reduceat(rows, first, axis=0) / sizes[:, None], np.float32)


def _repetition(rows: Rows) -> Curve:
    """Give the novelty of structure features, in stretches that overlap by half.

    Each is faded into the next, since what a stretch cannot see is missing near its ends.
    """
    total, weight = np.zeros(len(rows)), np.zeros(len(rows))
    for first, last in _stretches(len(rows)):
        place = (np.arange(last - first) + 0.5) / (last - first)
        fade = np.minimum(place, 1.0 - place)
        total[first:last] += fade * _structure(rows[first:last])
        weight[first:last] += fade
    return total / weight


def _stretches(count: int) -> Iterator[tuple[int, int]]:
    for first in range(0, max(1, count - STRETCH // 2), STRETCH // 2):
        yield first, min(count, first + STRETCH)


def _structure(rows: Rows) -> Curve:
    """Give how much the lags at which each row is heard again differ from those of the one before."""
    count = len(rows)
    alike = _recurrence(rows)
    lags = np.zeros((count, 2 * count), np.float32)
    for row in range(count):  # shear: the column is the lag
        lags[row, count - row : 2 * count - row] = alike[row]
    smooth = gaussian_filter(lags, SMOOTH, mode="constant", truncate=3.0)
    return np.append(0.0, (np.diff(smooth, axis=0) ** 2).sum(axis=1, dtype=np.float64))


def _recurrence(rows: Rows) -> NDArray[np.bool_]:
    """Say which rows are among each other's nearest, but for those next to each other."""
    count = len(rows)
    padded = np.pad(rows, ((EMBED, EMBED), (0, 0)), mode="edge")
    embedded = np.concatenate([padded[i : i + count] for i in range(2 * EMBED + 1)], axis=1)
    square = (embedded**2).sum(axis=1)
    distance = square[:, None] + square - 2.0 * (embedded @ embedded.T)
    index = np.arange(count)
    distance[np.abs(index[:, None] - index) <= 2 * EMBED] = np.inf
    nearest = min(count - 1, max(2, int(NEAREST * count)))
    near = distance <= np.partition(distance, nearest, axis=1)[:, nearest, None]
    return np.asarray(near & near.T & np.isfinite(distance))
