"""An engine that is handed what a journal holds, at the frames at which it was seen."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.engine.events import CONTROLLED, PLAYED, READ_ON, SUPPLIED
from idiolect.engine.layout import EPOCHS, GRAIN_CAPACITY, LINE, RUN_ON_SLOTS
from idiolect.engine.state import ARENA_FRAMES
from idiolect.errors import ScoreError
from idiolect.grain import GRAIN
from idiolect.parameters.slots import BLOCK_SLOTS
from idiolect.performance.journal.encore import HAND_SECONDS, Encore
from idiolect.performance.journal.setting import Setting, naming
from idiolect.performance.plan import make_plan
from idiolect.performance.queueing import push_record

__all__ = ["Deck", "Render"]

Render = Callable[[Engine, NDArray[np.float32]], None]
"""Fills float32[frames, channels] with what an engine says next."""

_PIECE_FRAMES = 4096
_SILENT_SECONDS = 60  # a hundred times what passes between two times that a journal is written
_NAMES = tuple(name for name in GRAIN.names or () if name != "data")
_SLOTS = tuple(BLOCK_SLOTS)


class Deck:
    """Grains, cuts and controls wait here for their frame.

    Parameters
    ----------
    bundle : Bundle
        The session's first.
    setting : Setting
    render : callable
        Asks the engine for its frames.
    """

    def __init__(self, bundle: Bundle, setting: Setting, render: Render) -> None:
        self._render = render
        self._engine = Engine(
            setting.voices,
            setting.sample_rate,
            setting.lookahead_frames,
            setting.channels,
            hand_seconds=HAND_SECONDS,
        )
        self._engine.capacity = setting.capacity
        self._audio = {0: bundle.audio}
        self._plan = make_plan(setting.voices, setting.sample_rate)
        self._encore = Encore(self._engine, self._audio)
        self._longest = int(self._engine.table[ARENA_FRAMES]) // 2
        self._waiting: list[deque[NDArray[np.void]]] = [deque() for _ in range(setting.voices)]

    def add(self, number: int, bundle: Bundle) -> None:
        """Have another bundle's audio ready."""
        self._audio[number] = bundle.audio

    def queue(self, records: NDArray[np.void]) -> None:
        """Have PLANNED records ready.

        Raises
        ------
        ValueError
            When they would read what is not there: nothing after this looks.
        """
        first = records["frame"] - (records["onset"] - records["start"])
        held, sounds = records["held"], records["kind"] != 1
        frames = np.array([len(self._audio.get(n, ())) for n in records["tongue"].tolist()])
        there = (first >= 0) & (held >= 0) & ((first <= frames - held) | (held == 0))
        there &= (held < self._longest) & np.isin(records["channels"], (1, 2))
        if not np.all(there | ~sounds) or not np.all(self._is_voice(records["voice"])):
            raise ValueError("a grain of what the bundle does not hold")
        for record in records:
            grain = np.zeros(1, GRAIN)
            for name in _NAMES:
                grain[name] = record[name]
            self._waiting[int(record["voice"])].append(grain)

    def hand(self, records: NDArray[np.void]) -> None:
        """Have HANDED records ready."""
        self._encore.keep(records)

    def cut(self, cuts: NDArray[np.void]) -> None:
        """Have CUT records ready: none of these plans has been seen yet."""
        if not np.all(self._is_voice(cuts["voice"])):
            raise ValueError("a cut of no voice")
        places = cuts["voice"] * EPOCHS + cuts["epoch"] % EPOCHS
        self._engine.state.cuts[places] = cuts["frame"]

    def obey(self, event: np.void) -> None:
        """Do what the callback is about to see."""
        voice, kind, a, b = (int(event[name]) for name in ("voice", "kind", "a", "b"))
        with naming(f"an event at frame {event['frame']}"):
            if not (self._is_voice(voice - 1) or (voice == 0 and kind in (CONTROLLED, PLAYED))):
                raise ValueError(f"there is no voice {voice}")
            if kind == CONTROLLED:
                self._engine.push_control(voice, _SLOTS[a], float(event["value"]), ramp=b)
            elif kind == SUPPLIED:
                self._supply(voice - 1, a, b)
            elif kind == PLAYED:
                self._encore.play(a, int(event["frame"]))
            elif kind == READ_ON:
                self._lay_run_on(voice - 1, a, b)

    def render(self, until: int) -> Iterator[NDArray[np.float32]]:
        """Render up to an engine frame, in pieces.

        Raises
        ------
        ScoreError
            When that is further away than a journal is ever silent.
        """
        rate = self._engine.sample_rate
        if until - self._engine.frame > _SILENT_SECONDS * rate:
            raise ScoreError(
                f"after {self._engine.frame / rate:.3f} s nothing is told for longer than "
                f"{_SILENT_SECONDS} s: the session is damaged"
            )
        while self._engine.frame < until:
            count = min(_PIECE_FRAMES, until - self._engine.frame)
            out = np.empty((count, self._engine.channels), np.float32)
            self._render(self._engine, out)
            yield out

    def _is_voice(self, voice: Any) -> Any:
        return (voice >= 0) & (voice < len(self._waiting))

    def _supply(self, voice: int, pushed: int, epoch: int) -> None:
        """Queue a voice's grains up to a count, and make a plan the one that plays."""
        waiting, own = self._waiting[voice], self._plan.voices[voice]
        while own["pushed"] < pushed:
            if not waiting or waiting[0]["serial"][0] != own["pushed"]:
                raise ScoreError(
                    f"grain {own['pushed']} of voice {voice + 1} is missing: the session is damaged"
                )
            grain = waiting.popleft()
            audio = self._audio.get(int(grain["tongue"][0]), self._audio[0])  # a stop has none
            push_record(self._plan, self._engine.table, audio, voice, grain, 0)
        self._engine.state.epochs[voice * LINE] = epoch

    def _lay_run_on(self, voice: int, serial: int, frames: int) -> None:
        """Leave the copy that a grain goes on into."""
        state = self._engine.state
        grain = state.grains[voice, serial % GRAIN_CAPACITY]
        first = int(grain["frame"] - (grain["onset"] - grain["start"]) + grain["held"])
        used = int(state.run_on_used[voice * LINE])
        slot = next(slot for slot in range(RUN_ON_SLOTS) if not used >> slot & 1)
        state.run_on[voice, slot, :, :frames] = self._audio[int(grain["tongue"])][
            first : first + frames
        ].T
        state.run_on_lengths[voice * LINE + slot] = frames
        state.run_on_serials[voice * LINE + slot] = serial
