"""The player: the door through which the control thread plays the instrument.

Every method returns at once; what takes time is done by the planner, and answered by a future.
"""

import math
import time
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.errors import ControlError
from idiolect.parameters.slots import PACE
from idiolect.parameters.table import MASTER, VOICE
from idiolect.performance.changes import (
    SOON,
    Allow,
    Applied,
    Change,
    Context,
    Cut,
    Hush,
    Look,
    Play,
    Seed,
    Speak,
    Turn,
)
from idiolect.performance.crossings import Crossings
from idiolect.performance.futures import all_of, cancelled, completed
from idiolect.performance.knobs import Knobs
from idiolect.performance.library import Library, Shelf
from idiolect.performance.outbox import Outbox
from idiolect.performance.plan import CONTEXT_STEPS
from idiolect.performance.planner import Planner
from idiolect.performance.repertoire import inside_region, inside_sources, inside_stretch
from idiolect.performance.restrictions import Restrictions
from idiolect.performance.seeding import (
    nearest_unit,
    units_before,
    units_of_file,
    units_of_tokens,
    units_random,
)
from idiolect.performance.shots import Wish, make_shot, pick_unit
from idiolect.performance.status import Status, read_status
from idiolect.performance.tongue import Tongue
from idiolect.performance.wishes import Wishes
from idiolect.selection.inventory import unit_at

__all__ = ["Player"]


