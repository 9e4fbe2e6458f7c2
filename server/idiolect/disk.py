"""The disk: files appear under their names once they are whole, and what grows leaves room."""

import glob
import os
import shutil
from contextlib import suppress
from pathlib import Path

__all__ = ["clear_parts", "clear_parts_in", "has_room", "part_of"]


def part_of(path: Path) -> Path:
    """Name the file that is written beside `path` until it is whole and takes that name."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def clear_parts(path: Path) -> None:
    """Remove what processes that were killed left of `path`, which nobody else may be writing."""
    _clear(path.parent, glob.escape(path.name))


def clear_parts_in(folder: Path, ending: str) -> None:
    """Remove what processes that were killed left of a folder's files whose names end so."""
    _clear(folder, f"*{glob.escape(ending)}")


def _clear(folder: Path, names: str) -> None:
    for left in folder.glob(f".{names}.*.part"):
        with suppress(OSError):
            left.unlink()


def has_room(path: Path, reserve: int) -> bool:
    """Say whether so many bytes would be left on the disk that a file lies on.

    Raises
    ------
    OSError
        When its folder has gone.
    """
    return shutil.disk_usage(path.parent).free >= reserve
