"""A daemon of idiolect as TouchDesigner sees it: messages, its address space, and what to draw.

The standard library is all it needs, and it touches no operator, so it runs in any Python 3.9 or
later: in TouchDesigner's own, and where there is no TouchDesigner.
"""

from __future__ import annotations

import colorsys
import json
import math
import socket
import struct
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

GRAIN = (
    "voice", "unit", "token", "scale", "source", "start", "seconds", "gain", "pan", "x", "y",
    "loudness", "centroid", "pitch", "entropy", "natural",
)  # fmt: skip
"""What ``/grain`` tells, in its order."""

CHANNELS = ("tx", "ty", "size", "r", "g", "b")
"""What a picture needs of each grain."""

_AFTERGLOW = 0.6  # seconds for which a grain is still seen when it has been heard
_HUES = 8  # voices before a colour comes again


class Daemon:
    """A daemon that runs already: where it is sent to over UDP, and asked over HTTP.

    Parameters
    ----------
    host : str
        Its address.
    port : int
        Where it listens for OSC.
    http_port : int, optional
        Where it answers OSCQuery; the port above when left out.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 57300, http_port: int | None = None
    ) -> None:
        self.place = (host, port)
        self._pages = f"http://{host}:{http_port or port + 1}"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(self, address: str, *values: float | str) -> None:
        """Send one message."""
        self._socket.sendto(encode(address, *values), self.place)

    def read(self, path: str = "/") -> dict[str, Any]:
        """Ask for a node of the address space, with all that is below it."""
        with urllib.request.urlopen(self._pages + path, timeout=2) as answer:  # noqa: S310 (http alone)
            node: dict[str, Any] = json.load(answer)
        return node

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


class Knob(NamedTuple):
    """A custom parameter, and the address it stands for."""

    name: str  # of the parameter: a capital letter, then small ones and digits
    label: str
    address: str
    style: str  # Float, Int, Toggle, Menu or Pulse
    low: float = 0.0
    high: float = 1.0
    value: float | str = 0  # what it is now; a menu's is one of its names
    names: tuple[str, ...] = ()  # of a menu
    help: str = ""

    def value_of(self, evaluated: float | str) -> float | str:
        """Make of what the parameter evaluates to what is sent."""
        if self.style == "Menu":
            return str(evaluated)
        return float(evaluated) if self.style == "Float" else int(float(evaluated))

    def has(self, told: float | str) -> bool:
        """Whether what the daemon tells is one that it knows."""
        if self.style != "Menu":
            return True
        return told in self.names if isinstance(told, str) else 0 <= told < len(self.names)

    def shown(self, told: float | str) -> float | str:
        """Make of what the daemon tells what the parameter shows: a menu is told by its index."""
        if self.style == "Menu" and not isinstance(told, str):
            return self.names[int(told)]
        return told


def knobs(node: dict[str, Any], below: str) -> Iterator[Knob]:
    """Make a parameter of each thing below a path that is one value, or a button.

    Parameters
    ----------
    node : dict
        A node as OSCQuery describes it.
    below : str
        The path that is left out of names, like ``/voice/1``.
    """
    for child in node.get("CONTENTS", {}).values():
        yield from knobs(child, below)
    knob = _knob(node, below)
    if knob is not None:
        yield knob


def encode(address: str, *values: float | str) -> bytes:
    """Write a message of the types i, f and s."""
    tags, body = ",", b""
    for value in values:
        if isinstance(value, str):
            tags, body = tags + "s", body + _text(value)
        elif isinstance(value, int):
            tags, body = tags + "i", body + struct.pack(">i", value)
        else:
            tags, body = tags + "f", body + struct.pack(">f", value)
    return _text(address) + _text(tags) + body


def is_same(one: float | str, other: float | str) -> bool:
    """Tell whether two values are one, as far as 32 bits can tell."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)


def bursts(grains: Iterable[tuple[float, dict[str, Any]]], now: float) -> dict[str, list[float]]:
    """Say where each grain is drawn now, how large, and in what colour.

    Parameters
    ----------
    grains : iterable of (float, dict)
        When each began, in seconds, and what was told of it.
    now : float
        Seconds, of the same clock.

    Returns
    -------
    dict of str to list of float
        For each of `CHANNELS` one number for each grain that is seen; never none, so that what is
        drawn by them always has one, of no size.
    """
    rows = [_burst(grain, now - began) for began, grain in grains]
    seen = [row for row in rows if row[2] > 0] or [(0.0,) * len(CHANNELS)]
    return {name: list(column) for name, column in zip(CHANNELS, zip(*seen))}  # noqa: B905 (3.9)


def _burst(grain: dict[str, Any], age: float) -> tuple[float, ...]:
    """Full while it sounds, then fading; louder is larger, brighter in sound is paler."""
    left = 1.0 if age < grain["seconds"] else 1.0 - (age - grain["seconds"]) / _AFTERGLOW
    size = 10 ** ((grain["loudness"] + grain["gain"]) / 40) * max(left, 0.0) if age >= 0 else 0.0
    pale = min(math.log2(max(grain["centroid"], 60.0) / 60.0) / 8, 1.0)
    hue = (grain["voice"] - 1) % _HUES / _HUES
    return (grain["x"], grain["y"], size, *colorsys.hsv_to_rgb(hue, 1.0 - 0.8 * pale, 1.0))


def _knob(node: dict[str, Any], below: str) -> Knob | None:
    path, tag = node["FULL_PATH"], node.get("TYPE")
    rest = path[len(below.rstrip("/")) + 1 :]
    name = "".join(letter for letter in rest if letter.isalnum()).capitalize()
    shared = {
        "name": name,
        "label": rest.replace("_", " ").replace("/", " "),
        "address": path,
        "help": node.get("DESCRIPTION", ""),
    }
    if tag == "I" and "CONTENTS" not in node:
        return Knob(style="Pulse", **shared)
    if node.get("ACCESS") != 3 or tag not in ("f", "i"):
        return None
    bounds, value = node["RANGE"][0], node["VALUE"][0]
    names = [name for other in node.get("OVERLOADS", ()) for name in other["RANGE"][0]["VALS"]]
    if names:
        return Knob(style="Menu", names=tuple(names), value=names[int(value)], **shared)
    style = "Float" if tag == "f" else "Toggle" if bounds.get("VALS") == [0, 1] else "Int"
    return Knob(style=style, low=bounds["MIN"], high=bounds["MAX"], value=value, **shared)


def _text(text: str) -> bytes:
    raw = text.encode()
    return raw.ljust((len(raw) // 4 + 1) * 4, b"\0")
