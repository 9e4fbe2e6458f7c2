"""The callback, watched from outside: between entry and exit it neither allocates nor locks."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic import make_bundle

SOURCE = Path(__file__).with_name("watch.c")
PROGRAM = Path(__file__).resolve().parents[1] / "everything.py"
SECONDS = 60.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that counts; a skip where it cannot be built or preloaded."""
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("what allocates is counted in glibc alone")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) to build the counter with")
    built: Path = tmp_path_factory.mktemp("watch") / "watch.so"
    flags = ["-O1", "-fno-builtin", "-shared", "-fPIC"]
    subprocess.run(
        [compiler, *flags, str(SOURCE), "-o", str(built), "-ldl", "-pthread"], check=True
    )
    return built


@pytest.mark.slow
def test_the_callback_neither_allocates_nor_locks_whatever_happens(
    library: Path, tmp_path: Path
) -> None:
    """A minute of cuts, seeds, run-ons, clouds of all qualities, stops, other scales and bundles."""
    bundles = [tmp_path / name for name in ("random.idiolect", "mono.idiolect")]
    make_bundle(bundles[0], sample_rate=48_000)
    make_bundle(bundles[1], sample_rate=48_000, channels=1, seed=5, width=24, tokens=(7, 3))
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(library), str(SECONDS), *map(str, bundles)],
        env=os.environ | {"LD_PRELOAD": str(library)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["misbehaved"] == [1, 1, 1]  # allocated, freed, locked
    assert found["ours"] == [0, 0, 0]
    assert found["frames"] >= SECONDS * 48_000
    assert found["qualities"] == 4
    assert found["subgrains"] >= 16
    for kind in (
        "cuts",
        "dropped",
        "clipped",
        "starved",
        "run_on",
        "clouds",
        "plain",
        "swaps",
        "plays",
    ):
        assert found[kind] > 0, kind
    assert found["nan"] == 0
