"""The engine's memory: what lies in it, and the table through which compiled code sees it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from idiolect.engine.counters import COUNTERS
from idiolect.engine.interpolation import MARGIN, NEAR
from idiolect.engine.layout import (
    ACTIVE,
    ACTIVE_GRAINS,
    CHUNK,
    CONTROL_CAPACITY,
    EPOCHS,
    EVENT_CAPACITY,
    FILTER,
    GRAIN_CAPACITY,
    HOPS,
    LINE,
    METER,
    RAMP,
    RUN_ON_SLOTS,
    SHOT_CAPACITY,
    SUBGRAIN,
    SUBGRAINS,
    TAP_FRAMES,
    VOICE,
)
from idiolect.grain import CONTROL, EVENT, GRAIN, SHOT
from idiolect.parameters.slots import BLOCK_SLOTS
from idiolect.viewed import ROW, make_viewer

__all__ = [
    "ARENA_FRAMES",
    "CAPACITY",
    "LIMITER_FRAMES",
    "RUN_ON_FRAMES",
    "SAMPLE_RATE",
    "TABLE_SIZE",
    "TABLE_TIMING",
    "VOICES",
    "State",
    "allocate",
    "fill_table",
    "view_state",
]

# Sizes, in the first columns of the table.
VOICES, SAMPLE_RATE, ARENA_FRAMES, RUN_ON_FRAMES, LIMITER_FRAMES, CAPACITY = range(6)

TABLE_TIMING = 7
"""Column with the address of the callbacks' own timing, int64[16]."""

_ROWS = 8
"""Column where the arrays' rows begin, in the order of `State`: see `idiolect.viewed`."""

BLOCK_PARAMETERS = len(BLOCK_SLOTS)
LIMITER_STATE = 16


class State(NamedTuple):
    """Views of everything the engine owns; voices count from 0 here."""

    counters: NDArray[np.int64]  # (COUNTERS,)
    grains: NDArray[np.void]  # GRAIN (voices, GRAIN_CAPACITY)
    pushed: NDArray[
        np.int64
    ]  # (voices * LINE,), LINE words a voice, 0: grains ever pushed; planner writes
    taken: NDArray[
        np.int64
    ]  # (voices * LINE,), 0: ever taken, 1: ever released, 2: timeline, 3: pace
    cuts: NDArray[np.int64]  # (voices * EPOCHS,): timeline frame of each epoch's cut
    epochs: NDArray[np.int64]  # (voices * LINE,), column 0: newest epoch; planner writes
    arena: NDArray[np.float32]  # (voices, 2, arena frames and a margin on either side)
    run_on: NDArray[np.float32]  # (voices, RUN_ON_SLOTS, 2, run-on frames)
    run_on_serials: NDArray[np.int64]  # (voices * LINE,), column per slot: serial it follows
    run_on_lengths: NDArray[np.int64]  # (voices * LINE,), column per slot: frames
    run_on_used: NDArray[np.int64]  # (voices * LINE,), column 0: slots in use, a bit each; callback
    active: NDArray[np.void]  # ACTIVE (voices, ACTIVE_GRAINS)
    subgrains: NDArray[np.void]  # SUBGRAIN (voices, SUBGRAINS)
    shots: NDArray[
        np.void
    ]  # SHOT (SHOT_CAPACITY,): played by hand; serial s lies in s % SHOT_CAPACITY
    shot_pushed: NDArray[np.int64]  # (LINE,), 0: ever pushed; planner writes
    shot_taken: NDArray[np.int64]  # (LINE,), 0: ever taken, 1: ever released
    shot_counts: NDArray[np.int64]  # (LINE,), 0: that wait, 1: that sound
    waiting: NDArray[np.int64]  # (SHOT_CAPACITY,): serials of those that wait, the next first
    sounding: NDArray[np.void]  # SUBGRAIN (SHOT_CAPACITY,): in the order in which they began
    shot_arena: NDArray[np.float32]  # (2, frames)
    voices: NDArray[np.void]  # VOICE (voices,)
    ramps: NDArray[np.void]  # RAMP (voices + 1, BLOCK_PARAMETERS); row 0 is the master
    filters: NDArray[np.void]  # FILTER (voices, BLOCK_PARAMETERS): those slots that are a cutoff
    controls: NDArray[np.void]  # CONTROL (CONTROL_CAPACITY,)
    control_pushed: NDArray[np.int64]  # (LINE,)
    control_taken: NDArray[np.int64]  # (LINE,)
    pending: NDArray[np.void]  # CONTROL (CONTROL_CAPACITY,): taken, waiting for their frame
    pending_count: NDArray[np.int64]  # (LINE,)
    events: NDArray[np.void]  # EVENT (EVENT_CAPACITY,)
    event_pushed: NDArray[np.int64]  # (LINE,)
    event_taken: NDArray[np.int64]  # (LINE,)
    scratch: NDArray[np.float32]  # (2, CHUNK)
    weights: NDArray[np.float32]  # (CHUNK,): gain of one grain, frame by frame
    rows: NDArray[np.float32]  # (2, CHUNK): both channels as they are read between frames
    near: NDArray[np.float32]  # (NEAR * CHUNK,)
    limiter: NDArray[np.int64]  # (LIMITER_STATE,)
    limiter_needs: NDArray[np.int64]  # (4, limiter frames)
    limiter_delay: NDArray[np.float32]  # (limiter frames, channels)
    tap: NDArray[
        np.float32
    ]  # (TAP_FRAMES, channels): what was heard last; frame f lies in f % TAP_FRAMES
    meters: NDArray[np.void]  # METER (voices, HOPS); hop h lies in h % HOPS


