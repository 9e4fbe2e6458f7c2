"""The engine's memory, seen from compiled code: a table of sizes and addresses, and its views."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from idiolect.engine.atomics import (
    controls_1d,
    events_1d,
    float32_1d,
    float32_2d,
    float32_3d,
    float32_4d,
    grains_2d,
    int64_1d,
    int64_2d,
    view_maker,
)
from idiolect.engine.counters import COUNTERS
from idiolect.engine.interpolation import MARGIN, NEAR
from idiolect.engine.layout import (
    ACTIVE,
    ACTIVE_GRAINS,
    CHUNK,
    CONTROL_CAPACITY,
    EPOCHS,
    EVENT_CAPACITY,
    GRAIN_CAPACITY,
    LINE,
    RAMP,
    RUN_ON_SLOTS,
    SUBGRAIN,
    SUBGRAINS,
    TAP_FRAMES,
    VOICE,
)
from idiolect.parameters import BLOCK_SLOTS

__all__ = [
    "ADDRESSES",
    "ARENA_FRAMES",
    "CHANNELS",
    "LIMITER_FRAMES",
    "RUN_ON_FRAMES",
    "SAMPLE_RATE",
    "TABLE_SIZE",
    "TABLE_TIMING",
    "VOICES",
    "State",
    "view_state",
]

# Sizes, in the first columns of the table.
VOICES, SAMPLE_RATE, ARENA_FRAMES, RUN_ON_FRAMES, LIMITER_FRAMES, CHANNELS = range(6)

ADDRESSES = 8
"""Column of the table where the addresses begin, in the order of `State`."""

TABLE_TIMING = 48
"""Column with the address of the callbacks' own timing, int64[16]."""

TABLE_SIZE = 64

BLOCK_PARAMETERS = len(BLOCK_SLOTS)

_active_2d = view_maker(numba.from_dtype(ACTIVE), 2)
_subgrains_2d = view_maker(numba.from_dtype(SUBGRAIN), 2)
_voices_1d = view_maker(numba.from_dtype(VOICE), 1)
_ramps_2d = view_maker(numba.from_dtype(RAMP), 2)


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
    voices: NDArray[np.void]  # VOICE (voices,)
    ramps: NDArray[np.void]  # RAMP (voices + 1, BLOCK_PARAMETERS); row 0 is the master
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


LIMITER_STATE = 16


def shapes(
    voices: int, arena: int, run_on: int, limiter: int, channels: int
) -> dict[str, tuple[int, ...]]:
    """Shape of every array of `State`, for allocation."""
    ring = (voices, GRAIN_CAPACITY)
    per_voice = (voices * LINE,)
    return {
        "counters": (COUNTERS,),
        "grains": ring,
        "pushed": per_voice,
        "taken": per_voice,
        "cuts": (voices * EPOCHS,),
        "epochs": per_voice,
        "arena": (voices, 2, arena + 2 * MARGIN),
        "run_on": (voices, RUN_ON_SLOTS, 2, run_on),
        "run_on_serials": per_voice,
        "run_on_lengths": per_voice,
        "run_on_used": per_voice,
        "active": (voices, ACTIVE_GRAINS),
        "subgrains": (voices, SUBGRAINS),
        "voices": (voices,),
        "ramps": (voices + 1, BLOCK_PARAMETERS),
        "controls": (CONTROL_CAPACITY,),
        "control_pushed": (LINE,),
        "control_taken": (LINE,),
        "pending": (CONTROL_CAPACITY,),
        "pending_count": (LINE,),
        "events": (EVENT_CAPACITY,),
        "event_pushed": (LINE,),
        "event_taken": (LINE,),
        "scratch": (2, CHUNK),
        "weights": (CHUNK,),
        "rows": (2, CHUNK),
        "near": (NEAR * CHUNK,),
        "limiter": (LIMITER_STATE,),
        "limiter_needs": (4, limiter),
        "limiter_delay": (limiter, channels),
        "tap": (TAP_FRAMES, channels),
    }


@numba.njit(inline="always")  # type: ignore[untyped-decorator]  # returned arrays only pass where nothing is returned
def view_state(table: NDArray[np.int64]) -> State:
    """Show the memory behind `table`.

    Parameters
    ----------
    table : int64[TABLE_SIZE]
        Made by `Engine`.

    Notes
    -----
    Real time.
    """
    voices = table[VOICES]
    ring = (voices, GRAIN_CAPACITY)
    line = (LINE,)
    lines = (voices * LINE,)
    limiter, channels = table[LIMITER_FRAMES], table[CHANNELS]
    a = ADDRESSES
    return State(
        int64_1d(table[a], (COUNTERS,)),
        grains_2d(table[a + 1], ring),
        int64_1d(table[a + 2], lines),
        int64_1d(table[a + 3], lines),
        int64_1d(table[a + 4], (voices * EPOCHS,)),
        int64_1d(table[a + 5], lines),
        float32_3d(table[a + 6], (voices, 2, table[ARENA_FRAMES] + 2 * MARGIN)),
        float32_4d(table[a + 7], (voices, RUN_ON_SLOTS, 2, table[RUN_ON_FRAMES])),
        int64_1d(table[a + 8], lines),
        int64_1d(table[a + 9], lines),
        int64_1d(table[a + 10], lines),
        _active_2d(table[a + 11], (voices, ACTIVE_GRAINS)),
        _subgrains_2d(table[a + 12], (voices, SUBGRAINS)),
        _voices_1d(table[a + 13], (voices,)),
        _ramps_2d(table[a + 14], (voices + 1, BLOCK_PARAMETERS)),
        controls_1d(table[a + 15], (CONTROL_CAPACITY,)),
        int64_1d(table[a + 16], line),
        int64_1d(table[a + 17], line),
        controls_1d(table[a + 18], (CONTROL_CAPACITY,)),
        int64_1d(table[a + 19], line),
        events_1d(table[a + 20], (EVENT_CAPACITY,)),
        int64_1d(table[a + 21], line),
        int64_1d(table[a + 22], line),
        float32_2d(table[a + 23], (2, CHUNK)),
        float32_1d(table[a + 24], (CHUNK,)),
        float32_2d(table[a + 25], (2, CHUNK)),
        float32_1d(table[a + 26], (NEAR * CHUNK,)),
        int64_1d(table[a + 27], (LIMITER_STATE,)),
        int64_2d(table[a + 28], (4, limiter)),
        float32_2d(table[a + 29], (limiter, channels)),
        float32_2d(table[a + 30], (TAP_FRAMES, channels)),
    )
