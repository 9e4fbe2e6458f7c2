"""What a journal's blobs hold: grains, shots and cuts as they were, but for where audio lay."""

import zlib
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from idiolect.engine.layout import EPOCHS, GRAIN_CAPACITY
from idiolect.engine.state import State
from idiolect.grain import GRAIN, SHOT
from idiolect.performance.plan import Plan

__all__ = ["CUT", "HANDED", "PLANNED", "pack", "take_cuts", "take_planned", "unpack"]

PLANNED = np.dtype(
    [("voice", np.int64), *((n, GRAIN[n]) for n in GRAIN.names or () if n != "data")]
)
"""A grain as it was queued, but for where its audio lay."""

HANDED = np.dtype([(n, SHOT[n]) for n in SHOT.names or () if n != "data"])
"""A shot as it was handed over, but for where its audio lay."""

CUT = np.dtype([("voice", np.int64), ("epoch", np.int64), ("frame", np.int64)])
"""Timeline frame from which on a plan replaced the ones before it."""

_LARGEST = 1 << 24  # bytes that one message may unfold to


def take_planned(state: State, voice: int, first: int, own: np.void) -> NDArray[np.void]:
    """Give the grains queued from serial `first` on, PLANNED[n]."""
    serials = np.arange(first, own["pushed"])
    grains = state.grains[voice, serials % GRAIN_CAPACITY]
    records = np.empty(len(grains), PLANNED)
    records["voice"] = voice
    for name in PLANNED.names[1:] if PLANNED.names else ():
        records[name] = grains[name]
    return records


def take_cuts(plan: Plan, state: State, epochs: NDArray[np.int64]) -> NDArray[np.void]:
    """Give the cuts of the plans since those in `epochs`, int64[voices], and count on.

    Returns
    -------
    CUT[n]
    """
    found: list[tuple[int, int, int]] = []
    for voice in np.flatnonzero(plan.voices["epoch"] != epochs).tolist():
        own = plan.voices[voice]
        for epoch in range(int(epochs[voice]) + 1, int(own["epoch"]) + 1):
            waits = epoch == own["epoch"] and own["cut"] >= 0
            cut = own["cut"] if waits else state.cuts[voice * EPOCHS + epoch % EPOCHS]
            found.append((voice, epoch, int(cut)))
    epochs[:] = plan.voices["epoch"]
    return np.array(found, CUT)


def unpack(kind: DTypeLike, *arguments: object) -> NDArray[Any]:
    """Read the records, or numbers, that are a message's one argument.

    Raises
    ------
    ValueError, TypeError
        When that is not what it holds.
    """
    (blob,) = arguments
    if not isinstance(blob, bytes):
        raise TypeError("records are a blob")
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(blob, _LARGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not inflate.eof:
        raise ValueError("a blob without its end")
    # To what is compiled, an array that cannot be written would be of another type.
    return np.frombuffer(bytearray(raw), kind)


def pack(records: NDArray[Any]) -> bytes:
    """Make of records, or numbers, what a message holds as its one argument."""
    return zlib.compress(records.tobytes(), 1)
