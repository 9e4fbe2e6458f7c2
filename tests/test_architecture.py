"""Imports point one way, and playing needs nothing that only learning needs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import idiolect

PACKAGE = Path(idiolect.__file__).parent

LEAVES = {
    "bundle",
    "compiled",
    "config",
    "disk",
    "errors",
    "grain",
    "linking",
    "mel",
    "parameters",
    "random",
    "viewed",
}
OFFLINE = {"corpus", "learning", "vocabulary"}
LIVE = {"audio", "control", "engine", "language", "performance", "selection"}

MAY_IMPORT: dict[str, set[str]] = {
    "cli": {
        "audio",
        "bench",
        "client",
        "control",
        "daemon",
        "rendering",
        "scores",
        "sessions",
        "speech",
        *OFFLINE,
    },
    "audio": {"engine"},
    "bench": {
        "audio",
        "client",
        "control",
        "daemon",
        "engine",
        "language",
        "performance",
        "selection",
        "sessions",
        *OFFLINE,
    },
    "client": set(),
    "control": set(),
    "corpus": set(),
    "daemon": {"audio", "control", "engine", "performance", "rendering", "sessions"},
    "engine": set(),
    "language": set(),
    "learning": {"corpus", "vocabulary"},
    "performance": {"engine", "language", "selection"},
    "rendering": {"audio", "engine", "performance"},
    "scores": {"audio", "control", "rendering"},
    "selection": set(),
    "sessions": {"audio", "control", "engine", "performance"},
    "speech": {"performance"},
    "vocabulary": set(),
}
"""What each part may import besides the leaves and itself."""

ONLY_LEARNING = ("joblib", "librosa", "sklearn", "torch")


def modules(part: str) -> list[Path]:
    return [*PACKAGE.glob(f"{part}.py"), *PACKAGE.glob(f"{part}/**/*.py")]


def imports(path: Path) -> Iterator[str]:
    """Absolute names of everything a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_imported(part: str) -> Iterator[tuple[Path, str]]:
    for path in modules(part):
        for name in imports(path):
            top, _, rest = name.partition(".")
            found = rest.partition(".")[0]
            if top == "idiolect" and found != "__version__":
                yield path, found


def test_every_part_is_in_the_table() -> None:
    there = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))
    }
    assert there - {"__init__", "__main__"} == MAY_IMPORT.keys() | LEAVES


@pytest.mark.parametrize("part", sorted(MAY_IMPORT))
def test_imports_point_one_way(part: str) -> None:
    allowed = MAY_IMPORT[part] | LEAVES | {part}
    wrong = [
        f"{path} imports {found}" for path, found in parts_imported(part) if found not in allowed
    ]
    assert not wrong


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_leaves_import_only_leaves(leaf: str) -> None:
    wrong = [
        f"{path} imports {found}" for path, found in parts_imported(leaf) if found not in LEAVES
    ]
    assert not wrong


def test_the_table_keeps_offline_and_live_apart() -> None:
    for part in OFFLINE:
        assert not MAY_IMPORT[part] & LIVE
    for part in LIVE | {"daemon"}:
        assert not MAY_IMPORT[part] & OFFLINE


def test_playing_pulls_in_nothing_that_only_learning_needs_and_the_first_sound_no_web_server() -> (
    None
):
    code = f"""
import sys
def tell(after, names):
    print(after, *sorted(names & sys.modules.keys()))
import idiolect.daemon.process, idiolect.cli.serve
tell("first sound:", {set(ONLY_LEARNING) | {"aiohttp", "zeroconf"}})
import idiolect.cli.render, idiolect.cli.osc
import idiolect.sessions, idiolect.scores, idiolect.cli.replay
import idiolect.cli.monitor
import idiolect.cli.inspect, idiolect.cli.doctor, idiolect.cli.demo
from idiolect.cli import main
main(["--help"])
tell("playing:", {set(ONLY_LEARNING)})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert (said[0], said[-1]) == ("first sound:", "playing:")


def test_help_waits_for_no_engine() -> None:
    code = (
        "from idiolect.cli import main; main(['serve', '--help']); import sys; "
        "print('pulled in:', *sorted({'numba', 'numpy', 'soundfile'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "pulled in:"


def test_nothing_unpickles_or_evaluates() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert not {"pickle", "dill", "cloudpickle", "shelve", "marshal"} & {
            name.partition(".")[0] for name in imports(path)
        }
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"eval", "exec"}, path
