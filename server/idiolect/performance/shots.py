"""What is played by hand, made from what a performer wishes for: which stretch, and how it sounds.

A shot is a stretch of one source: a unit, a run of units that follow each other there, or any seconds
of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.interpolation import NONE, SINC, UNIT
from idiolect.errors import ControlError
from idiolect.grain import SHOT
from idiolect.parameters.table import VOICE
from idiolect.performance.repertoire import Repertoire
from idiolect.performance.seeding import find_source, units_before, units_of_tokens
from idiolect.random import PURPOSE_SEED, uniform
from idiolect.selection.inventory import Inventory, unit_at

__all__ = ["LONGEST_SECONDS", "Wish", "make_shot", "pick_unit"]

LONGEST_SECONDS = 10.0
"""Of a source that one shot reads."""

_EDGE_SECONDS = 0.002  # of rise and of fall, where nothing else is wished
_FASTEST = 8.0  # three octaves, as the voice's own rate goes
_SILENCE_DB = VOICE["gain"].low


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is to be played: a unit, a token's exemplar, a place in a file, or a unit at random.

    Raises
    ------
    ControlError
        When more than one of them is given, or a number is none.
    """

    scale: str | float | None = None  # None: the voice's
    unit: int | None = None  # in that scale; with a file, of those in it, and around again
    token: int | None = None  # of that scale
    file: str | None = None  # name of a source, or a part that only one has
    start: float = 0.0  # seconds into the file
    run: int = 1  # units in a row, as they followed in the source; not of a file
    begin: float = 0.0  # where in all of that, as a share of it
    end: float = 1.0
    dur: float | None = None  # seconds for which it sounds; None: its units, or to the file's end
    gain: float = 0.0  # dB
    pan: float = 0.0  # -1 to 1, a balance
    rate: float = 0.0  # cents, as the voice's parameter
    speed: float = 1.0  # ratio, times `rate`; negative is backwards
    reverse: bool = False
    attack: float | None = None  # seconds of rise, at most half of it
    release: float | None = None  # seconds of fall

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        given = [n for n in ("unit", "token", "file") if getattr(self, n) is not None]
        if "token" in given and len(given) > 1:
            raise ControlError(
                f"{' and '.join(given)} are given: a token says alone what to play; leave the rest"
            )
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ControlError(f"{name} is {value}: give a number")
        if not 0 <= self.begin < self.end <= 1:
            raise ControlError(
                f"begin is {self.begin:g} and end {self.end:g}: give shares, 0 to 1, the first the less"
            )
        if self.speed == 0:
            raise ControlError("speed 0 would never end: give a ratio, 1 as recorded, -1 backwards")
        if self.dur is not None and self.dur <= 0:
            raise ControlError(f"dur is {self.dur:g} s: give more than 0")


def pick_unit(
    inventory: Inventory,
    repertoire: Repertoire | None,
    scale: int,
    seed: int,
    voice: int,
    step: int,
) -> int:
    """Draw a unit of a scale from the voice's own random stream, of those that it may play.

    Raises
    ------
    ControlError
        When it may play none.
    """
    first, last = inventory.unit_offset[scale], inventory.unit_offset[scale + 1]
    allowed = (inventory if repertoire is None else repertoire).allowed[first:last]
    units = np.flatnonzero(allowed)
    if not len(units):
        raise ControlError("nothing of this scale is allowed: name a unit, or allow more")
    return int(units[int(uniform(seed, voice, step, PURPOSE_SEED) * len(units))])


