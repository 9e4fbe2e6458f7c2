import json
import math
import re

import pytest

from idiolect.control.arguments import fit, fit_scale
from idiolect.control.command import SystemCommand
from idiolect.control.commands import VOICE_COMMANDS, VoiceCommand
from idiolect.control.namespace import Leaf, Namespace
from idiolect.control.oscquery import ATTRIBUTES, Directory, Node, notices, signature
from idiolect.control.questions import QUESTIONS
from idiolect.control.system import SYSTEM_COMMANDS
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import PARAMETERS
from recording import Wire

SCALES = ("grain", "note")


def directory(
    descriptors: tuple[str, ...] = ("loudness",), scales: tuple[str, ...] = SCALES
) -> Directory:
    return Directory(Namespace(2, descriptors).leaves.values(), [scales, scales], read)


def read(leaf: Leaf) -> float | str:
    return leaf.target.default if isinstance(leaf.target, Parameter) else "birds"


def walk(node: Node) -> list[Node]:
    return [node, *(found for child in node.get("CONTENTS", {}).values() for found in walk(child))]


def test_every_address_is_a_node_and_every_other_node_a_container() -> None:
    tree = directory().node("/")
    assert tree is not None
    nodes = {node["FULL_PATH"]: node for node in walk(tree)}
    leaves = Namespace(2, ("loudness",)).leaves
    assert {path for path, node in nodes.items() if "TYPE" in node} == leaves.keys()
    for path, node in nodes.items():
        assert ("CONTENTS" in node) != ("TYPE" in node)
        assert set(node) <= set(ATTRIBUTES)
        for name, child in node.get("CONTENTS", {}).items():
            assert child["FULL_PATH"] == f"{path.rstrip('/')}/{name}"


def test_a_node_is_the_same_alone_as_in_the_whole() -> None:
    whole = directory()
    for node in walk(whole.node("/") or {}):
        assert whole.node(node["FULL_PATH"]) == node
        assert whole.node(node["FULL_PATH"] + "/") == node


@pytest.mark.parametrize(
    "path", ["/nowhere", "//", "/voice/9/gain", "/voice//1", "x", "/voice/1/gain/x"]
)
def test_what_is_not_there_is_none(path: str) -> None:
    assert directory().node(path) is None or path == "//"


def test_json_can_hold_all_of_it() -> None:
    tree = directory().node("/")
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree


def test_every_attribute_of_a_method_has_one_entry_for_each_argument() -> None:
    for node in walk(directory().node("/") or {}):
        for attribute in {"VALUE", "RANGE", "UNIT", "CLIPMODE", "EXTENDED_TYPE"} & node.keys():
            assert len(node[attribute]) == len(node["TYPE"]), (node["FULL_PATH"], attribute)


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: f"{p.name} {p.per_voice}")
def test_the_range_is_what_values_are_clipped_to(parameter: Parameter) -> None:
    path = f"/voice/1/{parameter.name}" if parameter.per_voice else f"/{parameter.name}"
    node = directory().node(path)
    assert node is not None
    bounds = node["RANGE"][0]
    for sent, bound in ((-1e18, bounds["MIN"]), (1e18, bounds["MAX"])):
        is_scale = parameter.kind == "scale"
        fitted = fit_scale(parameter, [sent], SCALES) if is_scale else fit(parameter, [sent])
        assert fitted.value == bound
    assert node["TYPE"] == ("f" if parameter.kind == "f" else "i")
    assert node["ACCESS"] == 3
    assert bounds["MIN"] <= node["VALUE"][0] <= bounds["MAX"]
    if "VALS" in bounds:
        assert bounds["VALS"] == list(range(bounds["MIN"], bounds["MAX"] + 1))


def test_what_must_not_be_lost_is_critical_and_tags_say_what_is_what() -> None:
    tree = directory()
    nodes = {node["FULL_PATH"]: node for node in walk(tree.node("/") or {}) if "TYPE" in node}
    critical = {path for path, node in nodes.items() if node.get("CRITICAL")}
    assert critical == {path for path, node in nodes.items() if "command" in node["TAGS"]}
    assert {"/quit", "/voice/1/cut", "/preset/load"} <= critical
    assert nodes["/voice/1/gain"]["TAGS"] == ["parameter", "block", "continuous"]
    assert nodes["/voice/1/loop"]["TAGS"] == ["parameter", "planner", "stepped"]
    assert nodes["/norm/voice/1/gain"]["TAGS"][-1] == "norm"


