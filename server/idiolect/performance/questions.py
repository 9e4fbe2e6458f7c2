"""What the control thread asks the planner, answered where it does not disturb planning."""

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.errors import ControlError
from idiolect.performance.steps import expect_tokens
from idiolect.performance.tongues import Tongues

__all__ = ["NextTokens", "Questions"]

_MOST = 64


@dataclass(frozen=True, slots=True)
class NextTokens:
    """What a voice is likely to say next, behind what is planned."""

    bundle: Bundle
    scale: int
    probabilities: NDArray[np.float64]  # (tokens of the scale,)


class Questions:
    """Those that wait for an answer.

    Parameters
    ----------
    tongues : Tongues
        Of the planner.

    Notes
    -----
    `ask` is for any thread, `answer_one` for the planner's.
    """

    def __init__(self, tongues: Tongues) -> None:
        self._tongues = tongues
        self._waiting: deque[tuple[int, Future[NextTokens]]] = deque()

    def ask(self, voice: int) -> Future[NextTokens]:
        """Ask what a voice, counted from 0, is likely to say next.

        Raises
        ------
        ControlError
            When too many have asked already: one is answered after each pass of planning.
        """
        if len(self._waiting) >= _MOST:
            raise ControlError(f"{_MOST} questions wait already: wait for an answer")
        answer: Future[NextTokens] = Future()
        self._waiting.append((voice, answer))
        return answer

    def answer_one(self) -> None:
        """Answer the oldest question, and no more: many of them take no time from planning."""
        if not self._waiting:
            return
        voice, answer = self._waiting.popleft()
        bundle, plan = self._tongues.of(voice).bundle, self._tongues.plan
        scale = int(plan.voices["scale"][voice])
        probabilities: NDArray[np.float64] = np.zeros(bundle.scales[scale].token_count)
        expect_tokens(plan, voice, probabilities)
        if answer.set_running_or_notify_cancel():
            answer.set_result(NextTokens(bundle, scale, probabilities))
