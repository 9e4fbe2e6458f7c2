"""The one table of what can be turned while it plays.

The engine's slots, the OSC dispatcher, ``docs/osc.md`` and the tests all read it from here.
"""
