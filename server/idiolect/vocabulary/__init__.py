"""Units to tokens: standardising descriptors and clustering them.

Clock: offline; `assign` needs numpy alone and may be called from anywhere.
"""
