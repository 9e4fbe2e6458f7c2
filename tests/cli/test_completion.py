"""What the Tab key gives after ``idiolect``, in the shells themselves."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components import require
from idiolect.cli import COMMANDS
from idiolect.control.namespace import Namespace
from idiolect.parameters.bias import DESCRIPTORS

STARTED = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
}
PREPARED = {
    "bash": "PS1=; source {script}",
    "zsh": "PS1=; autoload -Uz compinit; compinit -D -u; source {script}",
}
PATIENCE_S = 60  # on a machine that does much else


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which `idiolect` is this one, and a home without anybody's settings."""
    program = tmp_path / "idiolect"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m idiolect.cli "$@"\n')
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def offered(environment: dict[str, str], *words: str) -> list[str]:
    """What bash is told of how a command line goes on, whose last word is begun."""
    about = {
        "COMP_WORDS": "\n".join(("idiolect", *words)), "COMP_CWORD": str(len(words)),
        "_IDIOLECT_COMPLETE": "complete_bash",
    }  # fmt: skip
    done = subprocess.run(
        ["idiolect"], env=environment | about, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("shell", STARTED)
@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("idiolect ren", "idiolect render "),
        ("idiolect serve --vo", "idiolect serve --voices "),
        ("idiolect osc /voice/1/temper", "idiolect osc /voice/1/temperature "),
        ("idiolect osc /norm/voice/2/conti", "idiolect osc /norm/voice/2/continuity "),
    ],
)
def test_the_tab_key_goes_on_with_what_was_begun(
    shell: str, typed: str, becomes: str, environment: dict[str, str], tmp_path: Path
) -> None:
    require(shell)
    source = {**environment, "_IDIOLECT_COMPLETE": f"source_{shell}"}
    script = tmp_path / f"script.{shell}"
    script.write_bytes(subprocess.run(["idiolect"], env=source, stdout=-1, check=True).stdout)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [shell, *STARTED[shell]], stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    try:
        os.write(ours, f"{PREPARED[shell].format(script=script)}; echo 're''ady'\n".encode())
        read_until(ours, "ready")
        os.write(ours, f"{typed}\t".encode())
        read_until(ours, becomes)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(terminal: int, wanted: str) -> None:
    said, end = "", time.monotonic() + PATIENCE_S
    while wanted not in said.replace("\r", "").replace("\b", ""):
        ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0))
        assert ready, said
        said += os.read(terminal, 4096).decode(errors="replace")


def test_fish_tells_what_each_address_is_for(environment: dict[str, str]) -> None:
    require("fish")
    ask = 'complete --do-complete "idiolect osc /voice/1/tempe"'
    script = f"_IDIOLECT_COMPLETE=source_fish idiolect | source; {ask}"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    address, about = done.stdout.strip().split("\t")
    assert address == "/voice/1/temperature"
    assert about.startswith("How freely the next token is drawn")


def test_every_command_and_every_address_is_offered(environment: dict[str, str]) -> None:
    assert offered(environment, "") == list(COMMANDS)
    leaves = set(Namespace(4, DESCRIPTORS).leaves)
    short = offered(environment, "osc", "/")
    found = {*short, *offered(environment, "osc", "/norm/")}
    for place in ("/", *(f"/voice/{voice}/" for voice in range(1, 5))):
        found |= {*offered(environment, "osc", f"{place}bias/")}
        found |= {*offered(environment, "osc", f"/norm{place}bias/")}
    assert found == leaves
    assert len(short) < len(leaves) / 2


def test_a_value_is_not_an_address(environment: dict[str, str]) -> None:
    assert offered(environment, "osc", "/voice/1/gain", "") == []
    assert "/voice/1/gain" in offered(environment, "osc", "send", "/voice/1/ga")


def test_options_take_the_words_there_are(environment: dict[str, str]) -> None:
    assert offered(environment, "osc", "--for", "py") == ["python"]
