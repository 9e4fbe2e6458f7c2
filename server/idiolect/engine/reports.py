"""The event ring, from the callback to the planner."""

from idiolect.compiled import realtime
from idiolect.engine.atomics import load_acquire, store_release
from idiolect.engine.counters import EVENTS_LOST
from idiolect.engine.layout import EVENT_CAPACITY
from idiolect.engine.state import State

__all__ = ["report"]


@realtime
def report(state: State, frame: int, voice: int, kind: int, a: int, b: int, value: float) -> None:
    """Push an event; when the ring is full it is lost, and counted.

    Parameters
    ----------
    frame : int64
        Engine frame.
    voice : int64
        Counted from 0; in the event it counts from 1, and 0 is the master (`voice` -1).
    kind : int64
        One of `engine.events`; it says what `a`, `b` and `value` are.

    Notes
    -----
    Real time.
    """
    pushed = state.event_pushed[0]
    if pushed - load_acquire(state.event_taken, 0) >= EVENT_CAPACITY:
        state.counters[EVENTS_LOST] += 1
        return
    event = state.events[pushed % EVENT_CAPACITY]
    event.frame = frame
    event.voice = voice + 1
    event.kind = kind
    event.a = a
    event.b = b
    event.value = value
    store_release(state.event_pushed, 0, pushed + 1)
