"""What the control side is told of what sounds, and of the language that says it."""

from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["Answer", "Facts", "Levels", "Sounding", "UnitFacts", "Witness"]


class UnitFacts(Protocol):
    """What is known of a unit; what it has too little of to tell is 0, of loudness -90."""

    @property
    def unit(self) -> int:
        """Its index in its scale."""

    @property
    def scale(self) -> str:
        """Name of its scale."""

    @property
    def token(self) -> int:
        """Its class."""

    @property
    def source(self) -> str:
        """The file it was cut from."""

    @property
    def start(self) -> float:
        """Where in that, seconds."""

    @property
    def duration(self) -> float:
        """Seconds, as recorded."""

    @property
    def x(self) -> float:
        """Its place on the map, -1 to 1."""

    @property
    def y(self) -> float:
        """Its place on the map, -1 to 1."""

    @property
    def loudness(self) -> float:
        """In dB, of full scale."""

    @property
    def centroid(self) -> float:
        """In Hz."""

    @property
    def pitch(self) -> float:
        """In Hz."""


class Sounding(Protocol):
    """A unit that is about to sound, whatever comes."""

    @property
    def facts(self) -> UnitFacts:
        """What it is."""

    @property
    def voice(self) -> int:
        """Who says it, from 1."""

    @property
    def seconds(self) -> float:
        """How long it will sound, as planned."""

    @property
    def gain(self) -> float:
        """The voice's, dB."""

    @property
    def pan(self) -> float:
        """The voice's."""

    @property
    def entropy(self) -> float:
        """Of the choice, bits."""

    @property
    def natural(self) -> int:
        """Whether it followed in the corpus: 1, else 0."""

    @property
    def heard_at(self) -> float | None:
        """When it is heard, Unix seconds; None where nobody can know."""


class Levels(Protocol):
    """How loud it was from one frame to another: peaks and root mean squares, linear."""

    @property
    def until(self) -> int:
        """The frame to go on from."""

    @property
    def voices(self) -> Sequence[tuple[float, float]]:
        """Peak and root mean square of each voice, behind its gain."""

    @property
    def outputs(self) -> Sequence[tuple[float, float]]:
        """Those of each channel of the output."""


class Facts(Protocol):
    """What is known of a bundle."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def seconds(self) -> float:
        """Its audio."""

    @property
    def sample_rate(self) -> int:
        """Hz, as it is played."""

    @property
    def channels(self) -> int:
        """Of its audio."""

    @property
    def descriptors(self) -> int:
        """How many numbers describe a unit."""

    @property
    def scales(self) -> Sequence[tuple[str, int, int, float]]:
        """Name, units, tokens and mean seconds of a unit; finest first."""

    @property
    def sources(self) -> Sequence[tuple[str, float]]:
        """Name and seconds."""


class Answer(Protocol):
    """What a voice is likely to say next."""

    @property
    def scale(self) -> str:
        """Name of the scale it speaks in."""

    @property
    def tokens(self) -> Sequence[tuple[int, float]]:
        """Tokens and their probabilities, likeliest first."""


class Witness(Protocol):
    """Who knows what sounds and what could; every method is called on the control thread.

    Notes
    -----
    What is asked for and not there is an `IdiolectError`, whose text goes to the sender.
    """

    def watch(self) -> Sequence[Sounding]:
        """Take what was announced since the last call, in the order it became certain."""

    def frame_at(self, seconds: float) -> int | None:
        """Give the engine's frame that is put out at a time, Unix seconds; None when unknown."""

    def levels(self, since: int) -> Levels:
        """Measure how loud it was from an engine frame on, as far as that is kept."""

    def bundle(self, voice: int) -> Facts:
        """Describe the bundle that a voice plays."""

    def unit(self, unit: int, scale: str | float, voice: int) -> UnitFacts:
        """Describe a unit of a scale of that bundle."""

    def exemplar(self, token: int, scale: str | float, voice: int) -> tuple[UnitFacts, int]:
        """Describe the unit that speaks for a token, and count those that have it."""

    def ask_next(self, voice: int, count: int) -> Any:
        """Ask for the likeliest tokens of a voice's next decision: the future of an `Answer`."""
