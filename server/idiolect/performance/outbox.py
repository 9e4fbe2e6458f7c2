"""What the planner is asked, one by one or together."""

from collections.abc import Iterator
from contextlib import contextmanager

from idiolect.engine.engine import Engine
from idiolect.performance.changes import Change
from idiolect.performance.gathering import join
from idiolect.performance.planner import Planner

__all__ = ["Outbox"]


class Outbox:
    """Hands changes over to the planner of an engine.

    Notes
    -----
    Control thread only.
    """

    def __init__(self, engine: Engine, planner: Planner) -> None:
        self._engine, self._planner = engine, planner
        self._held: list[Change] | None = None

    def submit(self, change: Change) -> None:
        """Hand a change over, or keep it with what belongs together."""
        if self._held is None:
            self._planner.submit(change)
        else:
            self._held.append(change)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let everything that is asked inside be seen at once, what the block is told too."""
        if self._held is not None:
            yield
            return
        self._held = []
        self._engine.hold_controls()
        try:
            yield
        finally:
            held, self._held = self._held, None
            self._engine.release_controls()
            if held:
                self._planner.submit(*join(held))
