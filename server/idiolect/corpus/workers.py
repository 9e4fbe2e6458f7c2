"""Threads for the analysis: numpy, soundfile and soxr let go of the GIL where they take long."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

__all__ = ["each"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(function: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> Iterator[Result]:
    """Call a function with every item, on several threads; give the results in the items' order.

    Parameters
    ----------
    function
        Must not depend on what other calls of it do.
    items
        Taken a few ahead of the results.
    jobs
        Threads; 0 is one for each processor.

    Notes
    -----
    Linear algebra keeps to the thread that calls it meanwhile: its own threads would fight these,
    and sums over threads come in any order.
    """
    if jobs == 1:
        yield from map(function, items)
        return
    with threadpool_limits(limits=1):
        work = Parallel(n_jobs=jobs or -1, prefer="threads", return_as="generator")
        yield from work(delayed(function)(item) for item in items)
