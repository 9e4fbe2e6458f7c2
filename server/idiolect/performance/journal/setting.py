"""What a session was played with, and words for what makes no sense in one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from idiolect.errors import BundleError, ScoreError

__all__ = ["Setting", "naming"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What a session was played with."""

    voices: int
    sample_rate: int  # Hz
    lookahead_frames: int
    channels: int = 2  # of the way out
    capacity: int = 0  # of the engine, picoseconds a frame; 0: without limit


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Say of what makes no sense where it stands."""
    try:
        yield
    except (ValueError, TypeError, LookupError, BundleError) as error:
        raise ScoreError(
            f"{what} makes no sense ({error}): the session is damaged, or another version wrote it"
        ) from error
