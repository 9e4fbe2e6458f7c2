"""Daemons for clients to wake and play."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from components import require
from daemons import RESTING
from idiolect.config.config import load
from idiolect.daemon.app import App

NEEDED = {
    "test_puredata": ("pd",),
    "test_sonicpi": ("ruby",),
    "test_strudel": ("node", "strudel"),
    "test_tidal": ("ghc",),
}
"""By module: what wakes it."""


@pytest.fixture
def daemon(learned: Path) -> Iterator[App]:
    """A daemon that rests until a client wakes it."""
    with App(learned, load(flags=RESTING)) as app:
        yield app


@pytest.fixture
def heard(request: pytest.FixtureRequest, learned: Path, tmp_path: Path) -> Iterator[App]:
    """A daemon that rests until a client wakes it, and that must have been heard in the end."""
    for component in NEEDED.get(request.path.stem, ()):
        require(component)  # before: without it nobody is heard
    path = tmp_path / "heard.wav"
    with App(learned, load(flags=RESTING), record=path) as app:
        yield app
    sound, _ = soundfile.read(path, dtype="float32")
    assert np.abs(sound).max() > 0.01, "nothing was heard"
