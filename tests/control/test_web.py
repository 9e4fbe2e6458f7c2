"""HTTP and WebSocket, against a real server, by clients that behave and clients that do not."""

import asyncio
import contextlib
import http.client
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idiolect.control import ControlServer
from idiolect.control.codec import MAX_PACKET, Message, encode, encode_bundle, parse
from idiolect.control.oscquery import ATTRIBUTES
from idiolect.errors import ControlError
from recording import RecordingPlayer, Wire

CLOSE = b"Connection: close\r\n\r\n"
Talk = Callable[[aiohttp.ClientWebSocketResponse], Awaitable[Any]]


@pytest.fixture
def port(server: ControlServer) -> int:
    """The HTTP port."""
    assert server.http_address is not None
    return server.http_address[1]


class Browser:
    """Asks over HTTP."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def read(self, path: str) -> Any:
        status, content = self.ask(path)
        assert status == 200, content
        return json.loads(content)

    def raw(self, request: bytes, *, ends: bool = False) -> bytes:
        """Send bytes, and perhaps an end; what comes until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            answer = b""
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
                if ends:
                    connection.shutdown(socket.SHUT_WR)
                while received := connection.recv(65536):
                    answer += received
        return answer


@pytest.fixture
def browser(port: int) -> Browser:
    return Browser(port)


@pytest.fixture
def converse(port: int) -> Iterator[Callable[..., Any]]:
    """Connect a WebSocket, run a function with it, return what that returns."""

    def run(talk: Talk, **options: Any) -> Any:
        async def connect() -> Any:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(
                    f"ws://127.0.0.1:{port}/",
                    timeout=aiohttp.ClientWSTimeout(ws_close=0.2),
                    **options,
                ) as socket,
            ):
                return await asyncio.wait_for(talk(socket), 20)

        return asyncio.run(connect())

    return run


async def receive(socket: aiohttp.ClientWebSocketResponse) -> tuple[Any, ...]:
    message = parse(await socket.receive_bytes(timeout=10))
    assert isinstance(message, Message)
    return (message.address, *message.arguments)


async def ask(
    socket: aiohttp.ClientWebSocketResponse, address: str, *arguments: object
) -> tuple[Any, ...]:
    await socket.send_bytes(encode(address, *arguments))
    return await receive(socket)


