"""The journal: all that decided what was heard, written down while it is played, and played again.

Nothing here decides anything.  The planner says which changes it applied, and what it took for the
earliest frame then; its queue says which grains came of it; the callback's events say at which frame
it saw them, which parameters it turned, and which copies it ran on into.  That is all of the timing
there is in the sound: `replay` puts the same things before the same frames.

Clock: ahead.  The planner appends, a thread of the journal's own writes, once in half a second: what
a kill takes away is less than a second, and the record is whole up to there.  `replay` is offline.
"""
