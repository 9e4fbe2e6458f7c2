"""The kernel cache: what is compiled is found again, and nothing stale ever is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CALLEE = "from idiolect.compiled import njit\n\n@njit\ndef inner():\n    return {value}\n"
CALLER = (
    "from idiolect.compiled import njit\nfrom idiolect.callee import (\n    inner,\n)\n\n"
    "@njit\ndef outer():\n    return inner() + 1\n"
)
PROGRAM = (
    "from idiolect.caller import outer\nfrom idiolect import compiled\n"
    "print(outer(), sum(outer.stats.cache_hits.values()))\n"
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of the same name with the real `compiled.py`, and two modules of its own."""
    folder = tmp_path / "one" / "idiolect"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    source = Path(sys.modules["idiolect"].__file__ or "").with_name("compiled.py")
    (folder / "compiled.py").write_bytes(source.read_bytes())
    (folder / "callee.py").write_text(CALLEE.format(value=1))
    (folder / "caller.py").write_text(CALLER)
    return folder


def run(package: Path, cache: Path) -> tuple[int, int]:
    """Run it in a process of its own: what it says, and how often the cache answered."""
    environment = os.environ | {"PYTHONPATH": str(package.parent), "NUMBA_CACHE_DIR": str(cache)}
    program = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
    said, hits = map(int, done.stdout.split())
    return said, hits


def test_a_change_in_what_a_kernel_calls_is_noticed(package: Path, tmp_path: Path) -> None:
    assert run(package, tmp_path / "cache") == (2, 0)
    assert run(package, tmp_path / "cache") == (2, 1)
    (package / "callee.py").write_text(CALLEE.format(value=5))
    assert run(package, tmp_path / "cache") == (6, 0)


def test_another_copy_of_the_same_sources_finds_it(package: Path, tmp_path: Path) -> None:
    run(package, tmp_path / "cache")
    moved = package.parent.rename(tmp_path / "two") / package.name
    assert run(moved, tmp_path / "cache") == (2, 1)


def test_what_is_not_called_may_change(package: Path, tmp_path: Path) -> None:
    run(package, tmp_path / "cache")
    (package / "stranger.py").write_text("x = 1\n")
    assert run(package, tmp_path / "cache") == (2, 1)
