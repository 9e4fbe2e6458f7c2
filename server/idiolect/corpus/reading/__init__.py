"""From files to one array of audio: found, decoded, brought to a level, laid end to end.

Clock: offline.
"""
