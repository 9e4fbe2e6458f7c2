"""An installation goes on from where it was, however it ended."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from daemons import Start, daemons
from idiolect.client import Client
from idiolect.config.config import load
from idiolect.daemon.app import App
from idiolect.errors import ConfigError
from idiolect.performance.snapshots.documents import read_json
from synthetic import make_bundle

BUSY_SECONDS = 0.5  # for the state to be asked for and written on a machine that does much else


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("state") / "random.idiolect"
    make_bundle(path, seconds=10)
    make_bundle(path.parent / "other.idiolect", seconds=6, seed=1)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    path = tmp_path / "settings.toml"
    path.write_text(f'[performance]\nstate = "{tmp_path / "kept" / "state.json"}"\n')
    return path


@pytest.fixture
def serve(bundle: Path, settings: Path) -> Iterator[Start]:
    with daemons(bundle, "--http-port", "-1", "--config", settings) as start:
        yield start


def steer(client: Client) -> None:
    client.send("/gain", -12.5)
    client.send("/voice/2/pan", -0.5)
    client.send("/voice/2/scale", "note")
    client.send("/voice/2/bias/centroid", 1.5)
    client.send("/voice/3/run", 1)
    client.ask("/voice/2/allow/region", 0, 0, 0.9)
    client.ask("/voice/2/seed/unit", 5)
    client.ask("/voice/4/bundle", "other", timeout=20)


def stands(client: Client) -> list[tuple[object, ...]]:
    addresses = [
        "/gain", "/voice/2/pan", "/voice/2/scale", "/voice/2/bias/centroid", "/voice/3/run",
        "/voice/1/run", "/voice/4/bundle",
    ]  # fmt: skip
    return [client.ask(address, timeout=20).arguments for address in addresses]


STOOD: list[tuple[object, ...]] = [(-12.5,), (-0.5,), (1,), (1.5,), (1,), (1,), ("other",)]


@pytest.mark.slow
def test_what_is_a_second_old_survives_a_kill(serve: Start, tmp_path: Path) -> None:
    """Killed between two writes, and once more right after it has begun again."""
    process, port = serve()
    with Client(port=port) as client:
        steer(client)
        assert stands(client) == STOOD
    time.sleep(1.1)
    process.kill()
    process.wait()
    kept = json.loads((tmp_path / "kept" / "state.json").read_text())
    assert kept["voices"][1]["allowed"] == ["region", 0.0, 0.0, pytest.approx(0.9)]
    assert kept["voices"][1]["context"]["units"][-1] == 5
    for _ in range(2):
        process, port = serve("--restore")
        with Client(port=port) as client:
            assert stands(client) == STOOD
        process.kill()
        process.wait()
    assert not [path for path in (tmp_path / "kept").iterdir() if path.name.endswith(".unread")]


@pytest.mark.slow
def test_at_whatever_moment_it_is_killed_at_most_the_last_second_is_lost(
    serve: Start, tmp_path: Path
) -> None:
    """Killed while somebody turns a parameter all the time, and started again from what it kept."""
    moments, number = np.random.default_rng(7), 0
    process, port = serve("--restore")
    for _ in range(6):
        sent: list[tuple[float, float]] = []
        with Client(port=port) as client:
            over = time.monotonic() + 1.2 + moments.random()
            while time.monotonic() < over:
                number += 1
                client["/voice/2/pan"] = number / 2**13
                client.sync()
                sent.append((number / 2**13, time.monotonic()))
                time.sleep(0.005)
        killed = time.monotonic()
        process.kill()
        process.wait()
        state = json.loads((tmp_path / "kept" / "state.json").read_text())
        kept = state["voices"][1]["parameters"]["pan"]
        lost = [at for value, at in sent if value > kept]
        age = killed - min(lost, default=killed)
        print(f"of {len(sent)} changes {len(lost)} are lost, those of the last {age:.2f} s")
        assert len(lost) < len(sent)
        assert age < 1.0 + BUSY_SECONDS
        process, port = serve("--restore")
        with Client(port=port) as client:
            assert client.ask("/voice/2/pan", timeout=20).arguments == (kept,)


WRITES = """
import sys
from pathlib import Path
from idiolect.performance.snapshots.documents import write_json
number = 0
while True:
    number += 1
    write_json(Path(sys.argv[1]), {"numbers": [number] * 200_000})
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_file_whose_writer_is_killed_is_the_last_that_was_whole(tmp_path: Path) -> None:
    path, moments = tmp_path / "state.json", np.random.default_rng(7)
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITES, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.3 * moments.random())
        writer.kill()
        said = ["1", *writer.stdout.read().split()]
        writer.communicate()
        numbers = read_json(path)["numbers"]
        assert len(numbers) == 200_000
        assert set(numbers) <= {int(said[-1]), int(said[-1]) + 1}
        assert len(set(numbers)) == 1


