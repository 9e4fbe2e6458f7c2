"""What was played by hand in a session, played again: each shot where it began."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.engine.engine import Engine
from idiolect.engine.interpolation import NONE, SINC, UNIT
from idiolect.engine.layout import SHOT_CAPACITY
from idiolect.grain import SHOT
from idiolect.performance.hand import make_ledger, publish_shots, push_shots

__all__ = ["HAND_SECONDS", "Encore"]

HAND_SECONDS = 150.0
"""Of audio that an engine must have room for: twice what a live one has, and more for what is skipped.

Live, shots lie in the order in which they were asked for, and here in that in which they began."""


class Encore:
    """Hands shots to an engine when they are seen to have begun.

    Parameters
    ----------
    engine : Engine
        With `HAND_SECONDS` of room.
    audio : Mapping
        Of each bundle, by its number in the session; it may grow.
    """

    def __init__(self, engine: Engine, audio: Mapping[int, NDArray[np.float32]]) -> None:
        self._engine, self._audio = engine, audio
        self._ledger = make_ledger()
        self._kept: dict[int, NDArray[np.void]] = {}

    def keep(self, records: NDArray[np.void]) -> None:
        """Have HANDED records ready.

        Raises
        ------
        ValueError
            When they would read what is not there: nothing after this looks.
        """
        shots = np.zeros(len(records), SHOT)
        for name in records.dtype.names or ():
            shots[name] = records[name]
        for shot in shots:
            if not self._is_sound(dict(zip(SHOT.names or (), shot.item(), strict=True))):
                raise ValueError("a shot of what the bundle does not hold")
            self._kept[int(shot["serial"])] = shot.reshape(1)

    def play(self, serial: int, frame: int) -> None:
        """Let a shot begin at a frame, which is the engine's next.

        Raises
        ------
        KeyError
            When it was not kept.
        ValueError
            When there is no room.
        """
        shot = self._kept.pop(serial)
        shot["frame"] = frame
        audio = self._audio[int(shot["tongue"][0])]
        push_shots(self._ledger, self._engine.table, audio, shot, SHOT_CAPACITY)
        publish_shots(self._ledger, self._engine.table)
        if shot["serial"][0] < 0:
            raise ValueError("more shots than an engine plays at once")

    def _is_sound(self, shot: dict[str, Any]) -> bool:
        """Say whether all that a shot tells the callback is within what it may be."""
        if shot["kind"] == 1:
            return -1 <= shot["voice"] < self._engine.voices and 0 <= shot["release"] < 1 << 31
        audio = self._audio[shot["tongue"]]
        first, held = shot["first"], shot["held"]
        there = 0 <= shot["source_start"] <= first and held > 0
        there = there and first + held <= shot["source_end"] <= len(audio)
        reach = shot["offset"] + (shot["frames"] - 1) * shot["pace"]
        last = (held - 1) * UNIT
        read = 0 <= shot["offset"] <= last and 0 <= reach <= last and 0 < shot["frames"] < 1 << 31
        kind = NONE <= shot["quality"] <= SINC and shot["channels"] == audio.shape[1]
        edges = 0 <= shot["attack"] < 1 << 31 and 0 <= shot["release"] < 1 << 31
        known = shot["kind"] == 0 and 0 <= shot["voice"] < self._engine.voices
        return bool(there and read and kind and edges and known)
