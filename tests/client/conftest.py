from collections.abc import Iterator
from pathlib import Path

import pytest

from idiolect.config.config import load
from idiolect.daemon.app import App
from recording import daemon, player, quits, server, tape, wire

__all__ = ["daemon", "player", "quits", "server", "tape", "wire"]


@pytest.fixture
def app(learned: Path) -> Iterator[App]:
    """A daemon that plays, two voices into nothing."""
    config = load(
        flags={
            "audio.output": "null",
            "control.port": 0,
            "performance.voices": 2,
            "performance.autostart": 0,
        }
    )
    with App(learned, config) as app:
        yield app
