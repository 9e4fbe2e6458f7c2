"""The records that cross between the planner, the engine and the control thread.

All are plain numpy structured types, so that Python, numba and a memory dump see the same bytes.
Frames are absolute and counted from the start of the engine unless the field says *timeline*:
a voice's timeline is the engine's clock, moved by run-ons and slowed by stretch (`engine.timeline`).
"""

import numpy as np

__all__ = ["CONTROL", "EVENT", "GRAIN", "SHOT", "UNIT"]

UNIT = np.dtype(
    [
        ("start", np.int64),  # first frame in the bundle's audio
        ("length", np.int64),  # frames
        ("source", np.int32),  # index into the manifest's sources
        ("parent", np.int32),  # index of the containing unit of the next coarser scale, -1: none
        ("token", np.int32),  # class in the scale's vocabulary
        ("pad", np.int32),
    ]
)
"""A segment of a source file.  The units of a scale are sorted by `start` and tile each source, so
the natural successor of unit ``i`` is ``i + 1`` when both lie in the same source."""

GRAIN = np.dtype(
    [
        ("start", np.int64),  # timeline frame at which it begins to sound, its fade included
        ("onset", np.int64),  # timeline frame of the unit's own first frame
        ("length", np.int64),  # frames from start to where its successor is due
        ("data", np.int64),  # first frame in the voice's arena
        ("held", np.int64),  # frames held in the arena from `data` on: length and a short tail
        ("fade", np.int64),  # frames of cross-fade from `start` on; 0: a natural successor
        ("serial", np.int64),  # counts the voice's grains for ever
        ("frame", np.int64),  # first frame in the bundle's audio
        ("unit", np.int64),  # index in its scale; -1: silence
        ("epoch", np.int64),  # the plan it belongs to
        ("scale", np.int32),
        ("token", np.int32),
        ("kind", np.int32),  # 0: sound, 1: stop (fade out and rest)
        ("first", np.int32),  # 1: the unit begins here, 0: a later piece of a long unit
        ("correlation", np.float32),  # between what sounds and what comes, over the fade
        ("gain", np.float32),  # linear, at its start; from there it glides to 1
        ("entropy", np.float32),  # of the choice, bits
        ("channels", np.int32),  # of the bundle's audio; 1: both sides are the same
        ("seed", np.int64),  # of the voice, and
        ("step", np.int64),  # the decision that chose the unit: keys of its cloud's random stream
        ("tongue", np.int64),  # number of the bundle it is from, among the planner's
        ("settle", np.int64),  # frames from start in which the gain has come to 1
        ("heard", np.int64),  # frame at which its unit begins, as far as the plan knows, and
        ("beat", np.int64),  # 1: which is a beat that its onset is held to
    ]
)
"""A unit, or a piece of a long one, as it is played."""

SHOT = np.dtype(
    [
        ("frame", np.int64),  # engine frame of its first sample; -1: now, stamped by the callback
        ("frames", np.int64),  # for which it sounds
        ("first", np.int64),  # first frame it reads in the bundle's audio, and
        ("held", np.int64),  # how many from there on
        ("source_start", np.int64),  # frames of the bundle's audio between which its source lies:
        ("source_end", np.int64),  # beyond them is silence
        ("data", np.int64),  # where `first` lies in the arena of what is played by hand
        ("offset", np.int64),  # from there to where it begins to read; 32.32 fixed point
        ("pace", np.int64),  # from frame to frame; negative is backwards; 32.32 fixed point
        ("attack", np.int64),  # frames of rise
        ("release", np.int64),  # frames of fall, up to its end
        ("serial", np.int64),  # counts what is played by hand for ever
        ("tongue", np.int64),  # number of the bundle it is from, among the planner's
        ("unit", np.int64),  # in which it begins, in its scale
        ("scale", np.int32),
        ("token", np.int32),
        ("voice", np.int32),  # counted from 0, in whose mix it sounds; -1, of a hush: all of them
        ("quality", np.int32),  # of `engine.interpolation`
        ("channels", np.int32),  # of the bundle's audio; 1: both sides are the same
        # 0: sound, 1: hush (what was played before fades out within `release`, what waits never
        # begins), 2: only the latter
        ("kind", np.int32),
        ("left", np.float32),  # linear gains
        ("right", np.float32),
    ]
)
"""A stretch of audio played by hand."""

CONTROL = np.dtype(
    [
        ("frame", np.int64),  # frame at which it acts; -1: now, stamped by the callback
        ("voice", np.int32),  # 0: master, else 1...
        ("slot", np.int32),  # index into the block's parameters
        ("value", np.float64),
        ("ramp", np.int64),  # frames
    ]
)
"""A parameter change on its way to the block."""

EVENT = np.dtype(
    [
        ("frame", np.int64),
        ("voice", np.int32),
        ("kind", np.int32),  # engine.events
        ("a", np.int64),
        ("b", np.int64),
        ("value", np.float64),
    ]
)
"""Something the callback did and when, on its way back."""
