"""A client of OSCQuery that is not ours, from npm, reads the daemon as it is meant."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components import NODE, require
from idiolect.control import ControlServer
from idiolect.control.namespace import Namespace
from recording import RecordingPlayer, Wire

READ_WRITE, WRITE = 3, 2


@pytest.fixture
def read(server: ControlServer) -> Any:
    """What the client reads."""
    require("oscquery")
    assert server.http_address is not None
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("query.js")), *map(str, server.http_address)],
        env={**os.environ, "NODE_PATH": str(NODE / "node_modules")}, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture
def methods(read: Any) -> dict[str, Any]:
    return {method["full_path"]: method for method in read["methods"]}


def test_it_finds_every_address_and_no_other(
    methods: dict[str, Any], player: RecordingPlayer
) -> None:
    assert methods.keys() == Namespace(player.voices, player.descriptors).leaves.keys()
    assert all(method["description"] for method in methods.values())


def test_it_knows_who_and_where_the_daemon_is(read: Any, server: ControlServer) -> None:
    host = read["host"]
    assert (host["name"], host["oscTransport"]) == ("idiolect", "UDP")
    assert (host["oscIp"], host["oscPort"]) == server.address
    assert (host["wsIp"], host["wsPort"]) == server.http_address
    assert host["extensions"]["LISTEN"] is True


def test_it_knows_what_a_parameter_is_and_how_it_stands(
    wire: Wire, request: pytest.FixtureRequest
) -> None:
    wire.send("/voice/2/temperature", 0.5)
    wire.settle()
    methods = request.getfixturevalue("methods")
    assert methods["/voice/2/temperature"]["arguments"] == [
        {"type": "f", "range": {"min": 0, "max": 4}, "clipmode": "both", "value": 0.5}
    ]
    assert methods["/voice/2/run"]["arguments"] == [
        {"type": "i", "range": {"min": 0, "max": 1, "vals": [0, 1]}, "clipmode": "both", "value": 0}
    ]
    assert methods["/voice/2/temperature"]["access"] == READ_WRITE
    assert methods["/temperature"]["access"] == WRITE
    assert "value" not in methods["/temperature"]["arguments"][0]


def test_it_knows_what_a_command_takes(methods: dict[str, Any]) -> None:
    types = {
        path: "".join(argument["type"] for argument in methods[path]["arguments"])
        for path in ("/voice/1/cut", "/voice/1/seed/unit", "/voice/1/seed/map", "/bundle/load")
    }
    assert types == {
        "/voice/1/cut": "I", "/voice/1/seed/unit": "i", "/voice/1/seed/map": "ff",
        "/bundle/load": "s",
    }  # fmt: skip
    assert all(methods[path]["access"] == WRITE for path in types)
