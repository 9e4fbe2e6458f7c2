"""Find the files of a corpus."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from idiolect.errors import CorpusError

__all__ = ["AUDIO_SUFFIXES", "Candidate", "find", "hash_content"]

# fmt: off
AUDIO_SUFFIXES = frozenset((
    ".3gp", ".aac", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape", ".au", ".avr", ".caf",
    ".dsf", ".flac", ".htk", ".iff", ".ircam", ".m4a", ".m4b", ".mka", ".mp1", ".mp2", ".mp3",
    ".mp4", ".mpc", ".oga", ".ogg", ".opus", ".paf", ".pvf", ".ra", ".raw", ".rf64", ".sd2",
    ".sds", ".sf", ".snd", ".spx", ".svx", ".tta", ".voc", ".w64", ".wav", ".wave", ".webm",
    ".wma", ".wv", ".xi",
))
# fmt: on
"""Endings by which a person would call a file audio: failing to read one is worth a word."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may hold audio."""

    path: Path
    name: str  # as the bundle names it: relative to its folder, with forward slashes

    @property
    def expected(self) -> bool:
        """Whether its ending promises audio."""
        return self.path.suffix.lower() in AUDIO_SUFFIXES


def find(folders: list[Path]) -> list[Candidate]:
    """List every visible file below `folders`, in a fixed order.

    Parameters
    ----------
    folders
        Folders, or single files.  With several, names begin with the folder's own name.

    Raises
    ------
    CorpusError
        When a folder does not exist.
    """
    found: list[Candidate] = []
    prefixes = _prefixes(folders)
    for folder, prefix in zip(folders, prefixes, strict=True):
        if folder.is_file():
            found.append(Candidate(folder, _printable(folder.name)))
        elif folder.is_dir():
            for path in _walk(folder):
                name = prefix + path.relative_to(folder).as_posix()
                found.append(Candidate(path, _printable(name)))
        else:
            raise CorpusError(f"no folder at {folder}; give folders that hold audio files")
    return found


def _prefixes(folders: list[Path]) -> list[str]:
    """Give each folder a name of its own when there are several."""
    if len(folders) == 1:
        return [""]
    names = [folder.resolve().name for folder in folders]
    return [
        f"{name}/" if names.count(name) == 1 else f"{folder.resolve().as_posix().lstrip('/')}/"
        for name, folder in zip(names, folders, strict=True)
    ]


def _walk(folder: Path) -> Iterator[Path]:
    """Yield regular files depth first, sorted; hidden ones and bundles are passed over."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and not _is_bundle(n))
        for name in sorted(names):
            path = Path(root, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _printable(name: str) -> str:
    """Escape what is not text: names of files may hold any bytes, a bundle's names are UTF-8."""
    text = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _is_bundle(name: str) -> bool:
    return name.endswith(".idiolect")


def hash_content(path: Path, beside: dict[str, Path]) -> tuple[str, int]:
    """Digest what a file holds, and what lies beside it.

    Parameters
    ----------
    path
        The audio.
    beside
        Its label files, by scale.

    Returns
    -------
    str, int
        The digest, and the size of the audio file in bytes.

    Raises
    ------
    OSError
        When one cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
        size = file.tell()
    for scale, other in sorted(beside.items()):
        digest.update(scale.encode() + b"\0" + other.read_bytes())
    return digest.hexdigest(), size
