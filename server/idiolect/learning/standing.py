"""How far learning is, as it tells whoever waits."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Progress", "Stage", "Standing", "Tick"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the training of a network stands."""

    loss: float  # bits per token on what it learns from, a running mean
    held_out: float  # bits per token at the best look so far; NaN: nothing is held out
    left: float  # seconds until it ends at the latest


class Tick(Protocol):
    """Told how much of a stage is done, of how much, and how its training stands."""

    def __call__(self, done: float, total: float, standing: Standing | None = None, /) -> None:
        """Take note."""


Stage = Callable[[str], AbstractContextManager[Tick]]
"""Times a stage by its name."""

Progress = Callable[[str, float, float, Standing | None], None]
"""Told the stage, how much of it is done, of how much, and how its training stands."""
