"""The wheel plays, in an empty environment away from the checkout, with the base install alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

PROJECT = Path(__file__).resolve().parents[1]
GOLDEN = PROJECT / "tests/golden/tones.idiolect"

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """Run away from the checkout, with nothing of this environment."""
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=kept, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("wheel")
    uv = shutil.which("uv")
    if uv:
        run(uv, "build", "--quiet", "--wheel", "--out-dir", folder, PROJECT, cwd=folder)
    else:
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, PROJECT,
            cwd=folder)  # fmt: skip
    (found,) = folder.glob("idiolect-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The program, in an environment that has what the base install brings."""
    place = wheel.parent / "empty"
    run(sys.executable, "-m", "venv", place, cwd=wheel.parent)
    run(place / "bin/pip", "install", "--quiet", wheel, cwd=wheel.parent)
    return place / "bin/idiolect"


def test_the_wheel_plays_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "tones.idiolect"
    shutil.copytree(GOLDEN, bundle)
    run(installed, "render", bundle, "-o", "out.wav", "--seconds", "2", cwd=tmp_path)
    samples, rate = soundfile.read(tmp_path / "out.wav")
    assert len(samples) == 2 * rate
    assert 0.01 < abs(samples).max() < 0.9


def test_the_base_install_brings_nothing_that_only_learning_needs(installed: Path) -> None:
    code = (
        "import importlib.util as u; "
        "print([n for n in ('torch', 'librosa', 'sklearn', 'scipy') if u.find_spec(n)])"
    )
    assert run(installed.parent / "python", "-c", code, cwd=installed.parent).strip() == "[]"


def test_learning_without_the_extra_names_the_cure(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    done = subprocess.run(
        [installed, "learn", "sounds"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install 'idiolect[learn]'" in done.stderr


def test_the_wheel_carries_the_licence_the_types_and_what_the_page_is_made_of(wheel: Path) -> None:
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "idiolect/py.typed" in names
    for path in (PROJECT / "server/idiolect/learning/page").glob("page.*"):
        assert f"idiolect/learning/page/{path.name}" in names
    assert "idiolect/learning/page/scene.js" in names
