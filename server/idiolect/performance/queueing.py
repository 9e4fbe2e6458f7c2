"""Putting grains into a voice's queue: copies of the audio into the arena, then the record."""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import brief, njit
from idiolect.engine.atomics import load_acquire, store_release
from idiolect.engine.interpolation import MARGIN
from idiolect.engine.layout import EPOCHS, GRAIN_CAPACITY, LINE, RUN_ON_SLOTS
from idiolect.engine.state import ARENA_FRAMES, RUN_ON_FRAMES, State, view_state
from idiolect.performance.beats import is_beat
from idiolect.performance.plan import Plan

__all__ = [
    "PIECE_FRAMES",
    "TAIL_FRAMES",
    "level_at",
    "note_cut",
    "push_grain",
    "push_record",
    "push_stop",
    "publish_cut",
    "refresh_run_on",
    "room",
]

PIECE_FRAMES = 8192
"""Long units are queued in pieces of this length, the last one up to twice as long."""

TAIL_FRAMES = 9600
"""Frames held after each grain: a fade at a cut, the way into the run-on, and what its cloud reads."""


@njit
def _copy(
    audio: NDArray[np.float32], first: int, count: int, out: NDArray[np.float32], at: int
) -> None:
    last, there = audio.shape[1] - 1, max(0, min(count, audio.shape[0] - first))
    for i in range(there):
        out[0, at + i] = audio[first + i, 0]
        out[1, at + i] = audio[first + i, last]
    for i in range(there, count):
        out[0, at + i] = 0.0
        out[1, at + i] = 0.0


@brief
def room(plan: Plan, table: NDArray[np.int64], voice: int) -> int:
    """Arena frames that a grain may take now; 0 when the ring itself is full.

    Notes
    -----
    Planner thread.  A grain must lie in one stretch, so the frames up to the arena's end may have
    to be skipped; the caller asks for a whole grain's worth and twice that is kept back.
    """
    state = view_state(table)
    own = plan.voices[voice]
    released = load_acquire(state.taken, voice * LINE + 1)
    if own.pushed - released >= GRAIN_CAPACITY - 1:
        return 0
    oldest = own.written
    if released < own.pushed:
        oldest = plan.arena_starts[voice, released % GRAIN_CAPACITY]
    return max(0, table[ARENA_FRAMES] - (own.written - oldest)) // 2


@njit
def _hold(
    plan: Plan,
    table: NDArray[np.int64],
    audio: NDArray[np.float32],
    voice: int,
    first: int,
    count: int,
) -> int:
    """Have `count` frames of the bundle from `first` on in the arena, in one stretch; return where.

    What follows on from the last grain is there already as far as that one's tail went.  `MARGIN`
    frames more come after them, so that whoever reads between the last ones never looks at what may
    be there or not.
    """
    own, size = plan.voices[voice], table[ARENA_FRAMES]
    count += MARGIN
    known = own.copied - first if own.copied_from <= first <= own.copied else 0
    start = own.written - known
    if known == 0 or start % size + count > size:
        known, start = 0, own.written
        if start % size + count > size:
            start += size - start % size
        own.copied_from = first
        own.written = start
    plan.arena_starts[voice, own.pushed % GRAIN_CAPACITY] = start
    more = max(0, count - known)
    arena = view_state(table).arena[voice]
    _copy(audio, first + known, more, arena, MARGIN + start % size + known)
    own.written += more
    own.copied = max(own.copied, first + count) if known > 0 else first + count
    return int(start % size)


@njit
def level_at(plan: Plan, voice: int, frame: int) -> float:
    """Gain that the last join left at a timeline frame, linear: a line that ends at 1."""
    own = plan.voices[voice]
    return 1.0 + own.lift * max(0, own.levelled - frame)


@njit
def _change_held(plan: Plan, voice: int, tongue: int) -> None:
    """Note which bundle's audio the arena gets next: nothing of another's goes on there."""
    own = plan.voices[voice]
    if own.held != tongue:
        own.held = tongue
        own.copied_from = own.copied = -1


@njit
def push_grain(
    plan: Plan,
    table: NDArray[np.int64],
    audio: NDArray[np.float32],
    voice: int,
    start: int,
    lead: int,
    fade: int,
    correlation: float,
    length: int,
    frame: int,
    limit: int,
    first: int,
) -> None:
    """Queue one grain of the last decided step.

    Parameters
    ----------
    start : int64
        Timeline frame at which it begins to sound.
    lead : int64
        Frames before the unit's own first frame that sound too.
    fade : int64
        Frames of cross-fade from `start` on.
    length : int64
        Frames of the unit's own, after the lead.
    frame : int64
        Bundle frame of the unit's own first frame.
    limit : int64
        Bundle frame at which the source ends.
    first : int64
        1 when the unit begins here.

    Notes
    -----
    Planner thread; the caller has made sure of `room`.
    """
    state = view_state(table)
    own = plan.voices[voice]
    step = plan.steps[voice, (own.steps - 1) % plan.steps.shape[1]]
    # A unit may be held longer than its source lasts: what comes after that is silent.
    held = max(0, lead + min(length + TAIL_FRAMES, limit - frame))
    _change_held(plan, voice, step.tongue)
    at = _hold(plan, table, audio, voice, frame - lead, held)
    grain = state.grains[voice, own.pushed % GRAIN_CAPACITY]
    grain.start = start
    grain.onset = start + lead
    grain.length = lead + length
    grain.data = at
    grain.held = held
    grain.fade = fade
    grain.serial = own.pushed
    grain.frame = frame
    grain.unit = step.unit
    grain.epoch = own.epoch
    grain.scale = step.scale
    grain.token = step.token
    grain.kind = 0
    grain.first = first
    grain.correlation = correlation
    grain.settle = max(0, own.levelled - start)
    grain.gain = level_at(plan, voice, start)
    grain.entropy = step.entropy
    grain.channels = audio.shape[1]
    grain.seed = own.seed
    grain.step = own.steps - 1 - own.base
    grain.tongue = step.tongue
    grain.heard = step.heard
    grain.beat = 1 if first == 1 and is_beat(plan, voice, step.heard) else 0
    _publish_grain(plan, state, voice, start)


