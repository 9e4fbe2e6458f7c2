"""Sessions of the daemon: the file gives back what was heard, and says when it cannot."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from idiolect import sessions
from idiolect.bundle.bundle import Bundle
from idiolect.cli import main
from idiolect.client import Client
from idiolect.config.config import load
from idiolect.daemon.app import App
from idiolect.errors import ScoreError
from idiolect.performance.changes import Pause
from synthetic import make_bundle

NULL = {"audio.output": "null", "control.port": 0, "performance.lookahead_seconds": 0.5}


@dataclass(frozen=True)
class Played:
    """A bundle, what was recorded of it, and the session."""

    bundle: Path
    heard: Path
    session: Path


@pytest.fixture(scope="module", params=[48_000, 44_100])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two seconds, steered over OSC, the planner late once; at the bundle's rate and another."""
    folder = tmp_path_factory.mktemp("sessions")
    one = Played(folder / "random.idiolect", folder / "heard.wav", folder / "session.osc")
    make_bundle(one.bundle, sample_rate=48_000, seconds=10)
    config = load(flags=NULL | {"audio.sample_rate": request.param})
    with App(one.bundle, config, record=one.heard, session=one.session) as app:
        with Client(*app.control.address) as client:
            for address, *arguments in STEPS:
                client.send(address, *arguments)
                time.sleep(0.07)
        app.planner.submit(Pause(0.9))
        time.sleep(1.2)
    return one


STEPS: list[tuple[str, *tuple[float | str, ...]]] = [
    ("/voice/2/run", 1),
    ("/voice/1/gain", -6.5),
    ("/temperature", 0.7),
    ("/voice/2/seed/random",),
    ("/voice/1/overlap", 4.0),
    ("/voice/1/scale", "note"),
    ("/voice/2/allow/region", 0.0, 0.0, 1.5),
    ("/voice/2/stretch", 1.7),
    ("/voice/1/cut",),
    ("/voice/1/pan", 0.3),
]


COMPILED = """
import sys
from pathlib import Path
from idiolect import compiled, sessions

def ready():
    return {(k.__name__, signature) for k in compiled._kernels for signature in k.signatures}

before = []
render = sessions.replay_lines
sessions.replay_lines = lambda *given, **named: before.append(ready()) or render(*given, **named)
for anew in (True, False):
    sessions.replay(*map(Path, sys.argv[1:]), anew=anew)
print(len(before[0]), *(name for name, _ in ready() - before[0]))
"""


def test_nothing_is_compiled_while_a_session_is_played_again(
    played: Played, tmp_path: Path
) -> None:
    places = map(str, (played.session, played.bundle, tmp_path / "x.wav"))
    program = [sys.executable, "-c", COMPILED, *places]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    ready, *compiled = done.stdout.split()
    assert int(ready) > 10
    assert compiled == []


