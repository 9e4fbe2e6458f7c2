"""The block: everything one call of the audio callback does.

`render_block` is called by PortAudio's and JACK's callbacks, by the paced null output, and by
offline rendering: there is no other way to sound.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.atomics import store_release
from idiolect.engine.controls import apply_controls, take_controls
from idiolect.engine.counters import BLOCKS, FRAME, NAN
from idiolect.engine.events import SPOILED
from idiolect.engine.filters import filter_voice
from idiolect.engine.kernels import ramp_value
from idiolect.engine.layout import CHUNK, TAP_FRAMES
from idiolect.engine.limiter import limit
from idiolect.engine.meters import measure
from idiolect.engine.overload import next_count, relieve
from idiolect.engine.reports import report
from idiolect.engine.shots import add_shots, begin_shots, release_shots, take_shots
from idiolect.engine.speakers import add_to_pair, add_to_speakers
from idiolect.engine.state import CAPACITY, SAMPLE_RATE, VOICES, State, view_state
from idiolect.engine.voices import render_voice
from idiolect.parameters.slots import BLOCK_SLOTS

__all__ = ["render_block"]

GAIN, PAN, MUTE = BLOCK_SLOTS["gain"], BLOCK_SLOTS["pan"], BLOCK_SLOTS["mute"]

_SANE = np.float32(1e4)
"""80 dB above full scale: what is louder, or no number at all, is a fault and not music."""


@realtime
def _spoil(state: State, voice: int, frame: int) -> None:
    """Mute a voice that produced what is no sound."""
    state.voices[voice].muted = 1
    state.counters[NAN] += 1
    report(state, frame, voice, SPOILED, 0, 0, 0.0)


@realtime
def _add_voice(
    state: State, voice: int, now: int, count: int, out: NDArray[np.float32], offset: int
) -> None:
    """Add the scratch to the output through the voice's gain and pan."""
    row = voice + 1
    for i in range(count):
        left, right = state.scratch[0, i], state.scratch[1, i]
        if not (abs(left) < _SANE and abs(right) < _SANE):
            _spoil(state, voice, now + i)
        if state.voices[voice].muted == 1:
            return
        gain = np.float32(ramp_value(state, row, GAIN, now + i))
        pan = np.float32(ramp_value(state, row, PAN, now + i))
        if out.shape[1] == 2:  # asked here, the pair becomes a part of this loop: a third less time
            add_to_pair(0, left, right, gain, pan, out, offset + i)
        else:
            add_to_speakers(state, voice, now + i, left, right, gain, pan, out, offset + i)


@realtime
def _apply_master(
    state: State, now: int, count: int, out: NDArray[np.float32], offset: int
) -> None:
    for i in range(count):
        gain = ramp_value(state, 0, GAIN, now + i) * (1.0 - ramp_value(state, 0, MUTE, now + i))
        for c in range(out.shape[1]):
            out[offset + i, c] *= np.float32(gain)


@realtime
def _keep(state: State, now: int, count: int, out: NDArray[np.float32], offset: int) -> None:
    """Leave a copy of what is heard for whoever records."""
    for i in range(count):
        at = (now + i) % TAP_FRAMES
        for c in range(out.shape[1]):
            state.tap[at, c] = out[offset + i, c]


@realtime
def render_block(table: NDArray[np.int64], out: NDArray[np.float32]) -> None:
    """Fill `out` with the next frames and advance the clock.

    Parameters
    ----------
    table : int64[TABLE_SIZE]
        `Engine.table`.
    out : float32[frames, channels]
        Linear; every sample is written.

    Notes
    -----
    Real time: one thread at a time.  The block is split where a control acts, where what
    is played by hand begins, and where what sounds is counted; that and the chunks it is mixed in leave no trace in the sound.
    """
    state = view_state(table)
    start = state.counters[FRAME]
    total = out.shape[0]
    take_controls(state, start)
    take_shots(state, start)
    done = 0
    while done < total:
        now = start + done
        count = min(CHUNK, total - done)
        count = min(count, apply_controls(state, now) - now)
        count = min(count, begin_shots(state, now) - now)
        count = min(count, next_count(table[CAPACITY], now) - now)
        relieve(state, table, now)
        for i in range(done, done + count):
            for c in range(out.shape[1]):
                out[i, c] = 0.0
        for voice in range(table[VOICES]):
            render_voice(state, table[SAMPLE_RATE], voice, now, count)
            add_shots(state, voice, now, count)
            filter_voice(state, table[SAMPLE_RATE], voice, now, count)
            _add_voice(state, voice, now, count, out, done)
            measure(state, voice, now, count)
        _apply_master(state, now, count, out, done)
        limit(state, out, done, count, table[SAMPLE_RATE])
        _keep(state, now, count, out, done)
        done += count
    release_shots(state, start + total)
    state.counters[BLOCKS] += 1
    store_release(state.counters, FRAME, start + total)
