"""The disk: files appear under their names once they are whole, and what grows leaves room."""

import glob
import os
import shutil
from contextlib import suppress
from pathlib import Path

__all__ = ["clear_parts", "has_room", "part_of"]


def part_of(path: Path) -> Path:
    """Name the file that is written beside `path` until it is whole and takes that name."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def clear_parts(path: Path) -> None:
    """Remove what processes that were killed left of `path`, which nobody else may be writing."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
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
