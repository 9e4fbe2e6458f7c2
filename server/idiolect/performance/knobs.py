"""The parameters as they are turned: what each is at a frame, and what the block is told of it."""

import math

from idiolect.engine.engine import Engine
from idiolect.errors import ControlError
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.slots import PACE
from idiolect.performance.changes import SOON
from idiolect.performance.planner import Planner
from idiolect.performance.values import Key, Values

__all__ = ["SILENCE_DB", "Knobs"]

SILENCE_DB = -90.0
"""A gain as low as this is silence, not a very small number."""

_BURST_SECONDS = 0.02  # from when something is asked for to when all of its burst is handed over


class Knobs:
    """The parameters of one engine's voices.

    Parameters
    ----------
    values
        By voice and name, at the beginning.
    engine, planner
        Who acts on them.

    Notes
    -----
    Control thread only.  Frames are the engine's; `SOON` is now.
    """

    def __init__(self, values: dict[Key, float], engine: Engine, planner: Planner) -> None:
        self.values = Values(values)
        self._engine, self._planner = engine, planner
        self._silent = False

    def get(self, name: str, voice: int, at: int = SOON) -> float:
        """Value of a parameter at a frame."""
        return self.values.get((voice, name), max(at, self._engine.frame))

    def is_late(self, parameter: Parameter, voice: int, at: int) -> bool:
        """Say whether a value set for this frame comes when the one after it is on its way.

        Then it might act after that one, and for good, though it was to act before.
        """
        if not self.values.awaits:
            return False
        now = self._engine.frame
        following = self.values.following((voice, parameter.name), max(at, now))
        reach = round(_BURST_SECONDS * self._engine.sample_rate)
        if parameter.scope != "block" or parameter.name in PACE:
            return following - now <= self._planner.early + reach
        return at <= now and following - now <= self._planner.block + reach

    def turn(
        self, parameter: Parameter, voice: int, value: float, at: int, ramp: float | None
    ) -> None:
        """Note a value, and tell the block what it acts on.

        Raises
        ------
        ControlError
            When the engine takes no more changes.
        """
        seconds = parameter.ramp if ramp is None else ramp
        frames = round(seconds * self._engine.sample_rate)
        if parameter.scope == "block":
            self._push(parameter.name, voice, value, at, -1 if ramp is None else frames)
        now = self._engine.frame
        length = frames if parameter.is_ramped else 0
        self.values.set((voice, parameter.name), value, max(at, now), now=now, ramp=length)

    def fade(self, silent: bool, seconds: float) -> bool:
        """Take what is heard to silence, or back to what ``mute`` says; False: try again."""
        value = 1.0 if silent else self.get("mute", 0)
        ramp = round(seconds * self._engine.sample_rate)
        faded = self._engine.push_control(0, "mute", value, ramp=ramp)
        self._silent = silent if faded else self._silent
        return faded

    def _push(self, name: str, voice: int, value: float, at: int, ramp: int) -> None:
        if name == "mute" and self._silent:
            return  # it is heard when the fade is over
        if name == "gain":
            value = 0.0 if value <= SILENCE_DB else 10.0 ** (value / 20.0)
        elif name in ("lowpass", "highpass"):
            value = math.log(value)
        if not self._engine.push_control(voice, name, value, frame=at, ramp=ramp):
            raise ControlError("too many changes at once: the engine's queue is full; send fewer")
