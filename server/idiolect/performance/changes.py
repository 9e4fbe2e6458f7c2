"""What the control thread asks of the planner."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from idiolect.performance.repertoire import Repertoire

__all__ = [
    "SOON",
    "Allow",
    "Applied",
    "Change",
    "Context",
    "Cut",
    "Hush",
    "Look",
    "Pause",
    "Play",
    "Seed",
    "Single",
    "Speak",
    "Timed",
    "Together",
    "Turn",
    "is_gathered",
]

SOON = -1
"""For the engine frame before which a change does not act: as soon as it can."""


@dataclass(frozen=True, slots=True)
class Applied:
    """When a change takes effect."""

    voice: int  # counted from 1
    frame: int  # engine frame of the decision point
    units: int  # how many units it put into the context, or allows in the voice's scale
    unit: int = -1  # the last of a seed's context, in its scale; -1: there is none
    source: str = ""  # the source it lies in
    start: float = 0.0  # where it begins there, seconds


@dataclass(frozen=True, slots=True)
class Turn:
    """A planner parameter gets a value."""

    voice: int  # counted from 0
    name: str
    value: float
    frame: int = SOON  # engine frame before which it does not act


@dataclass(frozen=True, slots=True)
class Seed:
    """A voice gets another context, and with it perhaps another scale."""

    voice: int
    scale: int
    units: NDArray[np.int64] | None  # oldest first; None: what sounds, seen in that scale
    frame: int = SOON
    done: Future[Applied] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Cut:
    """A voice leaves what it plays at once."""

    voice: int
    frame: int = SOON
    done: Future[Applied] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Allow:
    """A voice may play some units and no others."""

    voice: int
    repertoire: Repertoire | None  # None: everything
    frame: int = SOON
    done: Future[Applied] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Speak:
    """A voice goes over to another bundle, where its context is empty."""

    voice: int
    tongue: int  # its number among the planner's
    scale: int  # of that bundle
    frame: int = SOON
    done: Future[Applied] = field(default_factory=Future)


Single = Turn | Seed | Cut | Allow | Speak


@dataclass(frozen=True, slots=True)
class Together:
    """A voice obeys several changes with one cut."""

    voice: int
    changes: tuple[Single, ...]  # in their order, all for the same frame
    frame: int = SOON


@dataclass(frozen=True, slots=True)
class Play:
    """A stretch of audio is to sound beside what a voice says."""

    shot: NDArray[np.void]  # SHOT[1]
    done: Future[Applied] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Hush:
    """All that was played fades out, and what was to be played is not."""

    sounding: bool = True  # False: what has begun sounds on


@dataclass(frozen=True, slots=True)
class Context:
    """What a voice goes on from."""

    scale: int
    heard: tuple[int, ...]  # units of that scale, oldest first


@dataclass(frozen=True, slots=True)
class Look:
    """Nothing changes; it is told what a voice goes on from."""

    voice: int
    done: Future[Context] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Pause:
    """The planner thread sleeps: the tests' way to make it late."""

    seconds: float


Timed = Single | Together
Change = Timed | Play | Hush | Look | Pause


def is_gathered(change: Change) -> TypeGuard[Turn]:
    """Say whether a change may wait for others: a parameter may, what begins or ends may not."""
    return isinstance(change, Turn) and change.name != "run"
