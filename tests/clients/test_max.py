"""The patcher as a file, and what `udpsend` makes of its messages; there is no Max to open it."""

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from idiolect.client import Client
from idiolect.control.bindings import BINDINGS
from idiolect.control.codec import encode
from idiolect.daemon.app import App
from idiolect.parameters.table import VOICE
from tap import Tap

FOLDER = Path(__file__).parents[2] / "clients/max"
Boxes = dict[str, dict[str, Any]]


@pytest.fixture
def patcher() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "idiolect.maxpat").read_text())["patcher"]
    return found


@pytest.fixture
def boxes(patcher: dict[str, Any]) -> Boxes:
    return {entry["box"]["id"]: entry["box"] for entry in patcher["boxes"]}


def typed(word: str) -> int | float | str:
    """Read a word of a message box, as Max does."""
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def test_what_is_written_from_the_table_is_what_is_kept() -> None:
    assert (FOLDER / "idiolect.maxpat").read_text() == BINDINGS["max"](), (
        "run: idiolect osc --for max > clients/max/idiolect.maxpat"
    )


def test_every_line_goes_from_an_outlet_to_an_inlet(patcher: dict[str, Any], boxes: Boxes) -> None:
    assert len(boxes) == len(patcher["boxes"])
    for entry in patcher["lines"]:
        (source, outlet), (target, inlet) = (
            entry["patchline"][end] for end in ("source", "destination")
        )
        assert 0 <= outlet < boxes[source]["numoutlets"]
        assert 0 <= inlet < boxes[target]["numinlets"]
        assert len(boxes[source]["outlettype"]) == boxes[source]["numoutlets"]


def test_every_box_that_is_turned_or_clicked_reaches_the_daemon(
    patcher: dict[str, Any], boxes: Boxes
) -> None:
    after = defaultdict(set)
    for entry in patcher["lines"]:
        line = entry["patchline"]
        after[line["source"][0]].add(line["destination"][0])
    (out,) = (name for name, box in boxes.items() if box.get("text") == "udpsend 127.0.0.1 57300")
    reaching = {out}
    while more := {name for name in boxes if name not in reaching and after[name] & reaching}:
        reaching |= more
    hands = {n for n, box in boxes.items() if box["maxclass"] in ("message", "number", "flonum")}
    assert len(hands) > 80
    assert hands <= reaching


def test_every_parameter_has_a_box_with_its_range(patcher: dict[str, Any], boxes: Boxes) -> None:
    found = {}
    for entry in patcher["lines"]:
        (source, _), (target, _) = entry["patchline"]["source"], entry["patchline"]["destination"]
        text = boxes[target].get("text", "")
        if text.startswith("prepend ") and boxes[source]["maxclass"] in ("number", "flonum"):
            found[text.removeprefix("prepend ")] = boxes[source]
    for name, parameter in VOICE.items():
        if parameter.kind != "scale":
            assert (found[name]["minimum"], found[name]["maximum"]) == (
                parameter.low,
                parameter.high,
            )
    assert found["bias/centroid"]["maximum"] == 4


def test_the_first_lines_of_its_page_are_its_messages_and_are_understood(
    heard: App, boxes: Boxes
) -> None:
    lines = (FOLDER / "README.md").read_text().split("```\n")[1].splitlines()
    assert len(lines) == 5
    clicked = [box["text"] for box in boxes.values() if box["maxclass"] == "message"]
    assert clicked[:5] == lines
    states = []
    with Tap(heard.control.address[1]) as tap, Client(port=tap.port) as client:
        for line in [text for text in clicked if text.startswith("/")]:
            address, *words = line.split()
            tap.send(encode(address, *map(typed, words)))
            client.ask("/sync", 1)
            states.append(client.ask("/status").arguments[10])
            time.sleep(0.2)  # nobody clicks faster
        assert not tap.failed()
    assert states[:5] == [1, 1, 1, 1, 0]
    assert heard.player.get("temperature", 1) == pytest.approx(1.4)
    assert heard.player.get("scale", 1) == 1
