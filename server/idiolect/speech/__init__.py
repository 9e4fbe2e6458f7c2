"""What a bundle says: how much it copies, how much it repeats itself, how sure it is of itself.

Measured on what is really decided, unit by unit, without a sound.  Clock: offline.
"""
