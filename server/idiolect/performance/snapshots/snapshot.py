"""What a performance is at a moment: every parameter, what each voice may play, and its context.

A snapshot is plain JSON.  It holds no sound and no plan: restored, the voices go on from what they
had said, in their own time.  It may come from another machine, other bundles, or a stranger.
"""

import math
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from idiolect import __version__
from idiolect.errors import ControlError, IdiolectError
from idiolect.parameters.bias import BIAS
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import MASTER, VOICE
from idiolect.performance.changes import Context
from idiolect.performance.futures import all_of
from idiolect.performance.player import Player
from idiolect.performance.snapshots.sketch import FORMAT, check

__all__ = ["look", "restore", "settle", "take"]

_SECONDS = 2.0  # for the planner to say what a voice has said
_LAST = ("run", "freeze")  # what begins and what holds, after all else is as it was


def look(player: Player) -> Future[dict[str, Any]]:
    """Ask how the instrument stands.

    Parameters
    ----------
    player : Player

    Returns
    -------
    Future
        Of a snapshot; `settle` waits for it.

    Notes
    -----
    Control thread, while the planner runs and the engine's clock goes.
    """
    numbers = range(1, player.voices + 1)
    scales = {voice: player.scales_of(voice) for voice in numbers}
    voices = [_describe(player, voice) for voice in numbers]
    head = {
        "format": FORMAT,
        "idiolect": __version__,
        "draws": player.draws,
        "master": player.values(0),
    }

    def join(contexts: list[Context]) -> dict[str, Any]:
        for number, voice, context in zip(numbers, voices, contexts, strict=True):
            # One that is about to go over to another bundle may have a scale there is none of there.
            known = context.scale < len(scales[number])
            voice["context"] = {
                "scale": scales[number][context.scale] if known else "",
                "units": list(context.heard),
            }
        return {**head, "voices": voices}

    return all_of([player.context(voice) for voice in numbers], join)


def settle(standing: Future[dict[str, Any]]) -> dict[str, Any]:
    """Wait for what `look` asked; any thread but the planner's.

    Raises
    ------
    ControlError
        When the planner does not answer.
    """
    try:
        return standing.result(_SECONDS)
    except TimeoutError:
        raise ControlError(f"the planner did not answer within {_SECONDS:g} s: try again") from None


def take(player: Player) -> dict[str, Any]:
    """Write down how the instrument stands; `look`, waited for.

    Raises
    ------
    ControlError
        When the planner does not answer.
    """
    return settle(look(player))


def restore(
    player: Player, snapshot: Mapping[str, Any], *, ramp: float | None = None, fetch: bool = True
) -> list[str]:
    """Make the instrument what it was.

    Parameters
    ----------
    player : Player
        Voices go back to the bundles they played.  Where one is there no more, or is another by
        now, what only the old one had (contexts, what was allowed) is left as it is.
    snapshot
        From `take`, on whatever machine.
    ramp : float, optional
        Seconds that what can be ramped takes; None: its own.
    fetch : bool
        Whether bundles that are not loaded are loaded now, while everyone waits.

    Returns
    -------
    list of str
        What does not fit and was left out, in words.

    Raises
    ------
    ConfigError
        When it is no snapshot, or of another format; then nothing is changed.

    Notes
    -----
    Control thread.
    """
    check(snapshot)
    missed: list[str] = []
    player.draws = int(snapshot["draws"])
    _turn(player, 0, _changed(player, 0, snapshot["master"], missed), ramp, missed)
    kept = snapshot["voices"]
    if len(kept) > player.voices:
        missed.append(f"voices from {player.voices + 1} on: there are {player.voices}")
    for voice, one in zip(range(1, player.voices + 1), kept, strict=False):
        _restore_voice(player, voice, one, ramp, fetch, missed)
    return missed


def _describe(player: Player, voice: int) -> dict[str, Any]:
    values = player.values(voice)
    scale = int(values.pop("scale"))
    return {
        "bundle": _identity(player, voice),
        "scale": player.scales_of(voice)[scale],
        "parameters": values,
        "allowed": player.allowed(voice),
    }


