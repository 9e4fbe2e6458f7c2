"""Shorten long silences while audio is stored."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["shorten"]

SILENT = 0.001  # -60 dB: samples no larger are silence


def shorten(blocks: Iterator[NDArray[np.float32]], longest: int) -> Iterator[NDArray[np.float32]]:
    """Cut every silence down to its first `longest` frames.

    Parameters
    ----------
    blocks : float32[frames, channels]
        One source; how it is cut into blocks does not change the result.
    longest
        Frames of silence that are kept; 0 keeps all.

    Yields
    ------
    float32[frames, channels]
        What is left, none empty.
    """
    silent = 0  # frames of silence up to here
    for block in blocks:
        if longest == 0:
            yield block
            continue
        index = np.arange(len(block))
        quiet = (np.abs(block) <= SILENT).all(axis=1)
        last = np.maximum.accumulate(np.where(quiet, -1 - silent, index))
        run = index - last  # 0 where it sounds
        kept = block[run <= longest]
        if len(block):
            silent = int(run[-1])
        if len(kept):
            yield kept
