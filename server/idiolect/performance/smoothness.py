"""How much the spectrum would step through a join, for each way to fade that it is tried with.

Nothing that is compiled here has a Fourier transform, so it is written out: radix 4, in order without
reordering (T. Stockham, "High-speed convolution and correlation", 1966).  Windows lie side by side in
memory, one to a *lane*, so that every loop is one of vectors.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.mel import SILENCE_DB, mel_bands

__all__ = ["HOP", "SIZE", "SPAN", "WAYS", "measure_steps"]

SIZE, HOP = 1024, 256
"""Frames under a window, and from one to the next: 21 and 5 ms at 48 kHz."""

WAYS = 3
"""Sounds that are measured together."""

_WINDOWS = 8  # laid over each
_STAGES = 5  # of radix 4

SPAN = SIZE + (_WINDOWS - 1) * HOP
"""Frames that are measured of each."""

_LANES = WAYS * _WINDOWS // 2  # two windows share a complex transform
_ROW = SIZE * _LANES

_BANDS = 40
_WEIGHTS = mel_bands(_BANDS, SIZE, 48_000)
_FIRST = np.argmax(_WEIGHTS > 0, axis=0)
_END = SIZE // 2 + 1 - np.argmax(_WEIGHTS[::-1] > 0, axis=0)
_USED = int(_END.max())

_TURN = np.exp(-2j * np.pi * np.arange(SIZE) / SIZE)
_COSINE, _SINE = _TURN.real.astype(np.float32), _TURN.imag.astype(np.float32)
_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(SIZE) + 0.5) / SIZE)).astype(np.float32)
_SILENCE = np.float32(4 * 10.0 ** (SILENCE_DB / 10) * (_WINDOW.astype(np.float64) ** 2).sum())


@njit
def measure_steps(sounds: NDArray[np.float32], largest: NDArray[np.float64]) -> None:
    """Measure the largest step between log-mel spectra a hop apart, of several sounds.

    Parameters
    ----------
    sounds : float32[SPAN, WAYS]
        Mono, a column each.
    largest : float64[WAYS]
        Written: the mean square over 40 bands, natural logarithms of power.

    Notes
    -----
    Planner thread.
    """
    scratch = np.empty(4 * _ROW, np.float32)
    _lay_windows(sounds, scratch)
    _first(scratch)
    _second(scratch)
    _third(scratch)
    _fourth(scratch)
    _fifth(scratch)
    power = _weigh_bands(scratch)
    largest[:] = 0.0
    for window in range(_WINDOWS - 1):
        for way in range(WAYS):
            total, lane = 0.0, window * WAYS + way
            for band in range(_BANDS):
                step = math.log(power[band, lane + WAYS] / power[band, lane])
                total += step * step
            largest[way] = max(largest[way], total / _BANDS)


@njit
def _lay_windows(sounds: NDArray[np.float32], z: NDArray[np.float32]) -> None:
    """Put the earlier half of the windows into the real parts, the later into the imaginary ones."""
    half = _WINDOWS // 2
    for n in range(SIZE):
        for j in range(half):
            for way in range(WAYS):
                lane = j * WAYS + way
                z[n * _LANES + lane] = _WINDOW[n] * sounds[n + j * HOP, way]
                z[_ROW + n * _LANES + lane] = _WINDOW[n] * sounds[n + (j + half) * HOP, way]


def _make_stage(stride: int, source: int) -> Callable[[NDArray[np.float32]], None]:
    """Make a stage of the transform: all that it counts with is known when it is compiled.

    Only so does the compiler see that nothing written is read again, and make vectors.
    """
    quarter = _ROW // (4 * stride)
    apart, step = stride * quarter, SIZE // (4 * quarter)
    re, im = 2 * source * _ROW, (2 * source + 1) * _ROW
    re_out, im_out = 2 * (1 - source) * _ROW, (3 - 2 * source) * _ROW

    def stage(z: NDArray[np.float32]) -> None:
        """Take `stride` numbers from each quarter, and put their transforms side by side."""
        for p in range(quarter):
            turn = p * step
            c1, c2, c3 = _COSINE[turn], _COSINE[2 * turn], _COSINE[3 * turn]
            s1, s2, s3 = _SINE[turn], _SINE[2 * turn], _SINE[3 * turn]
            for i in range(stride):
                a = stride * p + i
                b, c, d = a + apart, a + 2 * apart, a + 3 * apart
                even_re, even_im = z[re + a] + z[re + c], z[im + a] + z[im + c]
                less_re, less_im = z[re + a] - z[re + c], z[im + a] - z[im + c]
                odd_re, odd_im = z[re + b] + z[re + d], z[im + b] + z[im + d]
                turned_re, turned_im = z[im + d] - z[im + b], z[re + b] - z[re + d]
                e = 4 * stride * p + i
                f, g, h = e + stride, e + 2 * stride, e + 3 * stride
                z[re_out + e], z[im_out + e] = even_re + odd_re, even_im + odd_im
                x, y = less_re - turned_re, less_im - turned_im
                z[re_out + f], z[im_out + f] = c1 * x - s1 * y, c1 * y + s1 * x
                x, y = even_re - odd_re, even_im - odd_im
                z[re_out + g], z[im_out + g] = c2 * x - s2 * y, c2 * y + s2 * x
                x, y = less_re + turned_re, less_im + turned_im
                z[re_out + h], z[im_out + h] = c3 * x - s3 * y, c3 * y + s3 * x

    stage.__qualname__ = f"stage_{stride}"  # by which compiled code is told apart
    return njit(stage)


_first, _second, _third, _fourth, _fifth = (
    _make_stage(_LANES * 4**k, k % 2) for k in range(_STAGES)
)


@njit
def _weigh_bands(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give four times the power in each band, window after window, of each every way."""
    re, im = 2 * _ROW, 3 * _ROW  # where an odd number of stages leaves it
    bins = np.empty((_USED, 2 * _LANES), np.float32)
    for k in range(_USED):
        mirrored = (SIZE - k) % SIZE
        for lane in range(_LANES):
            a, b = k * _LANES + lane, mirrored * _LANES + lane
            x, y = z[re + a] + z[re + b], z[im + a] - z[im + b]
            bins[k, lane] = x * x + y * y
            x, y = z[im + a] + z[im + b], z[re + b] - z[re + a]
            bins[k, lane + _LANES] = x * x + y * y
    power = np.zeros((_BANDS, 2 * _LANES), np.float32)
    for band in range(_BANDS):
        for k in range(_FIRST[band], _END[band]):
            for lane in range(2 * _LANES):
                power[band, lane] += _WEIGHTS[k, band] * bins[k, lane]
        for lane in range(2 * _LANES):
            power[band, lane] = max(power[band, lane], _SILENCE)
    return power
