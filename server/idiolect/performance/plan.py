"""The plan: what each voice has decided, in memory that can be rolled back.

A *step* is one decided unit.  With each step the voice's state before it is kept, so that a plan
can be taken back to any step that has not sounded and drawn again: with nothing changed, the same
units come out, since every random choice is keyed by its step.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.engine.layout import GRAIN_CAPACITY
from idiolect.language.memories import DEPTH, NOTHING
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.parameters.table import MOST_BUNDLES, VOICE
from idiolect.performance.joins import SPARE_FRAMES
from idiolect.viewed import Viewed

__all__ = [
    "CONTEXT_STEPS",
    "STEP",
    "STEPS",
    "VOICE_PLAN",
    "Plan",
    "make_plan",
    "widen_plan",
]

STEPS = 1024
"""Steps kept for each voice: two lookaheads of the shortest units, and what recency looks at."""

CONTEXT_STEPS = 64
"""Units a seed puts into the context at most, so that filling it is quick."""

SEEDED = 4 * (CONTEXT_STEPS + 1)
"""Tokens given by hand that the memory holds, the oldest forgotten first."""

VOICE_PLAN = np.dtype(
    [
        ("running", np.int64),
        ("tongue", np.int64),  # number of what it speaks: a `tongue.Tongue`
        ("steps", np.int64),  # decided so far
        ("base", np.int64),  # step at which the random seed was set
        ("end", np.int64),  # timeline frame where the last decided unit ends, and
        ("heard", np.int64),  # the engine frame that is, as far as is known
        ("turns", np.int64),  # engine frame from which on its time has the pace given last
        ("pieced", np.int64),  # frames of that unit already queued
        ("row", np.int64),  # row of the cache
        ("position", np.int64),  # next position in it
        ("scale", np.int64),
        ("previous", np.int64),  # last unit of the context, in its scale; -1: none
        ("following", np.int64),  # bundle frame that follows what sounds; -1: nothing sounds
        ("sounding", np.int64),  # the tongue whose frame that is
        ("body", np.int64),  # frames of the last unit, as far as it sounds
        ("levelled", np.int64),  # timeline frame from which its gain is 1 again, and
        ("lift", np.float64),  # how much above 1 it is for each frame before that
        ("last_start", np.int64),  # timeline frame at which the last queued grain starts
        ("earliest", np.int64),  # timeline frame before which no new grain may start
        ("epoch", np.int64),
        ("point", np.int64),  # timeline frame of the last cut's decision point; -1: none yet
        ("cut", np.int64),  # timeline frame of the cut to be published; -1: none waits
        ("floor", np.int64),  # step at which its context was given; no cut goes back further
        ("pushed", np.int64),  # grains queued, ever
        ("written", np.int64),  # arena frames used, ever
        ("held", np.int64),  # the tongue whose audio the last grain is
        ("copied", np.int64),  # bundle frame up to which the arena holds the last grain's audio
        ("copied_from", np.int64),  # bundle frame from which it does so without a gap
        ("run_on_serial", np.int64),  # grain that the newest run-on copy follows
        ("run_on_slot", np.int64),
        ("seed", np.int64),
        ("past", np.int64, DEPTH),  # tokens heard in its scale, as `language.memories` reads them
        ("repertoire", np.int64),  # row of what it may play; 0: everything
    ]
)
"""Where a voice's plan stands."""

STEP = np.dtype(
    [
        ("onset", np.int64),  # timeline frame
        ("end", np.int64),  # timeline frame; earlier than the unit's own end after a cut
        ("tongue", np.int64),  # that it is spoken in
        ("unit", np.int64),  # in its scale
        ("token", np.int64),  # in its scale
        ("natural", np.int64),  # 1: it followed in the corpus
        ("start", np.int64),  # timeline frame at which its first grain starts, fade included
        ("heard", np.int64),  # engine frame of its onset, as far as is known
        ("row", np.int64),  # the voice before this step ...
        ("position", np.int64),
        ("scale", np.int64),
        ("previous", np.int64),
        ("following", np.int64),
        ("sounding", np.int64),
        ("body", np.int64),
        ("levelled", np.int64),
        ("lift", np.float64),
        ("last_start", np.int64),
        ("past", np.int64, DEPTH),
        ("entropy", np.float64),  # of the choice, bits
    ]
)
"""One decided unit, and the voice's state before it."""


