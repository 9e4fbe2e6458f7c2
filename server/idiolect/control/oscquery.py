"""The address space as OSCQuery describes it, from the tables the daemon obeys.

Written after the OSCQuery proposal (D. Lublin, R. Beltran, T. de Almeida Prado, *OSCQueryProposal*,
Vidvox, 2018): a node is a JSON object, and every attribute of a method is a list with one entry for
each argument.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from idiolect.control.commands import VoiceCommand
from idiolect.control.namespace import Leaf
from idiolect.control.system import SystemCommand
from idiolect.parameters import Parameter

__all__ = ["ATTRIBUTES", "EXTENSIONS", "Directory", "Node", "notices", "signature"]

Node = dict[str, Any]
"""A JSON object."""

ATTRIBUTES = (
    "FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE",
    "EXTENDED_TYPE", "OVERLOADS",
)  # fmt: skip
"""What can be asked of a path; ``HOST_INFO`` beside it is the same on every path."""

EXTENSIONS = {
    **dict.fromkeys(ATTRIBUTES[3:], True),
    **dict.fromkeys(("LISTEN", "PATH_ADDED", "PATH_REMOVED", "PATH_CHANGED"), True),
    **dict.fromkeys(("PATH_RENAMED", "TAGS", "CRITICAL", "HTML"), False),
}
"""What of the proposal's optional parts there is, as ``HOST_INFO`` says it."""

_UNITS = {
    "dB": "gain.db",
    "s": "time.second",
    "cents": "time.cents",
    "beats/min": "time.bpm",
    "1/s": "time.hz",
}
"""Those of our units the proposal has a name for."""

_NEITHER, _WRITE, _READ_WRITE = 0, 2, 3
_TRIGGER = "I"  # OSC 1.1: an impulse


class Directory:
    """Every node there is.

    Parameters
    ----------
    leaves : iterable of Leaf
        The addresses.
    scales : sequence of str
        The bundle's, finest first.
    read : callable
        Returns the value of a parameter for a voice.
    """

    def __init__(
        self,
        leaves: Iterable[Leaf],
        scales: Sequence[str],
        read: Callable[[Parameter, int], int | float],
    ) -> None:
        self._read = read
        self._leaves = {leaf.address: leaf for leaf in leaves}
        self.attributes = {
            address: _describe(leaf, scales) for address, leaf in self._leaves.items()
        }
        self._below: dict[str, dict[str, str]] = {"/": {}}  # container -> name -> path
        for address in self._leaves:
            self._grow(address)

    def node(self, path: str) -> Node | None:
        """Return a node with all that is below it, or None when there is none."""
        path = path.rstrip("/") or "/"
        return self._node(path) if path in self._below or path in self._leaves else None

    def is_readable(self, path: str) -> bool:
        """Tell whether there is a value at a path."""
        leaf = self._leaves.get(path)
        return leaf is not None and isinstance(leaf.target, Parameter) and not leaf.is_short

    def value(self, path: str) -> int | float:
        """Return the value at a readable path."""
        leaf = self._leaves[path]
        assert isinstance(leaf.target, Parameter)
        return self._read(leaf.target, leaf.voices[0])

    def _grow(self, address: str) -> None:
        path = "/"
        for name in address[1:].split("/"):
            below = path.rstrip("/") + "/" + name
            self._below.setdefault(path, {})[name] = below
            path = below

    def _node(self, path: str) -> Node:
        node = {"FULL_PATH": path, **self.attributes.get(path, {"ACCESS": _NEITHER})}
        if self.is_readable(path):
            node["VALUE"] = [self.value(path)]
        if path in self._below:
            below = self._below[path]
            node["CONTENTS"] = {name: self._node(child) for name, child in below.items()}
        return node


def notices(before: Directory, after: Directory) -> list[str]:
    """Return what who is connected is told when the address space has changed."""
    old, new = before.attributes, after.attributes
    return [
        *(_notice("PATH_REMOVED", path) for path in old if path not in new),
        *(_notice("PATH_ADDED", path) for path in new if path not in old),
        *(_notice("PATH_CHANGED", path) for path in new if path in old and old[path] != new[path]),
    ]


def signature(arguments: str) -> tuple[list[str], list[str]]:
    """Read what a command says about its arguments.

    Parameters
    ----------
    arguments : str
        Types and names, as in ``"s source, [f start], [s or i scale]"``; or ``"trigger"``.

    Returns
    -------
    list of str
        Every list of type tags it takes, the plainest first.
    list of str
        The names of the arguments that are not left out.

    Examples
    --------
    >>> signature("s source, [f start]")
    (['s', 'sf'], ['source'])
    """
    if arguments == "trigger":
        return [_TRIGGER], []
    parts = [part for part in arguments.split(", ") if part != "..."]
    *kinds, names = zip(*(_argument(part) for part in parts), strict=True)
    needed = sum(not part.startswith("[") for part in parts)
    tags = [
        "".join(chosen)
        for count in range(needed, len(parts) + 1)
        for chosen in itertools.product(*kinds[0][:count])
    ]
    return tags, list(names[:needed])


def _argument(part: str) -> tuple[list[str], str]:
    kinds, _, name = part.strip("[]").rpartition(" ")
    return kinds.split(" or "), name


def _notice(command: str, path: str) -> str:
    return json.dumps({"COMMAND": command, "DATA": path})


def _describe(leaf: Leaf, scales: Sequence[str]) -> Node:
    if isinstance(leaf.target, Parameter):
        return _describe_parameter(leaf.target, leaf.is_short, scales)
    return _describe_command(leaf.target)


def _describe_parameter(parameter: Parameter, is_short: bool, scales: Sequence[str]) -> Node:
    node: Node = {
        "DESCRIPTION": f"Of every voice: {parameter.doc}" if is_short else parameter.doc,
        "TYPE": "f" if parameter.kind == "f" else "i",
        "ACCESS": _WRITE if is_short else _READ_WRITE,
        "CLIPMODE": ["both"],
        "RANGE": [_range(parameter, len(scales))],
    }
    if parameter.unit in _UNITS:
        node["UNIT"] = [_UNITS[parameter.unit]]
    if parameter.kind == "scale":
        node["OVERLOADS"] = [{"TYPE": "s", "RANGE": [{"VALS": list(scales)}]}]
    return node


def _range(parameter: Parameter, scales: int) -> Node:
    if parameter.kind == "f":
        return {"MIN": parameter.low, "MAX": parameter.high}
    high = scales - 1 if parameter.kind == "scale" else int(parameter.high)
    low = int(parameter.low)
    bounds: Node = {"MIN": low, "MAX": high}
    is_switch = (low, high) == (0, 1)
    return (
        bounds | {"VALS": list(range(high + 1))}
        if is_switch or parameter.kind == "scale"
        else bounds
    )


def _describe_command(command: VoiceCommand | SystemCommand) -> Node:
    (plain, *others), names = signature(command.arguments)
    node: Node = {
        "DESCRIPTION": f"{command.doc} ({command.arguments})",
        "TYPE": plain,
        "ACCESS": _WRITE,
    }
    if names:
        node["EXTENDED_TYPE"] = names
    if others:
        node["OVERLOADS"] = [{"TYPE": tags} for tags in others]
    return node
