"""What the control side needs of those who write files, recordings and snapshots, and of devices."""

from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["Devices", "Loaded", "Presets", "Recording", "Take"]


class Take(Protocol):
    """How a recording stands."""

    @property
    def name(self) -> str:
        """The file's."""

    @property
    def seconds(self) -> float:
        """What is written."""

    @property
    def lost_frames(self) -> int:
        """Frames that came too late to be written."""

    @property
    def failure(self) -> str:
        """Why it ended by itself; empty when it did not."""


class Recording(Protocol):
    """Who writes what is heard to files; every method returns at once, or fails as a player's."""

    @property
    def take(self) -> Take | None:
        """The recording that runs, or the last."""

    @property
    def running(self) -> bool:
        """Whether it records."""

    def start(self, name: str) -> Any:
        """Begin a file; the future of its `Take`."""

    def stop(self) -> Any:
        """End it; the same future."""


class Devices(Protocol):
    """Who knows the sound devices; what is returned are as a player's `Pending`."""

    def names(self) -> Any:
        """Ask which there are, in the words that choose them."""

    def open(self, name: str) -> Any:
        """Go over to one; tells its name."""


class Loaded(Protocol):
    """What became of a preset."""

    @property
    def missed(self) -> Sequence[str]:
        """What did not fit, in words."""

    @property
    def moved(self) -> Sequence[int]:
        """Voices that play another bundle."""


class Presets(Protocol):
    """Who keeps snapshots, each under a name; what is returned are as a player's `Pending`."""

    def names(self) -> Sequence[str]:
        """Name what can be loaded, in order."""

    def save(self, name: str) -> Any:
        """Write down how the instrument stands."""

    def load(self, name: str, ramp: float | None) -> Any:
        """Make the instrument what was written down; tells `Loaded`."""

    def delete(self, name: str) -> Any:
        """Forget it."""
