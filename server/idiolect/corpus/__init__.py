"""Audio files to units, and units to descriptors.

Clock: offline.  Called by `idiolect.learning.pipeline`; nothing here needs torch or scikit-learn.
"""
