"""The daemon: one process, its parts in their order, its place taken over, its watchdog fed.

Clock: control.  `app` is the composition root, `process` what the command line starts.
"""
