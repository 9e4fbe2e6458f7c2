"""What a voice can be told to do, beside being turned.

Each command reads its arguments once and returns what to do with every voice it is for, so a
mistake is answered once, whether one voice was spoken to or all.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from idiolect.control.arguments import arity, is_pressed, number, text, whole
from idiolect.control.codec import Argument
from idiolect.control.door import Pending, Player
from idiolect.errors import ControlError

__all__ = ["VOICE_COMMANDS", "Act", "VoiceCommand"]

Act = Callable[[Player, int], Pending]
"""Told the player and the voice, begins, and returns what will come of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VoiceCommand:
    """One command of ``/voice/{n}/``; asynchronous: it answers ``/done`` or ``/fail``."""

    path: str  # below the voice
    arguments: str  # types and names, for people
    doc: str
    read: Callable[[Sequence[Argument]], Act | None]  # None: a trigger let go, nothing to do


def seed_tokens(arguments: Sequence[Argument]) -> Act:
    """Read tokens, given one by one or as an array."""
    given = arguments
    if len(arguments) == 1 and isinstance(arguments[0], list):
        given = arguments[0]
    if not given:
        raise ControlError("no tokens: send one or more (seed/clear empties the context)")
    tokens = [whole(argument, "a token") for argument in given]
    return lambda player, voice: player.seed_tokens(voice, tokens)


def seed_unit(arguments: Sequence[Argument]) -> Act:
    """Read a unit's number."""
    arity(arguments, 1, 1, "one unit")
    unit = whole(arguments[0], "a unit")
    return lambda player, voice: player.seed_unit(voice, unit)


def seed_file(arguments: Sequence[Argument]) -> Act:
    """Read a source's name and a stretch of it."""
    arity(arguments, 1, 3, "a source's name, then a start and a duration in seconds,")
    name = text(arguments[0], "a source")
    start = number(arguments[1], "start") if len(arguments) > 1 else 0.0
    duration = number(arguments[2], "duration") if len(arguments) > 2 else math.inf
    if start < 0:
        raise ControlError(f"start is {start:g} s: send 0 or more")
    if duration <= 0:
        raise ControlError(f"duration is {duration:g} s: send more than 0, or leave it out")
    return lambda player, voice: player.seed_file(voice, name, start, duration)


def seed_random(arguments: Sequence[Argument]) -> Act | None:
    """Read a trigger."""
    return (lambda player, voice: player.seed_random(voice)) if is_pressed(arguments) else None


def seed_clear(arguments: Sequence[Argument]) -> Act | None:
    """Read a trigger."""
    return (lambda player, voice: player.seed_clear(voice)) if is_pressed(arguments) else None


def cut(arguments: Sequence[Argument]) -> Act | None:
    """Read a trigger."""
    return (lambda player, voice: player.cut(voice)) if is_pressed(arguments) else None


VOICE_COMMANDS: tuple[VoiceCommand, ...] = (
    VoiceCommand(
        path="seed/tokens", arguments="i token, ...", read=seed_tokens,
        doc="Makes these tokens of the voice's scale its context.",
    ),
    VoiceCommand(
        path="seed/unit", arguments="i unit", read=seed_unit,
        doc="Makes this unit of the voice's scale, and what led to it, the context.",
    ),
    VoiceCommand(
        path="seed/file", arguments="s source, [f start], [f duration]", read=seed_file,
        doc="Makes a stretch of a source the context, in seconds; without a duration, "
        "to its end. `idiolect inspect` lists the sources.",
    ),
    VoiceCommand(
        path="seed/random", arguments="trigger", read=seed_random,
        doc="Makes a stretch drawn from the corpus the context.",
    ),
    VoiceCommand(
        path="seed/clear", arguments="trigger", read=seed_clear,
        doc="Begins from an empty context.",
    ),
    VoiceCommand(
        path="cut", arguments="trigger", read=cut,
        doc="Leaves the sounding unit at once and goes on with the next decision.",
    ),
)  # fmt: skip
