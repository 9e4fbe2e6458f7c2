"""What the callback counts: columns of the counters, one writer, read by ``/status``."""

__all__ = [
    "BLOCKS",
    "CLIPPED",
    "CONTROLS",
    "COUNTERS",
    "CUTS",
    "CUTS_LATE",
    "DROPPED",
    "EVENTS_LOST",
    "FRAME",
    "NAN",
    "PEAK",
    "PLAYS",
    "PLAYS_LATE",
    "STARVED",
    "STOLEN",
]

FRAME = 0  # frames rendered; published after each block
BLOCKS = 1
STARVED = 2  # times a voice had nothing planned to play
CLIPPED = 3  # frames the limiter held down
NAN = 4  # samples that were no numbers
CUTS = 5  # cuts that took effect
CUTS_LATE = 6  # of these, after their frame
DROPPED = 7  # grains that a cut replaced
EVENTS_LOST = 8  # events that found the ring full
CONTROLS = 9  # parameter changes applied
PEAK = 10  # highest output sample since the start, times 2**20
STOLEN = 11  # sub-grains that had to go because there was too much to mix
PLAYS = 12  # shots played by hand that have begun
PLAYS_LATE = 13  # of these, after their frame
COUNTERS = 16
"""How many there are room for."""
