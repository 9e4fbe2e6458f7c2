"""A rehearsal: what a voice would play, decided as the planner decides it, and never sounded."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.language.decoder import make_cache
from idiolect.language.model import load_model
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.contexts import adopt_context, read_context
from idiolect.performance.leaning import measure_leanings, tilt_tokens
from idiolect.performance.plan import STEPS, Plan, make_plan, widen_plan
from idiolect.performance.repertoire import open_repertoire
from idiolect.performance.steps import decide_step
from idiolect.selection.inventory import load_inventory

__all__ = ["Rehearsal"]


class Rehearsal:
    """One voice of a bundle, without an engine.

    Parameters
    ----------
    bundle : Bundle
        What it speaks.

    Notes
    -----
    Offline.  The units are those that `idiolect render` plays with the same seed and parameters.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._model = load_model(bundle)
        self._inventory = load_inventory(bundle)
        self._leanings = measure_leanings(self._inventory)

    def speak(
        self, scale: int, seconds: float, *, seed: int, parameters: Mapping[str, float]
    ) -> NDArray[np.void]:
        """Decide unit after unit from an empty context, until they last so long.

        Parameters
        ----------
        scale
            Its index, 0 is the finest.
        seconds
            At least so much is played.
        seed
            Behind every random choice.
        parameters
            Of the planner, by name; the others are at their defaults.

        Returns
        -------
        STEP[steps]
            The decisions, onsets and ends in frames of the bundle's rate.
        """
        plan = self._begin(parameters, seed)
        cache = make_cache(self._bundle.manifest["model"], 2, STEPS)
        nothing, hidden = np.empty(0, np.int64), np.zeros(plan.hidden.shape[2], np.float32)
        read_context(plan, self._model, cache, self._inventory, 0, scale, nothing, hidden)
        adopt_context(plan, self._inventory, 0, scale, nothing, hidden)
        own, parts = plan.voices[:1], []
        while own["end"][0] < seconds * self._bundle.sample_rate:
            decide_step(plan, self._model, cache, self._inventory, 0)
            count = int(own["steps"][0])
            if count % STEPS == 0:  # the plan keeps no more
                parts.append(plan.steps[0].copy())
        return np.concatenate([*parts, plan.steps[0, : int(own["steps"][0]) % STEPS]])

    def _begin(self, parameters: Mapping[str, float], seed: int) -> Plan:
        inventory = self._inventory
        plan = widen_plan(
            make_plan(1, self._bundle.sample_rate),
            width=len(self._model.weights.final_norm),
            tokens=int(inventory.token_offset[-1]),
            units=len(inventory.units),
            descriptors=inventory.descriptors.shape[1],
        )
        open_repertoire(plan, inventory)
        for name, value in parameters.items():
            plan.parameters[0, PLANNER_SLOTS[name]] = value
        parent = int(plan.parameters[0, PLANNER_SLOTS["parent"]])
        tilt_tokens(self._leanings, plan.bias[0], parent, plan.tilt[0])
        plan.voices["seed"] = seed
        return plan
