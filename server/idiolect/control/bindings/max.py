"""A patcher for Max: a number box for each parameter of a voice, between `udpsend` and `udpreceive`.

A patcher is JSON: boxes, each with its class, its ports and its place, and lines from an outlet of one
to an inlet of another.
"""

import itertools
import json
from collections.abc import Sequence
from typing import Any

from idiolect.parameters.bias import DESCRIPTORS, bias_name, voice_parameters
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import VOICE

__all__ = ["max_patch"]

_PORT, _ANSWERS = 57300, 57302  # UDP ports: the daemon's, and where it is listened for here
_COLUMNS, _WIDE, _HIGH = 5, 200, 50  # of the parameters, and the pixels each takes
_ROOM = (30, 330)  # where they begin, in pixels
_LEASE_MS = 20_000

_FIRST = (
    "/voice/1/run 1",
    "/voice/1/temperature 1.4",
    "/voice/1/scale note",
    "/voice/1/seed/random",
    "/voice/1/run 0",
)
"""What makes sound, as its page has it."""

Port = tuple[str, int]
"""A box and one of its inlets or outlets."""


class _Patcher:
    """Boxes and lines, as they are laid down."""

    def __init__(self) -> None:
        self.boxes: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []

    def put(self, text: str, place: tuple[int, int], ports: tuple[int, int], **more: object) -> str:
        """Lay a box down with so many inlets and outlets; give its name."""
        name = f"obj-{len(self.boxes) + 1}"
        inlets, outlets = ports
        box: dict[str, Any] = {
            "id": name,
            "maxclass": "newobj",
            "numinlets": inlets,
            "numoutlets": outlets,
            "outlettype": [""] * outlets,
            "patching_rect": [*place, max(7 * len(text) + 12, 40), 22],
            **({"text": text} if text else {}),
            **more,
        }
        self.boxes.append({"box": box})
        return name

    def say(self, text: str, place: tuple[int, int], width: int = 400) -> None:
        """Lay a comment down."""
        self.put(text, place, (1, 0), maxclass="comment", patching_rect=[*place, width, 20])

    def line(self, source: Port, target: Port) -> None:
        """Draw a line."""
        self.lines.append({"patchline": {"source": [*source], "destination": [*target]}})

    def chain(self, *names: str) -> None:
        """Draw lines from the first outlet of each to the first inlet of the next."""
        for source, target in itertools.pairwise(names):
            self.line((source, 0), (target, 0))

    def json(self) -> str:
        """Write it as Max does."""
        patcher = {
            "fileversion": 1,
            "appversion": {"major": 8, "minor": 5, "revision": 0, "architecture": "x64", "modernui": 1},
            "classnamespace": "box",
            "rect": [60.0, 100.0, 1060.0, 860.0],
            "boxes": self.boxes,
            "lines": self.lines,
        }  # fmt: skip
        return json.dumps({"patcher": patcher}, indent=1) + "\n"


def max_patch() -> str:
    """Write the patcher."""
    patcher = _Patcher()
    out = patcher.put(f"udpsend 127.0.0.1 {_PORT}", (30, 290), (1, 0))
    patcher.say(
        "idiolect: start a daemon first (idiolect serve NAME.idiolect), then click down:", (30, 10)
    )
    _lay_messages(patcher, out)
    _lay_answers(patcher, out)
    turned = _lay_addressing(patcher, out)
    shown = [p for p in VOICE.values() if p.kind != "scale"]
    biases = voice_parameters(DESCRIPTORS)
    shown += [biases[bias_name(descriptor)] for descriptor in DESCRIPTORS]
    _lay_parameters(patcher, shown, turned)
    return patcher.json()


def _lay_messages(patcher: _Patcher, out: str) -> None:
    for row, text in enumerate((*_FIRST, "/panic")):
        box = patcher.put(text, (30, 35 + 30 * row), (2, 1), maxclass="message")
        patcher.line((box, 0), (out, 0))


def _lay_answers(patcher: _Patcher, out: str) -> None:
    """Ask to be told, again before the lease ends, and print what is told."""
    x = 620
    patcher.say(
        "What the daemon tells: every unit that sounds, warnings, and every change.", (x, 10)
    )
    start = patcher.put("loadbang", (x, 35), (1, 1))
    on = patcher.put("1", (x, 65), (2, 1), maxclass="message")
    clock = patcher.put(f"metro {_LEASE_MS}", (x, 95), (2, 1))
    notify = patcher.put(
        f"/notify 1 {_ANSWERS} 30 state grain log", (x, 125), (2, 1), maxclass="message"
    )
    patcher.chain(start, on, clock, notify, out)
    heard = patcher.put(f"udpreceive {_ANSWERS}", (x, 165), (1, 1))
    names = ("grain", "log", "shutdown")
    sorted_ = patcher.put(" ".join(["route", *(f"/{name}" for name in names)]), (x, 195), (1, 4))
    patcher.line((heard, 0), (sorted_, 0))
    for place, name in enumerate((*names, "change")):
        shown = patcher.put(f"print {name}", (x + 90 * place, 235), (1, 0))
        patcher.line((sorted_, place), (shown, 0))


def _lay_addressing(patcher: _Patcher, out: str) -> str:
    """Make messages of names and values, for the voice that is chosen; give where those go in."""
    x = 330
    patcher.say("Which voice the boxes below turn:", (x, 10), 240)
    voice = patcher.put("", (x, 35), (1, 2), maxclass="number", outlettype=["", "bang"], minimum=1)
    turned = patcher.put("t l l", (x + 60, 70), (1, 2))
    name = patcher.put("zl.slice 1", (x + 120, 105), (2, 2))
    value = patcher.put("zl.slice 1", (x, 105), (2, 2))
    both = patcher.put("t b s", (x + 120, 140), (1, 2))
    number = patcher.put("int 1", (x + 60, 175), (2, 1))
    address = patcher.put("sprintf set /voice/%ld/%s", (x, 210), (2, 1))
    message = patcher.put("prepend /voice/1/temperature", (x, 250), (1, 1))
    patcher.line((voice, 0), (number, 1))
    # The address first, then the value: outlets speak from right to left.
    patcher.line((turned, 1), (name, 0))
    patcher.line((turned, 0), (value, 0))
    patcher.line((name, 0), (both, 0))
    patcher.line((both, 1), (address, 1))
    patcher.line((both, 0), (number, 0))
    patcher.line((number, 0), (address, 0))
    patcher.line((address, 0), (message, 0))
    patcher.line((value, 1), (message, 0))
    patcher.line((message, 0), (out, 0))
    return turned


def _lay_parameters(patcher: _Patcher, shown: Sequence[Parameter], turned: str) -> None:
    for place, parameter in enumerate(shown):
        x = _ROOM[0] + place % _COLUMNS * _WIDE
        y = _ROOM[1] + place // _COLUMNS * _HIGH
        is_float = parameter.kind == "f"
        low, high = (float, float) if is_float else (int, int)
        box = patcher.put(
            "", (x, y), (1, 2),
            maxclass="flonum" if is_float else "number",
            outlettype=["", "bang"],
            minimum=low(parameter.low),
            maximum=high(parameter.high),
            patching_rect=[x, y, 56, 22],
            hint=parameter.doc,
        )  # fmt: skip
        name = patcher.put(f"prepend {parameter.name}", (x + 60, y), (1, 1))
        patcher.chain(box, name, turned)