def configured(path: Path, **more: object) -> dict[str, object]:
    return {
        "audio.output": "null", "control.port": 0, "control.http_port": -1,
        "performance.state": str(path), **more,
    }  # fmt: skip


@pytest.mark.parametrize(("asked", "pan"), [(True, 0.25), (False, 0.0)])
def test_the_last_moment_is_kept_when_it_ends_by_itself_and_taken_up_when_that_is_asked_for(
    bundle: Path, tmp_path: Path, asked: bool, pan: float
) -> None:
    path = tmp_path / "state.json"
    with App(bundle, load(flags=configured(path))) as app, Client(*app.control.address) as client:
        client.send("/voice/2/pan", 0.25)
        client.ask("/voice/2/pan", timeout=20)
    flags = configured(path, **{"performance.restore": asked})
    with App(bundle, load(flags=flags)) as app, Client(*app.control.address) as client:
        assert client.ask("/voice/2/pan", timeout=20).arguments == (pan,)


@pytest.mark.parametrize("text", ["", "{", '{"format": 99}', '{"format": 2, "voices": [7]}'])
def test_a_file_that_cannot_be_read_is_told_and_kept_aside(
    bundle: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    flags = configured(path, **{"performance.restore": True})
    with App(bundle, load(flags=flags)) as app, Client(*app.control.address) as client:
        assert client.ask("/voice/1/run", timeout=20).arguments == (1,)
    assert "it starts as configured" in caplog.text
    assert (tmp_path / "state.json.unread").read_text() == text
    assert json.loads(path.read_text())["format"] == 2


def test_it_is_written_only_when_something_has_changed(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    flags = configured(path, **{"performance.autostart": 0})
    with App(bundle, load(flags=flags)) as app, Client(*app.control.address) as client:
        time.sleep(1.2)
        first = path.stat()
        time.sleep(1.2)
        assert path.stat().st_mtime_ns == first.st_mtime_ns
        client.send("/voice/1/pan", 0.5)
        written = set()
        for _ in range(20):
            time.sleep(0.1)
            written.add(path.stat().st_mtime_ns)
            client.send("/voice/1/pan", time.monotonic() % 1)
        assert 2 <= len(written) <= 4
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(("patience", "writings"), [(60.0, 2), (1.0, 5)])
def test_what_voices_say_by_themselves_is_written_each_second_or_seldom_and_at_the_end(
    bundle: Path, tmp_path: Path, patience: float, writings: int
) -> None:
    """Seldom is once when it has begun, once for what somebody did, and each minute for the rest."""
    path, written = tmp_path / "state.json", set()
    flags = configured(path) | {"performance.speech_seconds": patience}
    with App(bundle, load(flags=flags)) as app, Client(*app.control.address) as client:
        for step in range(60):
            time.sleep(0.1)
            if step == 30:
                client.send("/voice/1/pan", 0.5)
            if path.exists():
                written.add(path.stat().st_mtime_ns)
        before = json.loads(path.read_text())
        assert before["voices"][0]["parameters"]["pan"] == 0.5
        assert before["voices"][0]["parameters"]["run"] == 1
    assert len(written) == writings if patience > 1 else len(written) >= writings
    assert json.loads(path.read_text())["voices"][0]["context"] != before["voices"][0]["context"]


def test_what_a_kill_left_half_written_goes_when_the_next_begins(
    bundle: Path, tmp_path: Path
) -> None:
    left, other = tmp_path / ".state.json.123.part", tmp_path / ".other.json.123.part"
    for path in (left, other):
        path.write_text("{")
    with App(bundle, load(flags=configured(tmp_path / "state.json"))):
        assert not left.exists()
    assert other.exists()


def test_a_folder_that_is_not_there_is_told(bundle: Path, tmp_path: Path) -> None:
    flags = configured(tmp_path / "nowhere" / "state.json")
    with pytest.raises(ConfigError, match=r"performance\.state"):
        App(bundle, load(flags=flags))


def test_the_token_is_taken_from_the_environment_and_seen_nowhere(serve: Start) -> None:
    token = "correct horse battery"
    process, port = serve(IDIOLECT_TOKEN=token)
    shown = subprocess.run(
        ["ps", "-ww", "-o", "args=", "-p", str(process.pid)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert token not in shown.stdout
    with Client(port=port) as client:
        client.send("/quit")
        reply = client.receive(20)
        assert reply is not None
        assert reply.address == "/fail"
        client.ask("/auth", token)
        client.ask("/quit")
    out, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert token not in out + said
