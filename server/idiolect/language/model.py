"""The language as it is played: the network, and what it was learned from by heart."""

from typing import NamedTuple

from idiolect.bundle.bundle import Bundle
from idiolect.language.memories import Memories, load_memories
from idiolect.language.weights import Weights, load_weights

__all__ = ["Model", "load_model"]


class Model(NamedTuple):
    """What decisions are made with; read alone."""

    weights: Weights
    memories: Memories


def load_model(bundle: Bundle) -> Model:
    """Arrange the bundle's network and memories for play, as private copies."""
    return Model(load_weights(bundle), load_memories(bundle))
