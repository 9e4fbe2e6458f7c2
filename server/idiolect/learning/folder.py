"""A bundle's folder is written beside its place, and is there when it is whole."""

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["writing"]


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
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.lock"):
        with suppress(OSError, Timeout), _held(left):  # but where who writes it lives
            _clear(left, path)
    lock = path.with_name(f".{path.name}.{secrets.token_hex(4)}.lock")
    folder = lock.with_suffix(".part")
    with _held(lock):
        try:
            folder.mkdir()
            yield folder
            if path.exists():
                os.replace(path, lock.with_suffix(".old"))
            os.replace(folder, path)
        finally:
            _clear(lock, path)


def _clear(lock: Path, path: Path) -> None:
    """Remove what was being written, and what it replaced; that goes back if nothing did."""
    old = lock.with_suffix(".old")
    if old.exists() and not path.exists():
        os.replace(old, path)
    for left in (old, lock.with_suffix(".part")):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a lock file while this process lives, and remove it.

    Raises
    ------
    Timeout
        When somebody else holds it.
    """
    lock = FileLock(path, timeout=0)
    with lock:
        try:
            yield
        finally:
            lock.release()
            path.unlink(missing_ok=True)
