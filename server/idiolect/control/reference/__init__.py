"""``docs/osc.md``: tables as the daemon obeys them, and the words between them.

Clock: offline; `idiolect osc` prints it.
"""
