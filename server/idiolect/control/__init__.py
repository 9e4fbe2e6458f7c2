"""Steering while it plays: OSC in, OSC out.

Clock: control (one asyncio thread; I/O and allocation allowed, 100 ms at most).  Started by
``daemon``; nothing here imports the engine, the audio ways out or the performance: all it knows of
them is the `idiolect.control.door.Player` it is handed.

A packet comes in through ``udp``, ``tcp`` or ``websocket``, which hand it to ``intake``; it goes
``codec`` (bytes to messages) -> ``dispatch`` (messages to whom they speak to) through ``namespace``
(addresses to parameters and commands) -> ``steering`` (parameters to the player) through
``arguments`` (values made to fit).  ``web`` answers what is asked over HTTP, ``oscquery`` from the
same tables.  Everything that is sent leaves from the control thread, so answers keep their order.
"""

from idiolect.control.server import ControlServer

__all__ = ["ControlServer"]
