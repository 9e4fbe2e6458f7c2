"""The Quark in headless SuperCollider, against the real daemon."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from components import require
from idiolect.compiled import CACHE
from idiolect.config.config import load
from idiolect.control.bindings import BINDINGS
from idiolect.daemon.app import App
from synthetic import make_bundle

QUARK = Path(__file__).parents[2] / "clients/supercollider"
RUN = Path(__file__).with_name("run_tests.scd")
RATE = 48_000

PULSE = """
Idiolect("127.0.0.1", PORT).whenReady {
    Pbind(
        \\type, \\idiolectPlay, \\dur, Pn(0.125, 40), \\latency, 0.2,
        \\unit, 3, \\sustain, 0.002, \\attack, 0, \\release, 0
    ).play;
    { 7.wait; 0.exit }.fork(SystemClock);
};
"""


@pytest.fixture
def port(learned: Path) -> Iterator[int]:
    config = load(flags={"audio.output": "null", "control.port": 0, "performance.voices": 4})
    with App(learned, config) as app:
        yield app.control.address[1]


def run(
    script: Path, place: Path, port: int, tests: str = "TestIdiolect"
) -> "subprocess.CompletedProcess[str]":
    """Run a script with the Quark's classes, in a home of its own."""
    place.chmod(0o700)
    folders = "".join(f"  - {QUARK / name}\n" for name in ("Classes", "Tests"))
    settings = place / "sclang.yaml"
    settings.write_text(f"includePaths:\n{folders}excludePaths: []\npostInlineWarnings: false\n")
    environment = os.environ | {
        "HOME": str(place),
        "XDG_RUNTIME_DIR": str(place),
        "NUMBA_CACHE_DIR": str(CACHE),  # a daemon it boots does not compile anew
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "IDIOLECT_PORT": str(port),
        "IDIOLECT_TESTS": tests,
    }
    return subprocess.run(
        ["sclang", "-l", str(settings), str(script)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "tests", ["TestIdiolect", pytest.param("TestIdiolectPiece", marks=pytest.mark.slow)]
)
def test_its_own_unit_tests_pass(port: int, tmp_path: Path, tests: str) -> None:
    require("sclang")
    done = run(RUN, tmp_path, port, tests)
    told = done.stdout
    print(*re.findall(r"^(?:SUPERCOLLIDER|PIECE) .*", told, re.MULTILINE))
    assert done.returncode == 0, told
    wanted = (QUARK / f"Tests/{tests}.sc").read_text().count("\ttest_")
    assert f" {wanted}\n" in told
    assert "ERROR" not in told.replace("with message: 'ERROR", "")
    assert told.count("PASS:") > wanted


def test_what_is_written_from_the_table_is_what_is_kept() -> None:
    kept = (QUARK / "Classes/IdiolectParameters.sc").read_text()
    assert kept == BINDINGS["supercollider"](), (
        "run: idiolect osc --for supercollider > clients/supercollider/Classes/IdiolectParameters.sc"
    )


def test_the_quark_has_the_version_of_the_package() -> None:
    from idiolect import __version__

    assert f'version: "{__version__}"' in (QUARK / "Idiolect.quark").read_text()


@pytest.mark.slow
def test_the_first_lines_of_its_page_make_sound(learned: Path, tmp_path: Path) -> None:
    """As a newcomer types them, one after the other; then asked what came of it."""
    require("sclang")
    page = (QUARK / "README.md").read_text()
    lines = page.split("Five lines")[1].split("```supercollider\n")[1].split("```")[0].splitlines()
    assert len(lines) == 5
    (tmp_path / "sounds.idiolect").symlink_to(learned)
    program = tmp_path / "idiolect"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m idiolect.cli "$@" --audio null\n')
    program.chmod(0o755)
    first, *middle, last = lines
    script = tmp_path / "first.scd"
    script.write_text(
        f'Idiolect.program = "{program}";\n{first}\n'
        "fork { while { Idiolect.default.ready.not } { 0.1.wait }; 1.wait;\n"
        + "".join(f"{line}\n0.7.wait;\n" for line in middle)
        + "~v = Idiolect.default.voice(1);\n"
        + 'Idiolect.default.status { |status| "TOLD % % %".format('
        "status[\\state], status[\\starved].asInteger, status[\\blocks] > 100).postln };\n"
        '"HEARD % %".format(~v.temperature.round(0.01), ~v.scale).postln;\n'
        f"{last}\n1.wait; 0.exit }};\n"
    )
    done = run(script, tmp_path, 57300)
    assert "TOLD speaking 0 true" in done.stdout, done.stdout
    assert "HEARD 1.4 1" in done.stdout, done.stdout


@pytest.mark.slow
def test_a_pattern_is_heard_in_time(tmp_path: Path) -> None:
    """Forty events, eight a second, with the latency of the server: each within a millisecond."""
    require("sclang")
    bundle = tmp_path / "level.idiolect"
    make_bundle(bundle, sample_rate=RATE, seconds=10)
    np.save(bundle / "audio.npy", np.full_like(np.load(bundle / "audio.npy"), 0.25))
    flags = {"audio.output": "null", "control.port": 0, "performance.autostart": 0}
    with App(bundle, load(flags=flags), record=tmp_path / "heard.wav") as app:
        port = app.control.address[1]
        script = tmp_path / "pulse.scd"
        script.write_text(PULSE.replace("PORT", str(port)))
        done = run(script, tmp_path, port)
        assert app.player.status().plays_late == 0
    assert "ERROR" not in done.stdout, done.stdout
    heard, _ = soundfile.read(tmp_path / "heard.wav", dtype="float32")
    sounds = heard[:, 0] > 0.1
    onsets = np.flatnonzero(sounds[1:] & ~sounds[:-1])
    assert len(onsets) == 40
    off = onsets - np.arange(40) * RATE / 8
    print(f"PULSE within {1000 * np.abs(off - np.median(off)).max() / RATE:.3f} ms")
    assert np.abs(off - np.median(off)).max() <= RATE / 1000