def test_the_whole_address_space_is_one_answer(browser: Browser) -> None:
    tree = browser.read("/")
    assert tree["FULL_PATH"] == "/"
    assert tree["CONTENTS"]["voice"]["CONTENTS"]["4"]["CONTENTS"]["temperature"] == browser.read(
        "/voice/4/temperature"
    )


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json, text/plain, */*", "application/json", ""]
)
def test_who_asks_for_no_page_gets_json(browser: Browser, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    status, content = browser.ask("/", **headers)
    assert status == 200
    assert json.loads(content)["FULL_PATH"] == "/"


def test_a_browser_gets_a_page_at_the_top_and_json_everywhere_else(
    browser: Browser, port: int
) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/", headers={"Accept": accept})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
    assert content.startswith(b"<!DOCTYPE html>")
    policy = answer.getheader("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    for path in ("/voice/1", "/?HOST_INFO", "/?VALUE", "/healthz"):
        assert not browser.ask(path, Accept=accept)[1].startswith(b"<")


def test_values_are_those_of_now(browser: Browser, wire: Wire) -> None:
    assert browser.read("/voice/2/temperature?VALUE") == {"VALUE": [1.0]}
    wire.send("/voice/2/temperature", 0.5)
    wire.settle()
    assert browser.read("/voice/2/temperature?VALUE") == {"VALUE": [0.5]}
    assert browser.read("/voice/2/temperature")["VALUE"] == [0.5]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_an_attribute_can_be_asked_for_alone(browser: Browser, attribute: str) -> None:
    for path in ("/voice/1/gain", "/voice/1/scale", "/voice/1/seed/map", "/voice"):
        node = browser.read(path)
        status, content = browser.ask(f"{path}?{attribute}")
        if attribute in node:
            assert json.loads(content) == {attribute: node[attribute]}
        else:
            assert (status, content) == (204, b"")


def test_the_host_says_who_and_where_it_is(
    browser: Browser, server: ControlServer, port: int
) -> None:
    told = browser.read("/voice/1/gain?HOST_INFO")
    assert told["NAME"] == "idiolect"
    assert (told["OSC_IP"], told["OSC_PORT"]) == ("127.0.0.1", server.address[1])
    assert told["OSC_TRANSPORT"] == "UDP"
    assert (told["WS_IP"], told["WS_PORT"]) == ("127.0.0.1", port)
    assert told["EXTENSIONS"]["LISTEN"] is True
    assert all(isinstance(value, bool) for value in told["EXTENSIONS"].values())


def test_what_is_not_there_is_not_found(browser: Browser) -> None:
    assert browser.ask("/voice/9/gain")[0] == 404
    assert browser.ask("/voice/1/gain?NONSENSE")[0] == 400
    assert browser.ask("/voice/1/gain?value")[0] == 400


def test_it_is_healthy_while_blocks_advance(
    browser: Browser, player: RecordingPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert browser.ask("/healthz")[0] == 200
    assert browser.read("/healthz") == {
        "healthy": True, "blocks_advance": True, "planner_keeps_up": True,
    }  # fmt: skip
    monkeypatch.setattr("idiolect.control.metrics._STILL_S", 0.0)  # it stands still from here on
    status, content = browser.ask("/healthz")
    assert status == 503
    assert json.loads(content) == {
        "healthy": False, "blocks_advance": False, "planner_keeps_up": True,
    }  # fmt: skip


def test_metrics_count_what_happens(browser: Browser, wire: Wire) -> None:
    wire.raw(b"nonsense")
    wire.receive()
    status, content = browser.ask("/metrics")
    assert status == 200
    assert b"\nidiolect_malformed_total 1\n" in content
    assert b"\nidiolect_packets_total 1\n" in content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "X"])
def test_nothing_but_reading_is_done_over_http(browser: Browser, method: str) -> None:
    assert browser.ask("/mute", method)[0] in {400, 405}


def test_a_body_is_refused_and_not_read(browser: Browser) -> None:
    assert browser.ask("/mute", body=b"x")[0] == 413
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n"
    assert browser.raw(request).startswith(b"HTTP/1.1 413")
    chunked = b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"
    assert browser.raw(chunked).startswith((b"HTTP/1.1 413", b"HTTP/1.1 400"))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Host: evil.example\r\n",
        b"Host: evil.example:57301\r\n",
        b"Host: localhost\r\nHost: evil.example\r\n",
        b"Host: 127.0.0.1@evil.example\r\n",
        b"Host:\r\n",
    ],
)
@pytest.mark.parametrize("path", [b"/", b"/metrics", b"/healthz", b"/?HOST_INFO"])
def test_a_name_that_was_made_to_lead_here_is_refused(
    browser: Browser, head: bytes, path: bytes
) -> None:
    answer = browser.raw(b"GET " + path + b" HTTP/1.1\r\n" + head + CLOSE)
    assert answer.split(b" ", 2)[1] in {b"403", b"400"}
    assert b"CONTENTS" not in answer


@pytest.mark.parametrize(
    "path",
    [
        b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"//etc/passwd", b"/voice/%00", b"/voice/1%2Fgain%00",
        b"/%ff%fe", b"/voice/*/gain", b"/" + b"a" * 8000, b"/" + b"a/" * 4000, b"/?" + b"VALUE&" * 1000,
        b"/healthz/", b"/?HOST_INFO&x", b"/%", b"*", b"http://evil.example/x", b"/\\..\\..", b"/?%00",
    ],
)  # fmt: skip
def test_hostile_paths_lead_nowhere(browser: Browser, path: bytes) -> None:
    answer = browser.raw(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + CLOSE)
    assert answer.split(b" ", 2)[1] in {b"400", b"404", b"405"}
    assert browser.ask("/metrics")[0] == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000,
        b"GET / HTTP/1.1\r\nX: " + b"y" * 1_000_000,
        b"G" * 1_000_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # a TLS client's hello
        b"/mute\0\0\0,i\0\0\0\0\0\1",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(browser: Browser, request_: bytes) -> None:
    answer = browser.raw(request_, ends=True)
    assert answer == b"" or answer.split(b" ", 2)[1] in {b"400", b"403", b"505"}
    assert browser.ask("/metrics")[0] == 200


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300))
def test_no_bytes_end_it(browser: Browser, body: bytes) -> None:
    browser.raw(body, ends=True)
    browser.raw(b"GET /" + body + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", ends=True)
    assert browser.ask("/metrics")[0] == 200


def test_no_page_of_another_origin_may_read(browser: Browser, port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/", headers={"Origin": "https://evil.example"})
    answer = connection.getresponse()
    assert answer.getheader("Access-Control-Allow-Origin") is None
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    answer.read()
    connection.close()


def test_a_request_that_never_ends_is_given_up(
    port: int, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.ask("/metrics")  # it has opened
    monkeypatch.setattr("idiolect.control.web._IDLE_S", 0.3)
    with (
        socket.create_connection(("127.0.0.1", port), 10) as slow,
        socket.create_connection(("127.0.0.1", port), 10) as silent,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\nHost: local")
        assert slow.recv(100) == b""
        assert silent.recv(100) == b""


def test_a_conversation_may_be_silent(
    converse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idiolect.control.web._IDLE_S", 0.3)

    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        await asyncio.sleep(2.5)
        assert await ask(socket, "/mute") == ("/mute", 0)

    converse(talk)


def test_1000_connections_leave_room_for_osc_and_close(
    server: ControlServer, port: int, browser: Browser, wire: Wire
) -> None:
    browser.ask("/metrics")
    many = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(1000)]
    assert wire.ask("/mute") == ("/mute", 0)
    for connection in many:
        connection.close()
    deadline = time.monotonic() + 20
    while True:
        try:
            assert browser.ask("/metrics")[0] == 200
        except (ConnectionError, http.client.HTTPException):
            assert time.monotonic() < deadline
        else:
            break
    assert server.counters.turned_away > 900


def test_a_websocket_steers_and_is_answered(
    converse: Callable[..., Any], player: RecordingPlayer
) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_bytes(encode("/voice/2/temperature", 0.5))
        assert await ask(socket, "/voice/2/temperature") == ("/voice/2/temperature", 0.5)
        assert (await ask(socket, "/status"))[0] == "/status.reply"
        assert (await ask(socket, "/voice/1/cut"))[:2] == ("/done", "/voice/1/cut")
        assert (await ask(socket, "/nowhere"))[:2] == ("/fail", "/nowhere")
        await socket.send_bytes(b"nonsense")
        assert (await receive(socket))[:2] == ("/fail", "/")
        assert (await ask(socket, "/notify", 1))[:3] == ("/done", "/notify", 0)
        assert await ask(socket, "/mute", 1) == ("/mute", 1)

    converse(talk)
    assert ("set", "temperature", 2, 0.5) in player.calls


def test_who_listens_hears_the_value_and_each_change(
    converse: Callable[..., Any], wire: Wire, server: ControlServer
) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json({"COMMAND": "LISTEN", "DATA": "/voice/1/pan"})
        assert await receive(socket) == ("/voice/1/pan", 0.0)
        wire.send("/pan", 0.5)
        wire.send("/voice/1/gain", -3)
        wire.settle()
        wire.send("/voice/1/pan", -0.5)
        wire.settle()
        heard = await receive(socket), await receive(socket)
        assert heard == (("/voice/1/pan", 0.5), ("/voice/1/pan", -0.5))
        await socket.send_json({"COMMAND": "IGNORE", "DATA": "/voice/1/pan"})
        assert await ask(socket, "/mute") == ("/mute", 0)
        wire.send("/voice/1/pan", 1)
        wire.settle()
        assert await ask(socket, "/mute") == ("/mute", 0)
        await socket.send_json({"COMMAND": "LISTEN", "DATA": "/voice/2/run"})
        assert await receive(socket) == ("/voice/2/run", 0)
        wire.send("/run", 1)
        wire.ask("/panic")
        assert await receive(socket) == ("/voice/2/run", 1)
        assert await receive(socket) == ("/voice/2/run", 0)

    converse(talk)
    wire.settle()
    deadline = time.monotonic() + 10
    while server._desk.watchers:  # who left listens no more
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_listens_to_a_twin_hears_each_change_however_it_was_made(
    converse: Callable[..., Any], wire: Wire
) -> None:
    pan, twin = "/voice/1/pan", "/norm/voice/1/pan"

    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json({"COMMAND": "LISTEN", "DATA": twin})
        assert await receive(socket) == (twin, 0.5)
        for address, value, norm in ((pan, 0.5, 0.75), (twin, 0.25, 0.25), ("/pan", 1, 1.0)):
            wire.send(address, value)
            wire.settle()
            assert await receive(socket) == (twin, norm)
        await socket.send_json({"COMMAND": "LISTEN", "DATA": pan})
        assert await receive(socket) == (pan, 1.0)
        wire.send(pan, -1)
        wire.settle()
        assert {await receive(socket), await receive(socket)} == {(pan, -1.0), (twin, 0.0)}
        await socket.send_json({"COMMAND": "IGNORE", "DATA": twin})
        assert await ask(socket, "/mute") == ("/mute", 0)
        wire.send(twin, 1)
        wire.settle()
        assert await receive(socket) == (pan, 1.0)
        assert await ask(socket, "/mute") == ("/mute", 0)

    converse(talk)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "7", '"LISTEN"', "[" * 60_000, '{"COMMAND": "LISTEN"}',
        '{"COMMAND": "LISTEN", "DATA": 7}', '{"COMMAND": "LISTEN", "DATA": ["/mute"]}',
        '{"COMMAND": "LISTEN", "DATA": "/nowhere"}', '{"COMMAND": "LISTEN", "DATA": "/quit"}',
        '{"COMMAND": "LISTEN", "DATA": "/voice/*/pan"}', '{"COMMAND": "IGNORE", "DATA": "/x"}',
        '{"COMMAND": "QUIT", "DATA": "/mute"}', '{"COMMAND": {}, "DATA": "/mute"}',
    ],
)  # fmt: skip
def test_text_that_is_no_command_is_counted_and_harmless(
    converse: Callable[..., Any], server: ControlServer, text: str
) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_str(text)
        assert await ask(socket, "/mute") == ("/mute", 0)

    converse(talk)
    assert server.counters.malformed == 1
    assert not server._desk.watchers


@pytest.mark.parametrize("send", ["send_bytes", "send_str"])
def test_a_message_that_is_too_long_ends_the_conversation(
    converse: Callable[..., Any], browser: Browser, send: str
) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> int | None:
        giant = b"a" * (2 * MAX_PACKET)
        await getattr(socket, send)(giant if send == "send_bytes" else giant.decode())
        await socket.receive()
        return socket.close_code

    assert converse(talk) == 1009
    assert browser.ask("/metrics")[0] == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://evil.example:80"]
)
def test_pages_of_other_origins_get_no_websocket(
    converse: Callable[..., Any], server: ControlServer, origin: str
) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        raise AssertionError("let in")

    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        converse(talk, origin=origin)
    assert server.counters.refused == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEA"},
        {"Connection": "upgrade", "Upgrade": "h2c, x/1"},
        {"Upgrade": "TLS/1.0"},
        {"Upgrade": ""},
    ],
)
def test_who_could_speak_something_newer_is_answered_all_the_same(
    port: int, headers: dict[str, str]
) -> None:
    """As Java's HTTP client asks, and curl --http2; the connection can be asked again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(2):
        connection.request("GET", "/mute?VALUE", headers=headers)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"VALUE": [0]})
    connection.close()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Connection": "Upgrade"},
        {"Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
        {"Connection": "Upgrade", "Sec-WebSocket-Version": "7", "Sec-WebSocket-Key": "AAAA"},
        {"Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAA"},
    ],
)
def test_what_begins_no_websocket_is_refused_and_no_fault_of_ours(
    browser: Browser, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    status, content = browser.ask("/", Upgrade="WebSocket", **headers)
    assert status == 400
    assert b"RFC 6455" in content
    assert not caplog.records


def test_a_page_that_is_named_gets_one(player: RecordingPlayer) -> None:
    named = "https://strudel.example"
    server = ControlServer(player, "127.0.0.1", 0, lambda: None, http_port=0, origins=(named,))
    server.start()
    try:
        assert server.http_address is not None
        place = f"ws://127.0.0.1:{server.http_address[1]}"

        async def open_from(origin: str) -> None:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(place, origin=origin),
            ):
                pass

        asyncio.run(open_from(named))
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            asyncio.run(open_from("https://other.example"))
    finally:
        server.stop()


def test_an_own_page_and_a_program_get_one(converse: Callable[..., Any], port: int) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> tuple[Any, ...]:
        return await ask(socket, "/mute")

    assert converse(talk, origin=f"http://127.0.0.1:{port}") == ("/mute", 0)
    assert converse(talk) == ("/mute", 0)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        converse(talk, headers={"Host": "evil.example"})


def test_who_listens_and_does_not_read_is_let_go(
    port: int, server: ControlServer, wire: Wire, converse: Callable[..., Any]
) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        await ask(socket, "/notify", 1)
        assert socket._response.connection is not None
        transport = socket._response.connection.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        for i in range(400):
            steps = [encode("/voice/*/random_seed", 256 * i + k) for k in range(256)]
            wire.raw(encode_bundle(*steps))
            await asyncio.to_thread(wire.settle)
            if server.counters.unread:
                break

    converse(talk)
    assert server.counters.unread == 1
    assert wire.ask("/mute") == ("/mute", 0)


def test_stopping_says_goodbye_before_it_closes(
    converse: Callable[..., Any], server: ControlServer
) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        await ask(socket, "/notify", 1)
        stopping = asyncio.to_thread(server.stop)
        task = asyncio.ensure_future(stopping)
        assert (await receive(socket))[0] == "/shutdown"
        assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE
        await task

    converse(talk)


def test_a_change_of_addresses_is_told_to_who_is_connected(
    converse: Callable[..., Any], server: ControlServer, player: RecordingPlayer, browser: Browser
) -> None:
    async def talk(socket: aiohttp.ClientWebSocketResponse) -> None:
        assert await ask(socket, "/mute") == ("/mute", 0)
        player.descriptors = ("pitch", "centroid")
        player.__post_init__()
        told = [await socket.receive_json(timeout=10) for _ in range(20)]
        assert {notice["COMMAND"] for notice in told} == {"PATH_ADDED", "PATH_REMOVED"}
        assert {"COMMAND": "PATH_ADDED", "DATA": "/voice/1/bias/pitch"} in told
        assert {"COMMAND": "PATH_REMOVED", "DATA": "/bias/loudness"} in told
        assert (await ask(socket, "/voice/1/bias/pitch"))[1] == 0.0

    converse(talk)
    assert browser.ask("/voice/1/bias/loudness")[0] == 404
    assert browser.read("/voice/1/bias/pitch?VALUE") == {"VALUE": [0.0]}


def test_a_taken_http_port_is_refused_with_the_cure(server: ControlServer, port: int) -> None:
    other = ControlServer(RecordingPlayer(), "127.0.0.1", 0, lambda: None, http_port=port)
    with pytest.raises(ControlError, match=f"{port}.*taken.*--http-port"):
        other.start()


def test_it_can_be_left_out(player: RecordingPlayer) -> None:
    server = ControlServer(player, "127.0.0.1", 0, lambda: None, http_port=-1)
    server.start()
    assert server.http_address is None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.address[1] + 1), 10)
    server.stop()


def test_it_is_one_above_the_osc_port(server: ControlServer, port: int) -> None:
    assert port == server.address[1] + 1
