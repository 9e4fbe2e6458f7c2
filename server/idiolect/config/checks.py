"""What every setting is held against: a range, or the words there are."""

import difflib

from idiolect.errors import ConfigError

__all__ = ["among", "within"]


def within(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Refuse a number outside its range; the message names the setting and its unit."""
    if not low <= value <= high:  # also refuses nan
        raise ConfigError(
            f"{name} must be {low:.12g} to {high:.12g}{unit and ' ' + unit}, got {value}"
        )


def among(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a word that is not among those there are; the message names the nearest."""
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise ConfigError(f"{name} {value!r} is not known; {hint}")
