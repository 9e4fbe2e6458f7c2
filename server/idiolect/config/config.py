"""All settings of a run, read from the defaults, a file and the command line."""

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from idiolect.config.learning import LearnConfig, ScaleSettings, VocabularyConfig
from idiolect.config.playing import AudioConfig, ControlConfig, PerformanceConfig
from idiolect.errors import ConfigError

__all__ = ["Config", "load"]


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
