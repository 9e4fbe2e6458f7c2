"""The witness: what the control thread is told of what sounds, and of the language that says it."""

import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

import numpy as np

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.scale import LOWEST, Scale
from idiolect.engine.calendar import Calendar
from idiolect.engine.engine import Engine
from idiolect.engine.layout import HOP
from idiolect.engine.meters import read_levels
from idiolect.errors import ControlError
from idiolect.parameters.table import VOICE
from idiolect.performance.knobs import SILENCE_DB
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player
from idiolect.performance.questions import NextTokens

__all__ = ["Answer", "Facts", "Levels", "Sounding", "UnitFacts", "Witness"]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitFacts:
    """A unit, in words and numbers of the world."""

    unit: int
    scale: str
    token: int
    source: str
    start: float  # seconds of the source
    duration: float  # seconds, as recorded
    x: float  # on the map
    y: float
    loudness: float  # dB
    centroid: float  # Hz; 0 where it is not known
    pitch: float  # Hz; 0 where it is not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Sounding:
    """A unit that is about to sound."""

    facts: UnitFacts
    frame: int  # engine frame of its onset
    voice: int  # from 1
    seconds: float  # as planned
    gain: float  # dB
    pan: float
    entropy: float  # bits
    natural: int
    heard_at: float | None  # Unix seconds


