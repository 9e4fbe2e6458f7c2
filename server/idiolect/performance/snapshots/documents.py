"""JSON in files: written whole or not at all, read with suspicion."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from idiolect.disk import part_of
from idiolect.errors import ConfigError

__all__ = ["read_json", "write_json"]

_LARGEST = 16 * 1024 * 1024  # bytes of a file: a hundred times what sixteen voices take


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document, whole or not at all.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    temporary = part_of(path)
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(document, file, indent=1, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Let the new name be there after the power was cut, too; Windows knows no such thing."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote.

    Raises
    ------
    ConfigError
        When it cannot be read.
    """
    try:
        if not path.is_file():
            raise FileNotFoundError("no such file")
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"more than {_LARGEST} bytes")
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError(f"cannot read {path}: {error}; take it again") from error
