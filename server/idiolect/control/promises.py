"""Commands that take time: begun, told of on the way, and answered once."""

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from idiolect.control.clients import Peer
from idiolect.control.door import Gradual
from idiolect.errors import ControlError, IdiolectError

if TYPE_CHECKING:
    from idiolect.control.desk import Desk

__all__ = ["PROGRESS_S", "Promises"]

PROGRESS_S = 0.25
"""From one message about how far a command is to the next."""


@dataclass(slots=True)
class _Promise:
    """A command that is not answered yet."""

    peer: Peer
    address: str
    ticket: int
    request: tuple[int, ...]  # the client's own number, if it gave one
    tell: Callable[[Any], tuple[object, ...]]
    told_at: float = float("-inf")  # when it was last said how far it is


class Promises:
    """Answers each command by exactly one ``/done`` or ``/fail``.

    Parameters
    ----------
    desk : Desk
        Who answers.

    Notes
    -----
    Control thread only.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def make(
        self,
        peer: Peer,
        address: str,
        request: tuple[int, ...],
        begin: Callable[[], Any],
        tell: Callable[[Any], tuple[object, ...]],
    ) -> None:
        """Begin a command, as of `Desk.promise`; its answers end in the request's number."""
        try:
            ticket = self._desk.backlog.open(peer, address, request)
        except ControlError as error:
            self._desk.fail(peer, address, error, request)
            return
        self._begin(_Promise(peer, address, ticket, request, tell), begin)

    def _begin(self, promise: _Promise, begin: Callable[[], Any]) -> None:
        try:
            pending = begin()
        except Exception as error:  # the border: whatever a player raises is the sender's to know
            self._refuse(promise, error)
            return
        if isinstance(pending, Gradual):
            pending.watch(lambda *far: self._desk.defer(lambda: self._tell_progress(promise, *far)))
        pending.add_done_callback(
            lambda done: self._desk.defer(lambda: self._finish(promise, done))
        )

    def _tell_progress(self, promise: _Promise, what: str, share: float) -> None:
        """Say how far a command is, to who sent it, every now and then."""
        now = self._desk.now()
        if now - promise.told_at < PROGRESS_S:
            return
        if self._desk.backlog.is_open(promise.peer, promise.ticket):
            promise.told_at = now
            far = (promise.address, what, float(share))
            self._desk.reply(promise.peer, "/progress", *far, *promise.request)

    def _finish(self, promise: _Promise, done: Any) -> None:
        if not self._desk.backlog.is_open(promise.peer, promise.ticket):
            return
        try:
            came = done.result(0)
            if callable(came):
                self._begin(promise, came)
                return
            answer = promise.tell(came)
            self._desk.reply(promise.peer, "/done", promise.address, *answer, *promise.request)
        except CancelledError:
            self._refuse(promise, IdiolectError("a later command took its place"))
        except Exception as error:  # the border, as above
            self._refuse(promise, error)
        else:
            self._desk.backlog.close(promise.peer, promise.ticket)

    def _refuse(self, promise: _Promise, error: Exception) -> None:
        self._desk.fail(promise.peer, promise.address, error, promise.request)
        self._desk.backlog.close(promise.peer, promise.ticket)
