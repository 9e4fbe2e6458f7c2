"""Units as numbers: timbre, pitch, harmony, how they begin and end, and what a user adds.

Clock: offline.
"""
