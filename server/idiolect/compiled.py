"""How this project compiles: two decorators for every kernel, one cache for all of them.

The cache lies in the user's cache folder, never beside the code, so that a read-only install
works and an upgrade does not litter.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import config as numba_config
from platformdirs import user_cache_path

from idiolect import __version__

__all__ = ["CACHE", "OPTIONS", "njit", "realtime"]

CACHE = user_cache_path("idiolect", appauthor=False) / f"kernels-{__version__}"
if not numba_config.CACHE_DIR:
    numba_config.CACHE_DIR = str(CACHE)

OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "boundscheck": False}

F = TypeVar("F", bound=Callable[..., object])


def njit(function: F) -> F:
    """Compile `function` without the GIL, cached on disk, dividing as numpy does (never raising)."""
    return cast(F, numba.njit(nogil=True, **OPTIONS)(function))


def realtime(function: F) -> F:
    """Compile `function` for the callback: as `njit`, and unable to allocate.

    Without the numba runtime a line that would allocate or count references does not compile.
    """
    return cast(F, numba.njit(nogil=True, _nrt=False, **OPTIONS)(function))
