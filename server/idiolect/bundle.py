"""The bundle: what `learn` writes and `serve` opens, the one place where both meet.

A bundle is a folder::

    NAME.idiolect/
    ├── manifest.json             format, rate, sources, scales, descriptor names, model shape, report
    ├── audio.npy                 float32[frames, channels], every source end to end
    ├── model.safetensors         the network's weights, float32
    ├── report.html               all of it to look at and listen to; nothing reads it
    ├── evaluation.json           what it was heard to say, once `evaluate` has; only the page reads it
    └── scales/NAME/
        ├── units.npy             UNIT[units]
        ├── descriptors.npy       float32[units, descriptors], standardised, 0 where missing
        ├── present.npy           bool[units, descriptors]
        ├── edges.npy             float32[units, 2, bands], how each unit begins and ends
        ├── centroids.npy         float32[tokens, descriptors], standardised
        ├── scaler.npy            float32[2, descriptors], centre and spread before standardising
        ├── prototypes.npy        float32[prototypes, descriptors], what new units are named by
        ├── prototype_tokens.npy  int32[prototypes], the token each stands for
        ├── exemplars.npy         int64[tokens], the unit that speaks for each token
        ├── spread.npy            float32[tokens], mean distance of its units to the centroid
        ├── map.npy               float32[units, 2], a place for each unit, -1 to 1
        └── memory.safetensors    what followed in the corpus: the arrays of `memory.Memory`

Format 1 had nothing below ``scaler.npy``, format 2 no memory, and a network that is told no parent;
what is missing is derived when such a bundle is opened.  What only `learn` reads again, a bundle's
``analysis`` folder, is described in `corpus.earlier`.

There is no pickle and no code in it, so a bundle from a stranger is safe to open.  Arrays are
opened by memory map.
"""

import fcntl
import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import BundleError
from idiolect.formats import derive
from idiolect.grain import UNIT
from idiolect.memory import Memory, blank
from idiolect.soundness import MOST_FRAMES, MOST_SCALES, check, check_file, is_plain

__all__ = ["EVALUATION", "FORMAT", "LOWEST", "PAGE", "Bundle", "Scale", "writing"]

LOWEST = 20.0
"""Hz, where the logarithm of a frequency begins: centroid and pitch are octaves above it."""

