"""What lasts is obeyed of who has shown the token; pages and strangers get no more than they may."""

import asyncio
import contextlib
import json
import logging
import socket
import struct
import time
from collections.abc import Iterator
from urllib.request import urlopen

import aiohttp
import pytest

from idiolect.config.config import load
from idiolect.control import ControlServer, system, udp
from idiolect.control.access import WRONG_PER_SECOND, Access
from idiolect.control.clients import LEASE_S, Credit
from idiolect.control.codec import encode
from idiolect.control.commands import VOICE_COMMANDS
from idiolect.control.guard import is_welcome_origin
from idiolect.control.namespace import Namespace
from idiolect.control.questions import QUESTIONS
from idiolect.control.system import MOST_OF_A_HOST, SYSTEM_COMMANDS
from idiolect.errors import ConfigError, ControlError
from recording import RecordingPlayer, Tape, TcpWire, Wire

TOKEN = "correct horse battery staple"
PAGE = "https://stage.example:8443"


@pytest.fixture
def server(player: RecordingPlayer, quits: list[str], tape: Tape) -> Iterator[ControlServer]:
    server = ControlServer(
        player, "127.0.0.1", 0, on_quit=lambda: quits.append("quit"), http_port=0,
        recording=tape, token=TOKEN, origins=(PAGE,),
    )  # fmt: skip
    server.start()
    yield server
    server.stop()


GUARDED = {
    "/quit": (), "/bundle/load": ("x",), "/bundle/unload": ("first",), "/bundle/swap": ("x",),
    "/record/start": ("a.wav",), "/record/stop": (), "/preset/save": ("a",),
    "/preset/delete": ("a",), "/device/open": ("x",), "/dump_osc": (0,), "/voice/1/bundle": ("x",), "/voice/*/bundle": ("x",),
}  # fmt: skip


def test_the_table_guards_what_lasts_and_nothing_else() -> None:
    found = {command.address for command in SYSTEM_COMMANDS if command.guarded}
    found |= {f"/voice/1/{command.path}" for command in VOICE_COMMANDS if command.guarded}
    assert found == GUARDED.keys() - {"/voice/*/bundle"}


@pytest.mark.parametrize("address", GUARDED)
def test_without_the_token_nothing_that_lasts_is_done(
    wire: Wire, player: RecordingPlayer, quits: list[str], tape: Tape, address: str
) -> None:
    answer = wire.ask(address, *GUARDED[address])
    assert answer[0] == "/fail"
    assert "/auth" in answer[2]
    wire.settle()
    assert player.calls == []
    assert (player.loaded, quits, tape.take) == (["first"], [], None)


def test_with_it_all_is_obeyed(wire: Wire, quits: list[str], player: RecordingPlayer) -> None:
    assert wire.ask("/auth", TOKEN) == ("/done", "/auth", LEASE_S)
    assert wire.ask("/record/start", "a.wav")[0] == "/done"
    assert wire.ask("/record/stop")[0] == "/done"
    assert wire.ask("/voice/1/bundle", "second")[0] == "/done"
    assert wire.ask("/bundle/unload", "first")[0] == "/done"
    assert wire.ask("/quit")[0] == "/done"
    wire.settle()
    assert quits == ["quit"]


