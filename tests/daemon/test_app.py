"""The daemon, started as a user starts it."""

import json
import os
import signal
import socket
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
from daemons import Start, daemons, idiolect
from eavesdrop import Eavesdropper
from idiolect.audio.watch import FADE_SECONDS
from idiolect.bench.jackd import dummy_server
from idiolect.bundle.bundle import Bundle
from idiolect.cli import main
from idiolect.client import Client
from idiolect.config.config import load
from idiolect.daemon.app import App
from idiolect.performance.changes import Pause
from idiolect.rendering import Beginning, render
from recording import TcpWire
from stage import Stage
from supervision import Listener
from synthetic import make_bundle

READY_SECONDS = 240  # the first start on a machine compiles
STEER = Path(__file__).parents[1] / "control" / "steer.scd"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("app") / "random.idiolect"
    make_bundle(path, sample_rate=48_000, seconds=10)
    return path


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def answer(client: Client, address: str, seconds: float = 60.0) -> tuple[object, ...]:
    """Ask until there is an answer: a process that takes its own place is away for a moment."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return client.ask(address).arguments
        except TimeoutError:
            assert time.monotonic() < deadline, f"{address} is not answered"


def replaced(process: int) -> bool:
    """Say whether a process has taken its own place."""
    arguments = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(process)], capture_output=True, text=True, check=True
    )
    return "--resume" in arguments.stdout


def portaudio_knows_jack() -> bool:
    """Look from another process: loading it makes one a client of whatever server runs."""
    code = "import sounddevice; print(*(api['name'] for api in sounddevice.query_hostapis()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return "JACK" in done.stdout


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
def serve(bundle: Path) -> Iterator[Start]:
    with daemons(bundle) as start:
        yield start


@pytest.fixture(scope="module")
def daemon(bundle: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """One for all who only ask or steer."""
    with daemons(bundle) as start:
        yield start()


def test_ctrl_c_fades_out_and_exits_0(
    serve: Start,
) -> None:
    """As SIGTERM does: `test_watchdog` ends its daemon that way."""
    process, _ = serve()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert errors == ""


def test_supercollider_steers_the_real_daemon(
    daemon: tuple["subprocess.Popen[str]", int], tmp_path: Path
) -> None:
    require("sclang")
    _, port = daemon
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
    daemon: tuple["subprocess.Popen[str]", int], bundle: Path
) -> None:
    _, port = daemon
    command = idiolect("serve", bundle, "--audio", "null", "--port", str(port))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(port) in done.stderr


def test_renderings_of_one_seed_are_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    """In another process, too."""
    files = [tmp_path / f"{name}.wav" for name in ("first", "again", "other")]
    words = [
        ["render", str(bundle), "-o", str(file), "--seconds", "3", "--seed", seed]
        for file, seed in zip(files, "112", strict=True)
    ]
    subprocess.run(idiolect(*words[0]), check=True, timeout=READY_SECONDS)
    assert main(words[1]) == main(words[2]) == 0
    first, again, other = (file.read_bytes() for file in files)
    assert first == again
    assert first != other


def test_a_rendering_has_as_many_channels_as_are_set(bundle: Path, tmp_path: Path) -> None:
    files = []
    for channels in (2, 5):
        files.append(tmp_path / f"{channels}.wav")
        config = load(flags={"audio.channels": channels})
        render(bundle, files[-1], 1.0, Beginning(seed=1, temperature=1.0, scale=None), config)
    stereo, ring = (soundfile.read(file, dtype="float32")[0] for file in files)
    assert ring.shape == (48_000, 5)
    np.testing.assert_array_equal(ring[:, :2], stereo)


@pytest.mark.slow
def test_a_voice_sounds_on_the_pair_it_is_sent_to(
    serve: Start,
) -> None:
    require("jackd")
    with dummy_server(period=256):
        _, port = serve("--audio", "jack", "--channels", "6")
        with Client("127.0.0.1", port) as client:
            client.send("/voice/1/out", 5)
            until(lambda: frame(client) > 9_600)
            front = Eavesdropper("idiolect", 48_000, ("out_1", "out_2"))
            back = Eavesdropper("idiolect", 48_000, ("out_5", "out_6"))
            assert np.abs(back.take(9_600)).max() > 0.01
            with pytest.raises(AssertionError, match="nothing was heard"):
                front.take(1, seconds=0.2)
            front.close()
            back.close()


def test_a_change_sent_while_the_planner_sleeps_loses_no_sound(
    bundle: Path, tmp_path: Path
) -> None:
    """Paced, recorded, the planner 0.8 s asleep: no starvation, and no hole in what was heard."""
    record = tmp_path / "heard.wav"
    config = load(flags={"audio.output": "null", "control.port": 0, "performance.voices": 2})
    with App(bundle, config, record=record) as app, Client(*app.control.address) as client:
        until(lambda: app.engine.frame > 24_000)
        app.planner.submit(Pause(0.8))
        time.sleep(0.1)
        client.send("/voice/1/seed/random")
        time.sleep(1.5)
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
    flags = {"audio.output": "null", "control.port": 0, "performance.lookahead_seconds": 0.3}
    with App(bundle, load(flags=flags)) as app:
        until(lambda: health(app) == (200, {"blocks_advance": True, "planner_keeps_up": True}))
        app.planner.submit(Pause(1.0))
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
        assert scale["OVERLOADS"][0]["RANGE"] == [{"VALS": list(app.player.scales_of(1))}]
        wire.socket.close()


def test_who_is_named_in_the_settings_is_told_of_start_and_end(bundle: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        client.settimeout(20)
        place = f"127.0.0.1:{client.getsockname()[1]}"
        flags = {"audio.output": "null", "control.port": 0, "control.announce": [place]}
        with App(bundle, load(flags=flags)):
            assert client.recv(1000).startswith(b"/startup\0")
        assert client.recv(1000).startswith(b"/shutdown\0")


def test_the_ready_line_says_where_it_answers_http(
    daemon: tuple["subprocess.Popen[str]", int],
) -> None:
    _, port = daemon
    with urlopen(f"http://127.0.0.1:{port + 1}/?HOST_INFO", timeout=20) as answer:
        assert json.load(answer)["OSC_PORT"] == port


@pytest.mark.slow
def test_a_killed_jack_server_is_found_again_when_there_is_another(
    serve: Start, bundle: Path, tmp_path: Path
) -> None:
    """Play goes on meanwhile, and is heard again within 5 s of there being one, through a fade."""
    require("jackd")
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[audio]\nrecordings = "{tmp_path}"\n')
    name = f"killed-{os.getpid()}"
    with dummy_server(period=256, name=name) as server:
        process, port = serve("--audio", "jack", "--config", str(settings))
        with Client("127.0.0.1", port) as client:
            client.ask("/record/start", "outage.wav")
            client.send("/voice/1/temperature", 0.25)
            client.send("/voice/1/seed/unit", 12)
            until(lambda: frame(client) > 48_000)
            server.process.kill()
            server.process.wait()
            stood = frame(client)
            until(lambda: frame(client) > stood + 96_000)
            with dummy_server(period=128, name=name):
                there = time.monotonic()
                listener = Eavesdropper("idiolect", 48_000)
                assert np.abs(listener.take(4800)).max() > 0.01
                assert time.monotonic() - there < 5
                listener.close()
                assert client.ask("/voice/1/temperature").arguments == (0.25,)
                assert starved(client) == 0
                assert client.ask("/record/stop").arguments[3] == 0  # nothing was lost
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "has gone" in said
    assert "is back" in said
    heard, _ = soundfile.read(tmp_path / "outage.wav", dtype="float32")
    most = np.abs(np.diff(Bundle.open(bundle).audio, axis=0)).max()
    assert np.abs(np.diff(heard, axis=0)).max() <= 1.5 * most
    silent = np.flatnonzero(~heard[4800:].any(axis=1)) + 4800  # between the two fades
    assert len(silent) > 480
    assert silent[-1] - silent[0] < 9600
    level = np.sqrt((heard[silent[-1] + 1 :][:4800] ** 2).mean(axis=1).reshape(10, -1).mean(axis=1))
    assert level[0] < 0.5 * level[5:].max()  # it rises


@pytest.mark.slow
def test_a_jack_server_that_hangs_silences_nobody_who_steers(
    serve: Start,
) -> None:
    """Stopped, not killed: libjack waits for it for ever, and the daemon does not."""
    require("jackd")
    with dummy_server(period=256, name=f"hangs-{os.getpid()}") as server:
        process, port = serve("--audio", "jack")
        with Client("127.0.0.1", port) as client:
            client.send("/voice/1/pan", 0.5)
            until(lambda: frame(client) > 48_000)
            server.process.send_signal(signal.SIGSTOP)
            try:
                until(lambda: replaced(process.pid), 60.0)
                assert answer(client, "/voice/1/pan") == (0.5,)
                stood = int(answer(client, "/status")[16])
                until(lambda: frame(client) > stood + 24_000)
            finally:
                server.process.send_signal(signal.SIGCONT)
            listener = Eavesdropper("idiolect", 48_000)
            assert np.abs(listener.take(4800)).max() > 0.01
            listener.close()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said


@pytest.mark.slow
@pytest.mark.parametrize(("output", "rate"), [("jack", 44_100), ("device", 48_000)])
def test_a_process_that_takes_its_own_place_keeps_everything(
    serve: Start,
    output: str,
    rate: int,
    tmp_path: Path,
) -> None:
    """A server at another rate, and a dead PortAudio stream: same process, port, parameters."""
    require("jackd")
    name = f"replaced-{os.getpid()}"
    client_name = {"jack": "idiolect", "device": "PortAudio"}[output]
    ports = {"jack": ("out_1", "out_2"), "device": ("out_0", "out_1")}[output]
    with Listener(str(tmp_path / "s")) as systemd, dummy_server(period=256, name=name) as server:
        if output == "device" and not portaudio_knows_jack():
            pytest.skip("this PortAudio has no way to a JACK server")
        process, port = serve("--audio", output, NOTIFY_SOCKET=systemd.name)
        assert "READY" in systemd.receive()
        with Client("127.0.0.1", port) as client, Client("127.0.0.1", port) as listener:
            client.send("/voice/2/pan", -0.5)
            client.send("/voice/2/run", 1)
            client.send("/voice/2/scale", "note")
            listener.ask("/notify", 1)
            until(lambda: frame(client) > 96_000)
            server.process.kill()
            server.process.wait()
            with dummy_server(period=128, name=name, sample_rate=rate):
                heard = Eavesdropper(client_name, rate, ports)
                assert np.abs(heard.take(4800)).max() > 0.01
                until(lambda: answer(client, "/status")[3] == rate)
                assert answer(client, "/voice/2/pan") == (-0.5,)
                assert answer(client, "/voice/2/scale") == (1,)
                assert answer(client, "/status")[10] == 2
                client.send("/voice/2/pan", 0.75)
                changes = [(reply.address, *reply.arguments) for reply in listener.listen(2.0)]
                assert ("/voice/2/pan", 0.75) in changes
                heard.close()
                assert process.poll() is None
                told = [name for line in systemd.drain() for name in line if name != "STATUS"]
                assert [name for name in told if name != "EXTEND_TIMEOUT_USEC"] == [
                    "RELOADING", "MONOTONIC_USEC", "READY", "MAINPID",
                ]  # fmt: skip
                process.send_signal(signal.SIGTERM)
                ready, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert f"osc.udp://127.0.0.1:{port}" in ready  # once more


def test_the_first_sound_comes_through_a_fade(bundle: Path, tmp_path: Path) -> None:
    """And it is the sound there would be without one: the beginning is that, on a line from 0."""
    record = tmp_path / "heard.wav"
    config = load(flags={"audio.output": "null", "control.port": 0})
    with App(bundle, config, record=record) as app:
        until(lambda: app.engine.frame > 9600)
        late = app.engine.delay_frames
    stage = Stage(Bundle.open(bundle))
    stage.player.set("run", 1, 1.0)
    expected = stage.play(0.1)
    fade = round(FADE_SECONDS * 48_000)
    line = np.clip(np.arange(-late, len(expected) - late) / fade, 0, 1)
    heard, _ = soundfile.read(record, dtype="float32")
    assert np.abs(expected[late : late + fade]).max() > 0.01
    np.testing.assert_allclose(heard[: len(expected)], expected * line[:, None], atol=1e-6)
    np.testing.assert_array_equal(heard[late + fade : len(expected)], expected[late + fade :])


def test_the_daemon_needs_little_private_memory(
    daemon: tuple["subprocess.Popen[str]", int],
) -> None:
    """Less than 400 MiB, files aside."""
    process, _ = daemon
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        pytest.skip("this system does not say how much memory a process has for itself")
    lines = dict(line.split(":") for line in rollup.read_text().splitlines()[1:])
    assert int(lines["Anonymous"].split()[0]) < 400 * 1024
