"""The kernel cache: what is compiled is found again, and nothing stale ever is."""

import os
import shutil
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


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of the same name, with the real decorators and two modules of its own, run once."""
    folder = tmp_path_factory.mktemp("compiled") / "one"
    package = folder / "idiolect"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    real = Path(sys.modules["idiolect"].__file__ or "").parent
    for name in ("compiled.py", "linking.py"):
        shutil.copy(real / name, package)
    (package / "callee.py").write_text(CALLEE.format(value=1))
    (package / "caller.py").write_text(CALLER)
    assert run(folder) == (2, 0)
    return folder


def run(folder: Path) -> tuple[int, int]:
    """Run it in a process of its own: what it says, and how often the cache answered."""
    environment = os.environ | {"PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(folder / "cache")}
    program = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
    said, hits = map(int, done.stdout.split())
    return said, hits


def test_another_copy_of_the_same_sources_finds_it_whatever_stands_beside_them(
    compiled: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(compiled, tmp_path / "two")
    (copy / "idiolect/stranger.py").write_text("x = 1\n")
    assert run(copy) == (2, 1)


def test_a_change_in_what_a_kernel_calls_is_noticed(compiled: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(compiled, tmp_path / "two")
    (copy / "idiolect/callee.py").write_text(CALLEE.format(value=5))
    assert run(copy) == (6, 0)


def test_of_what_is_compiled_only_what_python_calls_is_kept(compiled: Path) -> None:
    kept = {path.parent.name.partition("-")[0] for path in (compiled / "cache").rglob("*.nbc")}
    assert kept == {"idiolect.caller"}
