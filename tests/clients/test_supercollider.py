"""The Quark in headless SuperCollider, against the real daemon."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from components import require
from daemons import RESTING
from idiolect import __version__
from idiolect.bench.jackd import dummy_server
from idiolect.compiled import CACHE
from idiolect.config.config import load
from idiolect.control.bindings import BINDINGS
from idiolect.daemon.app import App
from synthetic import make_bundle

FOLDER = Path(__file__).parents[2] / "clients/supercollider"
QUARK = FOLDER / "Idiolect"
PAGE = (FOLDER / "README.md").read_text()
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

EAR = r"""
~loudest = 0 ! 4;  // of the two inputs, then of the two outputs
OSCdef(\ear, { |message| ~loudest = max(~loudest, message[3..].clump(2).flop[0]) }, '/ear');
~listen = { |seconds| ~loudest = 0 ! 4; seconds.wait; ~loudest };
~prick = {
    { SendPeakRMS.ar(SoundIn.ar([0, 1]) ++ In.ar(0, 2), 20, 0, "/ear"); Silent.ar }
        .play(addAction: \addToTail)
};
~check = { |what, holds| "% %".format(if(holds) { "PASS" } { "FAIL" }, what).postln };
~wait = { |holds| 600.do { if(holds.value.not) { 0.1.wait } } };
"""
"""What lets sclang say what scsynth hears, and whether that is right."""

INTO_SCSYNTH = """
Idiolect.program = "PROGRAM";
fork {
    var nobody, speaks, rests;
    LINE_1
    ~wait.({ s.serverRunning });
    ~prick.();
    nobody = ~listen.(1);
    LINE_2
    ~wait.({ Idiolect.default.ready });
    LINE_3
    speaks = ~listen.(4);
    Idiolect.default.voice(1).stop;
    3.wait;  // the room falls silent
    rests = ~listen.(1);
    ~check.("nothing comes before", nobody.maxItem < 0.0001);
    ~check.("it comes on both inputs", speaks[0..1].minItem > 0.01);
    ~check.("what is made of it sounds", speaks[2..].minItem > 0.001);
    ~check.("and it rests", rests[0..1].maxItem < 0.0001 and: { rests[2..].maxItem < 0.02 });
    "HEARD % % %".format(nobody.round(0.001), speaks.round(0.001), rests.round(0.001)).postln;
    Idiolect.default.quit;
    1.wait;
    s.quit;
    1.wait;
    0.exit
};
"""

PINGS = """
fork {
    var grains = 0, sounds, rests, before;
    Idiolect("127.0.0.1", PORT);
    BLOCK
    ~wait.({ ~pings.notNil });
    SimpleController(Idiolect.default).put(\\grain, { grains = grains + 1 });
    ~prick.();
    before = ~listen.(1);
    Idiolect.default.voice(1).play;
    sounds = ~listen.(4);
    LAST
    0.5.wait;
    rests = ~listen.(1);
    ~check.("silence before", before.maxItem < 0.0001);
    ~check.("units are told of", grains > 10);
    ~check.("and heard", sounds[2..].maxItem > 0.01);
    ~check.("until it is taken away", rests.maxItem < 0.001);
    "PINGS % units, %".format(grains, sounds.round(0.001)).postln;
    s.quit;
    1.wait;
    0.exit
};
"""


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
def test_its_own_unit_tests_pass(daemon: App, tmp_path: Path, tests: str) -> None:
    require("sclang")
    done = run(RUN, tmp_path, daemon.control.address[1], tests)
    told = done.stdout
    print(*re.findall(r"^(?:SUPERCOLLIDER|PIECE) .*", told, re.MULTILINE))
    assert done.returncode == 0, told
    wanted = (QUARK / f"Tests/{tests}.sc").read_text().count("\ttest_")
    assert f" {wanted}\n" in told
    assert "ERROR" not in told.replace("with message: 'ERROR", "")
    assert told.count("PASS:") > wanted
    refused = "WARNING: idiolect refuses /voice/1/seed/file: "
    assert (refused in told) == (tests == "TestIdiolect")  # with its reason, posted


def test_what_is_written_from_the_table_is_what_is_kept() -> None:
    kept = (QUARK / "Classes/IdiolectParameters.sc").read_text()
    assert kept == BINDINGS["supercollider"](), (
        "run: idiolect osc --for supercollider > clients/supercollider/Idiolect/Classes/IdiolectParameters.sc"
    )


def test_the_quark_has_the_name_and_the_version_of_the_package(tmp_path: Path) -> None:
    """As SuperCollider sees it when it is installed from a checkout, by the page's own line."""
    require("sclang")
    (line,) = re.findall(r"^Quarks.install.*", PAGE, re.MULTILINE)
    script = tmp_path / "install.scd"
    script.write_text(
        line.replace("/path/to/idiolect", str(FOLDER.parents[1]))
        + '\nQuarks.installed.do { |quark| "QUARK % % %".format(quark.name, quark.data[\\version], '
        "quark.isCompatible).postln };\n0.exit;\n"
    )
    done = run(script, tmp_path, 0)
    assert f"QUARK Idiolect {__version__} true\n" in done.stdout, done.stdout


def lines_of(after: str) -> list[str]:
    """Give the first lines of code behind some words of the page."""
    block = PAGE.split(after)[1].split("```supercollider\n")[1].split("```")[0]
    return block.splitlines()