def test_units_are_those_of_the_proposal() -> None:
    """Each unit there is, but those that only we count in."""
    names = {
        "dB": ["gain.db"], "s": ["time.second"], "cents": ["time.cents"], "Hz": ["time.hz"],
        "1/s": ["time.hz"], "beats/min": ["time.bpm"],
        **dict.fromkeys(("", "beats", "deviations", "tokens", "units")),
    }  # fmt: skip
    for leaf in Namespace(2, ("loudness",)).leaves.values():
        if isinstance(leaf.target, Parameter):
            node = directory().node(leaf.address) or {}
            assert node.get("UNIT") == names[leaf.target.unit], leaf.address


def test_a_short_form_can_be_written_and_not_read() -> None:
    node = directory().node("/temperature")
    assert node is not None
    assert node["ACCESS"] == 2
    assert "VALUE" not in node
    assert not directory().is_readable("/temperature")
    assert not directory().is_readable("/voice")
    assert directory().is_readable("/voice/1/temperature")


def test_a_command_that_reads_as_a_value_has_one() -> None:
    node = directory().node("/voice/1/bundle")
    assert node is not None
    assert (node["TYPE"], node["ACCESS"], node["VALUE"]) == ("s", 3, ["birds"])


def test_every_voice_has_the_scales_of_its_own_bundle() -> None:
    leaves = Namespace(2).leaves.values()
    apart = Directory(leaves, [("grain", "note"), ("note", "bar")], read)
    names = {
        path: (apart.node(path) or {})["OVERLOADS"][0]["RANGE"][0]["VALS"]
        for path in ("/voice/1/scale", "/voice/2/scale", "/scale")
    }
    assert names == {
        "/voice/1/scale": ["grain", "note"], "/voice/2/scale": ["note", "bar"], "/scale": ["note"],
    }  # fmt: skip


def test_a_scale_goes_by_name_too() -> None:
    node = directory().node("/voice/1/scale")
    assert node is not None
    assert node["RANGE"] == [{"MIN": 0, "MAX": 1, "VALS": [0, 1]}]
    assert node["OVERLOADS"] == [{"TYPE": "s", "RANGE": [{"VALS": ["grain", "note"]}]}]


@pytest.mark.parametrize(
    ("arguments", "tags", "names"),
    [
        ("trigger", ["I"], []),
        ("i token, ...", ["i"], ["token"]),
        ("s source, [f start], [f duration]", ["s", "sf", "sff"], ["source"]),
        ("f x, f y, [s or i scale]", ["ff", "ffs", "ffi"], ["x", "y"]),
        ("i on, [f rate], [s group, ...]", ["i", "if", "ifs"], ["on"]),
        ("[i or s echo, ...]", ["", "i", "s"], []),
        ("[s name, i or f value, ...]", ["", "si", "sf"], []),
        ("i voice, [i how many]", ["i", "ii"], ["voice"]),
    ],
)
def test_a_command_says_what_it_takes(arguments: str, tags: list[str], names: list[str]) -> None:
    assert signature(arguments) == (tags, names)


COMMANDS = (*VOICE_COMMANDS, *SYSTEM_COMMANDS, *QUESTIONS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.doc)
def test_every_commands_arguments_can_be_read(command: VoiceCommand | SystemCommand) -> None:
    tags, names = signature(command.arguments)
    assert all(set(tag) <= set("ifsbI") for tag in tags)
    assert all(name.isidentifier() for name in names)
    assert len(set(tags)) == len(tags)
    assert all(len(tag) >= len(names) for tag in tags)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.doc)
def test_what_a_command_says_it_takes_is_never_too_much_nor_of_another_type(
    command: VoiceCommand | SystemCommand, wire: Wire
) -> None:
    sent = {"I": math.inf, "i": 1, "f": 0.5, "s": "x"}
    is_voice = isinstance(command, VoiceCommand)
    address = f"/voice/1/{command.path}" if is_voice else command.address
    for tags in signature(command.arguments)[0]:
        wire.send(address, *(sent[tag] for tag in tags))
        for answer in wire.settle():
            told = " ".join(map(str, answer[2:])) if answer[0] == "/fail" else ""
            assert not re.search(r"\d arguments|send a (number|string)", told), (tags, told)


def test_who_is_connected_learns_what_changed_and_nothing_else() -> None:
    told = [
        json.loads(notice) for notice in notices(directory(), directory(("centroid",), ("grain",)))
    ]
    by_command = {
        command: {notice["DATA"] for notice in told if notice["COMMAND"] == command}
        for command in ("PATH_REMOVED", "PATH_ADDED", "PATH_CHANGED")
    }
    places = ("", "/voice/1", "/voice/2")
    twins = (*places, *(f"/norm{place}" for place in places))
    assert by_command == {
        "PATH_REMOVED": {f"{place}/bias/loudness" for place in twins},
        "PATH_ADDED": {f"{place}/bias/centroid" for place in twins},
        "PATH_CHANGED": {f"{place}/scale" for place in places},
    }
    assert notices(directory(), directory()) == []