def test_a_session_gives_the_bytes_that_were_heard_when_there_was_too_much(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What went was told by a count against a capacity that the session holds."""
    monkeypatch.setattr("idiolect.daemon.parts.measure_capacity", lambda rate: 50_000)
    bundle, heard, session = (tmp_path / name for name in ("x.idiolect", "a.wav", "b.osc"))
    make_bundle(bundle, sample_rate=48_000, seconds=10)
    with App(bundle, load(flags=NULL), record=heard, session=session) as app:
        with Client(*app.control.address) as client:
            for name, value in (("overlap", 12.0), ("rate", 300.0), ("quality", 3)):
                client.send(f"/{name}", value)
                time.sleep(0.3)
        stolen = app.player.status().stolen
    assert stolen > 20
    sessions.replay(session, bundle, tmp_path / "again.wav", anew=True)
    assert (tmp_path / "again.wav").read_bytes() == heard.read_bytes()


@pytest.mark.parametrize("anew", [True, False])
def test_a_session_gives_the_bytes_that_were_heard(
    played: Played, tmp_path: Path, anew: bool
) -> None:
    sessions.replay(played.session, played.bundle, tmp_path / "x.wav", anew=anew, force=False)
    heard, _ = soundfile.read(played.heard)
    assert np.abs(heard).max() > 0.05
    assert (tmp_path / "x.wav").read_bytes() == played.heard.read_bytes()


def test_the_command_replays(played: Played, tmp_path: Path) -> None:
    out = tmp_path / "x.wav"
    assert (
        main(["replay", str(played.session), str(played.bundle), "-o", str(out), "--grains"]) == 0
    )
    assert out.read_bytes() == played.heard.read_bytes()


def test_another_bundle_is_refused_unless_forced(
    played: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, out = tmp_path / "other.idiolect", tmp_path / "x.wav"
    make_bundle(other, sample_rate=48_000, seconds=10, seed=5)
    command = ["replay", str(played.session), str(other), "-o", str(out), "--grains"]
    assert main(command) == 1
    assert "another bundle" in capsys.readouterr().err
    assert not out.exists()
    assert main([*command, "--force"]) == 0
    assert out.read_bytes() != played.heard.read_bytes()


def test_another_version_is_refused_but_its_grains_are_not(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "__version__", "99.1")
    out = tmp_path / "x.wav"
    with pytest.raises(ScoreError, match=r"99\.1.*--grains"):
        sessions.replay(played.session, played.bundle, out, anew=True, force=False)
    sessions.replay(played.session, played.bundle, out, anew=False, force=False)
    assert out.read_bytes() == played.heard.read_bytes()


def test_bytes_that_went_wrong_are_told(played: Played, tmp_path: Path) -> None:
    whole = np.frombuffer(played.session.read_bytes(), np.uint8)
    rng, path = np.random.default_rng(0), tmp_path / "damaged.osc"
    for _ in range(20):
        other = whole.copy()
        other[rng.integers(len(other), size=4)] ^= 1 << 4
        path.write_bytes(other.tobytes())
        try:
            sessions.replay(path, played.bundle, tmp_path / "x.wav", anew=False, force=False)
        except ScoreError:
            continue


def test_no_session_takes_the_place_of_another(played: Played, tmp_path: Path) -> None:
    session, said = tmp_path / "one.osc", list[str]()
    session.write_bytes(b"of yesterday")
    with App(played.bundle, load(flags=NULL), say=said.append, session=session):
        time.sleep(0.2)
    assert session.read_bytes() == b"of yesterday"
    assert (tmp_path / "one-2.osc").stat().st_size > 0
    assert any("one-2.osc" in line for line in said)


def test_a_disk_that_fills_ends_the_session_and_not_the_sound(
    played: Played,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was written before is a session still, and the daemon says why there is no more."""
    free = [2**40]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free[0]))
    session, out = tmp_path / "one.osc", tmp_path / "x.wav"
    with App(played.bundle, load(flags=NULL), session=session) as app:
        time.sleep(1.2)
        free[0] = 2**20
        time.sleep(1.2)
        size, frame = session.stat().st_size, app.engine.frame
        time.sleep(1.2)
        assert session.stat().st_size == size
        assert app.engine.frame > frame
    assert "less than 256 MiB left; make room" in caplog.text
    sessions.replay(session, played.bundle, out, anew=True)
    assert 0.5 < soundfile.info(out).duration < 3


def test_a_file_that_is_no_session_is_told(played: Played, tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match="no score"):
        sessions.replay(played.heard, played.bundle, tmp_path / "x.wav", anew=True, force=False)


def test_the_digest_is_of_what_is_played(tmp_path: Path) -> None:
    one, same, other = (tmp_path / f"{name}.idiolect" for name in ("one", "same", "other"))
    for path, seed in ((one, 0), (same, 0), (other, 1)):
        make_bundle(path, seconds=3, seed=seed)
    assert Bundle.open(one).digest == Bundle.open(same).digest != Bundle.open(other).digest
    (same / "report.html").write_text("what nothing reads")
    assert Bundle.open(same).digest == Bundle.open(one).digest
    with (same / "audio.npy").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\0\0\1")
    assert Bundle.open(same).digest != Bundle.open(one).digest


@contextmanager
def daemon(bundle: Path, session: Path) -> Iterator[tuple["subprocess.Popen[str]", Client]]:
    command = [sys.executable, "-m", "idiolect.cli", "serve", str(bundle), "--audio", "null"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--session", str(session)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        for line in process.stdout:
            found = re.search(r"osc\.udp://127\.0\.0\.1:(\d+)", line)
            if found:
                with Client("127.0.0.1", int(found[1])) as client:
                    yield process, client
                return
        raise AssertionError(process.communicate()[1])
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_kill_takes_less_than_a_second_away(tmp_path: Path) -> None:
    bundle, session, out = (tmp_path / name for name in ("x.idiolect", "x.osc", "x.wav"))
    make_bundle(bundle, sample_rate=48_000, seconds=10)
    with daemon(bundle, session) as (process, client):
        while client.ask("/status").arguments[16] < 72_000:
            time.sleep(0.02)
        client.send("/voice/1/cut")
        frame = int(client.ask("/status").arguments[16])
        process.send_signal(signal.SIGKILL)
        process.wait()
    sessions.replay(session, bundle, out, anew=True, force=False)
    audio, rate = soundfile.read(out)
    assert len(audio) > frame - rate
    assert np.abs(audio).max() > 0.05
