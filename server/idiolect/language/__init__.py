"""The language in play: reads what sounded, says what may come next.

Clock: ahead.  The planner calls it in compiled code that has released the GIL; nothing here is
called from the audio callback, and nothing imports torch.
"""
