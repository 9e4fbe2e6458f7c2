"""Ctrl-C while a network is trained: what was learned so far is kept."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interruption", "interruptible"]

KEPT = {
    "train": "ending training with the best so far",
    "finish": "ending with what there is",
}
"""Stages that can be ended, and what is said then."""

STDERR = 2


class Interruption:
    """Whether Ctrl-C was pressed in the stage that runs, which then ends with what it has.

    In other stages, and the second time in one stage, Ctrl-C ends everything, as ever.

    Parameters
    ----------
    ends
        What an interrupt does in other stages.
    """

    def __init__(self, ends: signal.Handlers | int | Callable[..., object]) -> None:
        self._ends, self._stage, self._asked = ends, "", False

    def enter(self, stage: str) -> None:
        """Take note of the stage that runs; of the same one again, of nothing."""
        if stage != self._stage:
            self._stage, self._asked = stage, False
            kept = stage in KEPT and self._ends is not signal.SIG_IGN
            signal.signal(signal.SIGINT, self._ask if kept else self._ends)

    def asked(self) -> bool:
        """Say whether the stage is to end."""
        return self._asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        # Past every buffer and lock: what was interrupted may be in the middle of writing.
        os.write(STDERR, f"\n{KEPT[self._stage]}; Ctrl-C again gives up\n".encode())


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Let Ctrl-C end a stage; afterwards it does what it did before.

    Where interrupts are ignored, as in the background of a shell, they go on to be.

    Notes
    -----
    For the main thread: no other may say what a signal does.
    """
    before = signal.getsignal(signal.SIGINT)
    ends = signal.SIG_DFL if before is None else before
    try:
        yield Interruption(ends)
    finally:
        signal.signal(signal.SIGINT, ends)
