"""The disk: files appear under their names once they are whole, and what grows leaves room."""

import os
import shutil
from pathlib import Path

__all__ = ["has_room", "part_of"]


def part_of(path: Path) -> Path:
    """Name the file that is written beside `path` until it is whole and takes that name."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def has_room(path: Path, reserve: int) -> bool:
    """Say whether so many bytes would be left on the disk that a file lies on.

    Raises
    ------
    OSError
        When its folder has gone.
    """
    return shutil.disk_usage(path.parent).free >= reserve
