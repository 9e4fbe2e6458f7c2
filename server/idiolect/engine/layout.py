"""Sizes, columns and records of the engine's memory."""

import numpy as np

__all__ = [
    "ACTIVE",
    "ACTIVE_GRAINS",
    "CHUNK",
    "CONTROL_CAPACITY",
    "EPOCHS",
    "EVENT_CAPACITY",
    "GRAIN_CAPACITY",
    "LIMITER_CEILING",
    "LINE",
    "RAMP",
    "RUN_ON_SLOTS",
    "TAP_FRAMES",
    "VOICE",
]

CHUNK = 256
"""Frames mixed at a time; the scratch memory is this long.  It does not change the sound."""

LINE = 8
"""int64 words in a cache line: what two threads write must not share one."""

GRAIN_CAPACITY = 512
"""Grains queued for each voice at most: more than four lookaheads of the shortest units."""

CONTROL_CAPACITY = 4096
EVENT_CAPACITY = 8192

EPOCHS = 256
"""Plans that may still have grains in the ring; their cut frames are kept this long."""

ACTIVE_GRAINS = 8
"""Grains of one voice that sound at once: two in a cross-fade, the rest for cuts within cuts."""

RUN_ON_SLOTS = 3
"""Copies of the audio that follows the last grain: one in use, one published, one being written."""

TAP_FRAMES = 1 << 18
"""Frames of output kept for recording: more than five seconds at 48 kHz."""

LIMITER_CEILING = np.float32(10 ** (-1 / 20))
"""Sample peak of -1 dBFS."""

ACTIVE = np.dtype(
    [
        ("start", np.int64),  # engine frame
        ("end", np.int64),  # engine frame at which what it holds ends
        ("due", np.int64),  # engine frame at which its successor is due
        ("data", np.int64),  # first frame in the arena
        ("held", np.int64),  # frames in the arena
        ("serial", np.int64),
        ("in_frames", np.int64),  # fade in, from start on
        ("out_start", np.int64),  # fade out; -1: none
        ("out_frames", np.int64),
        ("slot", np.int64),  # run-on slot read after the held frames; -1: none
        ("in_correlation", np.float32),
        ("out_correlation", np.float32),
        ("gain", np.float32),
        ("pad", np.float32),
    ]
)
"""A grain that sounds."""

VOICE = np.dtype(
    [
        ("shift", np.int64),  # engine frames less timeline frames: the sum of run-ons
        ("count", np.int64),  # active grains
        ("resting", np.int64),  # 1: silence is what was asked for
        ("starving", np.int64),  # engine frame since which it runs on; -1: it does not
        ("epoch", np.int64),  # newest epoch seen
        ("cutting", np.int64),  # 1: the first grain of that epoch has not begun
        ("muted", np.int64),  # 1: it produced NaN or infinity
        ("pad", np.int64),
    ]
)
"""What the callback knows of a voice."""

RAMP = np.dtype(
    [
        ("start", np.int64),  # engine frame
        ("frames", np.int64),
        ("origin", np.float64),
        ("target", np.float64),
    ]
)
"""A parameter on its way: a line from `origin` to `target`, a function of the absolute frame."""
