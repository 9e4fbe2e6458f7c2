"""Futures of what is done already, of several things together, and of one thing after another.

What is done on other threads goes on where the control thread lets it: a *step* is a function to be
called there, which gives the next future.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["Loading", "all_of", "cancelled", "completed", "then"]

T = TypeVar("T")


class Loading(Future[T]):
    """A future that tells on the way how far it is.

    Notes
    -----
    Any thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watchers: list[Callable[[str, float], None]] = []
        self._told: tuple[str, float] | None = None

    def watch(self, watcher: Callable[[str, float], None]) -> None:
        """Let somebody know what is done and how much of the whole that was, 0 to 1.

        It is called on whatever thread the work is done.
        """
        self._watchers.append(watcher)
        if self._told is not None:
            watcher(*self._told)

    def tell(self, what: str, share: float) -> None:
        """Say how far it is."""
        self._told = (what, share)
        for watcher in tuple(self._watchers):
            watcher(what, share)


def completed(result: T) -> Future[T]:
    """Give a future that is done."""
    future: Future[T] = Future()
    future.set_result(result)
    return future


def cancelled() -> Future[Any]:
    """Give a future of what was given up, because something was asked for after it."""
    future: Future[Any] = Future()
    future.cancel()
    return future


def all_of(pending: Sequence[Future[Any]], join: Callable[[list[Any]], T]) -> Future[T]:
    """Give one future for several, which may be completed on any threads.

    Parameters
    ----------
    pending
        All are waited for.
    join
        Makes one result of theirs; where one has failed, the whole fails as it did.
    """
    whole: Future[T] = Future()

    def wait(number: int) -> None:
        if number < len(pending):
            pending[number].add_done_callback(lambda _: wait(number + 1))
            return
        try:
            whole.set_result(join([one.result() for one in pending]))
        except Exception as error:  # handed on to who asks for the result
            whole.set_exception(error)

    wait(0)
    return whole


def _fail(error: Exception) -> Future[Any]:
    raise error


def then(
    pending: Future[Any],
    go_on: Callable[[Any], Future[Any]],
    failed: Callable[[Exception], Future[Any]] = _fail,
) -> Loading[Any]:
    """Give the future of the step that goes on when something is done, all its own steps taken.

    Parameters
    ----------
    pending
        Waited for.
    go_on
        Called on the control thread with what came of it.
    failed
        Called there with what went wrong instead.
    """
    step: Loading[Any] = Loading()

    def proceed() -> Future[Any]:
        try:
            came = pending.result(0)
            following = came() if callable(came) else None
        except Exception as error:  # handed on, as above
            return failed(error)
        return go_on(came) if following is None else then(following, go_on, failed)

    pending.add_done_callback(lambda _: step.set_result(proceed))
    if isinstance(pending, Loading):
        pending.watch(step.tell)
    return step