def _arrays(
    voices: int, arena: int, run_on: int, limiter: int, channels: int, shots: int
) -> dict[str, tuple[DTypeLike, tuple[int, ...]]]:
    """Type and shape of every array of `State`."""
    whole, real = np.int64, np.float32
    per_voice = (voices * LINE,)
    line = (LINE,)
    return {
        "counters": (whole, (COUNTERS,)),
        "grains": (GRAIN, (voices, GRAIN_CAPACITY)),
        "pushed": (whole, per_voice),
        "taken": (whole, per_voice),
        "cuts": (whole, (voices * EPOCHS,)),
        "epochs": (whole, per_voice),
        "arena": (real, (voices, 2, arena + 2 * MARGIN)),
        "run_on": (real, (voices, RUN_ON_SLOTS, 2, run_on)),
        "run_on_serials": (whole, per_voice),
        "run_on_lengths": (whole, per_voice),
        "run_on_used": (whole, per_voice),
        "active": (ACTIVE, (voices, ACTIVE_GRAINS)),
        "subgrains": (SUBGRAIN, (voices, SUBGRAINS)),
        "shots": (SHOT, (SHOT_CAPACITY,)),
        "shot_pushed": (whole, line),
        "shot_taken": (whole, line),
        "shot_counts": (whole, line),
        "waiting": (whole, (SHOT_CAPACITY,)),
        "sounding": (SUBGRAIN, (SHOT_CAPACITY,)),
        "shot_arena": (real, (2, shots)),
        "voices": (VOICE, (voices,)),
        "ramps": (RAMP, (voices + 1, BLOCK_PARAMETERS)),
        "filters": (FILTER, (voices, BLOCK_PARAMETERS)),
        "controls": (CONTROL, (CONTROL_CAPACITY,)),
        "control_pushed": (whole, line),
        "control_taken": (whole, line),
        "pending": (CONTROL, (CONTROL_CAPACITY,)),
        "pending_count": (whole, line),
        "events": (EVENT, (EVENT_CAPACITY,)),
        "event_pushed": (whole, line),
        "event_taken": (whole, line),
        "scratch": (real, (2, CHUNK)),
        "weights": (real, (CHUNK,)),
        "rows": (real, (2, CHUNK)),
        "near": (real, (NEAR * CHUNK,)),
        "limiter": (whole, (LIMITER_STATE,)),
        "limiter_needs": (whole, (4, limiter)),
        "limiter_delay": (real, (limiter, channels)),
        "tap": (real, (TAP_FRAMES, channels)),
        "meters": (METER, (voices, HOPS)),
    }


def allocate(
    voices: int, arena: int, run_on: int, limiter: int, channels: int, shots: int
) -> State:
    """Make the arrays, all zero.

    Parameters
    ----------
    voices
        How many.
    arena, run_on, limiter
        Frames of each voice's arena, of a run-on copy, and of the limiter's window.
    channels
        Of the way out.
    shots
        Frames of the arena of what is played by hand.
    """
    arrays = _arrays(voices, arena, run_on, limiter, channels, shots)
    return State(**{name: np.zeros(shape, dtype) for name, (dtype, shape) in arrays.items()})


TABLE_SIZE = _ROWS + ROW * len(State._fields)

view_state = make_viewer(State, _arrays(1, 1, 1, 1, 1, 1), _arrays(2, 2, 2, 2, 2, 2), _ROWS)
"""Show compiled code the memory behind a table, int64[TABLE_SIZE], as a `State`.  Real time."""


def fill_table(table: NDArray[np.int64], state: State) -> None:
    """Write down where the arrays lie and how long they are."""
    arrays: tuple[NDArray[Any], ...] = state
    for array, first in zip(arrays, range(_ROWS, TABLE_SIZE, ROW), strict=True):
        table[first] = array.ctypes.data
        table[first + 1 : first + 1 + array.ndim] = array.shape
