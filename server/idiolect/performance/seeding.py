"""Contexts given by hand: which units a seed stands for, and those that a voice has heard."""

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.errors import ControlError
from idiolect.performance.plan import CONTEXT_STEPS, STEPS, Plan
from idiolect.random import PURPOSE_SEED, uniform
from idiolect.selection.inventory import Inventory, unit_at

__all__ = [
    "find_source",
    "find_sources",
    "nearest_unit",
    "place_of",
    "stretch_of",
    "units_before",
    "units_heard",
    "units_of_file",
    "units_of_tokens",
    "units_random",
    "units_said",
]

Units = NDArray[np.int64]


def units_before(bundle: Bundle, scale: int, unit: int) -> Units:
    """Units of the same source up to and including `unit`, as many as a context holds.

    Raises
    ------
    ControlError
        When there is no such unit.
    """
    units = bundle.scales[scale].units
    if not 0 <= unit < len(units):
        raise ControlError(
            f"no unit {unit}: scale {bundle.scales[scale].name} has {len(units)}, numbered from 0"
        )
    first = max(0, unit + 1 - CONTEXT_STEPS)
    span = np.arange(first, unit + 1, dtype=np.int64)
    return span[units["source"][span] == units["source"][unit]]


def units_heard(bundle: Bundle, plan: Plan, inventory: Inventory, voice: int, scale: int) -> Units:
    """Units of a scale up to the place where a voice now stands: the corpus is the bridge.

    The place is where what sounds, or is planned, ends.  A unit of which less than half was heard
    is still to come; so at continuity 1 the voice goes on at the unit's boundary nearest the place.

    Notes
    -----
    Planner thread.
    """
    own = plan.voices[voice]
    place, previous = int(own["following"]), int(own["previous"])
    if place < 0 or own["sounding"] != own["tongue"]:  # nothing sounds, or another bundle
        if previous < 0:
            return np.empty(0, np.int64)
        last = bundle.scales[int(own["scale"])].units[previous]
        place = int(last["start"] + last["length"])
    unit = int(unit_at(inventory, scale, place - 1))
    units = bundle.scales[scale].units
    heard = place - int(units["start"][unit])
    first = unit == 0 or units["source"][unit - 1] != units["source"][unit]
    if 2 * heard < units["length"][unit] and not first:
        unit -= 1
    return units_before(bundle, scale, unit)


def units_said(plan: Plan, voice: int, now: int) -> list[int]:
    """Units that a voice has begun since it was given its context, oldest first.

    Parameters
    ----------
    now : int
        Timeline frame.

    Notes
    -----
    Planner thread.  At most as many as a context holds.
    """
    own = plan.voices[voice]
    last = int(own["steps"])
    indices = np.arange(max(int(own["floor"]), last - STEPS // 2), last) % STEPS
    steps = plan.steps[voice, indices]
    begun = steps[steps["onset"] < now]
    return [int(unit) for unit in begun["unit"][-CONTEXT_STEPS:]]


def units_of_tokens(bundle: Bundle, scale: int, tokens: list[int]) -> Units:
    """One unit for each token: the successor of the unit before where it fits, else the exemplar.

    Raises
    ------
    ControlError
        When a token is not in the scale's vocabulary, or none is given.
    """
    own = bundle.scales[scale]
    if not tokens:
        raise ControlError("no tokens: send one or more")
    for token in tokens:
        if not 0 <= token < own.token_count:
            raise ControlError(
                f"no token {token}: scale {own.name} has {own.token_count}, numbered from 0"
            )
    chosen: list[int] = []
    for token in tokens[-CONTEXT_STEPS:]:
        following = chosen[-1] + 1 if chosen else -1
        if 0 < following < len(own.units) and own.units["token"][following] == token:
            chosen.append(following)
        else:
            chosen.append(int(own.exemplars[token]))
    return np.array(chosen, np.int64)


def units_of_file(bundle: Bundle, scale: int, name: str, start: float, duration: float) -> Units:
    """Units that cover a stretch of a source file.

    Parameters
    ----------
    name : str
        A source's name, or a part of it that only one source has.
    start, duration : float
        Seconds; an infinite duration reaches to the end.

    Raises
    ------
    ControlError
        When no source, or more than one, has the name; or nothing lies there.
    """
    units, source = bundle.scales[scale].units, find_source(bundle, name)
    inside = np.flatnonzero(stretch_of(bundle, units, source, start, duration))
    if not len(inside):
        raise ControlError(f"{name[:64]!r} has nothing at {start:g} s: give a start before its end")
    return inside[-CONTEXT_STEPS:].astype(np.int64)


def find_sources(bundle: Bundle, name: str) -> list[int]:
    """Find the source of a name, or all that have it as a part of theirs.

    Raises
    ------
    ControlError
        When there is none.
    """
    names = [str(source["name"]) for source in bundle.sources]
    found = [i for i, other in enumerate(names) if other == name]
    found = found or [i for i, other in enumerate(names) if name in other]
    if not found:
        raise ControlError(f"no source is called {name[:64]!r}; there are {_some(names)}")
    return found


def find_source(bundle: Bundle, name: str) -> int:
    """Find the one source of a name, or that has it as a part of its own.

    Raises
    ------
    ControlError
        When there is none, or more than one.
    """
    found = find_sources(bundle, name)
    if len(found) > 1:
        names = [str(bundle.sources[i]["name"]) for i in found]
        raise ControlError(
            f"{len(found)} sources are called {name[:64]!r}; there are {_some(names)}: name one of them"
        )
    return found[0]


def _some(names: list[str]) -> str:
    """List the first names, and say that there are others if there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def stretch_of(
    bundle: Bundle, units: NDArray[np.void], source: int, start: float, duration: float
) -> NDArray[np.bool_]:
    """Tell which units reach into a stretch of a source; seconds, the duration may be infinite."""
    begin = int(bundle.sources[source]["start"]) + round(max(0.0, start) * bundle.sample_rate)
    end = begin + min(duration * bundle.sample_rate, len(bundle.audio))
    reaches = (units["start"] + units["length"] > begin) & (units["start"] < end)
    return np.asarray(reaches & (units["source"] == source))


def place_of(bundle: Bundle, scale: int, units: Units) -> tuple[int, str, float]:
    """Say which unit ends a context, in which source it lies, and where it begins there: seconds.

    An empty context gives -1, no name and 0.
    """
    if not len(units):
        return -1, "", 0.0
    unit = bundle.scales[scale].units[int(units[-1])]
    source = bundle.sources[int(unit["source"])]
    start = (int(unit["start"]) - int(source["start"])) / bundle.sample_rate
    return int(units[-1]), str(source["name"]), start


def nearest_unit(bundle: Bundle, scale: int, x: float, y: float) -> int:
    """Find the unit nearest to a position on a scale's map, of equals the first."""
    places = bundle.scales[scale].map
    return int(np.argmin((places[:, 0] - x) ** 2 + (places[:, 1] - y) ** 2))


def units_random(bundle: Bundle, scale: int, seed: int, voice: int, step: int) -> Units:
    """A random place of the corpus, drawn from the voice's own random stream."""
    count = len(bundle.scales[scale].units)
    return units_before(bundle, scale, int(uniform(seed, voice, step, PURPOSE_SEED) * count))
