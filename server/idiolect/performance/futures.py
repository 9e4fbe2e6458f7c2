"""Futures of what is done already, and of several things together."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["all_of", "completed"]

T = TypeVar("T")


def completed(result: T) -> Future[T]:
    """Give a future that is done."""
    future: Future[T] = Future()
    future.set_result(result)
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
