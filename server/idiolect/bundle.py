"""The bundle: what `learn` writes and `serve` opens, the one place where both meet.

A bundle is a folder::

    NAME.idiolect/
    ├── manifest.json             format, rate, sources, scales, descriptor names, model shape, report
    ├── audio.npy                 float32[frames, channels], every source end to end
    ├── model.safetensors         the network's weights, float32
    ├── report.html               all of it to look at and listen to; nothing reads it
    └── scales/NAME/
        ├── units.npy             UNIT[units]
        ├── descriptors.npy       float32[units, descriptors], standardised, 0 where missing
        ├── present.npy           bool[units, descriptors]
        ├── edges.npy             float32[units, 2, bands], how each unit begins and ends
        ├── centroids.npy         float32[tokens, descriptors], standardised
        └── scaler.npy            float32[2, descriptors], centre and spread before standardising

There is no pickle and no code in it, so a bundle from a stranger is safe to open.  Arrays are
opened by memory map.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.errors import BundleError
from idiolect.grain import UNIT

__all__ = ["FORMAT", "PAGE", "Bundle", "Scale", "writing"]

FORMAT = 1
PAGE = "report.html"


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
            audio = _load(path / "audio.npy", np.dtype(np.float32), 2)
            scales = tuple(_open_scale(path, entry) for entry in manifest["scales"])
            weights = _load_weights(path / "model.safetensors")
            bundle = cls(path=path, manifest=manifest, audio=audio, scales=scales, weights=weights)
            _check(bundle)
        except BundleError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleError(
                f"{path} is damaged ({error}); run `idiolect learn` again to make a new one"
            ) from error
        return bundle


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path` that becomes `path` when all went well.

    An older bundle of that name is replaced only then; after an error or Ctrl-C nothing is left.

    Yields
    ------
    Path
        The folder to write into.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    folder.chmod(0o755)
    try:
        yield folder
        old = folder.with_name(folder.name + ".old")
        if path.exists():
            os.replace(path, old)
        os.replace(folder, path)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise BundleError(f"no bundle at {path}; make one with `idiolect learn FOLDER -o {path}`")
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        version = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{path} is not a bundle: its manifest.json cannot be read") from error
    if version != FORMAT:
        raise BundleError(
            f"{path} has bundle format {version}, this version reads {FORMAT}; "
            "run `idiolect learn` again, or install the version that wrote it "
            f"({manifest.get('idiolect', 'unknown')})"
        )
    return dict(manifest)


def _load(path: Path, dtype: np.dtype[Any], ndim: int) -> NDArray[Any]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype != dtype or array.ndim != ndim:
        raise ValueError(f"{path.name} holds {array.dtype}[{array.ndim}d], not {dtype}[{ndim}d]")
    return np.ndarray(array.shape, array.dtype, array) if array.size else np.array(array)


def _open_scale(path: Path, entry: dict[str, Any]) -> Scale:
    name = str(entry["name"])
    folder = path / "scales" / name
    if Path(name).name != name:
        raise ValueError(f"scale name {name!r} is not a plain name")
    f4 = np.dtype(np.float32)
    return Scale(
        name=name,
        method=str(entry["method"]),
        units=_load(folder / "units.npy", UNIT, 1),
        descriptors=_load(folder / "descriptors.npy", f4, 2),
        present=_load(folder / "present.npy", np.dtype(np.bool_), 2),
        edges=_load(folder / "edges.npy", f4, 3),
        centroids=_load(folder / "centroids.npy", f4, 2),
        scaler=_load(folder / "scaler.npy", f4, 2),
    )


def _load_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {k: np.ascontiguousarray(v, np.float32) for k, v in load_file(path).items()}
    except SafetensorError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _check(bundle: Bundle) -> None:
    """Check that every index points inside its array: compiled code reads without bounds checks."""
    frames, tokens, width = len(bundle.audio), 0, len(bundle.manifest["descriptors"])
    if not bundle.scales:
        raise ValueError("no scales")
    if not 1 <= bundle.audio.shape[1] <= 2 or not 1000 <= bundle.sample_rate <= 768_000:
        raise ValueError("audio of an impossible shape or rate")
    for index, scale in enumerate(bundle.scales):
        units, count = scale.units, len(scale.units)
        parents = len(bundle.scales[index + 1].units) if index + 1 < len(bundle.scales) else 0
        ok = (
            count > 0
            and (units["start"] >= 0).all()
            and (units["length"] > 0).all()
            and (units["start"] + units["length"] <= frames).all()
            and (np.diff(units["start"]) > 0).all()
            and (units["source"] >= 0).all()
            and (units["source"] < len(bundle.sources)).all()
            and (units["token"] >= 0).all()
            and (units["token"] < scale.token_count).all()
            and (units["parent"] >= -1).all()
            and (units["parent"] < max(parents, 1)).all()
            and scale.descriptors.shape == scale.present.shape == (count, width)
            and scale.centroids.shape == (scale.token_count, width)
            and scale.edges.shape[:2] == (count, 2)
            and scale.scaler.shape == (2, width)
        )
        if not ok:
            raise ValueError(f"scale {scale.name} is inconsistent")
        tokens += scale.token_count
    _check_weights(bundle, tokens, width)


def _check_weights(bundle: Bundle, tokens: int, descriptors: int) -> None:
    shapes = weight_shapes(bundle.manifest["model"], tokens, descriptors, len(bundle.scales))
    for name, shape in shapes.items():
        if bundle.weights[name].shape != shape or not np.isfinite(bundle.weights[name]).all():
            raise ValueError(f"weight {name} is not a finite array of shape {shape}")


def weight_shapes(
    model: dict[str, int], tokens: int, descriptors: int, scales: int
) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight of the network; `language.decoder` says what each does.

    Parameters
    ----------
    model
        The manifest's "model": `layers`, `width`, `heads`, `window`.
    tokens, descriptors, scales
        Tokens of all scales together, descriptor columns, scales.
    """
    layers, width, heads = int(model["layers"]), int(model["width"]), int(model["heads"])
    if not (0 < layers <= 64 and 0 < heads <= 64 and 0 < width <= 4096 and width % heads == 0):
        raise ValueError(f"a model of {layers} layers, width {width}, {heads} heads")
    if not 1 <= int(model["window"]) <= 4096:
        raise ValueError(f"a window of {model['window']} steps")
    return {
        "token_embedding": (tokens + 1, width),  # the last row: nothing has sounded yet
        "descriptor_projection": (width, 2 * descriptors),  # values, then presence as 0 or 1
        "scale_embedding": (scales, width),
        "attention_norm": (layers, width),
        "qkv": (layers, 3 * width, width),
        "attention_out": (layers, width, width),
        "mlp_norm": (layers, width),
        "mlp_in": (layers, 4 * width, width),
        "mlp_out": (layers, width, 4 * width),
        "final_norm": (width,),
        "head": (tokens, width),
        "head_bias": (tokens,),
        "mean_head": (descriptors, width),
        "mean_bias": (tokens, descriptors),
        "log_variance_head": (descriptors, width),
        "log_variance_bias": (tokens, descriptors),
    }
