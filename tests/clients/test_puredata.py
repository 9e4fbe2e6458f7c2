"""The abstraction in headless Pd, against the real daemon."""

import subprocess
from pathlib import Path

import pytest

from components import require
from idiolect.daemon.app import App

FOLDER = Path(__file__).parents[2] / "clients/puredata"
PIECE = Path(__file__).with_name("piece.pd")
APART_MS = 200


def patch(messages: list[str], port: int) -> str:
    """Write a patch that sends each message some time after the one before, and prints answers."""
    objects = ["#X obj 0 0 loadbang;", f"#X obj 0 0 idiolect {port};", "#X obj 0 0 print told;"]
    wires = ["#X connect 1 1 2 0;"]
    for number, message in enumerate([*messages, "\\; pd quit"], 1):
        at = len(objects)
        objects += [f"#X obj 0 0 del {number * APART_MS};", f"#X msg 0 0 {message};"]
        wires += [f"#X connect 0 0 {at} 0;", f"#X connect {at} 0 {at + 1} 0;"]
        if message != "\\; pd quit":
            wires.append(f"#X connect {at + 1} 0 1 0;")
    return "\n".join(["#N canvas 0 0 400 300 12;", *objects, *wires, ""])


def run(messages: list[str], place: Path, port: int) -> str:
    """Send them from a patch; give what Pd printed."""
    require("pd")
    path = place / "test.pd"
    path.write_text(patch(messages, port))
    done = subprocess.run(
        ["pd", "-nogui", "-noaudio", "-path", str(FOLDER), str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    version = subprocess.run(["pd", "-version"], capture_output=True, text=True, check=False)
    print(version.stderr.splitlines()[0])
    assert "error" not in done.stderr
    return done.stderr


def play(path: Path, message: str) -> str:
    """Open a patch and send a message; give what Pd said until it ended."""
    done = subprocess.run(
        ["pd", "-nogui", "-noaudio", "-path", str(FOLDER), "-open", str(path), "-send", message],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_what_is_sent_arrives_and_what_is_answered_comes_back(daemon: App, tmp_path: Path) -> None:
    told = run(
        [
            "/voice/1/temperature 0.25", "/voice/1/temperature", "/voice/2/scale note",
            "/voice/2/seed/unit 2", "/voice/1/pan nonsense", "/sync 7",
        ],
        tmp_path, daemon.control.address[1],
    )  # fmt: skip
    assert daemon.player.get("temperature", 1) == 0.25
    assert daemon.player.get("scale", 2) == 1
    assert "told: voice 1 temperature 0.25" in told
    assert "told: done /voice/2/seed/unit 2 " in told
    assert "told: fail /voice/1/pan " in told
    assert "told: synced 7" in told


def test_changes_that_others_make_are_told(daemon: App, tmp_path: Path) -> None:
    told = run(["/notify 1", "/voice/[12]/gain -6", "/sync 1"], tmp_path, daemon.control.address[1])
    assert "told: voice 1 gain -6" in told
    assert "told: voice 2 gain -6" in told


def test_the_first_lines_of_its_page_make_sound(heard: App, tmp_path: Path) -> None:
    page = (FOLDER / "README.md").read_text()
    lines = page.split("```\n")[1].splitlines()
    assert len(lines) == 5
    told = run([*lines[:-1], "/status", lines[-1]], tmp_path, heard.control.address[1])
    assert "told: done /voice/1/seed/random 1 " in told
    assert "told: fail" not in told
    status = next(line for line in told.splitlines() if line.startswith("told: status.reply"))
    assert " speaking 1 " in status


def test_every_message_of_the_help_patch_is_understood(daemon: App, tmp_path: Path) -> None:
    help_patch = (FOLDER / "idiolect-help.pd").read_text()
    messages = [
        line.split(maxsplit=4)[4].rstrip(";").replace("\\$1", "0.5")
        for line in help_patch.splitlines()
        if line.startswith("#X msg") and " /" in line
    ]
    assert len(messages) >= 10
    told = run(messages, tmp_path, daemon.control.address[1])
    assert "told: fail" not in told


def test_another_daemon_is_chosen_by_a_message(daemon: App, tmp_path: Path) -> None:
    """First one where nobody is, as the object names it."""
    port = daemon.control.address[1]
    told = run([f"connect 127.0.0.1 {port}", "/voice/1/pan 0.5", "/sync 7"], tmp_path, 9)
    assert "told: synced 7" in told
    assert daemon.player.get("pan", 1) == 0.5


@pytest.mark.parametrize("name", ["idiolect.pd", "idiolect-help.pd"])
def test_a_patch_opens_without_a_word(name: str) -> None:
    require("pd")
    said = play(FOLDER / name, "pd quit")
    assert said.replace("connected: 1", "").split() == []


@pytest.mark.slow
def test_a_piece_of_twenty_seconds_goes_as_the_patch_itself_expects(daemon: App) -> None:
    """Two voices, scales that change, units that are told, playing by hand, nobody starved."""
    require("pd")
    said = play(PIECE, f"port {daemon.control.address[1]}")
    (told,) = [line for line in said.splitlines() if line.startswith("PIECE: ")]
    print(told)
    assert told.split()[1] == "1", told