@njit
def push_record(
    plan: Plan,
    table: NDArray[np.int64],
    audio: NDArray[np.float32],
    voice: int,
    records: NDArray[np.void],
    index: int,
) -> None:
    """Queue a grain that was planned before.

    Parameters
    ----------
    records : GRAIN[n]
        All but `data`, which is found here, is taken as it is.

    Notes
    -----
    Whoever stands in for the planner.  The arena comes to hold what it held the first time.
    """
    state = view_state(table)
    own, record = plan.voices[voice], records[index]
    at = 0
    if record.kind == 1:
        plan.arena_starts[voice, own.pushed % GRAIN_CAPACITY] = own.written
    else:
        first = record.frame - (record.onset - record.start)
        _change_held(plan, voice, record.tongue)
        at = _hold(plan, table, audio, voice, first, record.held)
    state.grains[voice, own.pushed % GRAIN_CAPACITY] = record
    state.grains[voice, own.pushed % GRAIN_CAPACITY].data = at
    _publish_grain(plan, state, voice, record.start)


@njit
def push_stop(plan: Plan, table: NDArray[np.int64], voice: int, start: int, fade: int) -> None:
    """Queue the grain that ends a voice: a fade to rest."""
    state = view_state(table)
    own = plan.voices[voice]
    grain = state.grains[voice, own.pushed % GRAIN_CAPACITY]
    plan.arena_starts[voice, own.pushed % GRAIN_CAPACITY] = own.written
    grain.start = start
    grain.onset = start
    grain.length = 0
    grain.held = 0
    grain.fade = fade
    grain.serial = own.pushed
    grain.unit = -1
    grain.epoch = own.epoch
    grain.kind = 1
    grain.correlation = 0.0
    grain.heard = 0
    grain.beat = 0
    _publish_grain(plan, state, voice, start)


@njit
def _publish_grain(plan: Plan, state: State, voice: int, start: int) -> None:
    own = plan.voices[voice]
    own.last_start = start
    own.pushed += 1
    store_release(state.pushed, voice * LINE, own.pushed)


@njit
def note_cut(plan: Plan, table: NDArray[np.int64], voice: int) -> None:
    """Write down from which frame on older grains are dropped, once the epoch is published."""
    state = view_state(table)
    own = plan.voices[voice]
    state.cuts[voice * EPOCHS + own.epoch % EPOCHS] = own.cut
    own.cut = -1


@njit
def publish_cut(plan: Plan, table: NDArray[np.int64], voice: int) -> None:
    """Make the newest plan the one that plays: from its cut on, older grains are dropped."""
    state = view_state(table)
    note_cut(plan, table, voice)
    own = plan.voices[voice]
    store_release(state.epochs, voice * LINE, own.epoch)


@njit
def refresh_run_on(
    plan: Plan, table: NDArray[np.int64], audio: NDArray[np.float32], voice: int, limit: int
) -> None:
    """Leave a copy of what follows the last queued grain, in case the planner comes too late.

    Parameters
    ----------
    audio : float32[frames, channels]
        Of the tongue that grain is spoken in.
    limit : int64
        Bundle frame at which the source ends.

    Notes
    -----
    Planner thread.  The slot written is the oldest; the callback can reach it only from a grain
    two refreshes back, and says so while it does.
    """
    state = view_state(table)
    own = plan.voices[voice]
    serial = own.pushed - 1
    if serial < 0 or serial == own.run_on_serial:
        return
    slot = (own.run_on_slot + 1) % RUN_ON_SLOTS
    if load_acquire(state.run_on_used, voice * LINE) & (1 << slot):
        return
    grain = state.grains[voice, serial % GRAIN_CAPACITY]
    first = grain.frame - (grain.onset - grain.start) + grain.held
    count = min(table[RUN_ON_FRAMES], limit - first)
    if grain.kind == 1 or count <= 0:
        return
    store_release(state.run_on_serials, voice * LINE + slot, -1)
    _copy(audio, first, count, state.run_on[voice, slot], 0)
    state.run_on_lengths[voice * LINE + slot] = count
    store_release(state.run_on_serials, voice * LINE + slot, serial)
    own.run_on_slot = slot
    own.run_on_serial = serial
