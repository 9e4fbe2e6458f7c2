"""A helm without time: it is told what was changed, and what was the earliest frame then."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.engine.layout import GRAIN_CAPACITY
from idiolect.errors import ScoreError
from idiolect.parameters.bias import BIAS
from idiolect.parameters.table import VOICE
from idiolect.performance.changes import Allow, Cut, Seed, Single, Speak, Timed, Together, Turn
from idiolect.performance.gathering import singly
from idiolect.performance.helm import Helm
from idiolect.performance.journal.deck import Deck
from idiolect.performance.journal.records import PLANNED, take_cuts, unpack
from idiolect.performance.journal.setting import Setting
from idiolect.performance.planning import plan_grain
from idiolect.performance.queueing import note_cut
from idiolect.performance.repertoire import restrict
from idiolect.performance.tongue import Tongue

__all__ = ["Replanner"]

_NAMES = tuple(name for name in PLANNED.names or () if name != "voice")


class Replanner(Helm):
    """Decides every grain anew, and holds it against the journal's.

    Parameters
    ----------
    bundle : Bundle
        The session's first.
    setting : Setting
    deck : Deck
        Is handed what was decided.
    """

    def __init__(self, bundle: Bundle, setting: Setting, deck: Deck) -> None:
        engine = Engine(
            setting.voices, setting.sample_rate, setting.lookahead_frames, hand_seconds=0.0
        )
        super().__init__(bundle, engine, margin=0)
        self._deck = deck
        self._told: list[Timed] = []
        self._answers: deque[int] = deque()
        self._epochs = np.zeros(setting.voices, np.int64)
        self._own = {0: 0}  # numbers of the session's bundles, as they are numbered here, ...
        self._numbers = {0: 0}  # ... and the other way round

    def add(self, number: int, bundle: Bundle) -> None:
        """Have another bundle ready to be spoken."""
        own = self.tongues.add(Tongue(bundle, self.tongues.plan)).number
        self._own[number], self._numbers[own] = own, number

    def obey(self, address: str, arguments: tuple[object, ...]) -> None:
        """Take one line of the journal."""
        if address == "/session/planned":
            self._plan_again(unpack(PLANNED, *arguments))
        elif address == "/session/apply":
            voice, earliest = arguments
            self._answers.extend(unpack(np.int64, earliest).tolist())
            self._apply_again(self._voice(voice))
        elif address == "/session/together":
            voice, count = arguments
            self._join(self._voice(voice), count)
        elif address != "/session/cuts":
            voice, *told = arguments
            self._told.append(self._read(address, self._voice(voice), *told))

    def _earliest(self, voice: int) -> int:
        return self._answers.popleft()

    def _voice(self, number: object) -> int:
        if not isinstance(number, int) or not 0 <= number < self.engine.voices:
            raise ValueError(f"there is no voice {number}")
        return number

    def _join(self, voice: int, count: object) -> None:
        """Take the last changes as one."""
        if not isinstance(count, int) or not 1 <= count <= len(self._told):
            raise ValueError(f"{count} changes, where there are {len(self._told)}")
        changes = [self._told.pop() for _ in range(count)][::-1]
        single = tuple(change for change in changes if isinstance(change, Single))
        self._told.append(Together(voice, single))

    def _tongue(self, voice: int) -> Tongue:
        """Give what a voice will speak when it has obeyed what was told."""
        moves = [change for change in self._told if isinstance(change, Speak)]
        return self.tongues[moves[-1].tongue] if moves else self.tongue_of(voice)

    def _read(self, address: str, voice: int, *told: object) -> Single:
        if address == "/session/turn":
            name, blob = told
            value, parameter = float(unpack(np.float64, blob)[0]), VOICE.get(str(name), BIAS)
            if not parameter.low <= value <= parameter.high:
                raise ValueError(f"{name} is {value:g}")
            return Turn(voice, str(name), value)
        if address == "/session/seed":
            scale, *blobs = told
            bundle = self._tongue(voice).bundle
            index = bundle.scale_index(scale)  # type: ignore[arg-type]
            units = unpack(np.int64, *blobs) if blobs else None
            count = len(bundle.scales[index].units)
            if units is not None and not np.all((units >= 0) & (units < count)):
                raise ValueError(f"a unit that is not among {count}")
            return Seed(voice, index, units)
        if address == "/session/allow":
            if not told:
                return Allow(voice, None)
            inventory = self._tongue(voice).inventory
            count = len(inventory.units)
            inside = np.unpackbits(unpack(np.uint8, *told), count=count).astype(np.bool_)
            return Allow(voice, restrict(inventory, inside))
        if address == "/session/speak":
            number, scale = told
            tongue = self.tongues[self._own[number]]  # type: ignore[index]
            return Speak(voice, tongue.number, tongue.bundle.scale_index(scale))  # type: ignore[arg-type]
        if address == "/session/cut":
            return Cut(voice)
        raise ValueError("there is no such change")

    def _apply_again(self, voice: int) -> None:
        told, self._told = self._told, []
        self.steer(voice, list(singly(told)))
        plan = self.tongues.plan
        if plan.voices["cut"][voice] >= 0:
            note_cut(plan, self.engine.table, voice)
        self._deck.cut(take_cuts(plan, self.engine.state, self._epochs))

    def _plan_again(self, records: NDArray[np.void]) -> None:
        """Plan as many grains as there are records, and hold each against its own."""
        for record in records:
            voice, serial = int(record["voice"]), int(record["serial"])
            own = self.tongues.plan.voices[voice]
            if own["pushed"] <= serial:
                skipped = int(record["step"] + own["base"] - own["steps"]) if record["first"] else 0
                heard = int(record["heard"])
                plan_grain(self.tongues.plan, self.engine.table, voice, skipped, heard)
            grain = self.engine.state.grains[voice, serial % GRAIN_CAPACITY]
            again = np.zeros(1, PLANNED)
            again["voice"] = voice
            for name in _NAMES:
                again[name] = grain[name]
            again["tongue"] = self._numbers[int(grain["tongue"])]
            if again.tobytes() != record.tobytes():
                raise ScoreError(
                    f"grain {serial} of voice {voice + 1} is not planned as it was: another machine "
                    "decides otherwise; replay the grains as they were planned, with --grains"
                )
            self._deck.queue(again)