def _restore_voice(
    player: Player,
    voice: int,
    kept: Mapping[str, Any],
    ramp: float | None,
    fetch: bool,
    missed: list[str],
) -> None:
    _restore_bundle(player, voice, kept["bundle"]["name"], fetch, missed)
    same = kept["bundle"] == _identity(player, voice)
    changed = _changed(player, voice, kept["parameters"], missed)
    scales = player.scales_of(voice)
    if kept["scale"] in scales:
        changed["scale"] = float(scales.index(kept["scale"]))
    else:
        missed.append(f"voice {voice}: {player.bundle_of(voice)} has no scale {kept['scale']}")
    if same and player.allowed(voice) is not None:
        player.allow_all(voice)  # or it might forbid the scale
    last = {name: changed.pop(name) for name in _LAST if name in changed}
    _turn(player, voice, changed, ramp, missed)
    if same:
        _restore_place(player, voice, kept, missed)
    elif kept["allowed"] is not None or kept["context"]["units"]:
        name = kept["bundle"]["name"]
        missed.append(f"voice {voice}: its context and what it may play are of another {name}")
    _turn(player, voice, last, ramp, missed)


def _restore_bundle(player: Player, voice: int, name: str, fetch: bool, missed: list[str]) -> None:
    if player.bundle_of(voice) == name:
        return
    try:
        if not fetch and not player.bundles().get(name):
            raise ControlError(f"bundle {name} is not there: put it into the folder of bundles")
        player.speak_now(voice, name)
    except IdiolectError as error:
        missed.append(f"voice {voice} plays {player.bundle_of(voice)}: {error}")


def _restore_place(player: Player, voice: int, kept: Mapping[str, Any], missed: list[str]) -> None:
    """Give a voice what it may play and its context, both of the bundle that it plays."""
    try:
        if kept["allowed"] is not None:
            _allow(player, voice, *kept["allowed"])
    except IdiolectError as error:
        missed.append(f"voice {voice}, what it may play: {error}")
    try:
        if kept["context"]["scale"] == player.scales_of(voice)[int(player.get("scale", voice))]:
            player.seed_units(voice, kept["context"]["units"])
    except IdiolectError as error:
        missed.append(f"voice {voice}, its context: {error}")


def _changed(
    player: Player, voice: int, kept: Mapping[str, float], missed: list[str]
) -> dict[str, float]:
    """Give what is to be turned, in its range; what the voice has not is left out."""
    now = player.values(voice)
    unknown = [name for name in kept if name not in now or name == "scale"]
    if unknown:
        who = f"voice {voice}" if voice else "master"
        more = f" and {len(unknown) - 4} more" if len(unknown) > 4 else ""
        missed.append(f"{who}: there is no {', '.join(name[:64] for name in unknown[:4])}{more}")
    fitted = {
        name: _parameter(name, voice).clip(value)
        for name, value in kept.items()
        if name not in unknown
    }
    return {name: value for name, value in fitted.items() if value != now[name]}


def _parameter(name: str, voice: int) -> Parameter:
    return VOICE.get(name, BIAS) if voice else MASTER[name]


def _turn(
    player: Player,
    voice: int,
    values: Mapping[str, float],
    ramp: float | None,
    missed: list[str],
) -> None:
    for name, value in values.items():
        seconds = ramp if _parameter(name, voice).is_ramped else None
        try:
            player.set(name, voice, value, seconds)
        except IdiolectError as error:
            missed.append(f"voice {voice}, {name}: {error}")


def _allow(player: Player, voice: int, kind: str, *rest: Any) -> None:
    if kind == "sources":
        player.allow_sources(voice, list(rest))
    elif kind == "stretch":
        name, start, duration = rest
        player.allow_stretch(voice, name, start, math.inf if duration is None else duration)
    else:
        player.allow_region(voice, *rest)


def _identity(player: Player, voice: int) -> dict[str, Any]:
    """Tell bundles apart: by what they are called and how many units each scale has."""
    bundle = player.bundle(voice)
    return {"name": bundle.name, "units": [len(scale.units) for scale in bundle.scales]}
