"""The player: the door through which the control thread plays the instrument.

Every method returns at once; what takes time is done by the planner, and answered by a future.
"""

import math
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.engine import Engine
from idiolect.errors import ControlError
from idiolect.parameters.bias import BIAS
from idiolect.parameters.slots import PACE
from idiolect.parameters.table import MASTER
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
from idiolect.performance.futures import all_of, completed
from idiolect.performance.gathering import join
from idiolect.performance.library import Library, Shelf
from idiolect.performance.plan import CONTEXT_STEPS
from idiolect.performance.planner import Planner
from idiolect.performance.repertoire import (
    Repertoire,
    inside_region,
    inside_sources,
    inside_stretch,
    restrict,
)
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
from idiolect.selection.inventory import unit_at

__all__ = ["Player"]

SILENCE_DB = -90.0
"""A gain as low as this is silence, not a very small number."""


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
        self._held: list[Change] | None = None
        self.voices = engine.voices
        self._engine = engine
        self._planner = planner
        self._started = time.monotonic()
        self.draws = 0  # random places so far, which all differ
        self._silent = False
        self._allowed: dict[int, Repertoire] = {}  # of restricted voices
        self._restrictions: dict[int, list[Any]] = {}  # what they were restricted to, as JSON
        self._values = {(0, name): p.default for name, p in MASTER.items()}
        first = planner.tongue_of(0)
        assert first.bundle is bundle
        self._library = Library(planner.tongues, first, shelf)
        self._tongues = dict.fromkeys(range(1, self.voices + 1), first)
        for voice in self._tongues:
            self._values |= {(voice, n): p.default for n, p in first.parameters.items()}

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

        The result is `Applied`, or a step that gives a future of it.
        """
        return self._library.fetch(name, lambda tongue: self._speak(voice, tongue))

    def speak_all(self, name: str) -> Future[Any]:
        """Let every voice go over to a bundle; as `speak`, with the last that does."""

        def begin(tongue: Tongue) -> Future[Applied]:
            pending = [self._speak(voice, tongue) for voice in self._tongues]
            return all_of(pending, lambda applied: max(applied, key=lambda one: one.frame))

        return self._library.fetch(name, begin)

    def speak_now(self, voice: int, name: str) -> Future[Applied]:
        """Let a voice go over to a bundle; to load it, everyone waits.

        Raises
        ------
        IdiolectError
            When it cannot be loaded.
        """
        return self._speak(voice, self._library.bring(name))

    def get(self, name: str, voice: int) -> float:
        """Value of a parameter, as it was set last."""
        return self._values.get((voice, name), BIAS.default)

    @property
    def frame(self) -> int:
        """Frames rendered so far: the engine's clock."""
        return self._engine.frame

    @property
    def lead_seconds(self) -> float:
        """How long before its frame it wants to know what is to act there."""
        return self._planner.early / self._engine.sample_rate

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let everything that is done inside act at once: of block parameters, at one frame."""
        if self._held is not None:
            yield
            return
        self._held = []
        self._engine.hold_controls()
        try:
            yield
        finally:
            held, self._held = self._held, None
            self._engine.release_controls()
            if held:
                self._planner.submit(*join(held))

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
        return self._restrictions.get(voice)

    def context(self, voice: int) -> Future[Context]:
        """Ask what a voice goes on from: the units it was given, and those that have begun since."""
        look = Look(voice - 1)
        self._submit(look)
        return look.done

    def fade(self, silent: bool, seconds: float) -> bool:
        """Take what is heard to silence, or back to what ``mute`` says; False: try again."""
        value = 1.0 if silent else self._values[0, "mute"]
        ramp = round(seconds * self._engine.sample_rate)
        faded = self._engine.push_control(0, "mute", value, ramp=ramp)
        self._silent = silent if faded else self._silent
        return faded

    def set(self, name: str, voice: int, value: float, ramp: float | None = None) -> None:
        """Turn a parameter; `value` is typed and within its range, a scale is its index.

        A block's parameter takes `ramp` seconds to it, by default its own time.

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
            self._check_scale(voice, value)
        changed = self.get(name, voice) != value
        if name == "run" and not value and self._values[voice, "freeze"]:
            self.set("freeze", voice, 0.0)  # what is held would never come to its end
        if parameter.scope == "block":
            self._set_block(name, voice, value, ramp)
            if voice and name in PACE:
                self._submit(Turn(voice - 1, name, value, self.at))
        elif name == "scale" and changed:
            self._submit(Seed(voice - 1, int(value), None, self.at))
        elif name != "scale":
            self._submit(Turn(voice - 1, name, value, self.at))
        self._values[voice, name] = value

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
        seed = int(self._values[voice, "random_seed"])
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
        self._allowed.pop(voice, None)
        self._restrictions.pop(voice, None)
        return self._send(Allow(voice - 1, None, self.at))

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
            quality=int(self._values[voice, "quality"]),
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
            running=sum(self._values[v, "run"] > 0 for v in range(1, self.voices + 1)),
            lookahead=self._planner.lookahead(),
            uptime=time.monotonic() - self._started,
            plays_refused=self._planner.hand.refused,
        )

    def _scale(self, voice: int) -> int:
        return int(self._values[voice, "scale"])

    def _draw_unit(self, voice: int, scale: int) -> int:
        self.draws += 1
        seed, inventory = int(self._values[voice, "random_seed"]), self._tongues[voice].inventory
        return pick_unit(inventory, self._allowed.get(voice), scale, seed, voice, self.draws)

    def _check_scale(self, voice: int, value: float) -> None:
        scales = self.scales_of(voice)
        if not 0 <= value < len(scales):
            raise ControlError(f"no scale {value:g}; there are {', '.join(scales)}")
        if voice in self._allowed and not self._allowed[voice].counts[int(value)]:
            raise ControlError(
                f"nothing of scale {scales[int(value)]} is allowed: send allow/all, or allow "
                "something of it"
            )

    def _speak(self, voice: int, tongue: Tongue) -> Future[Applied]:
        """Change a voice's tongue: its scale goes by name, else to the finest; all is allowed."""
        if tongue is not self._tongues[voice]:
            name = self.scales_of(voice)[self._scale(voice)]
            scale = tongue.scales.index(name) if name in tongue.scales else 0
            self._tongues[voice] = tongue
            self._values[voice, "scale"] = float(scale)
            self._allowed.pop(voice, None)
            self._restrictions.pop(voice, None)
        return self._send(Speak(voice - 1, tongue.number, self._scale(voice), self.at))

    def _seed(self, voice: int, units: NDArray[np.int64]) -> Future[Applied]:
        return self._send(Seed(voice - 1, self._scale(voice), units, self.at))

    def _allow(
        self, voice: int, inside: NDArray[np.bool_], restriction: list[Any]
    ) -> Future[Applied]:
        repertoire = restrict(self._tongues[voice].inventory, inside)
        if not repertoire.counts[self._scale(voice)]:
            raise ControlError(
                f"that would leave nothing of scale {self.scales_of(voice)[self._scale(voice)]}, in which "
                f"voice {voice} speaks: allow more, or change the scale first"
            )
        self._allowed[voice] = repertoire
        self._restrictions[voice] = restriction
        return self._send(Allow(voice - 1, repertoire, self.at))

    def _send(self, change: Seed | Cut | Allow | Speak | Play) -> Future[Applied]:
        self._submit(change)
        return change.done

    def _submit(self, change: Change) -> None:
        if self._held is None:
            self._planner.submit(change)
        else:
            self._held.append(change)

    def _set_block(self, name: str, voice: int, value: float, seconds: float | None) -> None:
        if name == "mute" and self._silent:
            return  # it is heard when the fade is over
        if name == "gain":
            value = 0.0 if value <= SILENCE_DB else 10.0 ** (value / 20.0)
        elif name in ("lowpass", "highpass"):
            value = math.log(value)
        ramp = -1 if seconds is None else round(seconds * self._engine.sample_rate)
        if not self._engine.push_control(voice, name, value, frame=self.at, ramp=ramp):
            raise ControlError("too many changes at once: the engine's queue is full; send fewer")
