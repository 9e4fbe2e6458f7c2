"""The shape of a snapshot, checked before anything is done with it: it may be a stranger's."""

from collections.abc import Callable, Mapping
from typing import Any

from idiolect.errors import ConfigError

__all__ = ["FORMAT", "check"]

FORMAT = 2
"""Of snapshots; the first had the scale as an index among the parameters."""

_MOST = 1e18  # what numbers may be, and what whole numbers are kept exactly up to
_LONGEST = 65_536  # entries of a list


def check(snapshot: Mapping[str, Any]) -> None:
    """See whether it is a snapshot.

    Raises
    ------
    ConfigError
        When it is none, or of another format.
    """
    if snapshot.get("format") != FORMAT:
        raise ConfigError(
            f"the snapshot has format {str(snapshot.get('format'))[:32]}, and this version reads "
            f"{FORMAT}: take it again"
        )
    wrong = _wrong(snapshot, _SNAPSHOT)
    if wrong:
        raise ConfigError(f"this is no snapshot: its {wrong} is not as it should be; take it again")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST < value < _MOST


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and _is_number(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 1024


def _are_values(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


def _are_units(value: object) -> bool:
    return isinstance(value, list) and len(value) <= _LONGEST and all(map(_is_whole, value))


def _is_restriction(value: object) -> bool:
    if value is None:
        return True
    if not isinstance(value, list) or not value or len(value) > _LONGEST:
        return False
    kind, rest = value[0], value[1:]
    if kind == "sources":
        return bool(rest) and all(map(_is_name, rest))
    if kind == "stretch":
        return (
            len(rest) == 3
            and _is_name(rest[0])
            and _is_number(rest[1])
            and (rest[2] is None or _is_number(rest[2]))
        )
    return kind == "region" and len(rest) == 3 and all(map(_is_number, rest))


def _are_voices(value: object) -> bool:
    return isinstance(value, list) and not any(_wrong(voice, _VOICE) for voice in value)


def _is_part(shape: "_Shape") -> Callable[[object], bool]:
    return lambda value: not _wrong(value, shape)


_Shape = dict[str, Callable[[object], bool]]

_VOICE: _Shape = {
    "bundle": _is_part({"name": _is_name, "units": _are_units}),
    "scale": _is_name,
    "parameters": _are_values,
    "allowed": _is_restriction,
    "context": _is_part({"scale": _is_name, "units": _are_units}),
}
_SNAPSHOT: _Shape = {"draws": _is_whole, "master": _are_values, "voices": _are_voices}


def _wrong(value: object, shape: _Shape) -> str:
    """Name the first part of it that is missing or of another kind; empty when none is."""
    if not isinstance(value, Mapping):
        return "form"
    for name, is_right in shape.items():
        if name not in value or not is_right(value[name]):
            return name
    return ""
