"""A session played again: what the journal holds, put before the frames at which it was seen.

Planned anew, every grain is decided again from the changes, and must come out as it was; or the
grains are taken as they were planned, where another machine would decide otherwise.  Either way the
callback meets the same grains at the same frames, so it comes to run on where it did.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.engine.events import CONTROLLED, PLAYED, READ_ON, SUPPLIED
from idiolect.engine.layout import EPOCHS, GRAIN_CAPACITY, LINE, RUN_ON_SLOTS
from idiolect.engine.state import ARENA_FRAMES
from idiolect.errors import BundleError, ScoreError
from idiolect.grain import EVENT, GRAIN
from idiolect.parameters import BIAS, BLOCK_SLOTS, VOICE
from idiolect.performance.changes import (
    Allow,
    Cut,
    Seed,
    Single,
    Speak,
    Timed,
    Together,
    Turn,
)
from idiolect.performance.encore import HAND_SECONDS, Encore
from idiolect.performance.journal import CUT, HANDED, PLANNED, Line, take_cuts, unpack
from idiolect.performance.plan import make_plan
from idiolect.performance.planner import Planner
from idiolect.performance.planning import plan_grain
from idiolect.performance.queueing import note_cut, push_record
from idiolect.performance.repertoire import restrict
from idiolect.performance.tongue import Tongue

__all__ = ["Find", "Setting", "replay"]

Find = Callable[[str, str], Bundle]
"""Opens a bundle by its folder's name, which must have a digest, at the session's rate."""

_PIECE_FRAMES = 4096
_SILENT_SECONDS = 60  # a hundred times what passes between two times that a journal is written
_NAMES = tuple(name for name in GRAIN.names or () if name != "data")
_SLOTS = tuple(BLOCK_SLOTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What a session was played with."""

    voices: int
    sample_rate: int  # Hz
    lookahead_frames: int
    channels: int = 2  # of the way out
    capacity: int = 0  # of the engine, picoseconds a frame; 0: without limit


def replay(
    lines: Iterable[tuple[int, Line | None]],
    bundle: Bundle,
    setting: Setting,
    *,
    anew: bool,
    find: Find | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Render a session.

    Parameters
    ----------
    lines : iterable of (int, Line or None)
        What a `Journal` wrote after its head, with the engine frame of each; None where all
        before the frame is told.
    bundle : Bundle
        At the session's rate.
    setting
        As it was.
    anew : bool
        Whether every grain is planned again, or taken as it was planned.
    find : callable, optional
        Opens what else was played.

    Yields
    ------
    float32[n, channels]
        What was heard, up to the last frame of which all is told.

    Raises
    ------
    ScoreError
        When a line makes no sense, or a grain comes out otherwise than it was.
    """
    deck = _Deck(bundle, setting)
    replanner = _Replanner(bundle, setting, deck) if anew else None
    events: NDArray[np.void] = np.empty(0, EVENT)
    for frame, line in lines:
        if line is None:
            order = np.argsort(events["frame"], kind="stable")
            due = order[events["frame"][order] < frame]
            for event in events[due]:
                yield from deck.render(int(event["frame"]))
                deck.obey(event)
            yield from deck.render(frame)
            events = np.delete(events, due)
            continue
        address, arguments = line
        with _told(f"{address} at {frame / setting.sample_rate:.3f} s"):
            if address == "/session/events":
                events = np.concatenate([events, unpack(EVENT, *arguments)])
            elif address == "/session/bundle":
                number, name, digest = arguments
                if find is None:
                    raise ValueError("there is no other bundle")
                found = find(str(name), str(digest))
                deck.add(int(number), found)  # type: ignore[call-overload]
                if replanner is not None:
                    replanner.add(int(number), found)  # type: ignore[call-overload]
            elif address == "/session/handed":
                deck.hand(unpack(HANDED, *arguments))
            elif replanner is not None:
                replanner.obey(address, arguments)
            elif address == "/session/planned":
                deck.queue(unpack(PLANNED, *arguments))
            elif address == "/session/cuts":
                deck.cut(unpack(CUT, *arguments))


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Say of what makes no sense where it stands."""
    try:
        yield
    except (ValueError, TypeError, LookupError, BundleError) as error:
        raise ScoreError(
            f"{what} makes no sense ({error}): the session is damaged, or another version wrote it"
        ) from error


class _Deck:
    """An engine that is handed grains, cuts and controls at the frames they were seen at."""

    def __init__(self, bundle: Bundle, setting: Setting) -> None:
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
        with _told(f"an event at frame {event['frame']}"):
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
            self._engine.render(out)
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


class _Replanner(Planner):
    """A planner without time: it is told what was changed, and what was the earliest frame then."""

    def __init__(self, bundle: Bundle, setting: Setting, deck: _Deck) -> None:
        lookahead_seconds = setting.lookahead_frames / setting.sample_rate
        engine = Engine(
            setting.voices, setting.sample_rate, setting.lookahead_frames, hand_seconds=0.0
        )
        super().__init__(bundle, engine, lookahead_seconds=lookahead_seconds, margin_ms=0)
        self._deck = deck
        self._told: deque[Timed] = deque()
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
        told, self._told = self._told, deque()
        self._apply(voice, told)
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
