"""Sizes, columns and records of the engine's memory."""

import numpy as np

__all__ = [
    "ACTIVE",
    "ACTIVE_GRAINS",
    "CHUNK",
    "CONTROL_CAPACITY",
    "EPOCHS",
    "EVENT_CAPACITY",
    "FAR",
    "FILTER",
    "GRAIN_CAPACITY",
    "LIMITER_CEILING",
    "HOP",
    "HOPS",
    "LINE",
    "METER",
    "RAMP",
    "RUN_ON_SLOTS",
    "SHOT_CAPACITY",
    "SUBGRAIN",
    "SUBGRAINS",
    "TAP_FRAMES",
    "VOICE",
]

FAR = 1 << 62
"""An engine frame that never comes."""

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

SUBGRAINS = 24
"""Sub-grains of one voice that sound at once: sixteen, and those of an overlap that was turned down."""

SHOT_CAPACITY = 1024
"""Shots played by hand that wait or sound at once."""

RUN_ON_SLOTS = 3
"""Copies of the audio that follows the last grain: one in use, one published, one being written."""

TAP_FRAMES = 1 << 18
"""Frames of output kept for recording: more than five seconds at 48 kHz."""

HOP = 512
"""Frames that a voice's loudness is measured over; shorter than what is sent 60 times a second."""

HOPS = 512
"""Measurements kept: more than five seconds at 48 kHz."""

LIMITER_CEILING = np.float32(10 ** (-1 / 20))
"""Sample peak of -1 dBFS."""

ACTIVE = np.dtype(
    [
        ("start", np.int64),  # engine frame
        ("end", np.int64),  # engine frame at which what it holds ends
        ("begun", np.int64),  # timeline frame at which it started
        ("due", np.int64),  # timeline frame at which its successor is due
        ("data", np.int64),  # first frame in the arena
        ("held", np.int64),  # frames in the arena
        ("serial", np.int64),
        ("in_frames", np.int64),  # fade in, from start on
        ("out_start", np.int64),  # fade out; -1: none
        ("out_frames", np.int64),
        ("slot", np.int64),  # run-on slot read after the held frames; -1: none
        ("in_correlation", np.float32),
        ("out_correlation", np.float32),
        ("gain", np.float32),  # at its start
        ("settle", np.int32),  # frames from start within which the gain glides to 1
        ("channels", np.int64),  # 1: both sides are the same
        ("seed", np.int64),  # keys of its cloud's random stream
        ("step", np.int64),
    ]
)
"""A grain that sounds."""

SUBGRAIN = np.dtype(
    [
        ("start", np.int64),  # engine frame
        ("frames", np.int64),
        ("position", np.int64),  # in the arena, where it starts to read; 32.32 fixed point
        ("pace", np.int64),  # from frame to frame; negative is backwards; 32.32 fixed point
        ("quality", np.int64),  # of `engine.interpolation`
        ("channels", np.int64),  # 1: both sides read the first
        ("serial", np.int64),  # of the grain, or shot, whose frames it reads
        ("out_start", np.int64),  # engine frame from which it is made to leave; -1: none
        ("out_frames", np.int64),
        ("attack", np.float32),  # the share of its rise that one frame is
        ("release", np.float32),
        ("left", np.float32),  # linear gains
        ("right", np.float32),
        ("level", np.float32),  # how loud it was when that was last asked
        ("voice", np.int32),  # in whose mix a shot sounds
        ("brought", np.int64),  # what its voice's grains had brought when it was born
    ]
)
"""One of the short grains of a cloud, or a shot that sounds."""

VOICE = np.dtype(
    [
        ("anchor", np.int64),  # engine frame at which its timeline stood at `timeline`
        ("timeline", np.int64),
        ("pace", np.int64),  # timeline frames a frame since then; 32.32 fixed point, 0 is frozen
        ("reading", np.float64),  # frames of audio that pass in a timeline frame
        ("count", np.int64),  # active grains
        ("resting", np.int64),  # 1: silence is what was asked for
        ("starving", np.int64),  # engine frame since which it runs on; -1: it does not
        ("epoch", np.int64),  # newest epoch seen
        ("cutting", np.int64),  # 1: the first grain of that epoch has not begun
        ("muted", np.int64),  # 1: it produced NaN or infinity
        ("restless", np.int64),  # engine frame up to which the cloud's parameters are not at rest
        ("cloud", np.int64),  # 1: units become clouds, 0: they sound as they are
        ("turned", np.int64),  # engine frame from which one gives way to the other
        ("subgrains", np.int64),  # that sound
        ("next", np.int64),  # engine frame of the next sub-grain
        ("sharp", np.int64),  # 1: it begins a unit, and keeps its attack
        ("spawned", np.int64),  # sub-grains of the unit so far
        ("pair", np.int64),  # channels it sounds on, as `out` says
        ("left_pair", np.int64),  # those it sounded on before
        ("moved", np.int64),  # engine frame from which it moves there
        ("supplied", np.int64),  # grains seen in its queue, ever
        ("brought", np.int64),  # frames of audio that the grains begun have brought, ever
    ]
)
"""What the callback knows of a voice."""

FILTER = np.dtype(
    [
        ("part", np.float32),  # it has in the sound: 0 none, 1 all
        ("warp", np.float32),  # tangent of half the cutoff's angle; 0: not known yet
        ("first", np.float32, 2),  # its two integrators, for each side
        ("second", np.float32, 2),
    ]
)
"""A filter of a voice."""

RAMP = np.dtype(
    [
        ("start", np.int64),  # engine frame
        ("frames", np.int64),
        ("origin", np.float64),
        ("target", np.float64),
    ]
)
"""A parameter on its way: a line from `origin` to `target`, a function of the absolute frame."""

METER = np.dtype(
    [
        ("hop", np.int64),  # engine frames in hops at which it began; kept until the ring is around
        ("frames", np.int64),
        ("peak", np.float64),  # linear
        ("squares", np.float64),  # of both sides, added up
    ]
)
"""How loud a voice was over a hop, behind its gain."""
