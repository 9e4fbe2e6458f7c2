"""What a voice is supplied with: what happens when nothing is planned, and what it gives back."""

from idiolect.compiled import realtime
from idiolect.engine.atomics import load_acquire, store_release
from idiolect.engine.counters import STARVED
from idiolect.engine.events import READ_ON, STARVING
from idiolect.engine.layout import FAR, LINE, RUN_ON_SLOTS
from idiolect.engine.reports import report
from idiolect.engine.state import State
from idiolect.engine.timeline import timeline_frame

__all__ = ["RELEASE", "give_back", "watch_supply"]

RELEASE = 960
"""Frames of fade when there is nothing left to play: 20 ms at 48 kHz."""


@realtime
def watch_supply(state: State, voice: int, at: int, due: int) -> None:
    """Run on, or fade to silence, when what sounds ends and nothing takes over.

    Parameters
    ----------
    due : int64
        Engine frame of the next grain, or `FAR`.

    Notes
    -----
    Real time.
    """
    own = state.voices[voice]
    if own.resting == 1:
        return
    if own.count == 0:
        if due == FAR and own.starving < 0:
            _starve(state, voice, at, -1)
        return
    head = state.active[voice, own.count - 1]
    if head.out_start >= 0:
        return
    waits = due == FAR and own.pace > 0  # frozen, what is queued is due no sooner than what is not
    if waits and own.starving < 0 and timeline_frame(state, voice, at) >= head.due:
        _starve(state, voice, at, head.serial)
    if own.cloud == 0 and at >= head.end - RELEASE and due > head.end:
        _attach_run_on(state, voice, own.count - 1, at)
        if at >= head.end - RELEASE:
            head.out_start = at
            head.out_frames = max(1, head.end - at)
            head.out_correlation = 0.0


@realtime
def _starve(state: State, voice: int, at: int, serial: int) -> None:
    state.voices[voice].starving = at
    state.counters[STARVED] += 1
    report(state, at, voice, STARVING, serial, 0, 0.0)


@realtime
def _attach_run_on(state: State, voice: int, index: int, at: int) -> None:
    """Let a grain go on into the audio that followed it, where the planner has left a copy."""
    active = state.active[voice, index]
    if active.slot >= 0:
        return
    for slot in range(RUN_ON_SLOTS):
        if load_acquire(state.run_on_serials, voice * LINE + slot) == active.serial:
            frames = state.run_on_lengths[voice * LINE + slot]
            active.slot = slot
            active.end += frames
            report(state, at, voice, READ_ON, active.serial, frames, 0.0)
            return


@realtime
def give_back(state: State, voice: int) -> None:
    """Publish which grains, and which run-on slots, are no longer read.

    Notes
    -----
    Real time.
    """
    own = state.voices[voice]
    oldest = state.taken[voice * LINE]
    used = 0
    for index in range(own.count):
        active = state.active[voice, index]
        oldest = min(oldest, active.serial)
        if active.slot >= 0:
            used |= 1 << active.slot
    for index in range(own.subgrains):
        oldest = min(oldest, state.subgrains[voice, index].serial)
    store_release(state.taken, voice * LINE + 1, oldest)
    store_release(state.run_on_used, voice * LINE, used)
