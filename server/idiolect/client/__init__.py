"""Steering a daemon from Python: one socket, no threads; `Client` waits, `AsyncClient` is awaited.

Clock: the caller's own.  It imports nothing of the rest, so it can be copied out and used alone;
python-osc is all it needs.
"""

from idiolect.client.asynchronous import AsyncClient
from idiolect.client.client import Client
from idiolect.client.conversation import DEFAULT_PORT, RefusedError
from idiolect.client.messages import Reply
from idiolect.client.parameters import Voice
from idiolect.client.told import Grain, Level, Meters

__all__ = [
    "DEFAULT_PORT",
    "AsyncClient",
    "Client",
    "Grain",
    "Level",
    "Meters",
    "RefusedError",
    "Reply",
    "Voice",
]
