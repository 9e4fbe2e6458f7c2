"""The daemon, started as a user starts it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest
import soundfile

from components import require
from idiolect.app import App
from idiolect.bench.jackd import dummy_server
from idiolect.bundle import Bundle
from idiolect.client import Client
from idiolect.config import load
from idiolect.performance.changes import Pause
from recording import TcpWire
from synthetic import make_bundle

READY_SECONDS = 240  # the first start on a machine compiles
STEER = Path(__file__).parent / "control" / "steer.scd"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("app") / "random.idiolect"
    make_bundle(path, sample_rate=48_000, seconds=10)
    return path


def idiolect(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "idiolect.cli", *map(str, arguments)]


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def frame(client: Client) -> int:
    found = client.ask("/status").arguments[16]
    time.sleep(0.1)
    return int(found)


def read(app: App, path: str) -> Any:
    assert app.control.http_address is not None
    host, port = app.control.http_address
    try:
        with urlopen(f"http://{host}:{port}{path}", timeout=20) as answer:
            return json.load(answer)
    except HTTPError as error:
        with error:
            return json.load(error)


def health(app: App) -> tuple[int, dict[str, bool]]:
    report = read(app, "/healthz")
    return (200 if report.pop("healthy") else 503), report


def starved(client: Client) -> int:
    return int(client.ask("/status").arguments[5])


@pytest.fixture
def serve(bundle: Path) -> Iterator[Callable[..., tuple["subprocess.Popen[str]", int]]]:
    """Start a daemon on the null output; give the process and its port."""
    started: list[subprocess.Popen[str]] = []

    def start(*flags: str) -> tuple["subprocess.Popen[str]", int]:
        command = idiolect("serve", bundle, "--audio", "null", "--port", "0", *flags)
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            found = re.search(r"osc\.udp://127\.0\.0\.1:(\d+)", line)
            if found:
                return process, int(found[1])
        raise AssertionError(process.communicate()[1])

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_fades_out_and_exits_0(
    serve: Callable[..., tuple["subprocess.Popen[str]", int]], number: signal.Signals
) -> None:
    process, _ = serve()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert errors == ""


def test_supercollider_steers_the_real_daemon(
    serve: Callable[..., tuple["subprocess.Popen[str]", int]], tmp_path: Path
) -> None:
    require("sclang")
    _, port = serve()
    tmp_path.chmod(0o700)
    environment = os.environ | {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "IDIOLECT_PORT": str(port),
    }
    done = subprocess.run(
        ["sclang", str(STEER)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith(("PASS ", "FAIL "))]
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(lines) == STEER.read_text().count('check.("')
    assert all(line.startswith("PASS ") for line in lines)


def test_a_taken_port_is_one_line_and_no_crash(
    serve: Callable[..., tuple["subprocess.Popen[str]", int]], bundle: Path
) -> None:
    _, port = serve()
    command = idiolect("serve", bundle, "--audio", "null", "--port", str(port))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(port) in done.stderr


def test_renderings_of_one_seed_are_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    files = []
    for number, seed in enumerate(("1", "1", "2")):
        files.append(tmp_path / f"{number}.wav")
        command = idiolect("render", bundle, "-o", files[-1], "--seconds", "3", "--seed", seed)
        subprocess.run(command, check=True, timeout=READY_SECONDS)
    first, again, other = (file.read_bytes() for file in files)
    assert first == again
    assert first != other


def test_a_change_sent_while_the_planner_sleeps_loses_no_sound(
    bundle: Path, tmp_path: Path
) -> None:
    """Paced, recorded, the planner 0.8 s asleep: no starvation, and no hole in what was heard."""
    record = tmp_path / "heard.wav"
    config = load(flags={"audio.output": "null", "control.port": 0, "performance.voices": 2})
    with App(bundle, config, record=record) as app, Client(*app.control.address) as client:
        time.sleep(1.0)
        app.planner.submit(Pause(0.8))
        time.sleep(0.1)
        client.send("/voice/1/seed/random")
        time.sleep(2.0)
        status = app.player.status()
    assert status.starved == 0
    assert status.cuts >= 2
    heard, rate = soundfile.read(record, dtype="float32")
    corpus = Bundle.open(bundle).audio
    most = np.abs(np.diff(corpus, axis=0)).max()
    assert np.abs(np.diff(heard[: -rate // 4], axis=0)).max() <= 1.5 * most
    silent = np.abs(heard[rate // 4 : -rate // 4]).max(axis=1) == 0
    assert not silent.reshape(-1)[: len(silent) // 480 * 480].reshape(-1, 480).all(axis=1).any()


def test_it_says_when_it_does_not_play(bundle: Path) -> None:
    """The planner sleeps beyond what is planned: a voice starves, and who watches is told."""
    config = load(flags={"audio.output": "null", "control.port": 0})
    with App(bundle, config) as app:
        until(lambda: health(app) == (200, {"blocks_advance": True, "planner_keeps_up": True}))
        app.planner.submit(Pause(3.0))
        until(lambda: health(app) == (503, {"blocks_advance": True, "planner_keeps_up": False}))


def test_every_way_in_steers_the_same_instrument(bundle: Path) -> None:
    config = load(flags={"audio.output": "null", "control.port": 0})
    with App(bundle, config) as app, Client(*app.control.address) as client:
        wire = TcpWire(app.control.address[1])
        node = read(app, "/voice/1/gain")
        assert node["RANGE"] == [{"MIN": -90, "MAX": 12}]
        assert node["VALUE"] == [0.0]
        wire.send("/voice/1/gain", -6.0)
        assert wire.ask("/voice/1/gain") == ("/voice/1/gain", -6.0)
        assert client.ask("/voice/1/gain").arguments == (-6.0,)
        assert read(app, "/voice/1/gain?VALUE") == {"VALUE": [-6.0]}
        assert wire.ask("/voice/1/seed/random")[:3] == ("/done", "/voice/1/seed/random", 1)
        scale = read(app, "/voice/1/scale")
        assert scale["OVERLOADS"][0]["RANGE"] == [{"VALS": list(app.player.scales)}]
        wire.socket.close()


def test_the_ready_line_says_where_it_answers_http(
    serve: Callable[..., tuple["subprocess.Popen[str]", int]],
) -> None:
    _, port = serve()
    with urlopen(f"http://127.0.0.1:{port + 1}/?HOST_INFO", timeout=20) as answer:
        assert json.load(answer)["OSC_PORT"] == port


def test_a_killed_jack_server_is_found_again_when_there_is_another(
    serve: Callable[..., tuple["subprocess.Popen[str]", int]],
) -> None:
    """Nothing that was planned is lost: the engine's clock goes on where it stood."""
    require("jackd")
    name = f"killed-{os.getpid()}"
    with dummy_server(period=256, name=name) as server:
        process, port = serve("--audio", "jack")
        with Client("127.0.0.1", port) as client:
            until(lambda: frame(client) > 0)
            server.process.kill()
            server.process.wait()
            until(lambda: frame(client) == frame(client))
            stood = frame(client)
            with dummy_server(period=128, name=name):
                until(lambda: frame(client) > stood)
                assert frame(client) < stood + 48_000
                assert starved(client) == 0
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "has gone" in said
    assert "is back" in said


def test_the_daemon_needs_little_private_memory(
    serve: Callable[..., tuple["subprocess.Popen[str]", int]],
) -> None:
    """Less than 400 MiB, files aside."""
    process, _ = serve()
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        pytest.skip("this system does not say how much memory a process has for itself")
    lines = dict(line.split(":") for line in rollup.read_text().splitlines()[1:])
    assert int(lines["Anonymous"].split()[0]) < 400 * 1024
