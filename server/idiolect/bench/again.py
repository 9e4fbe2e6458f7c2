"""A session played again, block by block: what its blocks cost where nothing else takes the time.

Live, the processor time of a thread also holds what interrupts, and the host of a virtual machine,
took from it unseen.  What is computed is the same to the last bit when the session is rendered
again; a block that is dear then too is dear by our own doing.  They may take from a rendering as
well, but hardly twice from the same block: of two renderings the cheaper counts.
"""

import time
from array import array
from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect import sessions
from idiolect.engine.engine import Engine

__all__ = ["Costs", "play_again"]


class Costs:
    """Renders as an engine does, in blocks, and writes down what each costs.

    Parameters
    ----------
    period : int
        Frames of a block.  What a change divides counts as the one block that it was.
    """

    def __init__(self, period: int) -> None:
        self._period = period
        self._warm = False
        self._frames = self._spent = 0  # of the block that is not yet whole
        self.blocks = array("q")  # nanoseconds of each

    def render(self, engine: Engine, out: NDArray[np.float32]) -> None:
        """Fill float32[frames, channels]."""
        while len(out):
            part, out = np.split(out, [self._period - self._frames])
            begun = time.thread_time_ns()
            engine.render(part)
            self._count(len(part), time.thread_time_ns() - begun)

    def _count(self, frames: int, spent: int) -> None:
        self._frames += frames
        self._spent += spent
        if self._frames < self._period:
            return
        if self._warm:  # what is called for the first time has to be fetched from the disk
            self.blocks.append(self._spent)
        self._warm = True
        self._frames = self._spent = 0


def play_again(session: Path, bundle: Path, *, period: int) -> dict[str, object]:
    """Render a session twice, its grains as they were planned.

    Returns
    -------
    dict
        ``blocks``; ``late``, those that took more than half their period both times;
        ``cpu_longest``, microseconds of the dearest, each taken as it was cheaper.

    Raises
    ------
    ScoreError
        When the session is none, or was not played on the bundle.
    """
    (first, rate), (second, _) = (_render(session, bundle, period) for _ in range(2))
    least = np.minimum(first, second)
    return {
        "blocks": least.size,
        "late": int((least > 0.5e9 * period / rate).sum()),
        "cpu_longest": int(least.max(initial=0)) // 1000,
    }


def _render(session: Path, bundle: Path, period: int) -> tuple[NDArray[np.int64], int]:
    """Give int64[blocks], nanoseconds of each, and the rate."""
    costs = Costs(period)
    played = sessions.play(session, bundle, anew=False, render=costs.render)
    deque(played.blocks, maxlen=0)
    return np.array(costs.blocks, np.int64), played.sample_rate