class Player:
    """Plays bundles on one engine.

    Parameters
    ----------
    bundle, engine, planner
        Made by `app`, at one sample rate; the bundle is what all voices play at first.
    shelf : Shelf, optional
        Where other bundles come from.

    Notes
    -----
    Control thread only.  Voices count from 1; voice 0 is the master.
    """

    def __init__(
        self, bundle: Bundle, engine: Engine, planner: Planner, shelf: Shelf | None = None
    ) -> None:
        self.at = SOON  # engine frame at which what is done now acts, and what is played begins
        self.voices = engine.voices
        self._engine = engine
        self._planner = planner
        self._started = time.monotonic()
        self.draws = 0  # random places so far, which all differ
        self.wishes = Wishes()
        self._restrictions = Restrictions()
        self._crossings = Crossings()
        values = {(0, name): p.default for name, p in MASTER.items()}
        first = planner.tongue_of(0)
        assert first.bundle is bundle
        self._library = Library(planner.tongues, first, shelf)
        self._tongues = dict.fromkeys(range(1, self.voices + 1), first)
        for voice in self._tongues:
            values |= {(voice, n): p.default for n, p in first.parameters.items()}
        self._knobs = Knobs(values, engine, planner)
        self._outbox = Outbox(engine, planner)

    @property
    def descriptors(self) -> tuple[str, ...]:
        """Names of the descriptors of all bundles that are loaded."""
        return self._library.descriptors

    def bundle(self, voice: int) -> Bundle:
        """Give what a voice plays."""
        return self._tongues[voice].bundle

    def bundle_of(self, voice: int) -> str:
        """Name of the bundle that a voice plays."""
        return self._tongues[voice].bundle.name

    def scales_of(self, voice: int) -> tuple[str, ...]:
        """Names of the scales of the bundle that a voice plays, finest first."""
        return self._tongues[voice].scales

    def bundles(self) -> dict[str, bool]:
        """Name every bundle there is, and say whether it is loaded."""
        return self._library.names()

    def load(self, name: str) -> Future[Any]:
        """Load a bundle; the result, or that of the step it gives, is its name."""
        return self._library.fetch(name, lambda tongue: completed(tongue.bundle.name))

    def unload(self, name: str) -> None:
        """Let go a bundle that no voice plays.

        Raises
        ------
        ControlError
            When one does, or it is not loaded.
        """
        self._library.release(name, self._tongues.values())

    def speak(self, voice: int, name: str) -> Future[Any]:
        """Let a voice go over to a bundle, which is loaded when it is not yet.

        The result is `Applied`, or a step that gives a future of it; it is cancelled when another
        was asked for meanwhile.
        """
        return self._go_over([voice], name)

    def speak_all(self, name: str) -> Future[Any]:
        """Let every voice go over to a bundle; as `speak`, with the last that does."""
        return self._go_over(list(self._tongues), name)

    def speak_now(self, voice: int, name: str) -> Future[Applied]:
        """Let a voice go over to a bundle; to load it, everyone waits.

        Raises
        ------
        IdiolectError
            When it cannot be loaded, or another was asked for since.
        """
        if not self.wishes.claim((voice, "bundle")):
            raise ControlError("a later command took its place")
        return self._speak(voice, self._library.bring(name))

    def get(self, name: str, voice: int) -> float:
        """Value of a parameter at `at`: now, as a rule."""
        return self._knobs.get(name, voice, self.at)

    def is_moving(self, name: str, voice: int) -> bool:
        """Say whether a parameter may still be on its way to its value, at `at`."""
        return self._knobs.values.is_moving((voice, name), max(self.at, self.frame))

    def changes(self) -> list[tuple[str, int, float]]:
        """Name the parameters, whose, and what they are, that have changed since this was asked."""
        changed = self._knobs.values.changes(self.frame)
        return [(name, voice, value) for (voice, name), value in changed.items()]

    @property
    def awaits(self) -> bool:
        """Whether a parameter is to change at a frame that was ahead."""
        return self._knobs.values.awaits

    @property
    def frame(self) -> int:
        """Frames rendered so far: the engine's clock."""
        return self._engine.frame

    @property
    def lead_seconds(self) -> float:
        """How long before its frame it wants to know what is to act there."""
        return self._planner.early / self._engine.sample_rate

    def together(self) -> AbstractContextManager[None]:
        """Let everything that is done inside act at once: of block parameters, at one frame."""
        return self._outbox.together()

    def values(self, voice: int) -> dict[str, float]:
        """Value of every parameter of a voice, or of the master, 0."""
        names = self._tongues[voice].parameters if voice else MASTER
        return {name: self.get(name, voice) for name in names}

    def allowed(self, voice: int) -> list[Any] | None:
        """Say what a voice is restricted to, None when it may play everything.

        Returns
        -------
        list, optional
            ``["sources", *names]``, ``["stretch", name, start, duration]`` in seconds, the last
            None for to its end, or ``["region", x, y, radius]``.
        """
        return self._restrictions.words(voice)

    def context(self, voice: int) -> Future[Context]:
        """Ask what a voice goes on from: the units it was given, and those that have begun since."""
        look = Look(voice - 1)
        self._submit(look)
        return look.done

    def fade(self, silent: bool, seconds: float) -> bool:
        """Take what is heard to silence, or back to what ``mute`` says; False: try again."""
        return self._knobs.fade(silent, seconds)

    def set(self, name: str, voice: int, value: float, ramp: float | None = None) -> None:
        """Turn a parameter at `at`; `value` is typed and within its range, a scale is its index.

        A block's parameter takes `ramp` seconds to it, by default its own time.  What would act before
        a value that is on its way already is left out, and so is what something was asked after.

        Raises
        ------
        ControlError
            When the voice's bundle has no such scale or descriptor, or the engine takes no more
            changes.
        """
        parameter = MASTER[name] if voice == 0 else self._tongues[voice].parameters.get(name)
        if parameter is None:
            raise ControlError(
                f"{self.bundle_of(voice)}, which voice {voice} plays, has no {name}: use one it has "
                "(`idiolect inspect` lists them), or send it another bundle"
            )
        if name == "scale":
            self._restrictions.check_scale(voice, self._tongues[voice], int(value))
        at = self._about(voice) if name == "scale" else self.at
        if self._knobs.is_late(parameter, voice, at) or not self.wishes.claim((voice, name)):
            return
        changed = self._knobs.get(name, voice, at) != value
        if name == "run" and not value and self.get("freeze", voice):
            self.set("freeze", voice, 0.0)  # what is held would never come to its end
        self._knobs.turn(parameter, voice, value, at, ramp)
        if name == "scale":
            if changed:
                self._send(Seed(voice - 1, int(value), None, at))
        elif parameter.scope != "block" or (voice and name in PACE):
            self._submit(Turn(voice - 1, name, value, self.at))

    def seed_tokens(self, voice: int, tokens: list[int]) -> Future[Applied]:
        """Make the context a list of tokens of the voice's scale."""
        return self._seed(voice, units_of_tokens(self.bundle(voice), self._scale(voice), tokens))

    def seed_unit(self, voice: int, unit: int) -> Future[Applied]:
        """Go on as if a unit of the voice's scale had just sounded."""
        return self._seed(voice, units_before(self.bundle(voice), self._scale(voice), unit))

    def seed_units(self, voice: int, units: list[int]) -> Future[Applied]:
        """Make these units of the voice's scale the context.

        Raises
        ------
        ControlError
            When the scale has not all of them.
        """
        count = len(self.bundle(voice).scales[self._scale(voice)].units)
        for unit in units:
            if not 0 <= unit < count:
                raise ControlError(f"no unit {unit}: the scale has {count}, numbered from 0")
        return self._seed(voice, np.array(units[-CONTEXT_STEPS:], np.int64))

    def seed_file(
        self, voice: int, name: str, start: float = 0.0, duration: float = math.inf
    ) -> Future[Applied]:
        """Go on as if a stretch of a source had just sounded; seconds."""
        units = units_of_file(self.bundle(voice), self._scale(voice), name, start, duration)
        return self._seed(voice, units)

    def seed_map(
        self, voice: int, x: float, y: float, scale: str | float | None = None
    ) -> Future[Applied]:
        """Go on as if the unit nearest to a position on the map had just sounded.

        The map is that of the voice's scale, or of another one; the voice's own scale stays.
        """
        own, bundle = self._scale(voice), self.bundle(voice)
        other = own if scale is None else bundle.scale_index(scale)
        unit = nearest_unit(bundle, other, x, y)
        if other != own:
            start = int(bundle.scales[other].units[unit]["start"])
            unit = int(unit_at(self._tongues[voice].inventory, own, start))
        return self._seed(voice, units_before(bundle, own, unit))

    def seed_random(self, voice: int) -> Future[Applied]:
        """Go on from a random place, drawn from the voice's random seed."""
        self.draws += 1
        seed = int(self.get("random_seed", voice))
        units = units_random(self.bundle(voice), self._scale(voice), seed, voice, self.draws)
        return self._seed(voice, units)

    def seed_clear(self, voice: int) -> Future[Applied]:
        """Forget the context."""
        return self._seed(voice, units_before(self.bundle(voice), self._scale(voice), 0)[:0])

    def allow_sources(self, voice: int, names: list[str]) -> Future[Applied]:
        """Let a voice play these sources alone: names, or parts of them."""
        inside = inside_sources(self.bundle(voice), self._tongues[voice].inventory, names)
        return self._allow(voice, inside, ["sources", *names])

    def allow_stretch(
        self, voice: int, name: str, start: float = 0.0, duration: float = math.inf
    ) -> Future[Applied]:
        """Let a voice play a stretch of a source alone; seconds."""
        bundle, inventory = self.bundle(voice), self._tongues[voice].inventory
        inside = inside_stretch(bundle, inventory, name, start, duration)
        restriction = ["stretch", name, start, duration if duration < math.inf else None]
        return self._allow(voice, inside, restriction)

    def allow_region(self, voice: int, x: float, y: float, radius: float) -> Future[Applied]:
        """Let a voice play what lies within a circle of the map alone."""
        inside = inside_region(self.bundle(voice), x, y, radius)
        return self._allow(voice, inside, ["region", x, y, radius])

    def allow_all(self, voice: int) -> Future[Applied]:
        """Let a voice play everything again."""
        if not self.wishes.claim((voice, "allowed")):
            return cancelled()
        self._restrictions.lift(voice)
        return self._send(Allow(voice - 1, None, self._about(voice)))

    def play(self, voice: int, **wish: Any) -> Future[Applied]:
        """Play a stretch of a voice's bundle beside what it says, at `at`.

        Parameters
        ----------
        voice
            In whose mix it sounds, speaking or not.
        **wish
            What of, and how: the fields of `performance.shots.Wish`; without a unit, token or file
            a unit drawn from the voice's random seed, of those that it may play.

        Raises
        ------
        IdiolectError
            When there is no such voice, scale, unit, token or source.
        """
        if voice not in self._tongues:
            raise ControlError(f"no voice {voice}: there are {self.voices}, from 1")
        tongue = self._tongues[voice]
        shot = make_shot(
            tongue.bundle,
            tongue.inventory,
            Wish(**wish),
            scale=self._scale(voice),
            quality=int(self.get("quality", voice)),
            draw=partial(self._draw_unit, voice),
        )
        shot["voice"], shot["frame"], shot["tongue"] = voice - 1, self.at, tongue.number
        return self._send(Play(shot))

    def cut(self, voice: int) -> Future[Applied]:
        """Leave what sounds at once, with a short fade."""
        return self._send(Cut(voice - 1, self.at))

    def recall(self) -> None:
        """Let nothing begin that is to be played by hand at a frame ahead."""
        self._submit(Hush(sounding=False))

    def panic(self) -> None:
        """Fade every voice out, and all that is played by hand; they rest."""
        self._submit(Hush())
        for voice in range(1, self.voices + 1):
            self.set("run", voice, 0.0)

    def status(self) -> Status:
        """Read the counters."""
        return read_status(
            self._engine,
            running=sum(self._knobs.get("run", voice) > 0 for voice in self._tongues),
            lookahead=self._planner.lookahead(),
            uptime=time.monotonic() - self._started,
            plays_refused=self._planner.hand.refused,
        )

    def _about(self, voice: int) -> int:
        """Frame at which what is about a voice's bundle acts."""
        return self._crossings.within(voice, self.at, self.frame)

    def _scale(self, voice: int) -> int:
        return int(self._knobs.get("scale", voice, self._about(voice)))

    def _draw_unit(self, voice: int, scale: int) -> int:
        self.draws += 1
        seed, inventory = int(self.get("random_seed", voice)), self._tongues[voice].inventory
        allowed = self._restrictions.repertoire(voice)
        return pick_unit(inventory, allowed, scale, seed, voice, self.draws)

    def _go_over(self, voices: list[int], name: str) -> Future[Any]:
        wish = self.wishes.ask()

        def begin(tongue: Tongue) -> Future[Applied]:
            with self.wishes.obeying(wish):
                own = [voice for voice in voices if self.wishes.claim((voice, "bundle"))]
                pending = [self._speak(voice, tongue) for voice in own]
            last = partial(max, key=lambda one: one.frame)
            return all_of(pending, last) if pending else cancelled()

        return self._library.fetch(name, begin)

    def _speak(self, voice: int, tongue: Tongue) -> Future[Applied]:
        """Change a voice's tongue: its scale goes by name, else to the finest; all is allowed."""
        if tongue is not self._tongues[voice]:
            name = self.scales_of(voice)[self._scale(voice)]
            scale = tongue.scales.index(name) if name in tongue.scales else 0
            self._tongues[voice] = tongue
            self._knobs.values.replace((voice, "scale"), float(scale))
            self._restrictions.lift(voice)
        at = self._crossings.across(voice, self.at, self.frame)
        return self._send(Speak(voice - 1, tongue.number, self._scale(voice), at))

    def _seed(self, voice: int, units: NDArray[np.int64]) -> Future[Applied]:
        scale, at = VOICE["scale"], self._about(voice)
        late = self._knobs.is_late(scale, voice, at)  # it would undo another scale
        if late or not self.wishes.claim((voice, "context")):
            return cancelled()
        index = self._scale(voice)
        self._knobs.turn(scale, voice, float(index), at, None)  # whatever it is until then
        return self._send(Seed(voice - 1, index, units, at))

    def _allow(
        self, voice: int, inside: NDArray[np.bool_], restriction: list[Any]
    ) -> Future[Applied]:
        tongue, scale = self._tongues[voice], self._scale(voice)
        repertoire = self._restrictions.prepare(voice, tongue, scale, inside)
        if not self.wishes.claim((voice, "allowed")):
            return cancelled()
        self._restrictions.keep(voice, repertoire, restriction)
        return self._send(Allow(voice - 1, repertoire, self._about(voice)))

    def _send(self, change: Seed | Cut | Allow | Speak | Play) -> Future[Applied]:
        self._submit(change)
        if isinstance(change, Seed | Allow | Speak):
            crosses = isinstance(change, Speak)
            self._crossings.note(change.voice + 1, change.frame, crosses=crosses)
        return change.done

    def _submit(self, change: Change) -> None:
        self._outbox.submit(change)
