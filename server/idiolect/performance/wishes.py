"""Which of several wishes came last: one that took its time gives way to what was asked after it."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

__all__ = ["Wishes"]


class Wishes:
    """Numbers wishes in the order in which they are asked.

    Notes
    -----
    Control thread only.
    """

    def __init__(self) -> None:
        self._asked = 0
        self._obeyed: int | None = None  # the one that is being obeyed, asked a while ago
        self._last: dict[Hashable, int] = {}  # of those that were obeyed, by what they were about

    def ask(self) -> int:
        """Number a wish that is to be obeyed later."""
        self._asked += 1
        return self._asked

    @contextmanager
    def obeying(self, wish: int) -> Iterator[None]:
        """Let what is done inside count as asked when that wish was."""
        before, self._obeyed = self._obeyed, wish
        try:
            yield
        finally:
            self._obeyed = before

    def claim(self, what: Hashable) -> bool:
        """Say whether nothing else was asked of this since; then it is this wish's."""
        wish = self._obeyed or self.ask()
        if self._last.get(what, 0) > wish:
            return False
        self._last[what] = wish
        return True
