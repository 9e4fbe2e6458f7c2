"""Steering a daemon from Python: one socket, no threads.

Clock: the caller's own.  It imports nothing of the rest, so it can be copied out and used alone;
python-osc is all it needs.
"""

from idiolect.client.client import DEFAULT_PORT, Client, RefusedError, Reply

__all__ = ["DEFAULT_PORT", "Client", "RefusedError", "Reply"]
