"""Lay frames evenly over a source, a run of them at a time, so that memory stays bounded."""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from idiolect.corpus.spectrum import mono

__all__ = ["frames_of_source"]


def frames_of_source(
    audio: NDArray[np.float32],
    start: int,
    frames: int,
    size: int,
    hop: int,
    *,
    most: int,
    before: int = 0,
    mirrored: bool = False,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield one channel of a source as rows, one every hop, the last one begun being the last.

    Parameters
    ----------
    audio : float32[n, channels]
        The bundle's audio.
    start, frames
        The source within it.
    size, hop
        Length of a row, and frames from one to the next.
    most
        Rows that are yielded at once.
    before
        Frames by which a row begins before its hop, fewer than `size`.
    mirrored
        What lies beyond the source's ends: itself, mirrored, since a source that breaks off is no
        click; else zeros.

    Yields
    ------
    first : int
        Which hop the first of these rows belongs to.
    rows : float32[rows, size]
        A view that must not be written to.
    """
    count = -(-frames // hop)
    for first in range(0, count, most):
        low = first * hop - before
        high = (min(count, first + most) - 1) * hop - before + size
        inside = mono(audio, start + max(0, low), start + min(frames, high))
        beyond = max(0, -low), max(0, high - frames)
        signal = np.pad(inside, beyond, mode="symmetric" if mirrored else "constant")
        yield first, sliding_window_view(signal, size)[::hop]
