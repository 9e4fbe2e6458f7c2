"""The settings, one frozen dataclass per part, with their defaults.

A flag beats the file, the file beats the default; there is nothing else that changes them, no
environment variable and no global, but for the token: a command line can be read by everyone, so
`serve` takes it from the environment.  ``configs/default.toml`` shows every key.
"""

import difflib
import itertools
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from idiolect.errors import ConfigError

__all__ = [
    "SCALES",
    "AudioConfig",
    "Config",
    "ControlConfig",
    "LearnConfig",
    "PerformanceConfig",
    "ScaleSettings",
    "VocabularyConfig",
    "check_scales",
    "load",
    "read_place",
]


def _within(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not low <= value <= high:  # also refuses nan
        raise ConfigError(
            f"{name} must be {low:.12g} to {high:.12g}{unit and ' ' + unit}, got {value}"
        )


def read_place(entry: str) -> tuple[str, int]:
    """Read where a client listens: HOST:PORT, the host a number, of IPv6 in brackets.

    Raises
    ------
    ConfigError
        When it is none.

    Examples
    --------
    >>> read_place("127.0.0.1:57120")
    ('127.0.0.1', 57120)
    """
    try:
        parts = urlsplit(f"//{entry}")
        return str(ip_address(parts.hostname or "")), int(parts.port or "")
    except ValueError:
        raise ConfigError(
            f"control.announce must be like '127.0.0.1:57120', a number and a port, got {entry!r}"
        ) from None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _among(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise ConfigError(f"{name} {value!r} is not known; {hint}")


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioConfig:
    """How sound leaves the machine."""

    output: str = "device"  # device, jack, null, or file:PATH
    device: str = ""  # part of a device's name, or "API: part"; empty: the system's choice
    channels: int = 2  # of the way out
    sample_rate: int = 0  # Hz; 0: the bundle's
    block_frames: int = 256  # frames per callback; JACK decides its own
    latency: str = "low"  # asked of the device: low, high, or seconds
    recordings: str = ""  # folder that /record/start writes into; empty: none is made

    def __post_init__(self) -> None:
        kind, colon, path = self.output.partition(":")
        if kind not in {"device", "jack", "null", "file"} or bool(colon and path) != (
            kind == "file"
        ):
            raise ConfigError(
                f"audio.output must be device, jack, null or file:PATH, got {self.output!r}"
            )
        if self.sample_rate != 0:
            _within("audio.sample_rate", self.sample_rate, 1000, 768_000, "Hz (or 0: the bundle's)")
        _within("audio.channels", self.channels, 1, 64)
        _within("audio.block_frames", self.block_frames, 16, 8192, "frames")
        if self.latency not in {"low", "high"} and not 0.0001 <= _seconds(self.latency) <= 5:
            raise ConfigError(
                "audio.latency must be low, high, or 0.0001 to 5 seconds like '0.02', "
                f"got {self.latency!r}"
            )


TIME_TAGS = ("auto", "honour", "ignore")
"""What may be done with a client's time tags."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlConfig:
    """Who may steer, and where it listens."""

    host: str = "127.0.0.1"  # address to listen on
    port: int = 57300  # for OSC, UDP and TCP; 0: any free one
    http_port: int = 0  # for OSCQuery, HTTP and WebSocket; 0: the one above port, -1: none
    allow: tuple[str, ...] = ()  # addresses or networks heard beyond loopback
    announce: tuple[str, ...] = ()  # HOST:PORT told of start and end, like "127.0.0.1:57120"
    bundles: str = ""  # folder that bundles may be loaded from; empty: that of the one served
    token: str = field(default="", repr=False)  # shown before what lasts is obeyed; empty: none
    origins: tuple[str, ...] = ()  # pages of others that may open a WebSocket
    time_tags: str = "auto"  # what time tags mean: auto, honour or ignore
    dirt: bool = False  # whether /dirt/play plays, as Tidal and Strudel send it to SuperDirt

    def __post_init__(self) -> None:
        if self.time_tags not in TIME_TAGS:
            raise ConfigError(
                f"control.time_tags must be one of {', '.join(TIME_TAGS)}, got {self.time_tags!r}"
            )
        _within("control.port", self.port, 0, 65535)
        _within("control.http_port", self.http_port, -1, 65535)
        if self.token and (len(self.token) < 8 or not self.token.isprintable()):
            raise ConfigError(  # without the value: it would stand in a log
                f"control.token must have 8 letters or more that can be printed, got {len(self.token)}"
            )
        for entry in self.allow:
            try:
                ip_network(entry, strict=False)
            except ValueError:
                raise ConfigError(
                    f"control.allow must be addresses or networks like '192.168.1.0/24', got {entry!r}"
                ) from None
        for entry in self.announce:
            read_place(entry)
        for origin in self.origins:
            if not re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", origin):
                raise ConfigError(
                    "control.origins must be like 'https://example.org' or 'http://10.0.0.5:8000', "
                    f"in lower case, without a path, got {origin!r}"
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class PerformanceConfig:
    """Who speaks, and how far ahead it is planned."""

    voices: int = 4  # voices there are
    autostart: int = 1  # voices that speak from the start
    lookahead_seconds: float = 1.0  # grains planned and queued ahead of what is heard
    margin_ms: float = 10.0  # how far ahead of now a change cuts the plan
    name: str = "idiolect"  # of the daemon, to tell several apart, and of its JACK client
    presets: str = ""  # folder of presets; empty: there are none
    state: str = ""  # file that the last state is kept in; empty: it is not
    restore: bool = False  # whether to start from it

    def __post_init__(self) -> None:
        _within("performance.voices", self.voices, 1, 16)
        _within("performance.autostart", self.autostart, 0, self.voices)
        _within("performance.lookahead_seconds", self.lookahead_seconds, 0.1, 10, "seconds")
        _within("performance.margin_ms", self.margin_ms, 1, 1000 * self.lookahead_seconds / 2, "ms")
        if not self.name or "/" in self.name or not self.name.isprintable():
            raise ConfigError(f"performance.name must be a plain name, got {self.name!r}")
        if self.restore and not self.state:
            raise ConfigError(
                "performance.restore needs a file to start from: name one as performance.state"
            )


METHODS = ("fixed", "onset", "beat", "silence", "novelty", "structure")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleSettings:
    """A level of segmentation; lengths in seconds."""

    name: str
    method: str  # one of METHODS
    length: float = 0.0  # wanted; 0: the geometric middle of shortest and longest
    shortest: float
    longest: float
    context_seconds: float = 0.0  # what the network hears of the past; 0: its whole window

    def __post_init__(self) -> None:
        key = f"scale {self.name!r}"
        if not self.name or "/" in self.name or not self.name.isprintable():
            raise ConfigError(f"{key}: name must be a plain name, like 'note'")
        _among(f"{key}: method", self.method, METHODS)
        _within(f"{key}: shortest", self.shortest, 0.005, 3600, "seconds")
        least = f"seconds (at least twice shortest, {self.shortest:g})"
        _within(f"{key}: longest", self.longest, 2 * self.shortest, 36_000, least)
        if self.length != 0:
            what = "seconds (shortest to longest, or 0: their middle)"
            _within(f"{key}: length", self.length, self.shortest, self.longest, what)
        _within(f"{key}: context_seconds", self.context_seconds, 0, 36_000, "seconds")

    @property
    def wanted(self) -> float:
        """The wanted length, seconds."""
        return self.length or math.sqrt(self.shortest * self.longest)


SCALES = (
    ScaleSettings(name="grain", method="fixed", length=0.08, shortest=0.02, longest=0.2),
    ScaleSettings(name="note", method="onset", shortest=0.06, longest=1.5),
    ScaleSettings(name="phrase", method="novelty", shortest=1.5, longest=8.0),
    ScaleSettings(name="section", method="structure", shortest=8.0, longest=60.0),
)
"""The scales there are when nothing else is said, finest first."""


def check_scales(key: str, scales: tuple[ScaleSettings, ...]) -> None:
    """Refuse lists of scales that cannot nest.

    Raises
    ------
    ConfigError
        When there is none, a name comes twice, or a scale is finer than the one before it.
    """
    if not scales:
        raise ConfigError(f"{key} must hold at least one scale, got none")
    names = [scale.name for scale in scales]
    for before, scale in itertools.pairwise(scales):
        if names.count(scale.name) > 1:
            raise ConfigError(f"{key}: name {scale.name!r} comes twice; give each its own")
        if scale.shortest < before.shortest or scale.longest < before.longest:
            raise ConfigError(
                f"{key}: {scale.name!r} ({scale.shortest:g} to {scale.longest:g} s) is finer than "
                f"{before.name!r} ({before.shortest:g} to {before.longest:g} s); list finest first"
            )


NETWORKS = ("auto", "tiny", "small", "medium", "large")
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnConfig:
    """How a corpus is learned."""

    budget_seconds: float = 45.0  # time the network may train
    seed: int = 0  # of every random choice while learning
    sample_rate: int = 48_000  # Hz of the bundle's audio
    descriptors: tuple[str, ...] = ()  # names, or groups like "mfcc"; empty: all
    silence_seconds: float = 0.0  # longer silences are cut down to that; 0: all is kept
    level_db: float = 0.0  # dBFS every source is brought to; 0: left as it is
    jobs: int = 0  # threads that analyse; 0: one for each processor
    size: str = "auto"  # of the network: auto, tiny, small, medium or large
    device: str = "auto"  # the network is trained on: cpu, cuda or mps; auto: cuda where it is
    map: str = "pca"  # how the picture of the units is laid out: pca, or umap
    scales: tuple[ScaleSettings, ...] = SCALES  # levels of segmentation, finest first

    def __post_init__(self) -> None:
        _within("learn.budget_seconds", self.budget_seconds, 0.001, 1_000_000, "seconds")
        _within("learn.seed", self.seed, 0, 2**32 - 1)
        _within("learn.sample_rate", self.sample_rate, 1000, 768_000, "Hz")
        _within("learn.silence_seconds", self.silence_seconds, 0, 3600, "seconds")
        _within("learn.level_db", self.level_db, -60, 0, "dBFS")
        _within("learn.jobs", self.jobs, 0, 1024)
        _among("learn.size", self.size, NETWORKS)
        _among("learn.device", self.device, DEVICES)
        _among("learn.map", self.map, ("pca", "umap"))
        check_scales("learn.scales", self.scales)


CLUSTERINGS = ("auto", "kmeans", "dbscan", "hdbscan", "affinity")


@dataclass(frozen=True, kw_only=True, slots=True)
class VocabularyConfig:
    """How units become tokens."""

    method: str = "auto"  # k-means of a size that is found; or one of CLUSTERINGS
    size: int = 0  # wanted tokens of every scale; 0: found from the units
    eps: float = 0.0  # radius of a neighbourhood, for dbscan and hdbscan; 0: found
    min_size: int = 0  # units in a neighbourhood, or in a cluster; 0: found
    noise: str = "nearest"  # units in no cluster: in the nearest one, or with a token of their own

    def __post_init__(self) -> None:
        _among("vocabulary.method", self.method, CLUSTERINGS)
        _within("vocabulary.size", self.size, 0, 65_536, "tokens")
        _within("vocabulary.eps", self.eps, 0, 1000)
        _within("vocabulary.min_size", self.min_size, 0, 1_000_000, "units")
        _among("vocabulary.noise", self.noise, ("nearest", "token"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Every setting of a run."""

    audio: AudioConfig = field(default_factory=AudioConfig)
    control: ControlConfig = field(default_factory=ControlConfig)
    performance: PerformanceConfig = field(default_factory=PerformanceConfig)
    learn: LearnConfig = field(default_factory=LearnConfig)
    vocabulary: VocabularyConfig = field(default_factory=VocabularyConfig)


def load(path: Path | None = None, flags: Mapping[str, object] | None = None) -> Config:
    """Read the settings of a run.

    Parameters
    ----------
    path
        A TOML file; None for the defaults alone.
    flags
        Settings given on the command line by their dotted name, like ``"audio.output"``; None as a
        value means that the flag was not given.

    Raises
    ------
    ConfigError
        When the file cannot be read, a key is unknown, or a value cannot work.

    Examples
    --------
    >>> load(flags={"performance.voices": 2}).performance.voices
    2
    """
    tables = _read(path) if path else {}
    for name, value in (flags or {}).items():
        if value is not None:
            part, _, key = name.partition(".")
            tables.setdefault(part, {})[key] = value
    kinds = get_type_hints(Config)
    _refuse_unknown("", tables, list(kinds))
    return Config(**{part: _section(kinds[part], part, tables[part]) for part in tables})


def _read(path: Path) -> dict[str, dict[str, object]]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise ConfigError(f"{path} is not TOML: {error}") from error
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name} must stand in a table, like [audio]")
    return tables


def _refuse_unknown(prefix: str, given: Mapping[str, object], known: list[str]) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"there are {', '.join(known)}"
            raise ConfigError(f"{prefix}{key} is not a setting; {hint}")


def _section(kind: type[Any], part: str, given: Mapping[str, object]) -> Any:
    _refuse_unknown(f"{part}.", given, [known.name for known in fields(kind)])
    kinds = get_type_hints(kind)
    for known in fields(kind):
        if known.name not in given and known.default is MISSING:
            raise ConfigError(f"{part}.{known.name} is missing; see configs/default.toml")
    return kind(**{key: _typed(f"{part}.{key}", kinds[key], value) for key, value in given.items()})


def _typed(name: str, kind: object, value: object) -> object:
    """Give `value` as `kind`; TOML's whole numbers are welcome where a float is wanted."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is float and number and math.isfinite(value):  # type: ignore[arg-type]
        return float(value)  # type: ignore[arg-type]
    if kind is int and number and isinstance(value, int):
        return value
    if kind in (str, bool) and isinstance(value, kind):
        return value
    texts = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if kind == tuple[str, ...] and texts:
        return tuple(value)  # type: ignore[arg-type]
    if kind == tuple[ScaleSettings, ...] and isinstance(value, list | tuple):
        tables = [item for item in value if isinstance(item, dict)]
        if len(tables) == len(value):
            return tuple(_section(ScaleSettings, name, table) for table in tables)
        raise ConfigError(f"{name} must be tables, like [[{name}]], got {value!r}")
    wanted = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}
    raise ConfigError(f"{name} must be {wanted.get(kind, 'a list of texts')}, got {value!r}")  # type: ignore[call-overload]
