"""A voice in the block: which grains begin, and which sound.

A voice is a chain of grains.  Each begins at its start and takes over from what sounds, with the
cross-fade it brings, or without one when it is the natural successor; then nothing marks the join,
and a corpus in its own order comes out bit for bit.
"""

from idiolect.compiled import realtime
from idiolect.engine.atomics import load_acquire, store_release
from idiolect.engine.cloud import (
    TURN,
    add_cloud,
    enter_cloud,
    leave_cloud,
    let_go_old,
    next_in_cloud,
    spawn,
)
from idiolect.engine.counters import CUTS, CUTS_LATE, DROPPED
from idiolect.engine.events import BEGAN, CUT, RAN_ON, SUPPLIED
from idiolect.engine.interpolation import UNIT
from idiolect.engine.kernels import add_grain
from idiolect.engine.layout import ACTIVE_GRAINS, EPOCHS, FAR, GRAIN_CAPACITY, LINE
from idiolect.engine.reports import report
from idiolect.engine.state import State
from idiolect.engine.supply import RELEASE, give_back, watch_supply
from idiolect.engine.timeline import (
    anchor_timeline,
    due_frame,
    engine_frame,
    publish_timeline,
    timeline_frame,
)

__all__ = ["LATE_FADE", "render_voice"]

LATE_FADE = 240
"""Frames of fade into a grain that comes late: 5 ms at 48 kHz."""


@realtime
def render_voice(state: State, rate: int, voice: int, now: int, count: int) -> None:
    """Render `count` frames of a voice, from engine frame `now` on, into the scratch.

    Parameters
    ----------
    rate : int64
        Frames a second.

    Notes
    -----
    Real time.
    """
    for i in range(count):
        state.scratch[0, i] = 0.0
        state.scratch[1, i] = 0.0
    end = now + count
    at = now
    while at < end:
        due = _begin_due(state, rate, voice, at)
        watch_supply(state, voice, at, due)
        stop = min(end, due, _next_change(state, voice, at), next_in_cloud(state, voice, at))
        if spawn(state, rate, voice, at):
            stop = min(stop, next_in_cloud(state, voice, at))
        _add_units(state, voice, at, stop - at, at - now)
        add_cloud(state, voice, at, stop - at, at - now)
        _retire(state, voice, stop)
        at = stop
    give_back(state, voice)
    publish_timeline(state, voice, end)


@realtime
def _add_units(state: State, voice: int, at: int, count: int, offset: int) -> None:
    """Mix what sounds as it is, as far as it has not given way to its cloud."""
    own = state.voices[voice]
    passed = at - own.turned
    if own.cloud == 1 and passed >= TURN:
        return
    shown, turn = 1, 0
    if passed < TURN:
        shown, turn = (TURN - passed, -TURN) if own.cloud == 1 else (passed, TURN)
    for index in range(own.count):
        add_grain(state, voice, index, at, count, offset, shown, turn)


@realtime
def _dropped(state: State, voice: int, grain_epoch: int, start: int, epoch: int) -> bool:
    """Say whether a grain of an older plan lies beyond a cut made since."""
    if epoch - grain_epoch >= EPOCHS:
        return True
    for k in range(grain_epoch + 1, epoch + 1):
        if start >= state.cuts[voice * EPOCHS + k % EPOCHS]:
            return True
    return False


@realtime
def _begin_due(state: State, rate: int, voice: int, at: int) -> int:
    """Begin every grain that is due at `at`; return the engine frame of the next, or `FAR`."""
    own = state.voices[voice]
    epoch = load_acquire(state.epochs, voice * LINE)
    pushed = load_acquire(state.pushed, voice * LINE)
    if epoch != own.epoch or pushed != own.supplied:
        report(state, at, voice, SUPPLIED, pushed, epoch, 0.0)
        own.supplied = pushed
    if epoch != own.epoch:
        state.counters[CUTS] += epoch - own.epoch
        own.epoch = epoch
        own.cutting = 1
    taken = state.taken[voice * LINE]
    due = FAR
    while taken < pushed:
        grain = state.grains[voice, taken % GRAIN_CAPACITY]
        if grain.epoch > epoch:
            break
        if grain.epoch < epoch and _dropped(state, voice, grain.epoch, grain.start, epoch):
            state.counters[DROPPED] += 1
            taken += 1
            continue
        due = due_frame(state, rate, voice, grain)
        if due > at:
            break
        _begin(state, rate, voice, taken % GRAIN_CAPACITY, at)
        taken += 1
        due = FAR
    store_release(state.taken, voice * LINE, taken)
    return due


