"""How this project compiles: three decorators for every kernel, one cache for all of them.

The cache lies in the user's cache folder, never beside the code, so that a read-only install
works and an upgrade does not litter.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config as numba_config
from platformdirs import user_cache_path

from idiolect import __version__

__all__ = ["CACHE", "OPTIONS", "brief", "njit", "realtime", "share_compiled"]

_COMPILED = (
    "*.py",
    "engine/*.py",
    "language/*.py",
    "selection/*.py",
    "performance/*.py",
    "audio/*.py",
    "bench/*.py",
)


def _source_mark() -> str:
    """Digest of when this package's files were written.

    numba notices a kernel whose own file has changed, but not one that it calls: compiled callers
    would go on with the old one.
    """
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(p for part in _COMPILED for p in root.glob(part)):
        entry = path.stat()
        digest.update(f"{path.relative_to(root)} {entry.st_mtime_ns} {entry.st_size}\n".encode())
    return digest.hexdigest()[:12]


CACHE = user_cache_path("idiolect", appauthor=False) / f"kernels-{__version__}-{_source_mark()}"
if not numba_config.CACHE_DIR:
    numba_config.CACHE_DIR = str(CACHE)

OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "boundscheck": False}

F = TypeVar("F", bound=Callable[..., object])

_kernels: list[Any] = []  # every compiled function of what is imported


def _compile(function: F, **options: Any) -> F:
    kernel = numba.njit(**options, **OPTIONS)(function)
    _kernels.append(kernel)
    return cast(F, kernel)


def share_compiled() -> float:
    """Say which share of the functions imported so far are ready to run, 0 to 1.  Any thread."""
    ready = sum(bool(kernel.signatures) for kernel in _kernels)
    return ready / max(1, len(_kernels))


def njit(function: F) -> F:
    """Compile `function` without the GIL, cached on disk, dividing as numpy does (never raising)."""
    return _compile(function, nogil=True)


def brief(function: F) -> F:
    """Compile `function` as `njit`, but keeping the GIL: for what takes microseconds.

    Where another Python thread is busy, to release the GIL is to wait for it afterwards, half a
    millisecond or more; a cut that needs five such calls would be late before it is planned.
    """
    return _compile(function)


def realtime(function: F) -> F:
    """Compile `function` for the callback: as `njit`, and unable to allocate.

    Without the numba runtime a line that would allocate or count references does not compile.
    """
    return _compile(function, nogil=True, _nrt=False)