FORMAT = 3
READS = (1, 2, 3)
PAGE = "report.html"
EVALUATION = "evaluation.json"
_MOST_TEXT, _MOST_WEIGHTS = 2**28, 2**31  # bytes of files that are read as a whole
_MOST_ARRAY = 8 * MOST_FRAMES + 4096  # bytes, of the audio's two channels


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One level of segmentation, with its vocabulary."""

    name: str
    method: str  # how its boundaries were found
    units: NDArray[np.void]  # UNIT[units], sorted by start
    descriptors: NDArray[np.float32]  # (units, descriptors)
    present: NDArray[np.bool_]  # (units, descriptors)
    edges: NDArray[np.float32]  # (units, 2, bands)
    centroids: NDArray[np.float32]  # (tokens, descriptors)
    scaler: NDArray[np.float32]  # (2, descriptors)
    prototypes: NDArray[np.float32]  # (prototypes, descriptors)
    prototype_tokens: NDArray[np.int32]  # (prototypes,)
    exemplars: NDArray[np.int64]  # (tokens,), units
    spread: NDArray[np.float32]  # (tokens,)
    map: NDArray[np.float32]  # (units, 2)
    memory: Memory
    memory_weight: float  # its share in what is expected, 0 to 1; the network has the rest

    @property
    def token_count(self) -> int:
        """How many tokens its vocabulary has."""
        return len(self.centroids)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """An open bundle; read-only, shared by every thread."""

    path: Path
    manifest: dict[str, Any]
    audio: NDArray[np.float32]  # (frames, channels), memory map
    scales: tuple[Scale, ...]  # finest first
    weights: dict[str, NDArray[np.float32]]

    @property
    def name(self) -> str:
        """The folder's name without its ending."""
        return self.path.stem

    @property
    def sample_rate(self) -> int:
        """Frames per second of the audio."""
        return int(self.manifest["sample_rate"])

    @cached_property
    def digest(self) -> str:
        """What it holds, in 32 letters: two bundles with the same digest say the same.

        Reads every file that playing needs; a second for some gigabytes.
        """
        digest = hashlib.blake2b(digest_size=16)
        files = [self.path / name for name in ("manifest.json", "audio.npy", "model.safetensors")]
        for file in [*files, *sorted((self.path / "scales").glob("*/*"))]:
            with file.open("rb") as opened:
                content = hashlib.file_digest(opened, hashlib.blake2b).digest()
            digest.update(file.relative_to(self.path).as_posix().encode() + content)
        return digest.hexdigest()

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Source files: name, start and frames in the audio, their own rate and channels."""
        return list(self.manifest["sources"])

    def scale_index(self, scale: str | float) -> int:
        """Find a scale by name, or by index with floats rounded (0 is the finest).

        Raises
        ------
        BundleError
            When there is no such scale; the message lists those there are.
        """
        names = [s.name for s in self.scales]
        if isinstance(scale, str):
            if scale in names:
                return names.index(scale)
        elif np.isfinite(scale) and 0 <= round(scale) < len(names):
            return round(scale)
        raise BundleError(
            f"no scale {scale!r} in {self.path.name}; it has {', '.join(names)} "
            f"(or 0 to {len(names) - 1})"
        )

    @classmethod
    def open(cls, path: Path) -> "Bundle":
        """Open a bundle by memory map.

        Raises
        ------
        BundleError
            When it is missing, damaged, or of another format version.
        """
        manifest = _read_manifest(path)
        try:
            if len(manifest["scales"]) > MOST_SCALES:
                raise ValueError(f"more than {MOST_SCALES} scales")
            audio = _load(path / "audio.npy", np.dtype(np.float32), 2)
            scales = tuple(
                _open_scale(path, entry, manifest["format"]) for entry in manifest["scales"]
            )
            weights = _load_arrays(path / "model.safetensors")
            if "parent_embedding" not in weights and manifest["format"] < 3:
                weights["parent_embedding"] = np.zeros_like(weights["token_embedding"])
            bundle = cls(path=path, manifest=manifest, audio=audio, scales=scales, weights=weights)
            check(bundle)
        except BundleError:
            raise
        except Exception as error:  # the border: a stranger's bytes may raise anything
            raise BundleError(
                f"{path} is damaged ({error}); run `idiolect learn` again to make a new one"
            ) from error
        return bundle


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` that becomes `path` when all went well.

    An older bundle of that name is replaced only then.  After an error or Ctrl-C nothing is left;
    what a kill left goes when the next one begins.

    Yields
    ------
    Path
        The folder to write into.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError), _lock(left) as dead:
            if dead:
                shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    folder.chmod(0o755)
    try:
        with _lock(folder):
            yield folder
            old = folder.with_name(folder.name + ".old")
            if path.exists():
                os.replace(path, old)
            os.replace(folder, path)
            shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Hold a folder while this process lives; gives whether nobody else does, where that shows."""
    handle, held = os.open(folder, os.O_RDONLY), False
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = True
    try:
        yield held
    finally:
        os.close(handle)


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise BundleError(f"no bundle at {path}; make one with `idiolect learn FOLDER -o {path}`")
    try:
        check_file(path / "manifest.json", _MOST_TEXT)
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        version = manifest["format"]
    except Exception as error:  # the border: a stranger's bytes may raise anything
        raise BundleError(f"{path} is not a bundle: its manifest.json cannot be read") from error
    if version not in READS:
        raise BundleError(
            f"{path} has bundle format {str(version)[:32]}, this version reads "
            f"{', '.join(map(str, READS[:-1]))} and {READS[-1]}; "
            "run `idiolect learn` again, or install the version that wrote it "
            f"({str(manifest.get('idiolect', 'unknown'))[:32]})"
        )
    return dict(manifest)


def _load(path: Path, dtype: np.dtype[Any], ndim: int) -> NDArray[Any]:
    check_file(path, _MOST_ARRAY)
    array = np.lib.format.open_memmap(
        path, mode="r"
    )  # an array, and neither a pickle nor an archive
    if not array.flags.c_contiguous:
        raise ValueError(f"{path.name} is not in the order of C")
    if array.dtype != dtype or array.ndim != ndim:
        raise ValueError(f"{path.name} holds {array.dtype}[{array.ndim}d], not {dtype}[{ndim}d]")
    return np.ndarray(array.shape, array.dtype, array) if array.size else np.array(array)


def _open_scale(path: Path, entry: dict[str, Any], version: int) -> Scale:
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
        key: _load(folder / f"{key}.npy", np.dtype(dtype), ndim)
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
    arrays = _load_arrays(path)
    for name, dtype in kinds.items():
        if arrays[name].dtype != dtype or arrays[name].ndim != 1:
            raise ValueError(f"{path.name}: {name} is not {dtype}[1d]")
    return Memory(**{name: arrays[name] for name in kinds})


def _load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    check_file(path, _MOST_WEIGHTS)
    try:
        return {name: np.ascontiguousarray(array) for name, array in load_file(path).items()}
    except SafetensorError as error:
        raise ValueError(f"{path.name}: {error}") from error
