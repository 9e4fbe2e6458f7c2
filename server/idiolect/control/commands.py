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

__all__ = ["ALLOW_WORK", "CHANGE_WORK", "VOICE_COMMANDS", "Act", "VoiceCommand"]

CHANGE_WORK, ALLOW_WORK = 8, 64
"""What a command takes for each voice, as `dispatch.MAX_WORK` counts; the latter looks at every unit."""

_FARTHEST = 1e6  # the map goes from -1 to 1

Act = Callable[[Player, int], Pending]
"""Told the player and the voice, begins, and returns what will come of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VoiceCommand:
    """One command of ``/voice/{n}/``; asynchronous: it answers ``/done`` or ``/fail``."""

    path: str  # below the voice
    arguments: str  # types and names, for people
    doc: str
    read: Callable[[Sequence[Argument]], Act | None]  # None: a trigger let go, nothing to do
    value: Callable[[Player, int], str] | None = None  # what it reads as without arguments, if so
    guarded: bool = False  # obeyed of who has shown the token, where there is one
    work: int = CHANGE_WORK  # what it takes for each voice, as `dispatch.MAX_WORK` counts


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
    name, start, duration = _stretch(arguments)
    return lambda player, voice: player.seed_file(voice, name, start, duration)


def _stretch(arguments: Sequence[Argument]) -> tuple[str, float, float]:
    arity(arguments, 1, 3, "a source's name, then a start and a duration in seconds,")
    name = text(arguments[0], "a source")
    start = number(arguments[1], "start") if len(arguments) > 1 else 0.0
    duration = number(arguments[2], "duration") if len(arguments) > 2 else math.inf
    if start < 0:
        raise ControlError(f"start is {start:g} s: send 0 or more")
    if duration <= 0:
        raise ControlError(f"duration is {duration:g} s: send more than 0, or leave it out")
    return name, start, duration


def seed_map(arguments: Sequence[Argument]) -> Act:
    """Read a position, and perhaps the scale whose map it is on."""
    arity(arguments, 2, 3, "x, y, then perhaps a scale,")
    x, y = _place(arguments[0], "x"), _place(arguments[1], "y")
    scale: str | float | None = None
    if len(arguments) > 2:
        named = isinstance(arguments[2], str)
        scale = text(arguments[2], "scale") if named else number(arguments[2], "scale")
    return lambda player, voice: player.seed_map(voice, x, y, scale)


def _place(argument: Argument, name: str) -> float:
    """Read a distance on the map; one beyond `_FARTHEST` is as far, and its square is a number."""
    return min(max(number(argument, name), -_FARTHEST), _FARTHEST)


def allow_sources(arguments: Sequence[Argument]) -> Act:
    """Read names of sources."""
    if not arguments:
        raise ControlError("no sources: send one name or more (allow/all allows everything)")
    names = [text(argument, "a source") for argument in arguments]
    return lambda player, voice: player.allow_sources(voice, names)


def allow_stretch(arguments: Sequence[Argument]) -> Act:
    """Read a source's name and a stretch of it."""
    name, start, duration = _stretch(arguments)
    return lambda player, voice: player.allow_stretch(voice, name, start, duration)


def allow_region(arguments: Sequence[Argument]) -> Act:
    """Read a circle on the map."""
    arity(arguments, 3, 3, "x, y and a radius")
    x, y = _place(arguments[0], "x"), _place(arguments[1], "y")
    radius = _place(arguments[2], "the radius")
    if radius < 0:
        raise ControlError(f"the radius is {radius:g}: send 0 or more")
    return lambda player, voice: player.allow_region(voice, x, y, radius)


def allow_all(arguments: Sequence[Argument]) -> Act | None:
    """Read a trigger."""
    return (lambda player, voice: player.allow_all(voice)) if is_pressed(arguments) else None


def seed_random(arguments: Sequence[Argument]) -> Act | None:
    """Read a trigger."""
    return (lambda player, voice: player.seed_random(voice)) if is_pressed(arguments) else None


def seed_clear(arguments: Sequence[Argument]) -> Act | None:
    """Read a trigger."""
    return (lambda player, voice: player.seed_clear(voice)) if is_pressed(arguments) else None


def cut(arguments: Sequence[Argument]) -> Act | None:
    """Read a trigger."""
    return (lambda player, voice: player.cut(voice)) if is_pressed(arguments) else None


def bundle(arguments: Sequence[Argument]) -> Act:
    """Read a bundle's name."""
    arity(arguments, 1, 1, "a bundle's name")
    name = text(arguments[0], "a bundle")
    return lambda player, voice: player.speak(voice, name)


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
        path="seed/map", arguments="f x, f y, [s or i scale]", read=seed_map,
        doc="Makes the unit nearest to a position on the map, -1 to 1 each way, and what led to "
        "it, the context. The map is that of the voice's scale, or of the one named; the voice "
        "stays in its own.",
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
        path="allow/sources", arguments="s source, ...", read=allow_sources, work=ALLOW_WORK,
        doc="Only these sources may be played: names, or parts of names that one or more have.",
    ),
    VoiceCommand(
        path="allow/stretch", arguments="s source, [f start], [f duration]", read=allow_stretch,
        work=ALLOW_WORK,
        doc="Only units that reach into this stretch of a source may be played; in seconds.",
    ),
    VoiceCommand(
        path="allow/region", arguments="f x, f y, f radius", read=allow_region, work=ALLOW_WORK,
        doc="Only units within this circle may be played, each scale's on its own map.",
    ),
    VoiceCommand(
        path="allow/all", arguments="trigger", read=allow_all,
        doc="Everything may be played again.",
    ),
    VoiceCommand(
        path="cut", arguments="trigger", read=cut,
        doc="Leaves the sounding unit at once and goes on with the next decision.",
    ),
    VoiceCommand(
        path="bundle", arguments="s name", read=bundle, guarded=True,
        value=lambda player, voice: player.bundle_of(voice),
        doc="Goes over to another bundle, with a join at the next boundary of the finest scale; it "
        "is loaded first when it is not yet. Without arguments it reads as the name.",
    ),
)  # fmt: skip
