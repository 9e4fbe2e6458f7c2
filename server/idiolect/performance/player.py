"""The player: the door through which the control thread plays the instrument.

Every method returns at once; what takes time is done by the planner, and answered by a future.
"""

import math
import time
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle import Bundle
from idiolect.engine.clock import CPU_LONGEST, CPU_SUM, LATE, PERIOD
from idiolect.engine.counters import BLOCKS, CLIPPED, CUTS, CUTS_LATE, NAN, STARVED
from idiolect.engine.engine import Engine
from idiolect.errors import ControlError
from idiolect.parameters import MASTER, voice_parameters
from idiolect.performance.changes import Allow, Applied, Cut, Seed, Turn
from idiolect.performance.planner import Planner
from idiolect.performance.repertoire import (
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
from idiolect.selection.inventory import unit_at

__all__ = ["Player", "Status"]

SILENCE_DB = -90.0
"""A gain as low as this is silence, not a very small number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What ``/status`` reports; counts are since the start."""

    voices: int
    running: int
    cpu_average: float  # percent of the period, of the callback's own time
    cpu_peak: float
    sample_rate: float  # Hz
    lookahead_ms: float  # of the running voice that has least
    blocks: int
    starved: int  # times a voice had nothing planned to play
    late: int  # blocks of ours that were late
    clipped: int  # frames the limiter held down
    nan: int  # samples that were no numbers
    cuts: int
    cuts_late: int
    uptime_s: float
    frame: int


class Player:
    """Plays one bundle on one engine.

    Parameters
    ----------
    bundle, engine, planner
        Made by `app`, at one sample rate.

    Notes
    -----
    Control thread only.  Voices count from 1; voice 0 is the master.
    """

    def __init__(self, bundle: Bundle, engine: Engine, planner: Planner) -> None:
        self.bundle = bundle
        self.voices = engine.voices
        self.scales = tuple(scale.name for scale in bundle.scales)
        self.descriptors = tuple(map(str, bundle.manifest["descriptors"]))
        self._parameters = voice_parameters(self.descriptors)
        self._engine = engine
        self._planner = planner
        self._started = time.monotonic()
        self._draws = 0
        self._all = tuple(len(scale.units) for scale in bundle.scales)
        self._allowed: dict[int, tuple[int, ...]] = {}  # units in each scale, of restricted voices
        self._values = {(0, name): p.default for name, p in MASTER.items()}
        for voice in range(1, self.voices + 1):
            self._values |= {(voice, n): p.default for n, p in self._parameters.items()}

    def get(self, name: str, voice: int) -> float:
        """Value of a parameter, as it was set last."""
        return self._values[voice, name]

    def set(self, name: str, voice: int, value: float, ramp: float | None = None) -> None:
        """Turn a parameter; `value` is typed and within its range, a scale is its index.

        A block's parameter takes `ramp` seconds to it, by default its own time.

        Raises
        ------
        ControlError
            When the bundle has no such scale, or the engine takes no more changes.
        """
        parameter = self._parameters[name] if voice else MASTER[name]
        if name == "scale" and not 0 <= value < len(self.scales):
            raise ControlError(f"no scale {value:g}; there are {', '.join(self.scales)}")
        if name == "scale" and not self._allowed.get(voice, self._all)[int(value)]:
            raise ControlError(
                f"nothing of scale {self.scales[int(value)]} is allowed: send allow/all, or allow "
                "something of it"
            )
        changed = self._values[voice, name] != value
        if name == "run" and not value and self._values[voice, "freeze"]:
            self.set("freeze", voice, 0.0)  # what is held would never come to its end
        if parameter.scope == "block":
            self._set_block(name, voice, value, ramp)
        elif name == "scale" and changed:
            self._planner.submit(Seed(voice - 1, int(value), None))
        elif name != "scale":
            self._planner.submit(Turn(voice - 1, name, value))
        self._values[voice, name] = value

    def seed_tokens(self, voice: int, tokens: list[int]) -> Future[Applied]:
        """Make the context a list of tokens of the voice's scale."""
        return self._seed(voice, units_of_tokens(self.bundle, self._scale(voice), tokens))

    def seed_unit(self, voice: int, unit: int) -> Future[Applied]:
        """Go on as if a unit of the voice's scale had just sounded."""
        return self._seed(voice, units_before(self.bundle, self._scale(voice), unit))

    def seed_file(
        self, voice: int, name: str, start: float = 0.0, duration: float = math.inf
    ) -> Future[Applied]:
        """Go on as if a stretch of a source had just sounded; seconds."""
        units = units_of_file(self.bundle, self._scale(voice), name, start, duration)
        return self._seed(voice, units)

    def seed_map(
        self, voice: int, x: float, y: float, scale: str | float | None = None
    ) -> Future[Applied]:
        """Go on as if the unit nearest to a position on the map had just sounded.

        The map is that of the voice's scale, or of another one; the voice's own scale stays.
        """
        own = self._scale(voice)
        other = own if scale is None else self.bundle.scale_index(scale)
        unit = nearest_unit(self.bundle, other, x, y)
        if other != own:
            start = int(self.bundle.scales[other].units[unit]["start"])
            unit = int(unit_at(self._planner.inventory, own, start))
        return self._seed(voice, units_before(self.bundle, own, unit))

    def seed_random(self, voice: int) -> Future[Applied]:
        """Go on from a random place, drawn from the voice's random seed."""
        self._draws += 1
        seed = int(self._values[voice, "random_seed"])
        units = units_random(self.bundle, self._scale(voice), seed, voice, self._draws)
        return self._seed(voice, units)

    def seed_clear(self, voice: int) -> Future[Applied]:
        """Forget the context."""
        return self._seed(voice, units_before(self.bundle, self._scale(voice), 0)[:0])

    def allow_sources(self, voice: int, names: list[str]) -> Future[Applied]:
        """Let a voice play these sources alone: names, or parts of them."""
        return self._allow(voice, inside_sources(self.bundle, self._planner.inventory, names))

    def allow_stretch(
        self, voice: int, name: str, start: float = 0.0, duration: float = math.inf
    ) -> Future[Applied]:
        """Let a voice play a stretch of a source alone; seconds."""
        inventory = self._planner.inventory
        return self._allow(voice, inside_stretch(self.bundle, inventory, name, start, duration))

    def allow_region(self, voice: int, x: float, y: float, radius: float) -> Future[Applied]:
        """Let a voice play what lies within a circle of the map alone."""
        return self._allow(voice, inside_region(self.bundle, x, y, radius))

    def allow_all(self, voice: int) -> Future[Applied]:
        """Let a voice play everything again."""
        self._allowed.pop(voice, None)
        return self._send_allow(Allow(voice - 1, None))

    def cut(self, voice: int) -> Future[Applied]:
        """Leave what sounds at once, with a short fade."""
        change = Cut(voice - 1)
        self._planner.submit(change)
        return change.done

    def panic(self) -> None:
        """Fade every voice out; they rest."""
        for voice in range(1, self.voices + 1):
            self.set("run", voice, 0.0)

    def status(self) -> Status:
        """Read the counters."""
        counters, timing = self._engine.state.counters, self._engine.timing
        period = max(1, int(timing[PERIOD]))
        blocks = max(1, int(counters[BLOCKS]))
        return Status(
            voices=self.voices,
            running=sum(self._values[v, "run"] > 0 for v in range(1, self.voices + 1)),
            cpu_average=100.0 * int(timing[CPU_SUM]) / blocks / period,
            cpu_peak=100.0 * int(timing[CPU_LONGEST]) / period,
            sample_rate=float(self._engine.sample_rate),
            lookahead_ms=1000.0 * self._planner.lookahead(),
            blocks=int(counters[BLOCKS]),
            starved=int(counters[STARVED]),
            late=int(timing[LATE]),
            clipped=int(counters[CLIPPED]),
            nan=int(counters[NAN]),
            cuts=int(counters[CUTS]),
            cuts_late=int(counters[CUTS_LATE]),
            uptime_s=time.monotonic() - self._started,
            frame=self._engine.frame,
        )

    def _scale(self, voice: int) -> int:
        return int(self._values[voice, "scale"])

    def _seed(self, voice: int, units: NDArray[np.int64]) -> Future[Applied]:
        change = Seed(voice - 1, self._scale(voice), units)
        self._planner.submit(change)
        return change.done

    def _allow(self, voice: int, inside: NDArray[np.bool_]) -> Future[Applied]:
        repertoire = restrict(self._planner.inventory, inside)
        if not repertoire.counts[self._scale(voice)]:
            raise ControlError(
                f"that would leave nothing of scale {self.scales[self._scale(voice)]}, in which "
                f"voice {voice} speaks: allow more, or change the scale first"
            )
        self._allowed[voice] = repertoire.counts
        return self._send_allow(Allow(voice - 1, repertoire))

    def _send_allow(self, change: Allow) -> Future[Applied]:
        self._planner.submit(change)
        return change.done

    def _set_block(self, name: str, voice: int, value: float, seconds: float | None) -> None:
        if name == "gain":
            value = 0.0 if value <= SILENCE_DB else 10.0 ** (value / 20.0)
        ramp = -1 if seconds is None else round(seconds * self._engine.sample_rate)
        if not self._engine.push_control(voice, name, value, ramp=ramp):
            raise ControlError("too many changes at once: the engine's queue is full; send fewer")
