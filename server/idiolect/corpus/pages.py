"""Memory maps that do not fill the memory."""

import mmap

import numpy as np
from numpy.typing import NDArray

__all__ = ["let_go"]


def let_go(audio: NDArray[np.float32], first: int, last: int) -> None:
    """Give the memory of frames back that were read from a map; they can be read again.

    Without it hours of audio count as this process' memory until something else wants it.

    Parameters
    ----------
    audio : float32[frames, channels]
        A whole memory map; anything else is left alone.
    first, last
        Frames.
    """
    kept = getattr(audio, "_mmap", None)
    if not isinstance(audio, np.memmap) or kept is None or not hasattr(mmap, "MADV_DONTNEED"):
        return
    page, row = mmap.PAGESIZE, audio.strides[0]
    offset = audio.offset % mmap.ALLOCATIONGRANULARITY
    begin = -(-(offset + first * row) // page) * page
    end = (offset + last * row) // page * page
    if end > begin:
        kept.madvise(mmap.MADV_DONTNEED, begin, end - begin)