def test_playing_needs_no_token(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/voice/1/pan", 0.5)
    for address in ("/voice/1/cut", "/panic", "/status", "/bundle/list", "/record/state"):
        assert wire.ask(address)[0] != "/fail"
    assert wire.ask("/voice/1/bundle") == ("/voice/1/bundle", "first")
    assert player.values["pan", 1] == 0.5


def test_it_is_shown_for_one_sender_and_no_other(daemon: int) -> None:
    """Over UDP a host's port; over TCP a connection."""
    wires = [Wire(daemon), Wire(daemon), TcpWire(daemon), TcpWire(daemon)]
    for shown, hidden in ((wires[0], wires[1]), (wires[2], wires[3])):
        assert shown.ask("/auth", TOKEN)[0] == "/done"
        assert hidden.ask("/bundle/unload", "nobody")[2].startswith("this needs the token")
        assert shown.ask("/bundle/unload", "nobody")[2].startswith("nobody is not loaded")
    for wire in wires:
        wire.socket.close()


def test_a_wrong_token_is_refused_counted_and_written_down_nowhere(
    wire: Wire, server: ControlServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for attempt in (TOKEN[:-1], TOKEN + "x", "", "\N{SNOWMAN}" * 9):
        answer = wire.ask("/auth", attempt)
        assert answer[:2] == ("/fail", "/auth")
        assert not attempt or attempt not in answer[2]
    for arguments in ((), (TOKEN, 1), (5,)):
        answer = wire.ask("/auth", *arguments)
        assert answer[:2] == ("/fail", "/auth")
        assert TOKEN not in answer[2]
    time.sleep(1.0)
    assert wire.ask("/auth", TOKEN)[0] == "/done"
    wire.ask("//auth", TOKEN)
    for mistyped in ("/Auth", "/auth/", "/aut?", "/auth/token", "/norm/auth", "/oauth"):
        assert wire.ask(mistyped, TOKEN)[:2] == ("/fail", mistyped)
    wire.send("/voice/1/gain", -6.0, "id", 7)
    wire.settle()
    assert "/voice/1/gain (-6.0, 'id', 7)" in caplog.text
    assert server.http_address is not None
    host, port = server.http_address
    with urlopen(f"http://{host}:{port}/metrics", timeout=10) as page:
        assert b"\nidiolect_denied_total 4\n" in page.read()
    with urlopen(f"http://{host}:{port}/", timeout=10) as page:
        everything = page.read().decode()
    node = json.loads(everything)["CONTENTS"]["auth"]
    assert "VALUE" not in node
    assert node["ACCESS"] == 2
    assert TOKEN not in everything + caplog.text


def test_who_guesses_is_slowed_down_and_the_right_one_is_not_heard_meanwhile() -> None:
    access, guesser, other = Access(TOKEN), Place(1), Place(2, "192.0.2.2")
    for number in range(round(WRONG_PER_SECOND)):
        with pytest.raises(ControlError, match="not the token"):
            access.show(guesser, f"guess {number}", 0.0)
    for token in ("one more", TOKEN):
        with pytest.raises(ControlError, match="wait a second"):
            access.show(guesser, token, 0.01)
    access.show(other, TOKEN, 0.01)
    access.show(guesser, TOKEN, 1.0)
    access.check(guesser, 1.5)
    assert access.denied == round(WRONG_PER_SECOND) + 2


def test_a_lease_ends_and_is_renewed_and_room_is_bounded() -> None:
    access, one = Access(TOKEN), Place(1)
    access.show(one, TOKEN, 0.0)
    access.check(one, LEASE_S - 1)
    with pytest.raises(ControlError, match="/auth"):
        access.check(one, LEASE_S + 1)
    access.show(one, TOKEN, LEASE_S + 1)
    access.check(one, LEASE_S + 2)
    access.forget(one)
    with pytest.raises(ControlError):
        access.check(one, LEASE_S + 2)
    for port in range(2000):
        access.show(Place(port), TOKEN, 100.0)
    assert len(access._shown) <= 256
    access.check(Place(1999), 100.0)


def test_where_there_is_no_token_nobody_needs_one(player: RecordingPlayer) -> None:
    access = Access()
    access.check(Place(1), 0.0)
    access.show(Place(1), "anything", 0.0)
    assert access.denied == 0


class Place:
    """Somebody, by where he is."""

    def __init__(self, port: int, host: str = "192.0.2.1") -> None:
        self.port, self.host = port, host

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and (self.host, self.port) == (other.host, other.port)

    def __hash__(self) -> int:
        return hash((self.host, self.port))

    def send(self, packet: bytes) -> None:
        raise AssertionError("nobody asked")

    def at(self, port: int) -> "Place":
        return Place(port, self.host)


@pytest.mark.parametrize("token", ["short", "with\nline", "nul\0nul\0nul"])
def test_a_token_that_is_none_is_refused_without_being_said(token: str) -> None:
    with pytest.raises(ConfigError, match=r"control\.token") as caught:
        load(flags={"control.token": token})
    assert token not in str(caught.value)
    assert TOKEN not in repr(load(flags={"control.token": TOKEN}))


@pytest.mark.parametrize(
    "origin", ["*", "null", "example.org", "https://a/b", "https://A.org", "https://a b", "ws://a"]
)
def test_an_origin_that_is_none_is_refused(origin: str) -> None:
    with pytest.raises(ConfigError, match=r"control\.origins"):
        load(flags={"control.origins": [origin]})


@pytest.mark.parametrize(
    ("origin", "is_welcome"),
    [
        (PAGE, True),
        (PAGE.upper(), True),
        ("http://127.0.0.1:57301", True),
        (PAGE.removesuffix(":8443"), False),
        (PAGE.replace("https", "http"), False),
        (f"{PAGE}.evil.example", False),
        (f"https://evil.example/{PAGE}", False),
        ("null", False),
    ],
)
def test_pages_that_are_named_are_welcome_and_no_others(origin: str, is_welcome: bool) -> None:
    assert is_welcome_origin(origin, "127.0.0.1:57301", (PAGE,)) == is_welcome


@pytest.mark.parametrize(("origin", "is_welcome"), [(PAGE, True), ("https://evil.example", False)])
def test_a_page_that_is_named_gets_a_websocket(
    server: ControlServer, origin: str, is_welcome: bool
) -> None:
    assert server.http_address is not None
    url = "ws://{}:{}/".format(*server.http_address)

    async def connect() -> bool:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.ws_connect(url, origin=origin) as socket:
                    await socket.send_bytes(encode("/mute"))
                    return bool(await socket.receive_bytes(timeout=10))
            except aiohttp.WSServerHandshakeError:
                return False

    assert asyncio.run(connect()) == is_welcome


def elsewhere(port: int) -> Wire:
    """Give a client at another address of this machine, which plays another machine."""
    wire = Wire(port)
    wire.socket.close()
    wire.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        wire.socket.bind(("127.0.0.2", 0))
    except OSError:
        pytest.skip("this machine has one loopback address")
    wire.socket.connect(("127.0.0.1", port))
    wire.socket.setblocking(False)
    return wire


def drain(wire: Wire) -> int:
    received = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            received += len(wire.socket.recv(65536))
    return received


def test_a_host_elsewhere_whose_address_may_be_forged_is_told_on_few_ports(
    server: ControlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "is_local", lambda host: False)
    wires = [Wire(server.address[1]) for _ in range(MOST_OF_A_HOST + 1)]
    answers = [wire.ask("/notify", 1) for wire in wires]
    assert [answer[0] for answer in answers] == ["/done"] * MOST_OF_A_HOST + ["/fail"]
    assert answers[-1][2].startswith("127.0.0.1 has 8 clients already: let one go")
    assert wires[0].ask("/notify", 1)[0] == "/done"  # renewed
    assert wires[0].ask("/notify", 0)[0] == "/done"
    assert wires[-1].ask("/notify", 1)[0] == "/done"
    for wire in wires:
        wire.socket.close()


ARGUMENTS: tuple[tuple[object, ...], ...] = ((), (1,), ("a",), (0.5, 0.5), (1, "a", 1.0), (64, 64))


def test_no_address_answers_a_stranger_with_much_more_than_he_sent(
    server: ControlServer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each address there is, and patterns for all of them: one packet, and all that it brings."""
    monkeypatch.setattr(udp, "is_local", lambda host: host == "127.0.0.1")
    stranger = elsewhere(server.address[1])
    addresses = [*Namespace(4, ("loudness", "centroid")).leaves, "/*", "//*", "/voice/*/*", "/x"]
    assert {command.address for command in (*SYSTEM_COMMANDS, *QUESTIONS)} < set(addresses)
    asked = answered = 0
    for address in addresses:
        for arguments in ARGUMENTS:
            if address == "/notify" and arguments and arguments[0]:
                continue  # who asks to be told is told
            for own in server._intake.datagrams.sockets:  # type: ignore[attr-defined]
                own.credit = Credit()
            packet = encode(address, *arguments)
            stranger.raw(packet)
            wire.settle()
            received = drain(stranger)
            assert received <= Credit.FACTOR * len(packet), (address, arguments)
            asked, answered = asked + len(packet), answered + received
    assert 0 < answered < 8 * asked
    stranger.socket.close()


def test_a_stranger_is_not_answered_more_for_asking_at_once(
    server: ControlServer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OSC bundles of the shortest questions with the longest answers."""
    monkeypatch.setattr(udp, "is_local", lambda host: host == "127.0.0.1")
    stranger = elsewhere(server.address[1])
    questions = [encode(address) for address in ("//*", "/status", "/bundle/list", "/x")]
    parts = b"".join(struct.pack(">i", len(part)) + part for part in questions * 16)
    packet = b"#bundle\0" + struct.pack(">Q", 1) + parts
    for _ in range(20):
        stranger.raw(packet)
        wire.settle()
    assert drain(stranger) <= Credit.FACTOR * 20 * len(packet)
    stranger.socket.close()
