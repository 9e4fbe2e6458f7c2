"""Write what a bundle holds besides its arrays, and tell equal bundles by a digest."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from idiolect.bundle.memory import Memory
from idiolect.learning.network import Network

__all__ = ["digest", "write_memory", "write_scale", "write_weights"]


def write_weights(path: Path, network: Network) -> None:
    """Save the network's weights, float32, by name."""
    _write(path, {name: weight.detach().numpy() for name, weight in network.named_parameters()})


def write_scale(folder: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Save the arrays of one scale, each under its name."""
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def write_memory(path: Path, memory: Memory) -> None:
    """Save what a scale remembers, its arrays by name."""
    _write(path, memory.as_dict())


def _write(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Save arrays by name; `save_file` would make a file that nobody but its owner may read."""
    path.write_bytes(save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def digest(folder: Path, manifest: dict[str, Any]) -> str:
    """Digest what was written, so that equal bundles can be told; seconds are left out."""
    found = hashlib.sha256()
    found.update(json.dumps(manifest, sort_keys=True).encode())
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                found.update(block)
    return found.hexdigest()
