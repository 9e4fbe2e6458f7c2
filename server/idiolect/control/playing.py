"""Playing by hand: ``/play`` and what it understands, and the words of Tidal and Strudel for it.

What is played is given as names and values in any order.  A name that means nothing here is passed
over with its value, since live coders' tools send all they know with each event.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from typing import Any

from idiolect.control.arguments import number, text, whole
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument
from idiolect.control.desk import Desk
from idiolect.control.door import Pending
from idiolect.errors import ControlError

__all__ = ["DIRT_KEYS", "PLAY_KEYS", "PlayKey", "play", "play_dirt", "wish_of_dirt"]

Wish = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlayKey:
    """A name that ``/play`` understands."""

    tag: str  # OSC type
    name: str
    doc: str
    read: Callable[[Argument, str], Any] = number


def _scale(argument: Argument, name: str) -> str | float:
    return text(argument, name) if isinstance(argument, str) else number(argument, name)


PLAY_KEYS: tuple[PlayKey, ...] = (
    PlayKey("i", "voice", "in whose mix it sounds, speaking or not; 1 when left out", whole),
    PlayKey("i or s", "scale", "in which unit and token are counted; the voice's own when left out", _scale),
    PlayKey("i", "unit", "its number in the scale; with `file` its number among that file's", whole),
    PlayKey("i", "token", "the unit that speaks for it", whole),
    PlayKey("s", "file", "a source, or a part of a name that only one has", text),
    PlayKey("f", "start", "seconds into the file"),
    PlayKey("i", "run", "units in a row, as they followed there; 1 when left out", whole),
    PlayKey("f", "dur", "seconds for which it sounds; its units, or to the file's end"),
    PlayKey("f", "gain", "dB"),
    PlayKey("f", "pan", "-1 to 1"),
    PlayKey("f", "rate", "cents"),
    PlayKey("f", "speed", "1 as recorded; negative is backwards"),
    PlayKey("f", "attack", "seconds of rise, half of it at most; 0.002 when left out"),
    PlayKey("f", "release", "seconds of fall, half of it at most; 0.002 when left out"),
)  # fmt: skip
"""What ``/play`` understands; without unit, token and file it plays a unit at random."""

DIRT_KEYS = {
    "s": "a source, or a part of a name that only one has",
    "n": "number of the unit among that source's, in the voice's scale",
    "note": "semitones, with `n` left for the unit",
    "speed": "1 as recorded; negative is backwards",
    "gain": "0 to 1 and above, to the fourth power an amplitude",
    "pan": "0 to 1",
    "orbit": "the voice, counted from 0 and around again",
    "sustain": "seconds for which it sounds",
    "legato": "the same, in times of the event's own length `delta`",
    "begin": "where in it, 0 to 1",
    "end": "until where, 0 to 1",
    "attack": "seconds of rise",
    "release": "seconds of fall",
}
"""What ``/dirt/play`` understands: SuperDirt's words."""

_ALIKE = ("speed", "begin", "end", "attack", "release")  # mean the same here
_LOUDEST = 4.0
_SILENT = -90.0  # dB


def play(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Play a stretch of the corpus beside what a voice says."""
    given = _pairs(arguments)
    wish = {key.name: key.read(given[key.name], key.name) for key in PLAY_KEYS if key.name in given}
    _sound(desk, peer, "/play", wish)


def play_dirt(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Play what Tidal or Strudel asks SuperDirt for.

    Raises
    ------
    ControlError
        When that is not switched on.
    """
    if not desk.takes_dirt:
        raise ControlError(
            "this is SuperDirt's address: send /play, or set control.dirt = true and start again"
        )
    wish = wish_of_dirt(_pairs(arguments), desk.player.voices)
    _sound(desk, peer, "/dirt/play", wish)


def wish_of_dirt(given: dict[str, Argument], voices: int) -> Wish:
    """Say in ``/play``'s words what was said in SuperDirt's.

    Parameters
    ----------
    given
        Names and values.
    voices
        How many there are: orbits beyond begin again at the first.

    Raises
    ------
    ControlError
        When a value is of another type than its name wants, or it would not sound at all.
    """
    plain = {
        name: number(given[name], name)
        for name in (*DIRT_KEYS, "delta")
        if name in given and name != "s"
    }
    wish: Wish = {"voice": int(plain.get("orbit", 0)) % voices + 1}
    wish |= {name: plain[name] for name in _ALIKE if name in plain}
    if "s" in given:
        wish["file"] = text(given["s"], "s")
        wish["unit"] = math.floor(plain.get("n", 0.0))
    if "note" in plain:
        wish["rate"] = 100 * plain["note"]
    if "pan" in plain:
        wish["pan"] = 2 * plain["pan"] - 1
    if "gain" in plain:
        amplitude = min(max(plain["gain"], 0.0), _LOUDEST) ** 4
        wish["gain"] = 20 * math.log10(amplitude) if amplitude > 0 else _SILENT
    return wish | _length_of_dirt(plain)


def _length_of_dirt(given: dict[str, float]) -> Wish:
    if "sustain" in given:
        said, seconds = f"sustain is {given['sustain']:g}", given["sustain"]
    elif "legato" in given and "delta" in given:
        said = f"legato is {given['legato']:g} and delta is {given['delta']:g}"
        seconds = given["legato"] * given["delta"]
    else:
        return {}
    if seconds <= 0:
        raise ControlError(f"{said}: send more than 0")
    return {"dur": seconds}


def _pairs(arguments: Sequence[Argument]) -> dict[str, Argument]:
    """Read names and values; of a name that comes twice the last counts."""
    if len(arguments) % 2:
        raise ControlError(
            f"{len(arguments)} arguments, where pairs are wanted: a value for each name"
        )
    names = [text(name, "a name") for name in arguments[::2]]
    return dict(zip(names, arguments[1::2], strict=True))


def _sound(desk: Desk, peer: Peer, address: str, wish: Wish) -> None:
    """Play, and answer only what cannot be: a performer's events are not answered one by one."""
    pending: Pending = desk.player.play(wish.pop("voice", 1), **wish)
    request = desk.request
    pending.add_done_callback(
        lambda done: desk.defer(partial(_tell_refused, desk, peer, address, request, done))
    )


def _tell_refused(
    desk: Desk, peer: Peer, address: str, request: tuple[int, ...], done: Pending
) -> None:
    try:
        done.result(0)
    except CancelledError:
        return  # it was taken back, and who did that knows
    except Exception as error:  # the border: whatever a player raises is the sender's to know
        desk.fail(peer, address, error, request)