@dataclass(frozen=True, slots=True)
class Levels:
    """Peaks and root mean squares, linear."""

    until: int
    voices: list[tuple[float, float]]
    outputs: list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """A bundle, in words and numbers."""

    name: str
    seconds: float
    sample_rate: int
    channels: int
    descriptors: int
    scales: list[tuple[str, int, int, float]]
    sources: list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a voice is likely to say next."""

    scale: str
    tokens: list[tuple[int, float]]


class Witness:
    """Tells what sounds, and what the language is made of.

    Parameters
    ----------
    engine, planner, player
        As the performance has them.
    latency : callable
        Gives the frames from when the device takes a frame to when it is heard.

    Notes
    -----
    Control thread only.
    """

    def __init__(
        self, engine: Engine, planner: Planner, player: Player, latency: Callable[[], int]
    ) -> None:
        self.calendar = Calendar(engine)
        self._engine, self._planner = engine, planner
        self._player, self._latency = player, latency

    def watch(self) -> list[Sounding]:
        """Take what was announced since the last call, in the order it became certain."""
        self.calendar.observe()
        found: list[Sounding] = []
        announced = self._planner.announcer.announced
        while announced:
            for one in announced.popleft():
                tongue = self._planner.tongues.find(int(one["tongue"]))
                if tongue is not None:  # else it has been unloaded meanwhile, and is heard no more
                    found.append(self._sounding(tongue.bundle, one))
        return found

    def frame_at(self, seconds: float) -> int | None:
        """Give the engine frame that leaves the limiter at a time, in Unix seconds.

        That is when the device takes it, as scsynth means a time tag: what it takes until it is
        heard is not in it.  None where no device keeps time.
        """
        frame = self.calendar.frame_at(seconds)
        return None if frame is None else round(frame) - self._engine.delay_frames

    def levels(self, since: int) -> Levels:
        """Measure how loud it was from an engine frame on, in whole hops; the last 250 ms at most."""
        last = self._engine.frame // HOP
        since = max(since, last * HOP - self._engine.sample_rate // 4)
        first, heard = self._engine.heard(since)
        heard = heard[: max(0, last * HOP - first)]
        if not len(heard):
            heard = np.zeros((1, heard.shape[1]), np.float32)
        peaks = np.abs(heard).max(axis=0)
        means = np.sqrt(np.square(heard, dtype=np.float64).mean(axis=0))
        voices = read_levels(self._engine.state.meters, since // HOP, last)
        return Levels(
            max(since, last * HOP),
            [(float(peak), float(mean)) for peak, mean in voices],
            [(float(peak), float(mean)) for peak, mean in zip(peaks, means, strict=True)],
        )

    def bundle(self, voice: int) -> Facts:
        """Describe the bundle that a voice plays.

        Raises
        ------
        ControlError
            When there is no such voice.
        """
        bundle = self._bundle(voice)
        rate = bundle.sample_rate
        return Facts(
            name=bundle.name,
            seconds=len(bundle.audio) / rate,
            sample_rate=rate,
            channels=bundle.audio.shape[1],
            descriptors=len(bundle.manifest["descriptors"]),
            scales=[
                (s.name, len(s.units), s.token_count, float(s.units["length"].mean()) / rate)
                for s in bundle.scales
            ],
            sources=[(str(s["name"]), int(s["frames"]) / rate) for s in bundle.sources],
        )

    def unit(self, unit: int, scale: str | float, voice: int) -> UnitFacts:
        """Describe a unit of a scale of the bundle that a voice plays.

        Raises
        ------
        BundleError
            When there is no such scale.
        ControlError
            When it has no such unit, or there is no such voice.
        """
        bundle = self._bundle(voice)
        own = bundle.scales[bundle.scale_index(scale)]
        if not 0 <= unit < len(own.units):
            raise ControlError(
                f"no unit {unit}: scale {own.name} has {len(own.units)}, counted from 0"
            )
        return describe_unit(bundle, own, unit)

    def exemplar(self, token: int, scale: str | float, voice: int) -> tuple[UnitFacts, int]:
        """Describe the unit that speaks for a token, and count those that have it.

        Raises
        ------
        BundleError
            When there is no such scale.
        ControlError
            When it has no such token, or there is no such voice.
        """
        bundle = self._bundle(voice)
        own = bundle.scales[bundle.scale_index(scale)]
        if not 0 <= token < own.token_count:
            raise ControlError(
                f"no token {token}: scale {own.name} has {own.token_count}, counted from 0"
            )
        count = int(np.count_nonzero(own.units["token"] == token))
        return describe_unit(bundle, own, int(own.exemplars[token])), count

    def ask_next(self, voice: int, count: int) -> Future[Answer]:
        """Ask for the `count` likeliest tokens of a voice's next decision.

        Raises
        ------
        ControlError
            When there is no such voice, or too many questions wait.
        """
        self._bundle(voice)
        answer: Future[Answer] = Future()

        def pass_on(done: Future[NextTokens]) -> None:
            answer.set_result(_likeliest(done.result(), count))

        self._planner.questions.ask(voice - 1).add_done_callback(pass_on)
        return answer

    def _bundle(self, voice: int) -> Bundle:
        if not 1 <= voice <= self._engine.voices:
            raise ControlError(f"no voice {voice}: there are {self._engine.voices}, from 1")
        return self._player.bundle(voice)

    def _sounding(self, bundle: Bundle, found: np.void) -> Sounding:
        rate, voice = self._engine.sample_rate, int(found["voice"]) + 1
        frame, scale = int(found["frame"]), bundle.scales[int(found["scale"])]
        facts = describe_unit(bundle, scale, int(found["unit"]))
        if found["first"] >= 0:  # where it lies itself, beside the unit that it begins in
            into = int(found["first"] - scale.units["start"][int(found["unit"])]) / rate
            facts = replace(facts, start=facts.start + into, duration=int(found["read"]) / rate)
        return Sounding(
            facts=facts,
            frame=frame,
            voice=voice,
            seconds=int(found["frames"]) / rate,
            gain=max(SILENCE_DB, self._player.get("gain", voice) + float(found["gain"])),
            pan=VOICE["pan"].clip(self._player.get("pan", voice) + float(found["pan"])),
            entropy=float(found["entropy"]),
            natural=int(found["natural"]),
            heard_at=self.calendar.time_of(frame + self._engine.delay_frames + self._latency()),
        )


def describe_unit(bundle: Bundle, scale: Scale, unit: int) -> UnitFacts:
    """Put a unit into words and numbers of the world.

    Parameters
    ----------
    bundle, scale
        The scale is one of the bundle's.
    unit : int
        In that scale.
    """
    found, rate = scale.units[unit], bundle.sample_rate
    source = bundle.manifest["sources"][int(found["source"])]
    names = bundle.manifest["descriptors"]
    return UnitFacts(
        unit=unit,
        scale=scale.name,
        token=int(found["token"]),
        source=str(source["name"]),
        start=(int(found["start"]) - int(source["start"])) / rate,
        duration=int(found["length"]) / rate,
        x=float(scale.map[unit, 0]),
        y=float(scale.map[unit, 1]),
        loudness=_described(scale, names, unit, "loudness", SILENCE_DB),
        centroid=LOWEST * 2.0 ** _described(scale, names, unit, "centroid", -math.inf),
        pitch=LOWEST * 2.0 ** _described(scale, names, unit, "pitch", -math.inf),
    )


def _described(scale: Scale, names: list[str], unit: int, name: str, missing: float) -> float:
    """Give a descriptor as it was before it was standardised."""
    if name not in names or not scale.present[unit, names.index(name)]:
        return missing
    column = names.index(name)
    centre, spread = scale.scaler[:, column]
    return float(scale.descriptors[unit, column] * spread + centre)


def _likeliest(found: NextTokens, count: int) -> Answer:
    chances = found.probabilities
    order = np.argsort(-chances, kind="stable")[:count]
    tokens = [(int(token), float(chances[token])) for token in order if chances[token] > 0]
    return Answer(found.bundle.scales[found.scale].name, tokens)
