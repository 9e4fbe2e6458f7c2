"""Memory that is there when the callback reaches for it."""

import ctypes
import logging
import sys
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["lock"]

logger = logging.getLogger(__name__)

_PAGE = 4096  # bytes; where pages are larger, each is touched more than once


def lock(arrays: Iterable[NDArray[np.generic]]) -> bool:
    """Keep arrays in memory, and out of swap where the system permits that.

    Only what is given: never the whole process, with its libraries and the corpus in it.

    Parameters
    ----------
    arrays
        C-contiguous.  Every page of theirs is touched, since a new one is mapped only then.

    Returns
    -------
    bool
        Whether all of them are locked; `idiolect doctor` says how that is permitted.
    """
    whole = sys.platform != "win32"
    for array in arrays:
        text = array.reshape(-1).view(np.uint8)
        for pages in (text[::_PAGE], text[-1:]):
            pages |= 0  # written, with what it holds
        whole = whole and _lock(array)
    return whole


def _lock(array: NDArray[np.generic]) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlock(ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes)):
        logger.info("memory is not locked (errno %d): raise memlock", ctypes.get_errno())
        return False
    return True
