"""The performance: language and selection turned into grains, ahead of time.

Clock: ahead.  The planner thread keeps every voice's queue a lookahead long.  Each pass is one
compiled call that has released the GIL; Python only carries changes in.
"""
