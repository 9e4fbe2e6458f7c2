"""OSC arguments made to fit: lenient in type, strict in meaning.

Any number will do for a number (``i h f d T F``), floats are rounded where whole numbers are
wanted, what is out of range is clipped; what is not a finite number, or is one too many or too
few, is refused with a text that says what is wanted.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from idiolect.control.codec import Argument
from idiolect.errors import ControlError
from idiolect.parameters.parameter import Parameter

__all__ = [
    "LONGEST_RAMP",
    "Fitted",
    "arity",
    "fit",
    "fit_norm",
    "fit_scale",
    "is_pressed",
    "number",
    "text",
    "whole",
]

LONGEST_RAMP = 3600.0  # seconds
_Number = int | float  # a bool is an int


class Fitted(NamedTuple):
    """A new value for a parameter."""

    value: float  # rounded and in its range; of a scale, its index
    ramp: float | None  # seconds; None is the parameter's own
    clipped: bool  # what was sent lay outside the range


def arity(arguments: Sequence[Argument], low: int, high: int, wanted: str) -> None:
    """Check how many arguments there are.

    Raises
    ------
    ControlError
        When there are fewer than `low` or more than `high`; the text names what is `wanted`.
    """
    if not low <= len(arguments) <= high:
        raise ControlError(f"{len(arguments)} arguments where {wanted} is wanted")


def number(argument: Argument, name: str) -> float:
    """Read a finite number.

    Raises
    ------
    ControlError
        When it is of another type, or not finite.
    """
    if not isinstance(argument, _Number):
        raise ControlError(f"{name} is {_describe(argument)}: send a number")
    if not math.isfinite(argument):
        raise ControlError(f"{name} is {argument}: send a finite number")
    return float(argument)


def whole(argument: Argument, name: str) -> int:
    """Read a whole number, floats rounded.

    Raises
    ------
    ControlError
        When it is not a finite number.
    """
    return round(number(argument, name))


def text(argument: Argument, name: str) -> str:
    """Read a string.

    Raises
    ------
    ControlError
        When it is of another type.
    """
    if not isinstance(argument, str):
        raise ControlError(f"{name} is {_describe(argument)}: send a string")
    return argument


def is_pressed(arguments: Sequence[Argument]) -> bool:
    """Read a trigger: alone, with an impulse or nil, or with a number where 0 is the button let go.

    Raises
    ------
    ControlError
        When there is more than one argument, or it is no number.
    """
    arity(arguments, 0, 1, "nothing (or 1)")
    return (
        not arguments or arguments[0] in (None, math.inf) or number(arguments[0], "a trigger") != 0
    )


def fit(parameter: Parameter, arguments: Sequence[Argument]) -> Fitted:
    """Read a parameter's new value, rounded for its kind and clipped to its range.

    Parameters
    ----------
    parameter : Parameter
        What is to be turned.
    arguments : sequence
        As they came: the value, then perhaps the seconds to take to it.

    Raises
    ------
    ControlError
        When they are not one finite number, and a ramp where one is taken.
    """
    ramp = _ramp(parameter, arguments)
    value = number(arguments[0], parameter.name)
    return Fitted(parameter.clip(value), ramp, not parameter.low <= value <= parameter.high)


def fit_norm(parameter: Parameter, arguments: Sequence[Argument]) -> Fitted:
    """Read a parameter's new place in its range, 0 to 1; the value is the one that lies there.

    Raises
    ------
    ControlError
        As of `fit`.
    """
    ramp = _ramp(parameter, arguments)
    norm = number(arguments[0], parameter.name)
    return Fitted(parameter.from_norm(norm), ramp, not 0 <= norm <= 1)


def fit_scale(parameter: Parameter, arguments: Sequence[Argument], scales: Sequence[str]) -> Fitted:
    """Read a scale: its name, or its place in `scales`, finest first, clipped to those there are.

    Raises
    ------
    ControlError
        As of `fit`, and when there is no such scale.
    """
    _ramp(parameter, arguments)
    argument = arguments[0]
    if isinstance(argument, str):
        if argument not in scales:
            names = ", ".join(scales)
            raise ControlError(
                f"no scale {argument[:64]!r}: there is {names} (or 0 to {len(scales) - 1})"
            )
        return Fitted(float(scales.index(argument)), None, False)
    index = whole(argument, parameter.name)
    fitted = min(max(index, 0), len(scales) - 1)
    return Fitted(float(fitted), None, fitted != index)


def _ramp(parameter: Parameter, arguments: Sequence[Argument]) -> float | None:
    if len(arguments) == 1:
        return None
    arity(arguments, 1, 2, "one value, then perhaps a ramp time,")
    if not parameter.is_ramped:
        where = "at once" if parameter.scope == "block" else "where the next unit is decided"
        raise ControlError(
            f"the ramp time is {_describe(arguments[1])}, but {parameter.name} takes none, since it "
            f"changes {where}: send one value"
        )
    return min(max(number(arguments[1], "the ramp time"), 0.0), LONGEST_RAMP)


def _describe(argument: Argument) -> str:
    if argument is None:
        return "nil"
    if isinstance(argument, str):
        return repr(argument[:64])
    if isinstance(argument, int | float):
        return f"the number {argument:g}"
    if isinstance(argument, bytes | list):
        return "a blob" if isinstance(argument, bytes) else "an array"
    return "a colour, MIDI or time tag"
