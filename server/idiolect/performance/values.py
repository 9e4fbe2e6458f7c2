"""Values of parameters, each from the frame on at which it acts."""

from bisect import bisect_right, insort
from collections.abc import Mapping
from operator import itemgetter

from idiolect.engine.layout import FAR
from idiolect.parameters.bias import BIAS

__all__ = ["Key", "Values"]

Key = tuple[int, str]
"""A voice, from 1, or the master, 0; and a parameter's name."""

_frame_of = itemgetter(0)


class Values:
    """What every parameter is, and what it will be.

    Parameters
    ----------
    values
        By voice and name, at the beginning.

    Notes
    -----
    Control thread only.  Frames are the engine's; `now` never goes back.
    """

    def __init__(self, values: Mapping[Key, float]) -> None:
        self._present = dict(values)
        self._ahead: dict[Key, list[tuple[int, float]]] = {}  # frame and value, in order of frames
        self._next = FAR  # the first frame of these
        self._before: dict[Key, float] = {}  # what those were that have changed
        self._rest: dict[Key, int] = {}  # from which frame on nothing that was set moves it

    @property
    def awaits(self) -> bool:
        """Whether something is to change at a frame that was ahead."""
        return bool(self._ahead)

    def get(self, key: Key, frame: int) -> float:
        """Give what a parameter is at a frame, the present one or one ahead."""
        ahead = self._ahead.get(key)
        if ahead and (count := bisect_right(ahead, frame, key=_frame_of)):
            return ahead[count - 1][1]
        return self._present.get(key, BIAS.default)

    def following(self, key: Key, frame: int) -> int:
        """Give the first frame after this one at which a parameter is set; `FAR`: none."""
        ahead = self._ahead.get(key, [])
        place = bisect_right(ahead, frame, key=_frame_of)
        return ahead[place][0] if place < len(ahead) else FAR

    def is_moving(self, key: Key, frame: int) -> bool:
        """Say whether a ramp may still be on its way at a frame."""
        return self._rest.get(key, 0) > frame

    def set(self, key: Key, value: float, frame: int, *, now: int, ramp: int = 0) -> None:
        """Note what a parameter is from a frame on; `ramp` frames later it is there."""
        self._settle(now)
        others = self._rest.get(key, 0) if key in self._ahead else 0
        self._rest[key] = max(frame + ramp, others)
        if frame <= now:
            self._change(key, value)
        else:
            insort(self._ahead.setdefault(key, []), (frame, value), key=_frame_of)
            self._next = min(self._next, frame)

    def replace(self, key: Key, value: float) -> None:
        """Note what became of a parameter by itself, whatever it was to be; this is no change."""
        self._ahead.pop(key, None)
        self._before.pop(key, None)
        self._present[key] = value

    def changes(self, now: int) -> dict[Key, float]:
        """Give what has another value than when this was asked last, in the order it came to be."""
        self._settle(now)
        before, self._before = self._before, {}
        present = self._present
        return {key: present[key] for key, value in before.items() if present[key] != value}

    def _settle(self, now: int) -> None:
        """Make what is due the present."""
        if now < self._next:
            return
        for key, ahead in list(self._ahead.items()):
            due = bisect_right(ahead, now, key=_frame_of)
            if due:
                self._change(key, ahead[due - 1][1])
                del ahead[:due]
            if not ahead:
                del self._ahead[key]
        self._next = min((ahead[0][0] for ahead in self._ahead.values()), default=FAR)

    def _change(self, key: Key, value: float) -> None:
        self._before.setdefault(key, self._present.get(key, BIAS.default))
        self._present[key] = value
