"""When voices go over to other bundles: what is about one bundle never acts in another."""

from idiolect.performance.changes import SOON

__all__ = ["Crossings"]


class Crossings:
    """What acts at a frame ahead and is about the bundle that a voice plays then.

    Notes
    -----
    Control thread only.  Voices count from 1; frames are the engine's, and `SOON` is now.
    """

    def __init__(self) -> None:
        self._crossed: dict[int, int] = {}  # frame at which each voice went over last
        self._latest: dict[int, int] = {}  # of that, and of what is about a bundle

    def within(self, voice: int, at: int, now: int) -> int:
        """Give the frame for what is about a voice's bundle: not before it has gone over to that."""
        return _not_before(self._crossed.get(voice, SOON), at, now)

    def across(self, voice: int, at: int, now: int) -> int:
        """Give the frame for a voice to go over: not before what is about the bundle it leaves."""
        return _not_before(self._latest.get(voice, SOON), at, now)

    def note(self, voice: int, frame: int, *, crosses: bool = False) -> None:
        """Note that a voice is told something about its bundle, or to go over to another."""
        self._latest[voice] = max(self._latest.get(voice, SOON), frame)
        if crosses:
            self._crossed[voice] = frame


def _not_before(earliest: int, at: int, now: int) -> int:
    return max(at, earliest) if earliest > now else at
