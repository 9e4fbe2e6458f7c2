"""An open bundle."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idiolect.bundle.reading import load, load_arrays, not_ours, open_scale, read_manifest
from idiolect.bundle.scale import Scale
from idiolect.bundle.soundness import MOST_SCALES, check
from idiolect.errors import BundleError

__all__ = ["EVALUATION", "PAGE", "Bundle"]

PAGE = "report.html"
EVALUATION = "evaluation.json"


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
        manifest = read_manifest(path)
        try:
            if len(manifest["scales"]) > MOST_SCALES:
                raise ValueError(f"more than {MOST_SCALES} scales")
            audio = load(path / "audio.npy", np.dtype(np.float32), 2)
            scales = tuple(
                open_scale(path, entry, manifest["format"]) for entry in manifest["scales"]
            )
            weights = load_arrays(path / "model.safetensors")
            if "parent_embedding" not in weights and manifest["format"] < 3:
                weights["parent_embedding"] = np.zeros_like(weights["token_embedding"])
            bundle = cls(path=path, manifest=manifest, audio=audio, scales=scales, weights=weights)
            check(bundle)
        except BundleError:
            raise
        except PermissionError as error:
            raise not_ours(path) from error
        except Exception as error:  # the border: a stranger's bytes may raise anything
            raise BundleError(
                f"{path} is damaged ({error}); run `idiolect learn` again to make a new one"
            ) from error
        return bundle
