"""The files of a bundle, read as a stranger's: sizes first, then types, never a pickle."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.formats import READS, derive
from idiolect.bundle.memory import Memory, blank
from idiolect.bundle.scale import Scale
from idiolect.bundle.soundness import MOST_FRAMES, check_file, is_plain
from idiolect.errors import BundleError
from idiolect.grain import UNIT

__all__ = ["load", "load_arrays", "not_ours", "open_scale", "read_manifest"]

_MOST_TEXT, _MOST_WEIGHTS = 2**28, 2**31  # bytes of files that are read as a whole
_MOST_ARRAY = 8 * MOST_FRAMES + 4096  # bytes, of the audio's two channels


def read_manifest(path: Path) -> dict[str, Any]:
    """Read what a bundle says of itself.

    Raises
    ------
    BundleError
        When there is none, it cannot be read, or it is of another format version.
    """
    if not path.is_dir():
        raise BundleError(f"no bundle at {path}; make one with `idiolect learn FOLDER -o {path}`")
    try:
        check_file(path / "manifest.json", _MOST_TEXT)
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        version = manifest["format"]
    except PermissionError as error:
        raise not_ours(path) from error
    except Exception as error:  # the border: a stranger's bytes may raise anything
        raise BundleError(
            f"{path} is not a bundle: its manifest.json cannot be read; make one with `idiolect learn`"
        ) from error
    if version not in READS:
        raise BundleError(
            f"{path} has bundle format {str(version)[:32]}, this version reads "
            f"{', '.join(map(str, READS[:-1]))} and {READS[-1]}; "
            "run `idiolect learn` again, or install the version that wrote it "
            f"({str(manifest.get('idiolect', 'unknown'))[:32]})"
        )
    return dict(manifest)


def not_ours(path: Path) -> BundleError:
    """Say that a bundle may not be read, and what to do."""
    return BundleError(
        f"{path} may not be read by this user; run `chmod -R a+rX {path}` as its owner"
    )


def load(path: Path, dtype: np.dtype[Any], ndim: int) -> NDArray[Any]:
    """Open an array by memory map.

    Raises
    ------
    ValueError
        When it is of another type or number of dimensions, or in another order than C's.
    """
    check_file(path, _MOST_ARRAY)
    array = np.lib.format.open_memmap(
        path, mode="r"
    )  # an array, and neither a pickle nor an archive
    if not array.flags.c_contiguous:
        raise ValueError(f"{path.name} is not in the order of C")
    if array.dtype != dtype or array.ndim != ndim:
        raise ValueError(f"{path.name} holds {array.dtype}[{array.ndim}d], not {dtype}[{ndim}d]")
    return np.ndarray(array.shape, array.dtype, array) if array.size else np.array(array)


def open_scale(path: Path, entry: dict[str, Any], version: int) -> Scale:
    """Open the scale of an entry of the manifest; what `version` does not hold is derived.

    Raises
    ------
    ValueError
        When its name is no plain name, or an array is not what it must be.
    """
    name = entry["name"]
    if not is_plain(name):
        raise ValueError(f"scale name {str(name)[:64]!r} is not a plain name")
    folder = path / "scales" / name
    kinds: dict[str, tuple[Any, int]] = {
        "units": (UNIT, 1),
        "descriptors": (np.float32, 2),
        "present": (np.bool_, 2),
        "edges": (np.float32, 3),
        "centroids": (np.float32, 2),
        "scaler": (np.float32, 2),
    }
    later: dict[str, tuple[Any, int]] = {
        "prototypes": (np.float32, 2),
        "prototype_tokens": (np.int32, 1),
        "exemplars": (np.int64, 1),
        "spread": (np.float32, 1),
        "map": (np.float32, 2),
    }
    arrays = {
        key: load(folder / f"{key}.npy", np.dtype(dtype), ndim)
        for key, (dtype, ndim) in (kinds | later if version > 1 else kinds).items()
    }
    if version == 1:
        arrays |= derive(arrays["units"], arrays["descriptors"], arrays["centroids"])
    memory, weight = blank(), 0.0
    if version > 2:
        memory = _load_memory(folder / "memory.safetensors")
        weight = float(entry["memory_weight"])
    return Scale(
        name=name, method=str(entry["method"]), memory=memory, memory_weight=weight, **arrays
    )


def _load_memory(path: Path) -> Memory:
    kinds = {name: array.dtype for name, array in blank().as_dict().items()}
    arrays = load_arrays(path)
    for name, dtype in kinds.items():
        if arrays[name].dtype != dtype or arrays[name].ndim != 1:
            raise ValueError(f"{path.name}: {name} is not {dtype}[1d]")
    return Memory(**{name: arrays[name] for name in kinds})


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read every array of a safetensors file.

    Raises
    ------
    ValueError
        When it is not one.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    check_file(path, _MOST_WEIGHTS)
    try:
        return {name: np.ascontiguousarray(array) for name, array in load_file(path).items()}
    except SafetensorError as error:
        raise ValueError(f"{path.name}: {error}") from error
