"""An installation goes on from where it was, however it ended."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemons import Start, daemons
from idiolect.client import Client
from idiolect.config.config import load
from idiolect.daemon.app import App
from idiolect.errors import ConfigError
from synthetic import make_bundle


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
