"""The address space as OSCQuery describes it, from the tables the daemon obeys.

Written after the OSCQuery proposal (D. Lublin, R. Beltran, T. de Almeida Prado, *OSCQueryProposal*,
Vidvox, 2018): a node is a JSON object, and every attribute of a method is a list with one entry for
each argument.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from idiolect.control.command import SystemCommand
from idiolect.control.commands import VoiceCommand
from idiolect.control.namespace import Leaf, Norm
from idiolect.parameters.parameter import Parameter

__all__ = ["ATTRIBUTES", "EXTENSIONS", "Directory", "Node", "Value", "notices", "signature"]

Node = dict[str, Any]
"""A JSON object."""

Value = int | float | str

ATTRIBUTES = (
    "FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT", "CLIPMODE",
    "EXTENDED_TYPE", "OVERLOADS", "TAGS", "CRITICAL",
)  # fmt: skip
"""What can be asked of a path; ``HOST_INFO`` beside it is the same on every path."""

EXTENSIONS = {
    **dict.fromkeys(ATTRIBUTES[3:], True),
    **dict.fromkeys(("LISTEN", "PATH_ADDED", "PATH_REMOVED", "PATH_CHANGED"), True),
    **dict.fromkeys(("PATH_RENAMED", "HTML"), False),
}
"""What of the proposal's optional parts there is, as ``HOST_INFO`` says it."""

_UNITS = {
    "dB": "gain.db",
    "s": "time.second",
    "cents": "time.cents",
    "beats/min": "time.bpm",
    "Hz": "time.hz",
    "1/s": "time.hz",
}
"""Those of our units the proposal has a name for."""

_NEITHER, _WRITE, _READ_WRITE = 0, 2, 3
_TRIGGER = "I"  # OSC 1.1: an impulse
_ARGUMENT = re.compile(r"(\w(?: or \w)*) ")  # its types; its name comes behind
_TOP_COMMA = re.compile(r", (?![^\[]*\])")  # none within brackets


class Directory:
    """Every node there is.

    Parameters
    ----------
    leaves : iterable of Leaf
        The addresses.
    scales : sequence of sequence of str
        Of each voice, finest first.
    read : callable
        Returns the value of a leaf that can be read.
    """

    def __init__(
        self,
        leaves: Iterable[Leaf],
        scales: Sequence[Sequence[str]],
        read: Callable[[Leaf], Value],
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
        return leaf is not None and not leaf.is_short and _has_value(leaf.target)

    def value(self, path: str) -> Value:
        """Return the value at a readable path."""
        return self._read(self._leaves[path])

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
        Types and names, as in ``"s source, [f start], [s or i scale]"``; or ``"trigger"``.  What
        stands in brackets may be left out; dots say that what is before them may come again.

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
    >>> signature("[s name, i or f value, ...]")
    (['', 'si', 'sf'], [])
    """
    if arguments == "trigger":
        return [_TRIGGER], []
    groups = _TOP_COMMA.split(arguments)
    needed = [group for group in groups if group != "..." and not group.startswith("[")]
    options = [group.strip("[]") for group in groups if group.startswith("[")]
    tags = [
        "".join(chosen)
        for count in range(len(options) + 1)
        for chosen in itertools.product(*_kinds([*needed, *options[:count]]))
    ]
    return tags, [_ARGUMENT.sub("", part) for part in needed]


def _kinds(groups: Iterable[str]) -> list[list[str]]:
    """Give the types that each argument may have."""
    parts = [_ARGUMENT.match(part) for group in groups for part in group.split(", ")]
    return [part[1].split(" or ") for part in parts if part]


def _notice(command: str, path: str) -> str:
    return json.dumps({"COMMAND": command, "DATA": path})


def _has_value(target: Parameter | Norm | VoiceCommand | SystemCommand) -> bool:
    return isinstance(target, Parameter | Norm) or (
        isinstance(target, VoiceCommand) and target.value is not None
    )


def _describe(leaf: Leaf, scales: Sequence[Sequence[str]]) -> Node:
    target = leaf.target
    node: Node = {"ACCESS": _WRITE if leaf.is_short or not _has_value(target) else _READ_WRITE}
    if isinstance(target, Norm):
        return node | _describe_twin(target.parameter)
    if not isinstance(target, Parameter):
        return node | _describe_command(target)
    first, *others = [scales[voice - 1] for voice in leaf.voices if voice] or [()]
    names = [name for name in first if all(name in other for other in others)]
    node |= _describe_parameter(target, names)
    if leaf.is_short:
        node["DESCRIPTION"] = f"Of every voice: {target.doc}"
    return node


def _describe_parameter(parameter: Parameter, scales: Sequence[str]) -> Node:
    node: Node = {
        "DESCRIPTION": parameter.doc,
        "TYPE": "f" if parameter.kind == "f" else "i",
        "CLIPMODE": ["both"],
        "RANGE": [_range(parameter, len(scales))],
        "TAGS": [*_tags(parameter), *(["scale"] if parameter.kind == "scale" else [])],
    }
    if parameter.unit in _UNITS:
        node["UNIT"] = [_UNITS[parameter.unit]]
    if parameter.kind == "scale":
        node["OVERLOADS"] = [{"TYPE": "s", "RANGE": [{"VALS": list(scales)}]}]
    return node


def _describe_twin(parameter: Parameter) -> Node:
    return {
        "DESCRIPTION": f"From 0 to 1 through its range: {parameter.doc}",
        "TYPE": "f",
        "CLIPMODE": ["both"],
        "RANGE": [{"MIN": 0.0, "MAX": 1.0}],
        "TAGS": [*_tags(parameter), "norm"],
    }


def _tags(parameter: Parameter) -> list[str]:
    """Say what kind of parameter it is: whether it acts in the block or where units are decided."""
    kind = "continuous" if parameter.is_continuous else "stepped"
    return ["parameter", parameter.scope, kind]


def _range(parameter: Parameter, scales: int) -> Node:
    if parameter.kind == "f":
        return {"MIN": parameter.low, "MAX": parameter.high}
    low, high = int(parameter.low), int(parameter.high)
    if parameter.kind == "scale":
        high = scales - 1
    bounds: Node = {"MIN": low, "MAX": high}
    if parameter.kind == "scale" or (low, high) == (0, 1):
        bounds["VALS"] = list(range(high + 1))
    return bounds


def _describe_command(command: VoiceCommand | SystemCommand) -> Node:
    (plain, *others), names = signature(command.arguments)
    node: Node = {"DESCRIPTION": f"{command.doc} ({command.arguments})", "TYPE": plain}
    node |= {
        "TAGS": ["command"],
        "CRITICAL": True,
    }  # one that is lost is not made up for by the next
    if names:
        node["EXTENDED_TYPE"] = names
    if others:
        node["OVERLOADS"] = [{"TYPE": tags} for tags in others]
    return node
