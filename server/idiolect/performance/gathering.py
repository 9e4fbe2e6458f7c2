"""What is changed together: by one OSC bundle, by a preset, or while a voice could not obey yet.

Each voice obeys what it is told together with one cut, at the earliest place that any of it asks for.
What a later change would undo is not begun: of several contexts the last is read, of several bundles
the last is spoken.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from idiolect.performance.changes import (
    Allow,
    Applied,
    Change,
    Cut,
    Seed,
    Single,
    Speak,
    Timed,
    Together,
    Turn,
    is_gathered,
)
from idiolect.performance.contexts import remember_seed
from idiolect.performance.cutting import AT_BOUNDARY, AT_FINEST, AT_ONCE
from idiolect.performance.repertoire import adopt_repertoire, count_allowed
from idiolect.performance.seeding import place_of
from idiolect.performance.tongue import Tongue

__all__ = ["Gathered", "gather", "join", "obey", "singly", "tell"]


@dataclass(slots=True)
class Gathered:
    """What changes of one voice come to."""

    tongue: int  # what it speaks in the end
    moves: Speak | None = None  # how it went over to that, to an empty context
    seeds: list[Seed] = field(default_factory=list)  # of that tongue
    allow: Allow | None = None  # of that tongue
    turns: list[Turn] = field(default_factory=list)
    run: Turn | None = None
    cuts: bool = False  # whether it leaves what sounds at once


def join(changes: Sequence[Change]) -> list[Change]:
    """Make one of the changes that a voice must obey with one cut; the others stay as they are.

    Parameters
    ----------
    changes
        That came together, in their order.
    """
    joined: list[Change] = []
    of_voice: dict[tuple[int, int], list[Single]] = {}
    for change in changes:
        if isinstance(change, Single):
            of_voice.setdefault((change.voice, change.frame), []).append(change)
        else:
            joined.append(change)
    for (voice, frame), own in of_voice.items():
        if all(map(is_gathered, own[:-1])):
            joined += own  # parameters, then perhaps a command: those meet anyway
        else:
            joined.append(Together(voice, tuple(own), frame))
    return joined


def singly(changes: Iterable[Timed]) -> Iterator[Single]:
    """Take apart what was taken together."""
    for change in changes:
        if isinstance(change, Together):
            yield from change.changes
        else:
            yield change


def gather(changes: Iterable[Single], tongue: int) -> Gathered:
    """Say what changes come to, one after the other, for a voice that speaks a tongue."""
    found = Gathered(tongue)
    for change in changes:
        if isinstance(change, Speak):
            if change.tongue != found.tongue:
                found.tongue, found.moves = change.tongue, change
                found.seeds, found.allow = [], None
        elif isinstance(change, Seed):
            found.seeds.append(change)
        elif isinstance(change, Allow):
            found.allow = change
        elif isinstance(change, Cut):
            found.cuts = True
        elif is_gathered(change):
            found.turns.append(change)
        else:
            found.run = change
    return found


def obey(
    goal: Gathered,
    voice: int,
    tongue: Tongue,
    *,
    cut: Callable[[int], int],
    turn: Callable[[Turn], bool],
) -> int | None:
    """Make a voice what its changes come to, but for whether it runs.

    What is to be read is read first, so that the cut comes in time.

    Parameters
    ----------
    goal
    voice : int
    tongue : Tongue
        That of `goal`; where it is another than before, the voice was greeted.
    cut : callable
        Cuts the plan at one of `cutting`'s places; returns the engine frame.
    turn : callable
        Sets a parameter; says whether the plan must be drawn anew for it.

    Returns
    -------
    int, optional
        Engine frame of the decision point; None when there was no cut.

    Notes
    -----
    Planner thread.
    """
    carried = goal.seeds[-1] if goal.seeds and goal.seeds[-1].units is None else None
    lasting = [one for one in goal.turns if one.name != "random_seed"]  # that one cuts by itself
    turned = [turn(one) for one in lasting]
    for seed in goal.seeds:
        if seed.units is not None:
            remember_seed(tongue.plan, tongue.inventory, voice, seed.scale, seed.units)
    context = _read_context(goal, voice, tongue)
    frame = None
    if goal.cuts or goal.moves or goal.seeds:
        frame = cut(AT_ONCE if goal.cuts else AT_FINEST)
    elif goal.allow or any(turned):
        frame = cut(AT_BOUNDARY)
    if context is not None:
        tongue.adopt(voice, *context)
    if carried:  # what it has said then, seen in that scale
        tongue.carry(voice, carried.scale)
    if goal.moves or goal.allow:
        adopt_repertoire(tongue.plan, voice, goal.allow.repertoire if goal.allow else None)
    for one in goal.turns:
        if one.name == "random_seed":
            turn(one)
    if context is None and not carried and any(one.name == "parent" for one in lasting):
        tongue.read_again(voice)
    return frame


def _read_context(
    goal: Gathered, voice: int, tongue: Tongue
) -> tuple[int, NDArray[np.int64]] | None:
    """Read the context that is known before the cut; its scale and units."""
    contexts = [(goal.moves.scale, np.empty(0, np.int64))] if goal.moves else []
    contexts += [(seed.scale, seed.units) for seed in goal.seeds if seed.units is not None]
    if not contexts:
        return None
    scale, units = contexts[-1]
    tongue.read(voice, scale, units)
    return scale, units


def tell(goal: Gathered, voice: int, tongue: Tongue, frame: int, change: Single) -> Applied:
    """Say what has become of one of the changes."""
    if isinstance(change, Seed) and change.units is not None:
        units = change.units
        own = any(change is seed for seed in goal.seeds)
        place = place_of(tongue.bundle, change.scale, units) if own else ()
        return Applied(voice + 1, frame, len(units), *place)
    if change is goal.allow:
        return Applied(voice + 1, frame, count_allowed(tongue.plan, tongue.inventory, voice))
    return Applied(voice + 1, frame, 0)
