"""What a performance is at a moment, written and taken up again: presets, and the last state.

Clock: control.
"""
