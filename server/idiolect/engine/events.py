"""Kinds of events that the callback reports."""

__all__ = [
    "BEGAN",
    "CONTROLLED",
    "CUT",
    "PLAYED",
    "RAN_ON",
    "READ_ON",
    "SPOILED",
    "STARVING",
    "SUPPLIED",
]

BEGAN = 1  # a grain began: a = serial, b = the unit
RAN_ON = 2  # the voice went on past its plan: a = frames it has been moved by, b = serial
CUT = 3  # a new plan took effect: a = epoch, b = frames it came late
CONTROLLED = 4  # a parameter changed: a = slot, b = frames of ramp, value
SPOILED = 5  # the voice produced NaN or infinity and is mute: a = 0
STARVING = 6  # nothing was planned: a = serial of the grain that runs on
SUPPLIED = 7  # the planner was seen to have gone on: a = grains it has queued, b = its epoch
READ_ON = 8  # a grain goes on into the copy of what followed it: a = serial, b = frames
PLAYED = 9  # a shot began: a = serial, b = its unit, -1: a hush; value = frames it came late
