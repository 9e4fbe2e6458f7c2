"""Another sound device is chosen while it plays, and what cannot be chosen is told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from idiolect.audio.null import NullOutput
from idiolect.client import Client, RefusedError
from idiolect.config.config import load
from idiolect.daemon import app as root
from idiolect.daemon import parts
from idiolect.daemon.app import App
from idiolect.engine.seat import Seat
from idiolect.errors import AudioError
from synthetic import make_bundle

CARDS = ["ALSA: one", "ALSA: two"]


class Card(NullOutput):
    """A card that plays to nobody."""

    def __init__(self, engine: Any, device: str, block_size: int) -> None:
        if not any(device in card for card in CARDS):
            raise AudioError(f"no sound device is called {device!r}; there are {', '.join(CARDS)}")
        super().__init__(Seat(engine, block_size))
        self.name = f"device {device or 'one'}"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("devices") / "random.idiolect"
    make_bundle(path, seconds=6)
    return path


@contextmanager
def playing(bundle: Path, **flags: object) -> Iterator[App]:
    """Play, with what the main thread does."""
    config = load(flags={"control.port": 0, "control.http_port": -1, **flags})
    over = threading.Event()
    with App(bundle, config) as app:

        def look() -> None:
            while not over.wait(0.02):
                app._watch.look()

        looking = threading.Thread(target=look)
        looking.start()
        yield app
        over.set()
        looking.join()


@pytest.fixture
def app(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    def open_card(kind: str, engine: Any, *, device: str, block_size: int, **_: object) -> Card:
        assert kind == "device"
        return Card(engine, device, block_size)

    monkeypatch.setattr(root, "open_output", open_card)
    monkeypatch.setattr(parts, "pick_rate", lambda kind, wanted, **_: wanted)
    monkeypatch.setattr("idiolect.audio.device.device_names", lambda channels: CARDS)
    with playing(bundle, **{"audio.output": "device", "audio.device": "one"}) as app:
        yield app


def test_another_device_is_played_on_and_everybody_is_told(app: App) -> None:
    with Client(*app.control.address) as client, Client(*app.control.address) as other:
        other.ask("/notify", 1)
        assert client.ask("/device/list").arguments == ("/device/list", *CARDS)
        assert client.ask("/output").arguments == ("device one", "here")
        assert client.ask("/device/open", "two").arguments == ("/device/open", "device two")
        assert client.ask("/output").arguments == ("device two", "here")
        told = [r.arguments for r in other.listen(0.5) if r.address == "/output/state"]
        assert told == [("device two", "here")]
        before = client.status()["frame"]
        assert client.status()["state"] == "speaking"
        time.sleep(0.3)
        assert client.status()["frame"] > before
    assert app.devices.chosen == "two"  # what a process that takes its place begins with


def test_a_device_that_is_not_there_is_told_and_the_old_one_plays_on(app: App) -> None:
    with Client(*app.control.address) as client:
        with pytest.raises(RefusedError, match="'three'; there are ALSA: one, ALSA: two"):
            client.ask("/device/open", "three")
        for _ in range(100):
            if client.ask("/output").arguments[1] == "here":
                break
            time.sleep(0.05)
        assert client.ask("/output").arguments == ("device one", "here")
        assert app.devices.chosen == "one"


def test_the_device_that_was_chosen_is_the_one_that_is_found_again(app: App) -> None:
    with Client(*app.control.address) as client:
        client.ask("/device/open", "two")
        client.ask("/notify", 1)
        app.output.stop()
        told = [r.arguments for r in client.listen(1.5) if r.address == "/output/state"]
        assert told == [("device two", "lost"), ("device two", "here")]


def test_where_there_is_no_choice_it_is_told(bundle: Path) -> None:
    with (
        playing(bundle, **{"audio.output": "null"}) as app,
        Client(*app.control.address) as client,
    ):
        assert client.ask("/device/list").arguments == ("/device/list",)
        with pytest.raises(RefusedError, match="the way out is null; use --audio device"):
            client.ask("/device/open", "two")