@dataclass(frozen=True, eq=False)
class Plan(Viewed):
    """What the planner owns; voices count from 0 here.

    Every tongue has its own, which share what no bundle has a part in.
    """

    voices: NDArray[np.void]  # VOICE_PLAN (voices,); shared, as all down to `interrupted`
    steps: NDArray[np.void]  # STEP (voices, STEPS)
    parameters: NDArray[np.float64]  # (voices, planner parameters)
    arena_starts: NDArray[np.int64]  # (voices, GRAIN_CAPACITY): arena frames used before each grain
    tongues: NDArray[np.int64]  # (MOST_BUNDLES,): where each tongue lies, see `tongue.tongue_of`
    choice: NDArray[np.int64]  # (4,): scratch of a decision
    recent: NDArray[np.int64]  # (64,): scratch: units heard last
    sample_rate: int  # Hz
    coupling: int  # frames that a fade may leave free, to lie where it is heard least
    interrupted: NDArray[np.int64]  # (1,): the control thread raises it when a change waits
    hidden: NDArray[np.float32]  # (voices, STEPS, width): the network's state before each step
    bias: NDArray[np.float64]  # (voices, descriptors): standard deviations
    tilt: NDArray[np.float32]  # (voices, tokens of all scales): what bias and parent add
    seeded: NDArray[np.int64]  # (voices, SEEDED): global tokens given as contexts, a gap after each
    # What each voice may play, see ``Inventory``; row 0 is everything, row v + 1 is voice v's own:
    allowed: NDArray[np.uint8]  # (voices + 1, units of all scales)
    members: NDArray[np.int64]  # (voices + 1, units of all scales)
    member_start: NDArray[np.int64]  # (voices + 1, tokens of all scales + 1)
    heard: NDArray[np.int64]  # (tokens of all scales,): scratch: how often each was heard lately


def make_plan(voices: int, sample_rate: int) -> Plan:
    """Allocate the plan of so many voices, without room for any bundle.

    Parameters
    ----------
    voices
        How many.
    sample_rate
        Hz.

    Returns
    -------
    Plan
        Each bundle has its own, made by `widen_plan`: they share what is here.
    """
    plan = Plan(
        voices=np.zeros(voices, VOICE_PLAN),
        steps=np.zeros((voices, STEPS), STEP),
        parameters=np.zeros((voices, len(PLANNER_SLOTS))),
        arena_starts=np.zeros((voices, GRAIN_CAPACITY), np.int64),
        tongues=np.zeros(MOST_BUNDLES, np.int64),
        choice=np.zeros(4, np.int64),
        recent=np.zeros(64, np.int64),
        sample_rate=sample_rate,
        coupling=SPARE_FRAMES,
        interrupted=np.zeros(1, np.int64),
        **_room_for(voices, width=0, tokens=0, units=0, descriptors=0),
    )
    for name, slot in PLANNER_SLOTS.items():
        plan.parameters[:, slot] = VOICE[name].default
    own = plan.voices
    own["past"] = NOTHING
    own["row"] = 2 * np.arange(voices)
    for name in ("previous", "following", "point", "cut", "run_on_serial"):
        own[name] = -1
    return plan


def widen_plan(plan: Plan, *, width: int, tokens: int, units: int, descriptors: int) -> Plan:
    """Give the voices of a plan the room that one more bundle needs; the rest is shared.

    Parameters
    ----------
    plan
        Any of these voices.
    width, tokens, units, descriptors
        Of the bundle; tokens and units of all scales together.
    """
    room = _room_for(
        len(plan.voices), width=width, tokens=tokens, units=units, descriptors=descriptors
    )
    return replace(plan, **room)


def _room_for(
    voices: int, *, width: int, tokens: int, units: int, descriptors: int
) -> dict[str, Any]:
    return {
        "hidden": np.zeros((voices, STEPS, width), np.float32),
        "bias": np.zeros((voices, descriptors)),
        "tilt": np.zeros((voices, tokens), np.float32),
        "seeded": np.full((voices, SEEDED), NOTHING, np.int64),
        "allowed": np.zeros((voices + 1, units), np.uint8),  # rows nobody writes take no memory
        "members": np.zeros((voices + 1, units), np.int64),
        "member_start": np.zeros((voices + 1, tokens + 1), np.int64),
        "heard": np.zeros(tokens, np.int64),
    }
