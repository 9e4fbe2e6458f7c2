"""Sonic Pi's functions in Ruby, against the real daemon."""

import re
import subprocess
from pathlib import Path

import pytest

from components import require
from idiolect.control.codec import Message
from idiolect.control.telling import GRAIN
from idiolect.daemon.app import App
from tap import Tap

FOLDER = Path(__file__).parents[2] / "clients/sonicpi"
RUN = Path(__file__).with_name("sonicpi.rb")
KEPT = Path(__file__).parents[1] / "golden/sonicpi.txt"


def ruby(*arguments: str, text: str) -> str:
    require("ruby")
    done = subprocess.run(
        ["ruby", str(RUN), *arguments],
        input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def first_lines() -> str:
    page = (FOLDER / "README.md").read_text()
    lines = page.split("```ruby\n")[1].split("```")[0]
    assert lines.count("\n") == 5
    return lines.replace("/path/to/idiolect/clients/sonicpi", str(FOLDER))


def test_the_bytes_are_those_of_sonic_pi() -> None:
    lines = [line for line in KEPT.read_text().splitlines() if not line.startswith("#")]
    assert ruby(text="\n".join(lines[::2])).split() == lines[1::2]


def test_a_grain_goes_by_the_names_of_the_reference() -> None:
    code = (FOLDER / "idiolect.rb").read_text()
    names = re.search(r"names = \[(.*?)\]", code, re.DOTALL)
    assert names is not None
    assert re.findall(r":(\w+)", names[1]) == [name for _, name, _ in GRAIN]


@pytest.mark.slow
def test_the_first_lines_of_its_page_make_sound(heard: App) -> None:
    with Tap(heard.control.address[1]) as tap:
        said = ruby(str(tap.port), "3", text=f"{first_lines()}sleep 1\nturn 1, temperature: 1.2\n")
        sent, failed = tap.sent(), tap.failed()
    print(*re.findall("RUBY .*", said))
    assert not failed
    assert Message("/notify", (1, 4560, 30, "grain", "state", "plain")) in sent
    assert Message("/voice/1/scale", ("note",)) in sent
    assert Message("/voice/1/seed/random") in sent
    played = [message.arguments for message in sent if message.address == "/play"]
    assert played[:3] == [("voice", 1, "unit", unit, "gain", -6) for unit in range(3)]
    assert heard.player.get("run", 1) == 1
    assert heard.player.get("temperature", 1) == pytest.approx(1.2)
    assert heard.player.status().starved == 0
    # What the daemon told came as cues, each by itself, and one started a synth.
    assert re.search(r"CUE /voice/1/temperature \[1\.2", said)
    assert said.count("CUE /grain [1, ") > 2
    assert "SYNTH fm {:note=>" in said or "SYNTH fm {note: " in said
