"""A server leaves its sockets, and those who listen, to the next."""

import json
import socket
from urllib.request import urlopen

import pytest

from idiolect.control import ControlServer
from recording import RecordingPlayer, TcpWire, Wire


def test_the_next_server_hears_what_was_sent_between_the_two(player: RecordingPlayer) -> None:
    first = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None)
    first.start()
    port = first.address[1]
    wire, listener = Wire(port), Wire(port)
    assert listener.ask("/notify", 1)[0] == "/done"
    descriptors, listeners = first.release()
    wire.send("/voice/1/pan", 0.5)
    handles = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    second = ControlServer(player, "127.0.0.1", port, on_quit=lambda: None)
    second.inherit(handles, listeners)
    second.start()
    assert second.address[1] == port
    assert wire.ask("/voice/1/pan") == ("/voice/1/pan", 0.5)
    heard = [listener.receive() for _ in range(2)]
    assert sorted(message[0] for message in heard) == ["/startup", "/voice/1/pan"]
    second.stop()
    assert listener.receive()[0] == "/shutdown"
    wire.socket.close()
    listener.socket.close()


def test_connections_made_between_the_two_are_answered_by_the_next(player: RecordingPlayer) -> None:
    first = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None, http_port=0)
    first.start()
    address, http = first.address, first.http_address
    assert http is not None
    before = TcpWire(address[1])
    assert before.ask("/mute") == ("/mute", 0)
    descriptors, listeners = first.release()
    with pytest.raises(EOFError):
        before.receive()
    between = TcpWire(address[1])
    between.send("/voice/1/run", 1)
    second = ControlServer(player, *address, on_quit=lambda: None, http_port=0)
    second.inherit([socket.socket(fileno=descriptor) for descriptor in descriptors], listeners)
    second.start()
    assert (second.address, second.http_address) == (address, http)
    assert between.ask("/voice/1/run") == ("/voice/1/run", 1)
    with urlopen(f"http://127.0.0.1:{http[1]}/voice/1/run?VALUE", timeout=10) as answer:
        assert json.load(answer) == {"VALUE": [1]}
    second.stop()
    for wire in (before, between):
        wire.socket.close()


def test_a_server_that_is_released_says_no_goodbye(player: RecordingPlayer) -> None:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None)
    server.start()
    wire = Wire(server.address[1])
    wire.ask("/notify", 1)
    descriptors, listeners = server.release()
    assert len(descriptors) == len({*descriptors})
    assert [listener[3:] for listener in listeners] == [list(wire.socket.getsockname())]
    for descriptor in descriptors:
        socket.socket(fileno=descriptor).close()
    wire.socket.settimeout(0.3)
    try:
        said = wire.receive()
    except TimeoutError:
        said = None
    assert said is None
    wire.socket.close()
