"""How this project compiles: three decorators for every kernel, one cache for all of them.

The cache lies in the user's cache folder, never beside the code, so that a read-only install
works and an upgrade does not litter.
"""

import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import cfunc, version_info
from numba.core import config as numba_config
from numba.core.caching import CacheImpl, UserProvidedCacheLocator
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher
from platformdirs import user_cache_path

__all__ = [
    "CACHE",
    "OPTIONS",
    "Alone",
    "brief",
    "callback",
    "is_warm",
    "kind_for",
    "njit",
    "note_warm",
    "realtime",
    "share_compiled",
]

CACHE = Path(numba_config.CACHE_DIR or user_cache_path("idiolect", appauthor=False) / "kernels")
"""Folder of what was compiled: one for each module, its name ending in the module's mark."""

OPTIONS: dict[str, Any] = {"error_model": "numpy", "boundscheck": False}
"""Of everything that is compiled."""

_TRIED = ((0, 63), (0, 68))  # first and last version of numba with which kernels were linked
_ROOT = Path(__file__).resolve().parent
_IMPORT = re.compile(
    r"^ *(?:from (idiolect[\w.]*) import (?:\(([^)]*)\)|(.*))|import (idiolect[\w.]*))",
    re.MULTILINE,
)
_KEPT_SECONDS = 30 * 86_400  # what an older version compiled; another install may still use it

F = TypeVar("F", bound=Callable[..., object])

_kernels: list[Any] = []  # every compiled function of what is imported


def _is_own(file: Path) -> bool:
    return file.resolve().is_relative_to(_ROOT)


def _path_of(module: str) -> Path | None:
    """Find the file of a module of this package; None where there is none of that name."""
    place = _ROOT.joinpath(*module.split(".")[1:])
    found = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in found if path.is_file()), None)


def _imported_by(path: Path) -> Iterator[str]:
    """Name the modules of this package that a file imports, and what may be one."""
    for package, several, names, module in _IMPORT.findall(path.read_text("utf-8")):
        yield package or module
        for name in re.findall(r"\w+", several or names):
            yield f"{package}.{name}"


@cache
def _mark_of(file: Path) -> str:
    """Digest of a file of this package and of all that it imports from it.

    numba notices a kernel whose own file has changed, but not one that it calls: compiled callers
    would go on with the old one.
    """
    seen: set[Path] = set()
    waiting: list[Path | None] = [file]
    while waiting:
        path = waiting.pop()
        if path is not None and path not in seen:
            seen.add(path)
            waiting += map(_path_of, _imported_by(path))
    digest = hashlib.sha256()
    for path in sorted(seen):
        digest.update(path.relative_to(_ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class _Locator(UserProvidedCacheLocator):  # type: ignore[misc]
    """Where numba looks for a kernel of ours: named by content, so that every copy of it shares."""

    def __init__(self, function: Callable[..., object], file: str) -> None:
        super().__init__(function, file)
        path = Path(file).resolve()
        self._mark = _mark_of(path)
        self._cache_path = str(CACHE / f"{path.parent.name}.{path.stem}-{self._mark}")

    def get_source_stamp(self) -> str:
        """Say what the compiled code was made from."""
        return self._mark

    @classmethod
    def from_function(cls, function: Callable[..., object], file: str) -> "_Locator | None":
        """Take the kernels of this package and leave those of others to numba."""
        if not _is_own(Path(file)):
            return None
        locator = cls(function, file)
        try:
            locator.ensure_cache_path()
        except OSError:
            return None
        return locator


CacheImpl._locator_classes.insert(0, _Locator)


class Alone(CPUDispatcher):  # type: ignore[misc]
    """A compiled function as numba has it: by itself, with all that it calls in it."""

    pipeline = Compiler

    @property
    def is_compiled(self) -> bool:
        """Whether it can be called with some types."""
        return bool(self.overloads)


@cache
def kind_for(version: tuple[int, int]) -> type[Any]:
    """Say how kernels are compiled with a version of numba.

    With those it was tried with they are linked (`idiolect.linking`); with others each is compiled by
    itself, which takes three times as long and says the same.
    """
    first, last = _TRIED
    if not first <= version <= last:
        return Alone
    from idiolect.linking import Kernel  # not above: another version may not have what it needs

    return Kernel


def _compile(function: F, **options: Any) -> F:
    kernel = kind_for(version_info.short)(
        function, targetoptions={"nopython": True, **options, **OPTIONS}
    )
    # A test's kernel is compiled each time: nobody would know when what it calls has changed.
    if _is_own(Path(function.__code__.co_filename)):
        kernel.enable_caching()
    _kernels.append(kernel)
    return cast(F, kernel)


def callback(signature: Any, function: Callable[..., object], *, cache: bool = True) -> Any:
    """Compile `function` as one that C calls in real time: without the GIL, and unable to allocate.

    Parameters
    ----------
    signature
        Of numba: what it returns, called with what it is given.
    function
        Its body.
    cache : bool
        Whether it is kept on disk.

    Returns
    -------
    numba.core.ccallback.CFunc
        With the C function's `address`.
    """
    pipeline = kind_for(version_info.short).pipeline
    return cfunc(signature, cache=cache, pipeline_class=pipeline, _nrt=False, **OPTIONS)(function)


def share_compiled() -> float:
    """Say which share of the functions imported so far are ready to run, 0 to 1.  Any thread."""
    ready: int = sum(kernel.is_compiled for kernel in _kernels)
    return ready / max(1, len(_kernels))


def _warm_mark() -> Path:
    files = sorted({Path(kernel.py_func.__code__.co_filename) for kernel in _kernels})
    marks = [_mark_of(file.resolve()) for file in files if _is_own(file)]
    digest = hashlib.sha256(" ".join(marks).encode())
    return CACHE / f"complete-{digest.hexdigest()[:16]}"


def is_warm() -> bool:
    """Say whether all that is imported was compiled before."""
    return _warm_mark().exists()


def note_warm() -> None:
    """Remember that all that is imported is compiled; remove what old versions left.

    Where nothing can be written it is not remembered.
    """
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        _warm_mark().touch()
        for old in CACHE.iterdir():
            if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return


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
