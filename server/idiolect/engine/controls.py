"""Parameter changes inside the block: taken from the ring, kept until their frame, ramped."""

from idiolect.compiled import realtime
from idiolect.engine.atomics import load_acquire, store_release
from idiolect.engine.cloud import note_unrest
from idiolect.engine.counters import CONTROLS
from idiolect.engine.events import CONTROLLED
from idiolect.engine.kernels import ramp_value
from idiolect.engine.layout import CONTROL_CAPACITY, FAR
from idiolect.engine.reports import report
from idiolect.engine.state import State

__all__ = ["apply_controls", "take_controls"]


@realtime
def take_controls(state: State, now: int) -> None:
    """Move what is in the ring to the pending ones; "now" becomes the block's first frame.

    Notes
    -----
    Real time; as many steps as there are controls, at most `CONTROL_CAPACITY`.
    """
    taken = state.control_taken[0]
    pushed = load_acquire(state.control_pushed, 0)
    count = state.pending_count[0]
    while taken < pushed and count < CONTROL_CAPACITY:
        control = state.controls[taken % CONTROL_CAPACITY]
        waiting = state.pending[count]
        waiting.frame = now if control.frame < now else control.frame
        waiting.voice = control.voice
        waiting.slot = control.slot
        waiting.value = control.value
        waiting.ramp = control.ramp
        taken += 1
        count += 1
    state.pending_count[0] = count
    store_release(state.control_taken, 0, taken)


@realtime
def apply_controls(state: State, now: int) -> int:
    """Start the ramps that are due at `now`; return the frame of the next one.

    Returns
    -------
    int64
        `FAR` when nothing waits.
    """
    count = state.pending_count[0]
    kept = 0
    following = FAR
    for i in range(count):
        control = state.pending[i]
        if control.frame <= now:
            ramp = state.ramps[control.voice, control.slot]
            ramp.origin = ramp_value(state, control.voice, control.slot, now)
            ramp.start = now
            ramp.frames = control.ramp
            ramp.target = control.value
            note_unrest(state, control.voice, now)
            state.counters[CONTROLS] += 1
            slot, length, value = control.slot, control.ramp, control.value
            report(state, now, control.voice - 1, CONTROLLED, slot, length, value)
        else:
            following = min(following, control.frame)
            waiting = state.pending[kept]
            waiting.frame = control.frame
            waiting.voice = control.voice
            waiting.slot = control.slot
            waiting.value = control.value
            waiting.ramp = control.ramp
            kept += 1
    state.pending_count[0] = kept
    return following
