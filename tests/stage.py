"""An engine with a planner that is rendered by hand, for tests of what is heard."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player

Change = Callable[["Stage"], object]


@dataclass
class Stage:
    """An engine with a planner, rendered by hand."""

    bundle: Bundle
    voices: int = 1
    lookahead_seconds: float = 1.0
    channels: int = 2
    events: list[tuple[int, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rate = self.bundle.sample_rate
        self.engine = Engine(self.voices, rate, round(self.lookahead_seconds * rate), self.channels)
        self.planner = Planner(
            self.bundle, self.engine, lookahead_seconds=self.lookahead_seconds, margin_ms=10
        )
        self.planner.on_events = lambda events: self.events.extend(events.tolist())
        self.player = Player(self.bundle, self.engine, self.planner)

    def play(
        self,
        seconds: float,
        *,
        block: int = 256,
        changes: Iterable[tuple[float, Change]] = (),
        plan: bool = True,
    ) -> NDArray[np.float32]:
        """Render; each change happens before the block that holds its second."""
        rate = self.bundle.sample_rate
        waiting = [(round(at * rate), change) for at, change in changes]
        parts: list[NDArray[np.float32]] = []
        done, total = 0, round(seconds * rate)
        while done < total:
            while waiting and waiting[0][0] <= done:
                waiting.pop(0)[1](self)
            if plan:
                self.planner.advance()
            count = min(block, total - done, waiting[0][0] - done if waiting else total)
            out = np.zeros((count, self.channels), np.float32)
            self.engine.render(out)
            parts.append(out)
            done += count
        return np.concatenate(parts)

    def heard_units(self) -> list[tuple[int, int]]:
        """Engine frame and unit of every grain that began."""
        return [(event[0], event[4]) for event in self.events if event[2] == 1]
