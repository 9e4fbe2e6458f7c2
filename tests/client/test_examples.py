"""Examples run as they stand there."""

import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from idiolect.client import Client
from idiolect.control.namespace import Namespace
from idiolect.daemon.app import App
from recording import RecordingPlayer

CLIENTS = Path(__file__).parents[2] / "clients"


def test_the_first_steps_in_python_run(daemon: int, player: RecordingPlayer) -> None:
    script = CLIENTS / "python" / "first_steps.py"
    run = subprocess.run(
        [sys.executable, str(script), str(daemon)], capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("4 voices")
    assert "refused: no scale" in run.stdout
    assert ("seed_random", 1) in player.calls
    assert player.values["run", 1] == 0


@pytest.fixture
def at_home(app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """A daemon that a client which names no place finds."""
    port = app.control.address[1]
    monkeypatch.setattr(Client.__init__, "__defaults__", ("127.0.0.1", port))
    return app


def test_the_first_lines_of_the_page_make_sound(at_home: App) -> None:
    page = (CLIENTS / "python" / "README.md").read_text()
    lines = page.split("```python\n")[1].split("```")[0]
    assert len([line for line in lines.splitlines() if line]) == 5
    names: dict[str, Any] = {}
    exec(lines, names)
    with names["idiolect"] as client:
        assert next(m for m in client.meters(seconds=20) if m.outputs[1].peak > 0.001)
        assert client.voice(1).temperature == pytest.approx(1.4)


@pytest.mark.slow
def test_two_voices_echo_each_other(app: App) -> None:
    script = CLIENTS / "python" / "echo.py"
    port = str(app.control.address[1])
    run = subprocess.run(
        [sys.executable, str(script), port, "6"], capture_output=True, text=True, check=True
    )
    assert "echo of " in run.stdout
    assert "voice 1: " in run.stdout
    assert app.player.get("rate", 2) == 700
    assert app.player.get("run", 1) == 0


def notebook() -> Any:
    return json.loads((CLIENTS / "python" / "first_steps.ipynb").read_text())


def test_the_notebook_is_valid_and_keeps_nothing_of_whoever_ran_it() -> None:
    book = notebook()
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in book["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", name) for name in names)
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    assert not re.search(r"/home/|/Users/|/root/|/work/|[A-Z]:\\\\", json.dumps(book))
    if find_spec("nbformat"):
        import nbformat

        nbformat.validate(book)


@pytest.mark.slow
def test_the_notebook_runs(at_home: App) -> None:
    names: dict[str, Any] = {}
    heard = io.StringIO()
    with redirect_stdout(heard):
        for cell in notebook()["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), names)
    with Client() as client:
        client.sync()  # it came after what the notebook sent last
    said = heard.getvalue()
    assert "heard in 0." in said
    assert "refused: no scale" in said
    assert re.search(r" at \d+\.\d\d s: ", said)
    assert "#" in said
    assert len(names["grains"]) > 10
    assert at_home.player.get("rate", 1) == -500
    assert at_home.player.get("bias/centroid", 1) == 1
    assert at_home.player.get("run", 1) == 0


def test_the_first_steps_in_supercollider_name_addresses_there_are() -> None:
    namespace = Namespace(4)
    script = (CLIENTS / "supercollider" / "first_steps.scd").read_text()
    addresses = re.findall(r'sendMsg\("([^"]+)"', script)
    assert len(addresses) > 15
    for address in addresses:
        assert namespace.find(address)
