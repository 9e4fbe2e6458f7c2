"""What the control side needs of the performance, and nothing more."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

__all__ = [
    "SOON",
    "Applied",
    "Gradual",
    "Pending",
    "Player",
    "Status",
]

SOON = -1
"""For the engine's frame at which something acts: as soon as it can."""


class Applied(Protocol):
    """How a seed or a cut was taken."""

    @property
    def voice(self) -> int:
        """The voice it was for, from 1."""

    @property
    def frame(self) -> int:
        """The engine's frame at which it is first heard."""

    @property
    def units(self) -> int:
        """How many units it put into the context, or allows in the voice's scale."""

    @property
    def unit(self) -> int:
        """The last unit of a seed's context; -1 when there is none."""

    @property
    def source(self) -> str:
        """The source that unit lies in; empty when there is none."""

    @property
    def start(self) -> float:
        """Where it begins there, in seconds."""


class Pending(Protocol):
    """The part of `concurrent.futures.Future` that is used here."""

    def add_done_callback(self, fn: Callable[[Any], object], /) -> None:
        """Call `fn` with this object once it is done, on any thread."""

    def result(self, timeout: float | None = None) -> Any:
        """Return what came of it, an `Applied`, or raise what went wrong.

        It may also be a *step*: a function that goes on, to be called on the control thread, and
        returns another such object.
        """


@runtime_checkable
class Gradual(Protocol):
    """A `Pending` that tells on the way how far it is."""

    def watch(self, watcher: Callable[[str, float], None], /) -> None:
        """Call `watcher` with what is done and what share of the whole was, on any thread."""


class Status(Protocol):
    """How the instrument is doing, counted since it started."""

    @property
    def voices(self) -> int:
        """How many voices there are."""

    @property
    def running(self) -> int:
        """How many of them speak."""

    @property
    def cpu_average(self) -> float:
        """Share of the block's time the callback used, percent."""

    @property
    def cpu_peak(self) -> float:
        """The largest such share, percent."""

    @property
    def sample_rate(self) -> float:
        """Frames per second."""

    @property
    def lookahead_ms(self) -> float:
        """How much is planned ahead of what is heard, for the voice that has least."""

    @property
    def blocks(self) -> int:
        """Blocks rendered."""

    @property
    def starved(self) -> int:
        """Times a voice had nothing left to play."""

    @property
    def late(self) -> int:
        """Blocks that took longer than their time."""

    @property
    def clipped(self) -> int:
        """Samples the limiter held at the ceiling."""

    @property
    def nan(self) -> int:
        """Samples that were not numbers and became silence."""

    @property
    def cuts(self) -> int:
        """Replanned futures that were published."""

    @property
    def cuts_late(self) -> int:
        """Those published after their frame."""

    @property
    def uptime_s(self) -> float:
        """Seconds since the start."""

    @property
    def frame(self) -> int:
        """The engine's frame now."""

    @property
    def stolen(self) -> int:
        """Sub-grains and plays that went because there was too much to mix."""

    @property
    def plays(self) -> int:
        """How much was played by hand and has begun."""

    @property
    def plays_late(self) -> int:
        """Of that, how much began after its frame."""

    @property
    def plays_refused(self) -> int:
        """How much was not played for want of room."""


class Player(Protocol):
    """The door: every method is called on the control thread and returns within 1 ms.

    Notes
    -----
    A method or a `Pending` may fail with an `IdiolectError`; its text goes to the sender.
    """

    at: int
    """The engine's frame at which what is done now acts; `SOON` by default."""

    @property
    def voices(self) -> int:
        """How many voices there are, counted from 1."""

    @property
    def frame(self) -> int:
        """The engine's frame now."""

    @property
    def lead_seconds(self) -> float:
        """How long before its frame it wants to know what is to act there."""

    def together(self) -> AbstractContextManager[None]:
        """Let everything that is done inside act at once."""

    @property
    def descriptors(self) -> tuple[str, ...]:
        """Names of the descriptors of all bundles that are loaded: each has its ``bias``."""

    def scales_of(self, voice: int) -> tuple[str, ...]:
        """Names of the scales of the bundle that a voice plays, finest first."""

    def bundle_of(self, voice: int) -> str:
        """Name of the bundle that a voice plays."""

    def bundles(self) -> dict[str, bool]:
        """Name every bundle there is, and say whether it is loaded."""

    def load(self, name: str) -> Any:
        """Load a bundle; its future, or that of the step it gives, tells its name."""

    def unload(self, name: str) -> None:
        """Let go a bundle that no voice plays."""

    def speak(self, voice: int, name: str) -> Pending:
        """Let a voice go over to a bundle, which is loaded when it is not yet."""

    def speak_all(self, name: str) -> Pending:
        """Let every voice go over to a bundle; told is the last that does."""

    def get(self, name: str, voice: int) -> float:
        """Read a parameter at `at`; voice 0 is the master, a scale is its index."""

    def changes(self) -> list[tuple[str, int, float]]:
        """Name the parameters, whose, and what they are, that have changed since this was asked."""

    @property
    def awaits(self) -> bool:
        """Whether a parameter is to change at a frame that was ahead."""

    def set(self, name: str, voice: int, value: float, ramp: float | None = None) -> None:
        """Turn a parameter; `value` is already rounded and inside its range.

        A block's parameter takes `ramp` seconds to it; None is its own time.  It is that value from
        `at` on.
        """

    def seed_tokens(self, voice: int, tokens: list[int]) -> Pending:
        """Make these tokens of the voice's scale its context."""

    def seed_unit(self, voice: int, unit: int) -> Pending:
        """Make this unit of the voice's scale, and what led to it, the context."""

    def seed_file(self, voice: int, name: str, start: float, duration: float) -> Pending:
        """Make a stretch of a source the context.

        Parameters
        ----------
        voice : int
            From 1.
        name : str
            A source's name in the bundle; looked up there, never opened as a path.
        start : float
            Seconds from the source's beginning, 0 or more.
        duration : float
            Seconds, above 0; ``inf`` means to the source's end.
        """

    def seed_map(self, voice: int, x: float, y: float, scale: str | float | None) -> Pending:
        """Make the unit nearest to a position on a scale's map, and what led to it, the context."""

    def seed_random(self, voice: int) -> Pending:
        """Make a stretch drawn from the corpus the context."""

    def seed_clear(self, voice: int) -> Pending:
        """Begin from an empty context."""

    def allow_sources(self, voice: int, names: list[str]) -> Pending:
        """Let it play these sources alone: names, or parts of names."""

    def allow_stretch(self, voice: int, name: str, start: float, duration: float) -> Pending:
        """Let it play a stretch of a source alone; seconds, as of `seed_file`."""

    def allow_region(self, voice: int, x: float, y: float, radius: float) -> Pending:
        """Let it play what lies within a circle of the map alone."""

    def allow_all(self, voice: int) -> Pending:
        """Let it play everything again."""

    def play(self, voice: int, **wish: Any) -> Pending:
        """Play a stretch of the corpus beside what a voice says: `playing.PLAY_KEYS`."""

    def cut(self, voice: int) -> Pending:
        """Leave the sounding unit now and go on with the next decision."""

    def recall(self) -> None:
        """Let nothing begin that is to be played at a frame ahead; what sounds sounds on."""

    def panic(self) -> None:
        """Fade everything out; every voice rests."""

    def status(self) -> Status:
        """Count."""
