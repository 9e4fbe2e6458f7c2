"""A tongue: a bundle as voices speak it, with all of the planner's that is as large as the bundle.

Voices share their tongues and change between them.  What is a voice's whatever it speaks (its
queue, its timeline, its parameters, its place in the random stream) lies in the arrays that all
plans share; so a voice that changes its tongue leaves nothing behind but what it had said.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.compiled import njit
from idiolect.language.decoder import Cache, Weights, make_cache
from idiolect.language.memories import NOTHING, Memories
from idiolect.language.model import Model, load_model
from idiolect.parameters.bias import bias_name, voice_parameters
from idiolect.parameters.slots import PLANNER_SLOTS
from idiolect.performance.changes import Context
from idiolect.performance.contexts import adopt_context, read_context
from idiolect.performance.leaning import measure_leanings, tilt_tokens
from idiolect.performance.plan import CONTEXT_STEPS, STEPS, Plan, widen_plan
from idiolect.performance.reading import read_again
from idiolect.performance.repertoire import open_repertoire
from idiolect.performance.seeding import units_heard, units_said
from idiolect.selection.inventory import Inventory, load_inventory
from idiolect.selection.search import WINDOW
from idiolect.viewed import Viewed, make_finder

__all__ = ["Tongue", "TongueView", "inventory_of", "model_of", "tongue_of"]

PARENT = PLANNER_SLOTS["parent"]
ROLLBACK = STEPS // 2 + WINDOW  # steps: no cut goes back further, and so far ahead is looked


@dataclass(frozen=True, eq=False)
class TongueView(Viewed):
    """What compiled code sees of a tongue."""

    plan: Plan
    weights: Weights
    memories: Memories
    cache: Cache  # two rows for each voice
    audio: NDArray[np.float32]  # (frames, channels)
    source_limits: NDArray[np.int64]  # (sources + 1,): where each source begins, and the last ends
    # The fields of an ``Inventory``:
    units: NDArray[np.void]
    descriptors: NDArray[np.float32]
    present: NDArray[np.float32]
    edges: NDArray[np.float32]
    heads: NDArray[np.float32]
    allowed: NDArray[np.uint8]
    members: NDArray[np.int64]
    member_start: NDArray[np.int64]
    unit_offset: NDArray[np.int64]
    token_offset: NDArray[np.int64]


_find = make_finder(TongueView)


@njit
def tongue_of(plan: Plan, number: int) -> TongueView:
    """Show the tongue of a number, which must be there; ahead."""
    return _find(plan.tongues[number % plan.tongues.size])


@njit
def inventory_of(tongue: TongueView) -> Inventory:
    """Show a tongue's inventory, without what a voice may play of it."""
    return Inventory(
        tongue.units,
        tongue.descriptors,
        tongue.present,
        tongue.edges,
        tongue.heads,
        tongue.allowed,
        tongue.members,
        tongue.member_start,
        tongue.unit_offset,
        tongue.token_offset,
    )


@njit
def model_of(tongue: TongueView) -> Model:
    """Show a tongue's model."""
    return Model(tongue.weights, tongue.memories)


class Tongue:
    """A bundle as voices speak it.

    Parameters
    ----------
    bundle : Bundle
        At the engine's rate.
    plan : Plan
        Of the voices that may speak it, from `plan.make_plan`.

    Notes
    -----
    Made on any thread; some time for each ten thousand units, and no audio is read.  What methods
    there are belongs to the planner thread; the other attributes do not change.
    """

    def __init__(self, bundle: Bundle, plan: Plan) -> None:
        self.bundle = bundle
        self.scales = tuple(scale.name for scale in bundle.scales)
        self.descriptors = tuple(str(name) for name in bundle.manifest["descriptors"])
        self.biases = [bias_name(name) for name in self.descriptors]
        self.parameters = voice_parameters(self.descriptors)
        self.inventory = load_inventory(bundle)
        self.number = -1  # among the planner's, once it knows this one; none comes twice
        self._model = load_model(bundle)
        self._cache = make_cache(bundle.manifest["model"], 2 * len(plan.voices), ROLLBACK)
        self._leanings = measure_leanings(self.inventory)
        width = len(self._model.weights.final_norm)
        self.plan = widen_plan(
            plan,
            width=width,
            tokens=int(self.inventory.token_offset[-1]),
            units=len(self.inventory.units),
            descriptors=len(self.descriptors),
        )
        open_repertoire(self.plan, self.inventory)
        self._hidden = np.zeros(width, np.float32)
        self._given: dict[int, NDArray[np.int64]] = {}  # each voice's context, when it began
        starts = [int(source["start"]) for source in bundle.sources]
        self.view = TongueView(
            plan=self.plan,
            weights=self._model.weights,
            memories=self._model.memories,
            cache=self._cache,
            audio=bundle.audio,
            source_limits=np.array([*starts, len(bundle.audio)], np.int64),
            **self.inventory._asdict(),
        )

    def read(self, voice: int, scale: int, units: NDArray[np.int64]) -> None:
        """Read a context into the voice's spare cache row; what it speaks meanwhile goes on."""
        read_context(
            self.plan, self._model, self._cache, self.inventory, voice, scale, units, self._hidden
        )

    def adopt(self, voice: int, scale: int, units: NDArray[np.int64]) -> None:
        """Make the context just read the one that the voice's next step sees, and this its tongue."""
        self.plan.voices["tongue"][voice] = self.number
        adopt_context(self.plan, self.inventory, voice, scale, units, self._hidden)
        self._given[voice] = units

    def look(self, voice: int, now: int) -> Context:
        """Tell what a voice goes on from at a timeline frame: what it was given, and what it said."""
        said = units_said(self.plan, voice, now)
        heard = [*self._given[voice].tolist(), *said][-CONTEXT_STEPS:]
        return Context(int(self.plan.voices["scale"][voice]), tuple(heard))

    def read_again(self, voice: int) -> None:
        """Read what sounded last once more, since what it is told about the parent has changed."""
        read_again(self.plan, self._model, self._cache, self.inventory, voice)

    def carry(self, voice: int, scale: int) -> NDArray[np.int64]:
        """Make the units of a scale up to the place where a voice now stands its context."""
        units = units_heard(self.bundle, self.plan, self.inventory, voice, scale)
        self.read(voice, scale, units)
        self.adopt(voice, scale, units)
        return units

    def lean(self, voice: int) -> None:
        """Let a voice lean as its bias and the class it is fixed to say."""
        parent = int(self.plan.parameters[voice, PARENT])
        tilt_tokens(self._leanings, self.plan.bias[voice], parent, self.plan.tilt[voice])

    def greet(self, voice: int, biases: Mapping[str, float]) -> None:
        """Prepare for a voice that is to speak this: seeded with nothing, leaning as before.

        Parameters
        ----------
        voice : int
        biases : Mapping
            Of the voice, by name; those of descriptors that the bundle has not are left out.
        """
        self.plan.seeded[voice] = NOTHING
        self.plan.bias[voice] = [biases.get(name, 0.0) for name in self.biases]
        self.lean(voice)
