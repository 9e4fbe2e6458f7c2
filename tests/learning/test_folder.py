import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.learning.folder import writing

GOLDEN = Path(__file__).parents[1] / "golden/tones.idiolect"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOLDEN, tmp_path / "copy.idiolect"))


def kill(path: Path, what: str, before: str = "") -> None:
    """Begin to write a bundle in a process of its own, which is killed where it calls `die`."""
    code = f"""
import os, sys, pathlib
from idiolect.learning.folder import writing
def die(): os.kill(os.getpid(), 9)
{before}
with writing(pathlib.Path(sys.argv[1])) as folder: {what}
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -9


def test_an_error_while_writing_leaves_nothing_and_keeps_the_old(copy: Path) -> None:
    def fail() -> None:
        with writing(copy) as folder:
            (folder / "audio.npy").write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    Bundle.open(copy)
    assert [path.name for path in copy.parent.iterdir()] == ["copy.idiolect"]


def test_what_a_kill_left_goes_when_the_next_is_written_but_nothing_of_who_lives(
    copy: Path,
) -> None:
    kill(copy, "(folder / 'x').touch(); die()")
    assert len(list(copy.parent.glob(".*.part"))) == 1
    with writing(copy) as one:
        assert [path.name for path in copy.parent.glob("*.*.part")] == [one.name]
        with writing(copy) as other:
            assert one.is_dir()
            (other / "mark").write_text("new")
    assert [path.name for path in copy.parent.iterdir()] == ["copy.idiolect"]


def test_what_was_to_be_replaced_is_back_when_a_kill_came_in_between(copy: Path) -> None:
    moved = "replace = os.replace\nos.replace = lambda a, b: replace(a, b) or die()"
    kill(copy, "pass", before=moved)
    assert not copy.exists()
    with pytest.raises(RuntimeError), writing(copy):
        raise RuntimeError
    Bundle.open(copy)
    assert [path.name for path in copy.parent.iterdir()] == ["copy.idiolect"]


def test_a_new_bundle_replaces_the_old(copy: Path) -> None:
    with writing(copy) as folder:
        (folder / "mark").write_text("new")
    assert [path.name for path in copy.iterdir()] == ["mark"]
    assert [path.name for path in copy.parent.iterdir()] == ["copy.idiolect"]
