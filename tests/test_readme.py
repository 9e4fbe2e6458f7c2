"""What the README tells a reader to type works as it stands there."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile

from components import require
from idiolect.audio.output import pick_rate
from idiolect.client import Client
from idiolect.errors import AudioError

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
READY_SECONDS = 300  # the first start after an install compiles


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(title: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)


def commands() -> list[list[str]]:
    return [
        shlex.split(line) for text in blocks("Sixty seconds", "sh") for line in text.splitlines()
    ]


def typed(words: list[str]) -> list[str]:
    """The command with our own interpreter's program in front."""
    assert words[0] == "idiolect"
    return [sys.executable, "-m", "idiolect.cli", *words[1:]]


def run(words: list[str], folder: Path) -> str:
    done = subprocess.run(typed(words), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def serving(words: list[str], folder: Path) -> Iterator[str]:
    """Run the daemon until it is ready, give its ready line, and end it as Ctrl-C does."""
    daemon = subprocess.Popen(typed(words), cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        assert daemon.stdout is not None
        line = daemon.stdout.readline()
        while line and "osc.udp://" not in line:  # it may say that it compiles
            line = daemon.stdout.readline()
        assert line, "the daemon ended before it was ready"
        yield line
        daemon.send_signal(signal.SIGINT)
        assert daemon.wait(30) == 0
    finally:
        daemon.kill()
        daemon.communicate()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_sixty_seconds_work_as_written(example: Path, tmp_path: Path) -> None:
    shutil.copytree(example, tmp_path / "sounds")
    learn, serve, *steps, render = commands()
    assert learn[1] == "learn"
    assert serve[1] == "serve"
    run(learn, tmp_path)
    try:
        pick_rate("device", 48_000)
    except AudioError:  # what the README says to add without a sound device
        assert "`--audio null` to `serve`" in section("Sixty seconds")
        serve += ["--audio", "null"]
    with serving(serve, tmp_path) as ready:
        assert "birds" in ready
        said = [run(step, tmp_path) for step in steps]
        assert "/fail" not in "".join(said)
        assert "/done" in said[1]
        assert "/status.reply" in said[2]
        with Client() as client:
            assert client.ask("/voice/1/temperature").arguments == pytest.approx((1.4,))
    run(render, tmp_path)
    samples, rate = soundfile.read(tmp_path / "birds.wav")
    assert len(samples) == 10 * rate
    assert 0.01 < abs(samples).max() < 0.9


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_same_from_supercollider(learned: Path, tmp_path: Path) -> None:
    require("sclang")
    (text,) = blocks("Sixty seconds", "supercollider")
    script = tmp_path / "readme.scd"
    script.write_text(f"fork {{\n{text}\n0.5.wait; 0.exit;\n}}")
    with serving(["idiolect", "serve", str(learned), "--audio", "null"], tmp_path):
        environment = os.environ | {
            "HOME": str(tmp_path),
            "XDG_RUNTIME_DIR": str(tmp_path),
            "QT_QPA_PLATFORM": "offscreen",
            "QTWEBENGINE_DISABLE_SANDBOX": "1",
        }
        done = subprocess.run(
            ["sclang", str(script)], env=environment, capture_output=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout
        with Client() as client:
            assert client.ask("/voice/1/temperature").arguments == pytest.approx((0.7,))
            assert client.ask("/voice/1/scale").arguments == (1,)


def test_every_link_leads_somewhere() -> None:
    for page in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_tree_names_what_is_there() -> None:
    (tree,) = re.findall(r"```\n(server/.*?)```", section("What is where"), re.DOTALL)
    named = {line.split()[0] for line in tree.splitlines() if line.startswith("  ")}
    package = PROJECT / "server/idiolect"
    there = {
        path.name + "/" * path.is_dir()
        for path in package.iterdir()
        if not path.name.startswith("_") and path.suffix in {"", ".py"}
    }
    assert named == there


def test_every_make_target_of_the_readme_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)) <= targets
