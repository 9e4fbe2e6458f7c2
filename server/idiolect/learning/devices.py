"""Where a network is trained: on the processor, or on a card that torch can reach."""

import torch
from torch import Tensor

from idiolect.errors import ConfigError

__all__ = ["draw_from", "find_device", "generators_of"]


def find_device(name: str) -> torch.device:
    """Find a device: ``cpu``, ``cuda``, ``mps``, or ``auto``, which is cuda where that is there.

    Raises
    ------
    ConfigError
        When it is not there.
    """
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        return torch.device("cuda" if there["cuda"] else "cpu")
    if not there.get(name):
        found = ", ".join(kind for kind, usable in there.items() if usable)
        raise ConfigError(
            f"learn.device is {name}, which torch {torch.__version__} does not find here, only "
            f"{found}; take auto, or install a torch that is built for {name}"
        )
    return torch.device(name)


def generators_of(device: torch.device) -> dict[str, Tensor]:
    """Give the states of torch's generators that training on a device draws from, uint8."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def draw_from(states: dict[str, Tensor], device: torch.device) -> None:
    """Let torch's generators go on from where `generators_of` found them."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
    if device.type == "mps":
        torch.mps.set_rng_state(states["mps"])
