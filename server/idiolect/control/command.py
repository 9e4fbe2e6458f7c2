"""What a command to the daemon as a whole is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from idiolect.control.clients import Peer
from idiolect.control.codec import Argument
from idiolect.control.desk import Desk

__all__ = ["SystemCommand"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemCommand:
    """One command, obeyed at exactly its address."""

    address: str
    arguments: str  # types and names, for people
    answer: str
    doc: str
    run: Callable[[Desk, Peer, Sequence[Argument]], None]
    guarded: bool = False  # obeyed of who has shown the token, where there is one
    work: int = 1  # what it takes, as `dispatch.MAX_WORK` counts
