"""What a performance is at a moment: every parameter, what each voice may play, and its context.

A snapshot is plain JSON.  It holds no sound and no plan: restored, the voices go on from what they
had said, in their own time.
"""

import json
import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from idiolect.errors import ConfigError, IdiolectError
from idiolect.performance.player import Player

__all__ = ["read_json", "restore", "take", "write_json"]

logger = logging.getLogger(__name__)

FORMAT = 1
_SECONDS = 2.0  # for the planner to say what a voice has said
_LAST = ("run", "freeze")  # what begins and what holds, after all else is as it was


def take(player: Player) -> dict[str, Any]:
    """Write down how the instrument stands.

    Parameters
    ----------
    player : Player

    Returns
    -------
    dict
        Of what JSON knows.

    Raises
    ------
    TimeoutError
        When the planner does not answer.

    Notes
    -----
    Control thread, while the planner runs and the engine's clock goes.
    """
    contexts = [player.context(voice) for voice in range(1, player.voices + 1)]
    voices = []
    for voice, pending in enumerate(contexts, 1):
        context = pending.result(_SECONDS)
        voices.append(
            {
                "parameters": player.values(voice),
                "allowed": player.allowed(voice),
                "bundle": _identity(player, voice),
                "context": {
                    "scale": player.scales_of(voice)[context.scale],
                    "units": list(context.heard),
                },
            }
        )
    return {
        "format": FORMAT,
        "draws": player.draws,
        "master": player.values(0),
        "voices": voices,
    }


def restore(player: Player, snapshot: Mapping[str, Any]) -> None:
    """Make the instrument what it was.

    Parameters
    ----------
    player : Player
        Voices go back to the bundles they played.  Where one is there no more, or is another by
        now, what only the old one had (contexts, biases, what was allowed) is left as it is.
    snapshot
        From `take`.

    Raises
    ------
    ConfigError
        When the snapshot is of another format.

    Notes
    -----
    Control thread.
    """
    if snapshot.get("format") != FORMAT:
        raise ConfigError(
            f"the snapshot has format {snapshot.get('format')!r}, and this version reads {FORMAT}: "
            "take it again"
        )
    player.draws = int(snapshot["draws"])
    for name, value in snapshot["master"].items():
        player.set(name, 0, value)
    for voice, kept in zip(range(1, player.voices + 1), snapshot["voices"], strict=False):
        _restore_voice(player, voice, kept)


def _restore_voice(player: Player, voice: int, kept: Mapping[str, Any]) -> None:
    _restore_bundle(player, voice, kept["bundle"]["name"])
    same = kept["bundle"] == _identity(player, voice)
    values, now = kept["parameters"], player.values(voice)
    changed = {name: values[name] for name in now if values.get(name, now[name]) != now[name]}
    if kept["context"]["scale"] not in player.scales_of(voice):
        changed.pop("scale", None)
    if same and player.allowed(voice) is not None:
        player.allow_all(voice)  # or it might forbid the scale
    for name in [name for name in changed if name not in _LAST]:
        player.set(name, voice, changed[name])
    if same:
        if kept["allowed"] is not None:
            _allow(player, voice, *kept["allowed"])
        player.seed_units(voice, kept["context"]["units"])
    for name in [name for name in _LAST if name in changed]:
        player.set(name, voice, changed[name])


def _restore_bundle(player: Player, voice: int, name: str) -> None:
    if player.bundle_of(voice) == name:
        return
    try:
        player.speak_now(voice, name)
    except IdiolectError as error:
        now = player.bundle_of(voice)
        logger.warning("voice %d plays %s, since %s is gone: %s", voice, now, name, error)


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


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document, whole or not at all.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote.

    Raises
    ------
    ConfigError
        When it cannot be read.
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}; take it again") from error
