"""Where a voice stands among the speakers: on a pair of channels, or on the ring of all.

Two channels are one pair, and `pan` is its balance.  Where there are more, a voice has a pair of its
own, or stands on the ring: its left side at a place, its right side one speaker further clockwise,
and `pan` turns both.  A side between two speakers sounds from both, with equal power; what is the same
on both sides meets itself on a speaker there, and is up to 1.8 dB louder.  The one channel of a mono
output gets the mean of both sides.
"""

import math

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import realtime
from idiolect.engine.state import State
from idiolect.parameters.slots import BLOCK_SLOTS

__all__ = ["MOVE", "add_to_pair", "add_to_speakers"]

MOVE = 480
"""Frames in which a voice goes over to another pair: 10 ms at 48 kHz."""

_OUT = BLOCK_SLOTS["out"]
_QUARTER = math.pi / 2
_HALF, _ONE = np.float32(0.5), np.float32(1.0)


@realtime
def add_to_speakers(
    state: State,
    voice: int,
    frame: int,
    left: np.float32,
    right: np.float32,
    gain: np.float32,
    pan: np.float32,
    out: NDArray[np.float32],
    at: int,
) -> None:
    """Add a frame of a voice to the channels it stands on, where there are not two.

    Parameters
    ----------
    voice, frame : int64
        Which voice, and which engine frame.
    left, right, gain, pan : float32
        The frame's two sides; the gain is linear.
    out : float32[frames, channels]
        Added to, in row `at`.

    Notes
    -----
    Real time; frame by frame, so that nothing depends on the size of a block.
    """
    if out.shape[1] == 1:
        out[at, 0] += (left + right) * (gain * _HALF)
        return
    own = state.voices[voice]
    wanted = int(state.ramps[voice + 1, _OUT].target)
    if wanted != own.pair and frame - own.moved >= MOVE:
        own.left_pair = own.pair
        own.pair = wanted
        own.moved = frame
    passed = frame - own.moved
    if passed >= MOVE:
        _add(own.pair, left, right, gain, pan, out, at)
        return
    share = np.float32(passed) / np.float32(MOVE)
    _add(own.left_pair, left, right, gain * (_ONE - share), pan, out, at)
    _add(own.pair, left, right, gain * share, pan, out, at)


@realtime
def _add(
    pair: int,
    left: np.float32,
    right: np.float32,
    gain: np.float32,
    pan: np.float32,
    out: NDArray[np.float32],
    at: int,
) -> None:
    """Add a frame to a pair counted from 1, or to the ring."""
    channels = out.shape[1]
    if pair > 0:
        add_to_pair(min(pair, channels - 1) - 1, left, right, gain, pan, out, at)
        return
    place = np.float64(pan) * channels / 2
    _add_side(left * gain, place, out, at)
    _add_side(right * gain, place + 1.0, out, at)


@realtime
def add_to_pair(
    first: int,
    left: np.float32,
    right: np.float32,
    gain: np.float32,
    pan: np.float32,
    out: NDArray[np.float32],
    at: int,
) -> None:
    """Add a frame to two channels, through a balance with unity in the middle."""
    out[at, first] += left * (gain * min(_ONE, _ONE - pan))
    out[at, first + 1] += right * (gain * min(_ONE, _ONE + pan))


@realtime
def _add_side(sample: np.float32, place: np.float64, out: NDArray[np.float32], at: int) -> None:
    """Add a sample to the two channels that its place on the ring lies between.

    Notes
    -----
    Real time.  The gains are those of SuperCollider's PanAz with a width of two speakers
    (PanUGens.cpp), and with its orientation of a half for both sides together.
    """
    channels = out.shape[1]
    nearest = math.floor(place)
    beyond = _QUARTER * (place - nearest)
    out[at, nearest % channels] += sample * np.float32(math.cos(beyond))
    out[at, (nearest + 1) % channels] += sample * np.float32(math.sin(beyond))
