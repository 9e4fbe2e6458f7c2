"""Strudel's script in Node: by itself, and under Strudel where it is installed."""

import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import components
from components import require
from daemons import RESTING
from idiolect.client import Client
from idiolect.config.config import load
from idiolect.daemon.app import App

FOLDER = Path(__file__).parents[2] / "clients/strudel"
RUN = Path(__file__).with_name("strudel.mjs")
NODE = ("node", "--experimental-websocket", "--no-warnings")  # that of Node 20; later ones have it

ALONE = """
import {{ readFileSync }} from 'node:fs';
(0, eval)(readFileSync({script!r}, 'utf8'));
const daemon = idiolect({url!r});
while (daemon.socket.readyState !== 1) await new Promise((go) => setTimeout(go, 20));
daemon.send('/voice/1/temperature', 0.25);
daemon.send('/voice/1/scale', 'note');
daemon.send('/voice/1/pan', 'nonsense');
const now = (performance.timeOrigin + performance.now()) / 1000;
daemon.sendAt(now + 1.5, ['/voice/2/temperature', 3], ['/voice/2/run', true]);
await new Promise((go) => setTimeout(go, 300));
console.log('SENT', process.version);
process.exit();
"""


def url(daemon: App) -> str:
    deadline = time.monotonic() + 10
    while daemon.control.http_address is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert daemon.control.http_address is not None
    return f"ws://127.0.0.1:{daemon.control.http_address[1]}"


def run(*arguments: str, code: str) -> str:
    done = subprocess.run(
        [*NODE, *arguments],
        input=code, env=os.environ | {"NODE_PATH": ""},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    print(*[line for line in done.stdout.splitlines() if line.startswith(("SENT", "STRUDEL"))])
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def wait(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def test_it_speaks_to_the_daemon_and_at_the_time_it_names(daemon: App) -> None:
    require("node")
    code = ALONE.format(script=str(FOLDER / "idiolect.js"), url=url(daemon))
    said = run("--input-type=module", code=code)
    assert daemon.player.get("temperature", 1) == 0.25
    assert daemon.player.get("scale", 1) == 1
    assert "idiolect refuses /voice/1/pan: " in said
    assert daemon.player.get("temperature", 2) == 1.0
    assert wait(lambda: daemon.player.get("temperature", 2) == 3.0)
    assert daemon.player.get("run", 2) == 1


def pairs(message: list[Any]) -> Iterator[tuple[str, Any]]:
    return zip(message[1::2], message[2::2], strict=True)


@pytest.mark.slow
def test_the_first_lines_of_its_page_make_sound(heard: App) -> None:
    page = (FOLDER / "README.md").read_text()
    lines = page.split("```js\n")[1].split("```")[0].splitlines()
    assert len(lines) == 5
    assert lines[0] == "idiolect('ws://127.0.0.1:57301')"
    said = run(str(RUN), str(components.NODE), "5", url(heard), code="\n".join(lines[1:]))
    assert "idiolect refuses" not in said
    assert "SOUNDED ELSEWHERE" not in said
    sent = [json.loads(x.removeprefix("AT ")) for x in said.splitlines() if x.startswith("AT ")]
    played = [(when, dict(pairs(message))) for when, message, *_ in sent if message[0] == "/play"]
    assert [said["gain"] for _, said in played] == [-6] * len(played)
    lengths = {12: 2 / 3, 40: 2 / 3, 7: 1 / 3, 3: 1 / 3}  # seconds, of a cycle of two
    following = {12: 40, 40: 7, 7: 3, 3: 12}
    assert len(played) > 6
    for (when, said_first), (then, said_next) in itertools.pairwise(played):
        assert said_next["unit"] == following[said_first["unit"]]
        assert then - when == pytest.approx(lengths[said_first["unit"]], abs=0.005)
    assert heard.player.get("run", 1) == 1
    assert heard.player.get("temperature", 1) in (pytest.approx(0.4), pytest.approx(1.4))
    assert abs(heard.player.get("bias/centroid", 2)) == 1
    assert heard.player.status().starved == 0


@pytest.mark.slow
def test_the_line_for_its_own_bridge_plays(learned: Path) -> None:
    """Through the bridge's own port, 8080, which must be free."""
    require("node")
    require("strudel")
    line = (FOLDER / "README.md").read_text().split("```js\n")[3].split("```")[0]
    assert line.count("\n") == 1
    with App(learned, load(flags=RESTING | {"control.dirt": True})) as app:
        with Client(port=app.control.address[1]) as client:
            source = str(client.ask("/sources").arguments[2])
        line = line.replace("57300", str(app.control.address[1])).replace("drums", source)
        said = run(str(RUN), str(components.NODE), "6", code=line)
        assert "SOUNDED ELSEWHERE" not in said
        assert wait(lambda: app.player.status().plays > 3)
