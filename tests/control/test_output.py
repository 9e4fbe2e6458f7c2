"""Whoever wants to know hears of it when the way out is lost, and when it is back."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from idiolect.client import Client
from idiolect.config.config import load
from idiolect.daemon.app import App
from synthetic import make_bundle


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    path: Path = tmp_path_factory.mktemp("output") / "random.idiolect"
    make_bundle(path, seconds=6)
    config = load(flags={"audio.output": "null", "control.port": 0, "control.http_port": -1})
    with App(path, config) as app:
        yield app


def look(app: App, seconds: float) -> None:
    """Watch, as the main thread does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app._watch.look()
        time.sleep(0.01)


@pytest.mark.parametrize("group", ["state", "health", "state health"])
def test_who_is_told_of_changes_or_of_health_is_told_once(app: App, group: str) -> None:
    with Client(*app.control.address) as client, Client(*app.control.address) as other:
        client.ask("/notify", 1, 0, 30, group)
        other.ask("/notify", 1, 0, 30, "meter")
        assert client.ask("/output").arguments == ("null", "here")
        app.output.stop()  # as a device that dies
        look(app, 1.0)
        told = [r.arguments for r in client.listen(0.5) if r.address == "/output/state"]
        assert told == [("null", "lost"), ("null", "here")]
        assert client.ask("/output").arguments == ("null", "here")
        assert not [r for r in other.listen(0.3) if r.address.startswith("/output")]
        client.ask("/notify", 0)
        other.ask("/notify", 0)


def test_while_it_is_lost_that_is_the_answer(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    with Client(*app.control.address) as client:
        monkeypatch.setattr(app._watch, "_here", None)
        assert client.ask("/output").arguments == ("null", "lost")
        monkeypatch.setattr(app._watch, "restart_needed", True)
        assert client.ask("/output").arguments == ("null", "restarting")
