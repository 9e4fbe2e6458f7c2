"""Warnings of the daemon's own log, on their way to who listens."""

import logging
from collections import deque

__all__ = ["LINES_PER_SECOND", "WarningTap"]

LINES_PER_SECOND = 5.0
_AT_ONCE = 10.0
_KEPT = 64
_LONGEST = 1000  # characters


class WarningTap(logging.Handler):
    """Keeps what is logged as a warning or worse until it is sent.

    Notes
    -----
    Any thread logs; one thread takes.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[tuple[str, str]] = deque(maxlen=_KEPT)
        self._left, self._since = _AT_ONCE, 0.0
        self._omitted = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line; of too many at once the oldest go."""
        if len(self._lines) == _KEPT:
            self._omitted += 1
        self._lines.append((record.levelname.lower(), record.getMessage()[:_LONGEST]))

    def take(self, now: float) -> list[tuple[str, str]]:
        """Take level and text of what may be sent now, and count what may not.

        Parameters
        ----------
        now : float
            Seconds, of a clock that is never set back.
        """
        self._left = min(_AT_ONCE, self._left + (now - self._since) * LINES_PER_SECOND)
        self._since = now
        lines: list[tuple[str, str]] = []
        while self._lines:
            line = self._lines.popleft()
            if self._left < 1:
                self._omitted += 1
                continue
            self._left -= 1
            if self._omitted:
                lines.append((line[0], f"({self._omitted} lines were left out)"))
                self._omitted = 0
            lines.append(line)
        return lines