def program(place: Path, learned: Path, *flags: str) -> Path:
    """What `boot` starts, on a port that is free; it rests, and `~/sounds.idiolect` is there."""
    (place / "sounds.idiolect").symlink_to(learned)
    settings = place / "settings.toml"
    settings.write_text("[performance]\nautostart = 0\n")
    path = place / "idiolect"
    given = " ".join(flags)
    path.write_text(
        f'#!/bin/sh\nexec {sys.executable} -m idiolect.cli "$@" --config {settings} {given}\n'
    )
    path.chmod(0o755)
    return path


def booting(line: str) -> str:
    """The line of a page that boots a daemon, on a port that is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found, count = re.subn(r"\);$", f", port: {port});", line)
    assert count == 1
    return found


@pytest.mark.slow
def test_the_first_lines_of_its_page_make_sound(learned: Path, tmp_path: Path) -> None:
    """As a newcomer types them, one after the other; then asked what came of it."""
    require("sclang")
    lines = lines_of("Five lines")
    assert len(lines) == 5
    started = program(tmp_path, learned, "--audio null")
    first, *middle, last = lines
    script = tmp_path / "first.scd"
    script.write_text(
        f'~loudest = 0; Idiolect.program = "{started}";\n{booting(first)}\n'
        "fork { while { Idiolect.default.ready.not } { 0.1.wait };\n"
        "Idiolect.default.notify(\\meter);\n"
        "SimpleController(Idiolect.default).put(\\told, { |daemon, what, address, value|\n"
        "if(address == '/meter/output/1/peak') { ~loudest = max(~loudest, value) } });\n1.wait;\n"
        + "".join(f"{line}\n0.7.wait;\n" for line in middle)
        + "~v = Idiolect.default.voice(1);\n"
        + 'Idiolect.default.status { |status| "TOLD % % %".format('
        "status[\\state], status[\\starved].asInteger, ~loudest > 0.01).postln };\n"
        '"HEARD % %".format(~v.temperature.round(0.01), ~v.scale).postln;\n'
        f"{last}\n1.wait; 0.exit }};\n"
    )
    done = run(script, tmp_path, 0)
    assert "TOLD speaking 0 true" in done.stdout, done.stdout
    assert "HEARD 1.4 1" in done.stdout, done.stdout


def checked(script: str, place: Path) -> str:
    """Run what listens in scsynth, and see that every check holds; give what sclang said."""
    path = place / "script.scd"
    path.write_text(EAR + script)
    done = run(path, place, 0)
    print(*re.findall(r"^(?:HEARD|PINGS) .*", done.stdout, re.MULTILINE))
    found = re.findall(r"^(?:PASS|FAIL) .*", done.stdout, re.MULTILINE)
    assert len(found) == script.count("~check."), done.stdout
    assert not [line for line in found if line.startswith("FAIL")], done.stdout
    return done.stdout


@pytest.mark.slow
def test_its_sound_comes_into_scsynth_as_the_page_says(learned: Path, tmp_path: Path) -> None:
    """With a JACK server for both, and asked of scsynth itself."""
    for component in ("sclang", "scsynth", "jackd"):
        require(component)
    lines = lines_of("Its sound into scsynth")
    assert len(lines) == 3
    script = INTO_SCSYNTH.replace("PROGRAM", str(program(tmp_path, learned)))
    lines[1] = booting(lines[1])
    for number, line in enumerate(lines, 1):
        script = script.replace(f"LINE_{number}", line)
    with dummy_server(period=1024):
        checked(script, tmp_path)


@pytest.mark.slow
def test_the_example_of_grains_is_heard_with_them(learned: Path, tmp_path: Path) -> None:
    """In their rhythm: few pings come too late for scsynth, as it says itself."""
    for component in ("sclang", "scsynth", "jackd"):
        require(component)
    example = (FOLDER / "grains.scd").read_text()
    ((block, last),) = re.findall(r"^\(\n(.*?)^\)\n+(.*)", example, re.MULTILINE | re.DOTALL)
    script = PINGS.replace("BLOCK", block).replace("LAST", last)
    with (
        dummy_server(period=1024),
        App(learned, load(flags=RESTING | {"audio.output": "jack"})) as app,
    ):
        said = checked(script.replace("PORT", str(app.control.address[1])), tmp_path)
    units = re.search(r"^PINGS (\d+) ", said, re.MULTILINE)
    assert units is not None
    late = len(re.findall(r"^late ", said, re.MULTILINE))
    print(f"{late} of them late")
    assert late < int(units[1]) / 10


@pytest.mark.parametrize("name", ["Idiolect", "IdiolectVoice"])
def test_every_method_is_in_the_help(name: str) -> None:
    source = (QUARK / "Classes/Idiolect.sc").read_text()
    own = re.split(rf"^{name} : ", source, flags=re.MULTILINE)[1].split("\n}\n")[0]
    page = (QUARK / f"HelpSource/Classes/{name}.schelp").read_text()
    of_class, of_instance = page.split("classmethods::")[1].split("instancemethods::")
    for told, star, kind in ((of_class, r"\*", "classvar"), (of_instance, "", "var")):
        there = set(re.findall(rf"^\t{star}(?!pr[A-Z])([a-z]\w*) \{{", own, re.MULTILINE))
        variables = "".join(re.findall(rf"^\t{kind} (.*)", own, re.MULTILINE))
        there |= set(re.findall(r"[<>]+(\w+)", variables))
        words = ", ".join(re.findall(r"^method:: (.*)", told, re.MULTILINE))
        assert there - {"initClass", "printOn"} == set(re.split(", *", words))


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
