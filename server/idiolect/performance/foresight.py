"""Which unit to take of a token, given what is likely to come after it.

The steps that would follow are tried out: read by the network ahead of the voice's place, decided
with the random numbers they will be decided with, and forgotten.  Only the units are chosen anew,
by the cheapest path; so a choice still depends on nothing but the voice's context, its parameters
and the keys of the random stream, whatever the lookahead.
"""

import numpy as np
from numpy.typing import NDArray

from idiolect.compiled import njit
from idiolect.language.decoder import Cache
from idiolect.language.model import Model
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.decision import Steering, class_wanted, decide, expect_unit
from idiolect.performance.plan import Plan
from idiolect.performance.reading import extend_past, read_at
from idiolect.random import PURPOSE_CANDIDATES, uniform
from idiolect.selection.inventory import Inventory, successor
from idiolect.selection.search import WINDOW, Window, add_step, choose_path, make_window

__all__ = ["foresee"]

PARENT = PLANNER_SLOTS["parent"]


@njit
def foresee(
    plan: Plan,
    model: Model,
    cache: Cache,
    inventory: Inventory,
    voice: int,
    steering: Steering,
    recent_count: int,
) -> int:
    """Choose the unit of the decision in ``plan.choice`` anew, looking at the steps after it.

    Parameters
    ----------
    inventory
        As the voice may play it.
    steering
        Of the voice.
    recent_count : int64
        Units in ``plan.recent``.

    Returns
    -------
    int64
        Local index.

    Notes
    -----
    Planner thread.  Reads the network up to `WINDOW` - 1 times more, into slots of the cache that
    the voice's next steps write again.  A step that would go on naturally ends the window: its
    join costs nothing, whatever comes before it.
    """
    own = plan.voices[voice]
    past, choice, window = own.past.copy(), plan.choice.copy(), make_window()
    hidden = plan.hidden[voice, own.steps % plan.steps.shape[1]].copy()
    previous, position, step = own.previous, own.position, own.steps - own.base
    for ahead in range(WINDOW):
        if ahead > 0:
            extend_past(plan, inventory, voice, own.scale, previous)
            read_at(plan, model, cache, inventory, voice, previous, position + ahead - 1, hidden)
            decide(
                model, inventory, hidden, own.scale, previous, steering, own.seed, voice,
                step + ahead, plan.recent, recent_count, choice,
            )  # fmt: skip
            if choice[2] == 1:
                break
        _weigh(
            window, model, inventory, hidden, own.scale, previous, steering, choice[1],
            plan.recent, recent_count, uniform(own.seed, voice, step + ahead, PURPOSE_CANDIDATES),
        )  # fmt: skip
        previous = choice[0]
    own.past[:] = past
    return choose_path(window, inventory, own.scale, own.previous)


@njit
def _weigh(
    window: Window,
    model: Model,
    inventory: Inventory,
    hidden: NDArray[np.float32],
    scale: int,
    previous: int,
    steering: Steering,
    token: int,
    recent: NDArray[np.int64],
    recent_count: int,
    u: float,
) -> None:
    """Put the candidates of a decided token into the window."""
    word = inventory.token_offset[scale] + token
    mean, variance = expect_unit(model.weights, hidden, word, steering.bias)
    wanted = class_wanted(inventory, scale, steering.parameters[PARENT])
    natural = successor(inventory, scale, previous)
    add_step(
        window, inventory, scale, token, previous, natural, mean, variance, recent, recent_count,
        wanted, u,
    )  # fmt: skip
