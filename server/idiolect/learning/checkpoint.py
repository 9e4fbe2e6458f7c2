"""Training kept on disk while it goes on: after a kill it goes on from there, not from zero.

The files lie in a folder beside the bundle that is to be written, one for each network that is
trained, and go with the folder when the bundle is whole.  Each holds everything that the next step
depends on, so that a run that was killed ends with the weights it would have had, and the digest of
everything that its training depends on: what other sequences or settings left is never taken.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from idiolect import __version__
from idiolect.learning.devices import draw_from, generators_of
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import TrainingSettings
from idiolect.learning.state import State

__all__ = ["Checkpoint", "digest_run"]

EVERY = 5.0  # seconds of training between two writes; one takes some milliseconds
FACTS = ("best_step", "best_score", "best_bits", "step", "seconds", "loss")


@dataclass(slots=True)
class Checkpoint:
    """Where the training of one network is kept."""

    path: Path | None  # None: nowhere
    digest: str  # of the run, from `digest_run`
    written: float = 0.0  # seconds of training at the latest write

    def keep(self, state: State, *, now: bool = False) -> None:
        """Write a state, if the latest was written some seconds ago, in one move.

        Parameters
        ----------
        state
            Between two steps.
        now
            Whether to write it anyway.
        """
        if self.path is None or not (now or state.seconds - self.written >= EVERY):
            return
        facts = {name: getattr(state, name) for name in FACTS}
        facts |= {"digest": self.digest, "generator": state.generator.bit_generator.state}
        tensors = {name: tensor.contiguous() for name, tensor in _tensors(state).items()}
        self.path.parent.mkdir(exist_ok=True)
        part = self.path.with_suffix(".part")
        save_file(tensors, part, {"state": json.dumps(facts)})
        os.replace(part, self.path)
        self.written = state.seconds

    def restore(self, state: State) -> str:
        """Let a state go on from what was kept, if that is of the same run.

        Parameters
        ----------
        state
            As `state.begin` makes it; is left alone where nothing can be taken.

        Returns
        -------
        str
            What happened, in words; empty where nothing was kept, or of another run.
        """
        if self.path is None or not self.path.exists():
            return ""
        try:
            facts, tensors = _read(self.path)
            if facts["digest"] != self.digest:
                return ""
            _check(state, facts, tensors)
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            return f"began anew, for its checkpoint cannot be read ({error})"
        _put(state, facts, tensors)
        self.written = state.seconds
        return f"went on from step {state.step}"


def digest_run(state: State, sequences: list[Sequence], settings: TrainingSettings) -> str:
    """Digest all that the training of a network depends on, but for the time it is given.

    Parameters
    ----------
    state
        As `state.begin` makes it: the seed speaks through its weights and generator.
    sequences, settings
        What is learned, and how.
    """
    network, found = state.network, hashlib.sha256()
    facts: list[Any] = [__version__, torch.__version__, network.device.type, asdict(network.shape)]
    facts += [asdict(replace(settings, budget=1.0)), state.generator.bit_generator.state]
    found.update(json.dumps(facts, sort_keys=True).encode())
    for name, weight in network.named_parameters():
        found.update(name.encode())
        found.update(weight.detach().cpu().numpy().tobytes())
    for sequence in sequences:
        for part in fields(sequence):
            array = np.asarray(getattr(sequence, part.name))
            found.update(f"{part.name} {array.dtype} {array.shape}".encode())
            found.update(array.tobytes())
    return found.hexdigest()


def _weights(state: State) -> dict[str, dict[str, Tensor]]:
    network = {name: weight.detach() for name, weight in state.network.named_parameters()}
    return {"network": network, "mean": state.mean, "best": state.best}


def _tensors(state: State) -> dict[str, Tensor]:
    """Name every tensor of a state as GROUP.NAME."""
    groups = _weights(state) | {"random": generators_of(state.network.device)}
    for index, moments in state.optimiser.state_dict()["state"].items():
        groups[f"optimiser.{index}"] = moments
    return {f"{group}.{name}": t for group, own in groups.items() for name, t in own.items()}


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    with safe_open(path, "pt") as file:
        facts = json.loads(file.metadata()["state"])
        return facts, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _check(state: State, facts: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Refuse what does not fit; nothing was touched so far."""
    for group, own in _weights(state).items():
        for name, weight in own.items():
            if tensors[f"{group}.{name}"].shape != weight.shape:
                raise ValueError(f"{group}.{name} has another shape")
    for name in (*FACTS, "generator"):
        facts[name]


def _put(state: State, facts: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    for group, own in _weights(state).items():
        for name, weight in own.items():
            weight.copy_(tensors[f"{group}.{name}"])
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        group, _, rest = name.partition(".")
        if group == "optimiser":
            index, _, moment = rest.partition(".")
            moments.setdefault(int(index), {})[moment] = tensor
    groups = state.optimiser.state_dict()["param_groups"]
    state.optimiser.load_state_dict({"state": moments, "param_groups": groups})
    kept = {name: tensors[f"random.{name}"] for name in generators_of(state.network.device)}
    draw_from(kept, state.network.device)
    state.generator.bit_generator.state = facts["generator"]
    for name in FACTS:
        setattr(state, name, facts[name])