def make_shot(
    bundle: Bundle,
    inventory: Inventory,
    wish: Wish,
    *,
    scale: int,
    quality: int,
    draw: Callable[[int], int],
) -> NDArray[np.void]:
    """Make the record of what is wished for.

    Parameters
    ----------
    bundle, inventory
        What it is from.
    wish : Wish
    scale : int
        The voice's, where the wish names none.
    quality : int
        How the voice reads between frames.
    draw : callable
        Gives a unit of a scale, where the wish names nothing.

    Returns
    -------
    SHOT[1]
        All but its frame, voice, tongue and serial, and where it will lie.

    Raises
    ------
    IdiolectError
        When there is no such scale, unit, token or source, or it ends before.
    """
    scale = scale if wish.scale is None else bundle.scale_index(wish.scale)
    whole, wanted = _stretch(bundle, wish, scale, draw)
    first = whole + min(round(wish.begin * wanted), wanted - 1)
    wanted = max(1, whole + round(wish.end * wanted) - first)
    chosen = int(unit_at(inventory, scale, first))
    found = bundle.scales[scale].units[chosen]
    source = bundle.sources[int(found["source"])]
    shot = np.zeros(1, SHOT)
    shot["first"], shot["unit"], shot["scale"] = first, chosen, scale
    shot["token"], shot["channels"] = found["token"], bundle.audio.shape[1]
    shot["source_start"] = source["start"]
    shot["source_end"] = int(source["start"]) + int(source["frames"])
    _pace(shot, wish, wanted, bundle.sample_rate, quality)
    _shape(shot, wish, bundle.sample_rate)
    return shot


def _stretch(bundle: Bundle, wish: Wish, scale: int, draw: Callable[[int], int]) -> tuple[int, int]:
    """Find the first frame that is wished for, and how many there are."""
    if wish.file is not None and wish.unit is not None:
        own = np.flatnonzero(bundle.scales[scale].units["source"] == find_source(bundle, wish.file))
        unit = int(own[wish.unit % len(own)])
    elif wish.file is not None:
        source = bundle.sources[find_source(bundle, wish.file)]
        into = round(max(0.0, wish.start) * bundle.sample_rate)
        if into >= int(source["frames"]):
            raise ControlError(f"{wish.file[:64]!r} ends before {wish.start:g} s: start sooner")
        return int(source["start"]) + into, int(source["frames"]) - into
    elif wish.unit is not None:
        unit = int(units_before(bundle, scale, wish.unit)[-1])
    elif wish.token is not None:
        unit = int(units_of_tokens(bundle, scale, [wish.token])[0])
    else:
        unit = draw(scale)
    units = bundle.scales[scale].units
    row = units[unit : unit + max(1, wish.run)]
    first, last = row[0], row[row["source"] == row["source"][0]][-1]
    return int(first["start"]), int(last["start"] + last["length"] - first["start"])


def _pace(shot: NDArray[np.void], wish: Wish, wanted: int, sample_rate: int, quality: int) -> None:
    """Write how fast and which way it is read, from where and for how long."""
    own = shot[0]
    cents = VOICE["rate"].clip(wish.rate)
    speed = abs(wish.speed) * 2.0 ** (cents / 1200)
    pace = round(UNIT * min(max(speed, 1 / _FASTEST), _FASTEST))
    there = min(round(LONGEST_SECONDS * sample_rate), int(own["source_end"] - own["first"]))
    if wish.dur is None:
        frames = _frames_of(min(wanted, there), pace)
    else:
        frames = min(max(1, round(min(wish.dur, 3600.0) * sample_rate)), _frames_of(there, pace))
    last = -(-(frames - 1) * pace // UNIT)  # that it comes to, or comes from
    backwards = wish.reverse != (wish.speed < 0)
    own["frames"], own["held"] = frames, last + 1
    own["pace"], own["offset"] = (-pace, last * UNIT) if backwards else (pace, 0)
    own["quality"] = NONE if pace == UNIT else (SINC if pace > UNIT else quality)


def _frames_of(count: int, pace: int) -> int:
    """Frames for which so many of the source last."""
    return (count - 1) * UNIT // pace + 1


def _shape(shot: NDArray[np.void], wish: Wish, sample_rate: int) -> None:
    """Write its rise and fall, and how loud it is on either side."""
    own = shot[0]
    for name, seconds in (("attack", wish.attack), ("release", wish.release)):
        wished = _EDGE_SECONDS if seconds is None else min(max(seconds, 0.0), 3600.0)
        own[name] = min(round(wished * sample_rate), int(own["frames"]) // 2)
    decibel, pan = VOICE["gain"].clip(wish.gain), VOICE["pan"].clip(wish.pan)
    gain = 0.0 if decibel <= _SILENCE_DB else 10.0 ** (decibel / 20.0)
    own["left"], own["right"] = gain * min(1.0, 1.0 - pan), gain * min(1.0, 1.0 + pan)