@realtime
def _begin(state: State, rate: int, voice: int, entry: int, at: int) -> None:
    """Let a grain take over at engine frame `at`, moving the timeline when it comes late."""
    own, grain = state.voices[voice], state.grains[voice, entry]
    due = due_frame(state, rate, voice, grain)
    late = at - due
    if late > 0:
        behind = timeline_frame(state, voice, at) - grain.start
        report(state, at - late, voice, RAN_ON, behind, grain.serial, 0.0)
    if late > 0 or own.pace != UNIT or due != engine_frame(state, voice, grain.start):
        anchor_timeline(state, voice, at, grain.start)
    cutting = own.cutting == 1 and grain.epoch == own.epoch
    if cutting:
        own.cutting = 0
        state.counters[CUTS_LATE] += 1 if late > 0 and own.resting == 0 else 0
        report(state, at, voice, CUT, grain.epoch, late, 0.0)
    fade, correlation = grain.fade, grain.correlation
    if late > 0 and own.count > 0 and fade < LATE_FADE:
        fade = LATE_FADE
    if late > 0:
        correlation *= 0.0
    own.starving = -1
    if grain.kind == 1 or cutting:
        leave_cloud(state, voice, at, fade)
    _leave(state, voice, at, fade, correlation)
    if grain.kind == 1:
        own.resting = 1
    else:
        if own.resting == 1:
            own.resting = 0
            own.muted = 0
        _enter(state, voice, entry, at, fade, correlation)
        let_go_old(state, voice, at)
        if fade > 0:
            enter_cloud(state, voice, engine_frame(state, voice, grain.onset))
    onset = engine_frame(state, voice, grain.onset)
    report(state, onset if onset < FAR else at, voice, BEGAN, grain.serial, grain.unit, 0.0)


@realtime
def _leave(state: State, voice: int, at: int, fade: int, correlation: float) -> None:
    """Fade out what sounds and is not leaving already; at once when `fade` is 0."""
    for index in range(state.voices[voice].count):
        active = state.active[voice, index]
        if active.out_start < 0:
            active.out_start = at
            active.out_frames = fade
            active.out_correlation = correlation
    _retire(state, voice, at)


@realtime
def _enter(state: State, voice: int, entry: int, at: int, fade: int, correlation: float) -> None:
    own, grain = state.voices[voice], state.grains[voice, entry]
    if own.count == ACTIVE_GRAINS:
        _remove(state, voice, 0)
    active = state.active[voice, own.count]
    own.count += 1
    own.brought += grain.length if grain.fade == 0 else grain.held  # the rest is there already
    active.start = at
    active.end = at + grain.held
    active.begun = grain.start
    active.due = grain.start + grain.length
    active.data = grain.data
    active.held = grain.held
    active.serial = grain.serial
    active.in_frames = fade
    active.out_start = -1
    active.out_frames = 0
    active.slot = -1
    active.in_correlation = correlation
    active.out_correlation = 0.0
    active.gain = grain.gain
    active.settle = grain.settle
    active.channels = grain.channels
    active.seed = grain.seed
    active.step = grain.step


@realtime
def _remove(state: State, voice: int, index: int) -> None:
    own = state.voices[voice]
    for i in range(index, own.count - 1):
        state.active[voice, i] = state.active[voice, i + 1]
    own.count -= 1


@realtime
def _retire(state: State, voice: int, at: int) -> None:
    """Forget the grains that have faded out, or ended, by engine frame `at`."""
    index = 0
    while index < state.voices[voice].count:
        active = state.active[voice, index]
        faded = active.out_start >= 0 and at >= active.out_start + active.out_frames
        if faded or (at >= active.end and not _read_by_cloud(state, voice, index)):
            _remove(state, voice, index)
        else:
            index += 1


@realtime
def _read_by_cloud(state: State, voice: int, index: int) -> bool:
    """Say whether a grain is what the cloud reads, which may take longer than its audio lasts."""
    own = state.voices[voice]
    return own.cloud == 1 and index == own.count - 1 and state.active[voice, index].out_start < 0


@realtime
def _next_change(state: State, voice: int, at: int) -> int:
    """First engine frame after `at` where a fade or a grain's memory begins or ends."""
    own = state.voices[voice]
    nearest = FAR
    for index in range(own.count):
        active = state.active[voice, index]
        nearest = _sooner(nearest, at, active.start + active.in_frames)
        nearest = _sooner(nearest, at, active.start + active.held)
        nearest = _sooner(nearest, at, active.end)
        if active.out_start >= 0:
            nearest = _sooner(nearest, at, active.out_start + active.out_frames)
        else:
            nearest = _sooner(nearest, at, engine_frame(state, voice, active.due))
            nearest = _sooner(nearest, at, active.end - RELEASE)
    return nearest


@realtime
def _sooner(nearest: int, at: int, frame: int) -> int:
    return frame if at < frame < nearest else nearest
