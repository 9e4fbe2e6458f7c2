"""A bundle is written beside its place, and is there when it is whole."""

import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
