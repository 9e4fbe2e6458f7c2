"""The engine's Python face: it owns the memory, and is the control thread's and planner's door."""

import math

import numpy as np
from numpy.typing import NDArray

from idiolect.engine.atomics import observe, publish
from idiolect.engine.block import render_block
from idiolect.engine.counters import FRAME
from idiolect.engine.interpolation import UNIT
from idiolect.engine.layout import (
    CONTROL_CAPACITY,
    EVENT_CAPACITY,
    FAR,
    LINE,
    TAP_FRAMES,
)
from idiolect.engine.limiter import reset_limiter
from idiolect.engine.locking import lock
from idiolect.engine.state import (
    ARENA_FRAMES,
    CAPACITY,
    LIMITER_FRAMES,
    RUN_ON_FRAMES,
    SAMPLE_RATE,
    TABLE_SIZE,
    TABLE_TIMING,
    VOICES,
    State,
    allocate,
    fill_table,
)
from idiolect.parameters.parameter import RAMP_SECONDS
from idiolect.parameters.slots import BLOCK_SLOTS
from idiolect.parameters.table import PARAMETERS, VOICE

__all__ = ["Engine"]

_ARENA_FRAMES = 230_000  # beside the lookaheads: eight of the longest pieces, for cuts
_LIMITER_SECONDS = 0.0015
_RUN_ON_SECONDS = 4.0


class Engine:
    """Everything the callback reads and writes.

    Parameters
    ----------
    voices : int
        How many voices.
    sample_rate : int
        Hz; of the bundle, and of the way out.
    lookahead_frames : int
        The arena holds eight times this: units overlap in it, and cuts leave some behind.
    channels : int
        Of the way out.
    hand_seconds : float
        Of audio played by hand that may wait or sound at once.

    Notes
    -----
    `push_control` belongs to the control thread, `pop_events` to the planner; `render` to whoever
    renders when no stream does.
    """

    def __init__(
        self,
        voices: int,
        sample_rate: int,
        lookahead_frames: int,
        channels: int = 2,
        *,
        hand_seconds: float = 60.0,
    ) -> None:
        self.voices = voices
        self.sample_rate = sample_rate
        self.channels = channels
        arena = 8 * lookahead_frames + _ARENA_FRAMES
        run_on = round(_RUN_ON_SECONDS * sample_rate)
        limiter = round(_LIMITER_SECONDS * sample_rate)
        self.timing: NDArray[np.int64] = np.zeros(16, np.int64)
        shots = round(hand_seconds * sample_rate)
        self.state = _begin(voices, arena, run_on, limiter, channels, shots)
        self.table: NDArray[np.int64] = np.zeros(TABLE_SIZE, np.int64)
        self.table[VOICES] = voices
        self.table[SAMPLE_RATE] = sample_rate
        self.table[ARENA_FRAMES] = arena
        self.table[RUN_ON_FRAMES] = run_on
        self.table[LIMITER_FRAMES] = limiter
        fill_table(self.table, self.state)
        self.table[TABLE_TIMING] = self.timing.ctypes.data
        self.locked = lock([*self.state, self.table, self.timing])
        self._controls = 0  # ever written
        self._holding = False

    @property
    def frame(self) -> int:
        """Frames rendered so far.  Any thread."""
        return int(self.state.counters[FRAME])

    @property
    def delay_frames(self) -> int:
        """Frames by which the limiter delays what is heard."""
        return int(self.table[LIMITER_FRAMES]) - 1

    @property
    def capacity(self) -> int:
        """What can be mixed in the time of a frame, picoseconds (`engine.overload`); 0: anything.

        Above seven tenths of it sub-grains are stolen.  It decides what is heard, so it is set before
        the first block, from `engine.calibration` or from the session that is played again.
        """
        return int(self.table[CAPACITY])

    @capacity.setter
    def capacity(self, picoseconds: int) -> None:
        self.table[CAPACITY] = picoseconds

    def push_control(
        self, voice: int, name: str, value: float, *, frame: int = -1, ramp: int = -1
    ) -> bool:
        """Send a block parameter to the callback.

        Parameters
        ----------
        voice : int
            0 is the master.
        name : str
            A key of `parameters.slots.BLOCK_SLOTS`.
        value : float
            Gain is linear here, and a filter's cutoff the logarithm of its Hz.
        frame : int
            Engine frame at which it acts; -1 is now.
        ramp : int
            Frames of ramp; -1 is the usual smoothing.

        Returns
        -------
        bool
            False when the ring is full: the change is lost, and the caller must say so.

        Notes
        -----
        Control thread only.
        """
        state = self.state
        if self._controls - int(state.control_taken[0]) >= CONTROL_CAPACITY:
            return False
        smooth = round(RAMP_SECONDS * self.sample_rate)
        record = (frame, voice, BLOCK_SLOTS[name], value, smooth if ramp < 0 else ramp)
        state.controls[self._controls % CONTROL_CAPACITY] = record
        self._controls += 1
        if not self._holding:
            publish(state.control_pushed, self._controls)
        return True

    def hold_controls(self) -> None:
        """Keep from the callback what is pushed from here on.  Control thread."""
        self._holding = True

    def release_controls(self) -> None:
        """Let the callback see what was held, all in one block.  Control thread."""
        self._holding = False
        publish(self.state.control_pushed, self._controls)

    def pop_events(self) -> NDArray[np.void]:
        """Take what the callback reported since the last call, EVENT[n], oldest first.

        Notes
        -----
        Planner thread only.
        """
        state = self.state
        first, last = int(state.event_taken[0]), observe(state.event_pushed)
        events = state.events[np.arange(first, last) % EVENT_CAPACITY]
        publish(state.event_taken, last)
        return events

    def heard(self, first: int) -> tuple[int, NDArray[np.float32]]:
        """Copy what was rendered from frame `first` on, as far as it is still kept.

        Returns
        -------
        int, float32[n, channels]
            The first frame of the copy, later than `first` when some were overwritten; the frames.

        Notes
        -----
        Any thread.  A block's worth of the oldest frames is left alone: it may be being written.
        """
        last = int(observe(self.state.counters))
        first = max(first, last - TAP_FRAMES * 3 // 4)
        return first, self.state.tap[np.arange(first, last) % TAP_FRAMES]

    def render(self, out: NDArray[np.float32]) -> None:
        """Render the next frames into float32[frames, channels], as the callback does."""
        render_block(self.table, out)


def _begin(voices: int, arena: int, run_on: int, limiter: int, channels: int, shots: int) -> State:
    state = allocate(voices, arena, run_on, limiter, channels, shots)
    state.voices["resting"] = 1
    state.voices["starving"] = -1
    state.voices["turned"] = -FAR
    state.voices["moved"] = -FAR
    state.voices["pace"], state.voices["reading"] = UNIT, 1.0
    state.taken.reshape(-1, LINE)[:, 3] = UNIT
    state.active["out_start"] = -1
    state.run_on_serials[:] = -1
    for parameter in PARAMETERS:
        if parameter.scope == "block":
            state.ramps["target"][:, BLOCK_SLOTS[parameter.name]] = parameter.default
    state.ramps["target"][:, BLOCK_SLOTS["gain"]] = 1.0  # linear here
    for name in ("lowpass", "highpass"):
        state.ramps["target"][:, BLOCK_SLOTS[name]] = math.log(VOICE[name].default)
    reset_limiter(state.limiter, state.limiter_needs)
    return state
