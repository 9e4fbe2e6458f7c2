"""A script for TidalCycles' GHCi: a target, its shapes, and a function for each name."""

import re
from collections.abc import Iterable

from idiolect.control.commands import VOICE_COMMANDS
from idiolect.control.oscquery import signature
from idiolect.control.playing import PLAY_KEYS
from idiolect.parameters.bias import DESCRIPTORS
from idiolect.parameters.table import VOICE

__all__ = ["tidal"]

_TAKEN = frozenset(
    {
        "density", "freeze", "length", "loop", "reverse", "run", "scale", "start", "stretch", "unit",
    }
)  # fmt: skip
"""Names that mean something else in Tidal or Haskell: ours get a prime."""

_MAKERS = {"f": ("Double", "pF"), "i": ("Int", "pI"), "I": ("Int", "pI"), "s": ("String", "pS")}
"""By type tag, what a pattern of it holds, and Tidal's function that names it."""

_SCRIPT = """\
-- Made from the table of parameters; change that, then:
--   idiolect osc --for tidal > clients/tidal/Idiolect.hs
-- A script for GHCi: see README.md.

:{
let turned :: String -> OSC
    turned name = OSC ("/voice/{turn}/" ++ name) $ ArgList [(name, Nothing)]

    -- What is played with `utter`, and what is turned with `turn`, each where a pattern holds it.
    idiolectShapes :: [OSC]
    idiolectShapes = OSC "/play" (Named {requiredArgs = ["voice"]}) : map turned
      [ %(names)s ]

    idiolectTarget :: Target
    idiolectTarget = superdirtTarget
      { oName = "idiolect", oAddress = "127.0.0.1", oPort = 57300, oBusPort = Nothing
      , oLatency = 0.1, oSchedule = Pre BundleStamp, oHandshake = False }

    idiolect :: (Target, [OSC])
    idiolect = (idiolectTarget, idiolectShapes)
:}

:{
let utter, turn :: Pattern Int -> ControlPattern
    utter = pI "voice"
    turn = pI "turn"

    -- How far a voice leans towards more of a descriptor.
    bias :: String -> Pattern Double -> ControlPattern
    bias name = pF ("bias/" ++ name)

%(functions)s
:}
"""


def tidal() -> str:
    """Write a shape for each thing a voice can be told, and a function for each name."""
    kinds = dict(_told())
    biases = [f"bias/{descriptor}" for descriptor in DESCRIPTORS]
    played = {key.name: key.tag for key in PLAY_KEYS if key.name not in {"voice", *kinds}}
    return _SCRIPT % {
        "names": "\n      , ".join(f'"{name}"' for name in (*kinds, *biases)),
        "functions": "\n".join(
            f"    {line}" for name, kind in (kinds | played).items() for line in _define(name, kind)
        ),
    }


def _told() -> Iterable[tuple[str, str]]:
    """Name what a voice is turned by, and its commands that can do with one argument."""
    for parameter in VOICE.values():
        yield parameter.name, "s" if parameter.kind == "scale" else parameter.kind
    for command in VOICE_COMMANDS:
        (plain, *_), _names = signature(command.arguments)
        if len(plain) == 1:
            yield command.path, plain


def _define(name: str, kind: str) -> tuple[str, str]:
    first, *others = re.split("[/_]", name)
    function = first + "".join(other.title() for other in others) + "'" * (name in _TAKEN)
    holds, maker = _MAKERS[kind]
    return f"{function} :: Pattern {holds} -> ControlPattern", f'{function} = {maker} "{name}"'
