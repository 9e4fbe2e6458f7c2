import ipaddress
import math
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idiolect import __version__
from idiolect.control import ControlServer, udp
from idiolect.control.clients import MAX_CLIENTS
from idiolect.control.codec import encode, encode_bundle
from idiolect.control.hosts import is_allowed, open_sockets
from idiolect.errors import ConfigError, ControlError
from idiolect.parameters.table import VOICE
from recording import Applied, RecordingPlayer, TcpWire, Wire


def sets(player: RecordingPlayer) -> list[tuple]:
    return [call[1:] for call in player.calls if call[0] == "set"]


def test_a_parameter_is_set_for_one_voice(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/voice/2/temperature", 0.5)
    assert wire.settle() == []
    assert sets(player) == [("temperature", 2, 0.5)]


def test_a_short_form_speaks_to_every_voice(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/temperature", 0.5)
    wire.settle()
    assert sets(player) == [("temperature", voice, 0.5) for voice in (1, 2, 3, 4)]


@pytest.mark.parametrize(("name", "value"), [("gain", -6), ("mute", 1)])
def test_a_name_the_master_has_is_the_masters(
    wire: Wire, player: RecordingPlayer, name: str, value: int
) -> None:
    wire.send(f"/{name}", value)
    wire.settle()
    assert sets(player) == [(name, 0, value)]


def test_a_pattern_speaks_to_the_voices_it_fits(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/voice/{1,3}/pan", -1)
    wire.send("/voice/[!2-4]/pan", 1)
    wire.settle()
    assert player.values["pan", 1] == 1
    assert player.values["pan", 3] == -1
    assert player.values["pan", 2] == player.values["pan", 4] == 0


def test_without_arguments_an_address_is_read(wire: Wire) -> None:
    assert wire.ask("/voice/1/temperature") == ("/voice/1/temperature", 1.0)
    assert wire.ask("/temperature") == ("/temperature", 1.0, 1.0, 1.0, 1.0)
    assert wire.ask("/gain") == ("/gain", 0.0)
    assert wire.ask("/voice/3/run") == ("/voice/3/run", 0)


def test_a_pattern_reads_each_address_it_fits(wire: Wire) -> None:
    wire.send("/voice/*/pan")
    assert wire.settle() == [(f"/voice/{voice}/pan", 0.0) for voice in (1, 2, 3, 4)]


def test_reading_a_whole_voice_does_not_cut_it(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/voice/1/*")
    of_a_voice = [name for name in VOICE if "/" not in name]
    assert len(wire.settle()) == len(of_a_voice)
    wire.send("//*")
    wire.settle()
    assert player.calls == []


def test_a_pattern_that_names_a_command_runs_it_once_for_each_voice(
    wire: Wire, player: RecordingPlayer
) -> None:
    wire.send("//cut")
    wire.send("/voice/[12]/cut")
    assert [answer[:3] for answer in wire.settle()] == [
        *(("/done", "/cut", voice) for voice in (1, 2, 3, 4)),
        ("/done", "/voice/1/cut", 1),
        ("/done", "/voice/2/cut", 2),
    ]


def test_a_value_out_of_range_is_clipped_and_reads_back_clipped(wire: Wire) -> None:
    assert wire.ask("/voice/1/temperature", 99) == ("/voice/1/temperature", 4.0)
    assert wire.ask("/voice/1/temperature") == ("/voice/1/temperature", 4.0)
    assert wire.ask("/gain", -1000) == ("/gain", -90.0)
    assert wire.ask("/gain") == ("/gain", -90.0)


def test_that_a_value_is_clipped_is_answered_once_until_one_is_in_range(wire: Wire) -> None:
    for value in (99, 98, 97, -1):
        wire.send("/voice/1/temperature", value)
    assert wire.settle() == [("/voice/1/temperature", 4.0)]
    wire.send("/voice/1/temperature", 1)
    wire.send("/voice/1/temperature", -1)
    wire.send("/temperature", 5)
    assert wire.settle() == [("/voice/1/temperature", 0.0), ("/temperature", 4.0, 4.0, 4.0, 4.0)]


def test_a_block_parameter_takes_a_ramp_time(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/voice/1/gain", -20, 4)
    wire.send("/pan", 0.5, -1.0)
    wire.send("/gain", -3, 1e9)
    wire.settle()
    assert sets(player) == [
        ("gain", 1, -20.0, 4.0),
        *(("pan", voice, 0.5, 0.0) for voice in (1, 2, 3, 4)),
        ("gain", 0, -3.0, 3600.0),
    ]


def test_every_continuous_parameter_has_a_twin_from_0_to_1(
    wire: Wire, player: RecordingPlayer
) -> None:
    assert wire.ask("/norm/voice/1/temperature") == ("/norm/voice/1/temperature", 0.25)
    wire.send("/norm/voice/{1,3}/temperature", 0.5)
    wire.send("/norm/pan", 1)
    wire.send("/norm/gain", 0, 2)
    assert wire.settle() == []
    assert player.values["temperature", 1] == player.values["temperature", 3] == 2
    assert all(player.values["pan", voice] == 1 for voice in (1, 2, 3, 4))
    assert sets(player)[-1] == ("gain", 0, -90.0, 2.0)
    assert wire.ask("/norm/voice/2/pan", 1.5) == ("/norm/voice/2/pan", 1.0)


def test_a_pattern_reaches_twins_only_when_it_begins_with_norm(
    wire: Wire, player: RecordingPlayer
) -> None:
    wire.send("//gain", -6)
    wire.settle()
    assert [player.values["gain", voice] for voice in range(5)] == [-6.0] * 5
    wire.send("//norm/*")
    assert [answer[0] for answer in wire.settle()] == ["/fail"]
    wire.send("/norm/voice/1/*")
    assert all(0 <= value <= 1 for _, value in wire.settle())


def test_a_twin_turns_what_is_told_under_its_own_name(wire: Wire, daemon: int) -> None:
    listener = Wire(daemon)
    listener.ask("/notify", 1)
    wire.send("/norm/voice/1/temperature", 0.5)
    wire.settle()
    assert listener.settle() == [("/voice/1/temperature", 2.0)]
    listener.socket.close()


def test_a_read_sees_every_change_sent_before_it(wire: Wire) -> None:
    packets = [encode("/voice/1/pan", 0.25), encode("/voice/1/pan"), encode("/voice/1/pan", 0.5)]
    wire.raw(encode_bundle(*packets))
    assert wire.receive() == ("/voice/1/pan", 0.25)
    assert wire.ask("/voice/1/pan") == ("/voice/1/pan", 0.5)


@pytest.mark.parametrize(
    ("scale", "index"), [("note", 1), ("grain", 0), (1, 1), (0.6, 1), (0.4, 0), (9, 1), (-3, 0)]
)
def test_a_scale_goes_by_name_or_index(
    wire: Wire, player: RecordingPlayer, scale: object, index: int
) -> None:
    wire.send("/voice/1/scale", scale)
    assert wire.ask("/voice/1/scale") == ("/voice/1/scale", index)


@pytest.mark.parametrize(
    "packet",
    [
        b"/mute\0\0\0,i\0\0" + struct.pack(">i", 1),
        b"/mute\0\0\0,h\0\0" + struct.pack(">q", 2**40),
        b"/mute\0\0\0,f\0\0" + struct.pack(">f", 0.9),
        b"/mute\0\0\0,d\0\0" + struct.pack(">d", 1e300),
        b"/mute\0\0\0,T\0\0",
    ],
)
def test_any_number_will_do(wire: Wire, player: RecordingPlayer, packet: bytes) -> None:
    wire.raw(packet)
    assert wire.ask("/mute") == ("/mute", 1)


@pytest.mark.parametrize(
    ("address", "arguments", "says"),
    [
        ("/voice/1/temperature", (math.nan,), "finite"),
        ("/voice/1/temperature", (math.inf,), "finite"),
        ("/voice/1/temperature", ("warm",), "a number"),
        ("/voice/1/temperature", (0.5, 2.0), "ramp"),
        ("/voice/1/freeze", (1, 2.0), "at once"),
        ("/voice/1/gain", (1, 2, 3), "one value"),
        ("/voice/1/gain", (1, math.nan), "the ramp time"),
        ("/norm/voice/1/run", (1,), "/norm/voice/1 has"),
        ("/norm/gain", ("loud",), "a number"),
        ("/voice/1/scale", ("bar",), "grain, note"),
        ("/voice/1/seed/unit", (), "one unit"),
        ("/voice/1/seed/unit", (-1,), "no unit -1"),
        ("/voice/1/seed/unit", ("x",), "a number"),
        ("/voice/1/seed/tokens", (), "no tokens"),
        ("/voice/1/seed/file", (7,), "a string"),
        ("/voice/1/seed/file", ("a.wav", -1.0), "start"),
        ("/voice/1/seed/file", ("a.wav", 0.0, 0.0), "duration"),
        ("/voice/1/seed/map", (0.5,), "x, y"),
        ("/voice/1/allow/sources", (), "no sources"),
        ("/voice/1/allow/region", (0, 0, -1), "radius"),
        ("/voice/1/cut", (1, 2), "nothing"),
        ("/sync", (), "one number"),
        ("/notify", (1, 70000), "port"),
        ("/voice/9/gain", (1.0,), "1, 2, 3, 4"),
        ("/voice/1/temperatuur", (1.0,), "temperature"),
        ("/voice", (1.0,), "/voice has"),
        ("/voice/1/pan/x", (1.0,), "as far as it goes"),
        ("/voice/[1/pan", (1.0,), "]"),
        ("/voice/7*/pan", (1.0,), "no address fits"),
        ("/voice/*/", (), "ends in /"),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_reason(
    wire: Wire, player: RecordingPlayer, address: str, arguments: tuple, says: str
) -> None:
    answer = wire.ask(address, *arguments)
    assert answer[:2] == ("/fail", address)
    assert says in answer[2]
    assert player.calls == []


def test_a_mistake_in_a_short_form_is_answered_once(wire: Wire) -> None:
    wire.send("/seed/unit", "x")
    assert len(wire.settle()) == 1


@pytest.mark.parametrize("tag", ["N", "[]", "b", "t", "m", "r", "I"])
def test_no_other_type_is_taken_for_a_number(wire: Wire, tag: str) -> None:
    body = {"b": bytes(4), "t": bytes(8), "m": bytes(4), "r": bytes(4)}.get(tag, b"")
    tags = f",{tag}".encode().ljust(4, b"\0")
    wire.raw(b"/gain\0\0\0" + tags + body)
    assert wire.receive()[:2] == ("/fail", "/gain")


def test_each_command_reaches_the_player(wire: Wire, player: RecordingPlayer) -> None:
    wire.send("/voice/1/seed/tokens", 3, 1.0, 4)
    wire.raw(b"/voice/1/seed/tokens\0\0\0\0,[ii]\0\0\0" + struct.pack(">ii", 5, 6))
    wire.send("/voice/1/seed/unit", 12)
    wire.send("/voice/1/seed/file", "a.wav")
    wire.send("/voice/1/seed/file", "a.wav", 1, 2.5)
    wire.send("/voice/1/seed/map", 0.5, -1)
    wire.send("/voice/1/seed/map", 0.5, -1, "note")
    wire.send("/voice/1/allow/sources", "a", "b.wav")
    wire.send("/voice/1/allow/stretch", "a", 1)
    wire.send("/voice/1/allow/region", 0, 1, 0.5)
    wire.send("/voice/1/allow/all")
    wire.send("/voice/1/seed/random")
    wire.send("/voice/1/seed/clear", 1)
    wire.send("/voice/1/cut")
    assert all(answer[0] == "/done" for answer in wire.settle())
    assert player.calls == [
        ("seed_tokens", 1, [3, 1, 4]),
        ("seed_tokens", 1, [5, 6]),
        ("seed_unit", 1, 12),
        ("seed_file", 1, "a.wav", 0.0, math.inf),
        ("seed_file", 1, "a.wav", 1.0, 2.5),
        ("seed_map", 1, 0.5, -1.0, None),
        ("seed_map", 1, 0.5, -1.0, "note"),
        ("allow_sources", 1, ["a", "b.wav"]),
        ("allow_stretch", 1, "a", 1.0, math.inf),
        ("allow_region", 1, 0.0, 1.0, 0.5),
        ("allow_all", 1),
        ("seed_random", 1),
        ("seed_clear", 1),
        ("cut", 1),
    ]


def test_done_tells_voice_frame_units_and_how_soon(wire: Wire) -> None:
    answer = wire.ask("/voice/2/seed/unit", 3)
    assert answer[:5] == ("/done", "/voice/2/seed/unit", 2, 48480, 32)
    assert answer[5] == pytest.approx(0.01)


def test_a_frame_beyond_32_bits_begins_again(wire: Wire, player: RecordingPlayer) -> None:
    player.frame = 2**31 + 48000
    assert wire.ask("/voice/1/cut")[3] == 48000


def test_a_trigger_let_go_does_nothing(wire: Wire, player: RecordingPlayer) -> None:
    for address in ("/voice/1/cut", "/seed/random", "/panic", "/quit", "/status"):
        wire.send(address, 0.0)
    assert wire.settle() == []
    assert player.calls == []


def test_synced_waits_for_every_earlier_command(wire: Wire, player: RecordingPlayer) -> None:
    player.held = held = []
    wire.send("/voice/1/seed/unit", 1)
    wire.send("/voice/2/seed/unit", 2)
    wire.send("/sync", 5)
    wire.send("/voice/3/cut")
    assert wire.ask("/mute") == ("/mute", 0)  # a read does not wait
    held[1].set_result(Applied(2, 1, 1))
    assert wire.receive()[:3] == ("/done", "/voice/2/seed/unit", 2)
    held[0].set_exception(ControlError("the corpus is gone"))
    assert wire.receive() == ("/fail", "/voice/1/seed/unit", "the corpus is gone")
    assert wire.receive() == ("/synced", 5)
    held[2].set_result(Applied(3, 1, 1))
    assert wire.receive()[:2] == ("/done", "/voice/3/cut")


def test_synced_does_not_wait_for_others(wire: Wire, daemon: int, player: RecordingPlayer) -> None:
    player.held = []
    wire.send("/cut")
    wire.ask("/mute")
    other = Wire(daemon)
    assert other.ask("/sync", 1) == ("/synced", 1)
    other.socket.close()


def test_a_withdrawn_command_is_answered(wire: Wire, player: RecordingPlayer) -> None:
    player.held = []
    wire.send("/voice/1/cut")
    wire.ask("/mute")
    player.held[0].cancel()
    assert wire.receive()[:2] == ("/fail", "/voice/1/cut")


def test_a_fault_of_ours_is_answered_and_logged(
    wire: Wire, player: RecordingPlayer, caplog: pytest.LogCaptureFixture
) -> None:
    player.values.clear()
    answer = wire.ask("/voice/1/gain", 1.0)
    assert answer[:2] == ("/fail", "/voice/1/gain")
    assert "internal error" in answer[2]
    wire.ask("/voice/1/gain")
    assert "KeyError" in caplog.text
    player.__post_init__()
    assert wire.ask("/voice/1/gain") == ("/voice/1/gain", 0.0)


def test_status_tells_all_fields_in_their_order(wire: Wire, player: RecordingPlayer) -> None:
    player.values["run", 2] = 1
    answer = wire.ask("/status")
    assert answer[0] == "/status.reply"
    assert answer[1:12] == (4, 12.5, 25.0, 48000.0, 1000.0, 0, 0, 0, 3, "speaking", 1)
    assert answer[12] == 5  # 2**31 + 5 blocks
    assert answer[17:] == (48000, 1, 0, 0, 0, 0, 0, 0, "idiolect")


def test_version_names_the_program_and_the_api(wire: Wire) -> None:
    answer = wire.ask("/version")
    assert answer[:2] == ("/version.reply", "idiolect")
    assert [type(value) for value in answer[2:]] == [int, int, int, str, int]


def test_panic_is_done_at_once(wire: Wire, player: RecordingPlayer) -> None:
    assert wire.ask("/panic") == ("/done", "/panic")
    assert player.calls == [("panic",)]


def test_what_panic_changes_is_told_to_who_is_notified(wire: Wire, player: RecordingPlayer) -> None:
    player.values["run", 2] = player.announced["run", 2] = 1
    wire.ask("/notify", 1)
    wire.send("/panic")
    assert wire.settle() == [("/done", "/panic"), ("/voice/2/run", 0)]


def test_quit_is_answered_before_it_is_done(wire: Wire, quits: list[str]) -> None:
    assert wire.ask("/quit") == ("/done", "/quit")
    wire.settle()
    assert quits == ["quit"]


def test_a_notified_client_hears_every_change(
    wire: Wire, daemon: int, player: RecordingPlayer
) -> None:
    listener = Wire(daemon)
    assert listener.ask("/notify", 1) == ("/done", "/notify", 0, MAX_CLIENTS, 60.0)
    wire.send("/voice/1/temperature", 99)
    assert listener.receive() == ("/voice/1/temperature", 4.0)
    wire.send("/voice/1/temperature", 4)  # no change
    wire.send("/scale", "note")
    assert [listener.receive() for _ in range(4)] == [
        (f"/voice/{voice}/scale", 1) for voice in (1, 2, 3, 4)
    ]
    assert listener.ask("/notify", 0) == ("/done", "/notify", 0, MAX_CLIENTS, 60.0)
    wire.send("/mute", 1)
    wire.settle()
    assert listener.settle() == []
    listener.socket.close()


def test_a_client_can_name_another_port_of_its_host(wire: Wire) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(10)
        wire.ask("/notify", 1, other.getsockname()[1])
        wire.send("/mute", 1)
        assert other.recv(100) == encode("/mute", 1)
    assert wire.settle() == []


def test_a_client_too_many_is_told_so(wire: Wire) -> None:
    for client in range(MAX_CLIENTS):
        assert wire.ask("/notify", 1, 1000 + client)[2] == client
    assert wire.ask("/notify", 1, 1000)[2] == 0  # renewed
    assert wire.ask("/notify", 1, 2000)[:2] == ("/fail", "/notify")
    wire.ask("/notify", 0, 1003)
    assert wire.ask("/notify", 1, 2000)[2] == 3
    assert wire.ask("/notify", 0, 9)[2] == -1


def test_stopping_answers_what_is_open_and_says_goodbye(
    server: ControlServer, wire: Wire, player: RecordingPlayer
) -> None:
    player.held = []
    wire.ask("/notify", 1)
    wire.send("/voice/1/cut")
    wire.ask("/mute")
    server.stop()
    assert wire.receive() == ("/fail", "/voice/1/cut", "the daemon is stopping")
    assert wire.receive()[:2] == ("/shutdown", "idiolect")
    player.held[0].set_result(Applied(1, 1, 1))  # too late, and harmless


@pytest.fixture
def known() -> Iterator[socket.socket]:
    """A place that is to know when a daemon starts and stops."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.bind(("127.0.0.1", 0))
        place.settimeout(10)
        yield place


def test_who_is_to_know_is_told_when_it_starts_and_stops(
    player: RecordingPlayer, known: socket.socket
) -> None:
    announce = (known.getsockname(),)
    server = ControlServer(player, "127.0.0.1", 0, lambda: None, announce=announce)
    server.start()
    port = server.address[1]
    assert known.recv(100) == encode("/startup", "idiolect", __version__, port)
    server.stop()
    assert known.recv(100) == encode("/shutdown", "idiolect", __version__, port)


def test_a_place_elsewhere_that_is_to_know_need_not_have_sent_anything(
    player: RecordingPlayer, known: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine plays another one: its loopback counts for nothing here."""
    monkeypatch.setattr(udp, "is_local", lambda _: False)
    announce = (known.getsockname(),)
    server = ControlServer(player, "127.0.0.1", 0, lambda: None, announce=announce)
    server.start()
    assert known.recv(100).startswith(b"/startup")
    known.sendto(encode("/notify", 1), server.address)
    assert known.recv(100).startswith(b"/done")
    server.stop()
    assert known.recv(100).startswith(b"/shutdown")  # once, though it is notified, too
    known.setblocking(False)
    with pytest.raises(BlockingIOError):
        known.recv(100)
    assert server.counters.dropped == 0


@pytest.fixture
def dual(
    player: RecordingPlayer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ControlServer]]:
    """Start servers that hear both families of addresses through one socket."""
    monkeypatch.setattr("idiolect.control.server.Announcement", Rumour)
    started: list[ControlServer] = []

    def start(**options: Any) -> ControlServer:
        allow = (ipaddress.ip_network("192.0.2.0/24"),)
        server = ControlServer(player, "::", 0, lambda: None, allow=allow, **options)
        try:
            server.start()
        except ControlError:
            pytest.skip("this machine has no IPv6")
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


def test_a_place_in_the_other_family_is_told(
    dual: Callable[..., ControlServer], known: socket.socket
) -> None:
    dual(announce=(known.getsockname(),))
    assert known.recv(100).startswith(b"/startup")


def test_a_place_that_cannot_be_told_is_warned_of(
    player: RecordingPlayer, caplog: pytest.LogCaptureFixture
) -> None:
    announce = (("255.255.255.255", 9),)  # which sockets do not send to, unless they ask to
    server = ControlServer(player, "127.0.0.1", 0, lambda: None, announce=announce)
    server.start()
    server.stop()
    assert "255.255.255.255 of control.announce is not told /startup" in caplog.text


def test_this_machine_is_this_machine_in_either_family(dual: Callable[..., ControlServer]) -> None:
    """Who is at home may read as much as he likes, however the socket writes his address."""
    port = dual().address[1]
    told = []
    for host in ("127.0.0.1", "::1"):
        wire = Wire(port, host)
        wire.send("/voice/*/*")
        told.append(len(wire.settle()))
        wire.socket.close()
    assert told[0] == told[1] > 100


def test_a_lease_taken_over_tcp_for_a_port_is_that_ports(
    dual: Callable[..., ControlServer],
) -> None:
    """Whoever sends from there can end it, and has no second one."""
    port = dual().address[1]
    for host in ("127.0.0.1", "::1"):
        told, asking = Wire(port, host), TcpWire(port, host)
        assert asking.ask("/notify", 1, told.socket.getsockname()[1])[2] == 0
        assert told.ask("/notify", 1)[2] == 0
        assert told.ask("/notify", 0)[2] == 0
        assert told.ask("/notify", 0)[2] == -1
        told.socket.close()
        asking.socket.close()


def test_stop_may_be_called_by_quit(player: RecordingPlayer) -> None:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: server.stop())
    server.start()
    wire = Wire(server.address[1])
    assert wire.ask("/quit") == ("/done", "/quit")
    server.stop()
    wire.socket.close()


def test_a_taken_port_is_refused_with_the_cure(server: ControlServer) -> None:
    port = server.address[1]
    second = ControlServer(RecordingPlayer(), "127.0.0.1", port, on_quit=lambda: None)
    with pytest.raises(ControlError, match=f"{port}.*taken.*--port"):
        second.start()
    with pytest.raises(ControlError, match="already"):
        server.start()


def test_a_stopped_server_can_start_again_and_knows_nobody(
    server: ControlServer, wire: Wire, player: RecordingPlayer
) -> None:
    wire.ask("/notify", 1)
    server.stop()
    server.stop()
    server.start()
    again = Wire(server.address[1])
    again.send("/mute", 1)
    assert again.settle() == []
    assert server.counters.dropped == 0
    again.socket.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_beyond_loopback_someone_must_be_allowed(host: str) -> None:
    with pytest.raises(ConfigError, match="allow"):
        ControlServer(RecordingPlayer(), host, 0, on_quit=lambda: None).start()


def test_a_host_is_a_numeric_address() -> None:
    with pytest.raises(ConfigError, match=r"example\.org"):
        ControlServer(RecordingPlayer(), "example.org", 0, on_quit=lambda: None).start()


def test_an_address_of_another_machine_cannot_be_bound() -> None:
    allow = (ipaddress.ip_network("192.0.2.0/24"),)
    with pytest.raises(ControlError, match=r"192\.0\.2\.1"):
        ControlServer(RecordingPlayer(), "192.0.2.1", 0, lambda: None, allow=allow).start()


def test_who_lets_other_machines_in_is_warned(caplog: pytest.LogCaptureFixture) -> None:
    sockets = open_sockets("0.0.0.0", 0, -1, (ipaddress.ip_network("192.0.2.0/24"),))
    for handle in sockets.all:
        handle.close()
    assert "whoever is in 192.0.2.0/24 can steer this daemon" in caplog.text
    caplog.clear()
    for handle in open_sockets("127.0.0.1", 0, -1, ()).all:
        handle.close()
    assert not caplog.text


def test_only_loopback_and_the_allowed_are_heard() -> None:
    allow = (ipaddress.ip_network("192.0.2.0/24"),)
    assert is_allowed("127.0.0.1", ())
    assert is_allowed("::1", ())
    assert is_allowed("192.0.2.7", allow)
    assert is_allowed("::ffff:192.0.2.7", allow)
    assert not is_allowed("192.0.3.7", allow)
    assert not is_allowed("2001:db8::1", allow)


@dataclass
class Rumour:
    """What would be announced to the network, kept here."""

    name: str
    host: str
    services: dict[str, int]
    told: ClassVar[list["Rumour"]] = []

    def open(self) -> None:
        self.told.append(self)

    async def close(self) -> None:
        self.told.remove(self)


def test_the_allowed_reach_a_server_that_is_open_and_announced(
    player: RecordingPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idiolect.control.server.Announcement", Rumour)
    allow = (ipaddress.ip_network("192.0.2.0/24"),)
    server = ControlServer(
        player, "0.0.0.0", 0, on_quit=lambda: None, allow=allow, http_port=0, name="me"
    )
    server.start()
    wire = Wire(server.address[1])
    assert wire.ask("/mute") == ("/mute", 0)
    wire.socket.close()
    port = server.address[1]
    services = {"_osc._udp.local.": port, "_oscjson._tcp.local.": port + 1}
    assert Rumour.told == [Rumour("me", "0.0.0.0", services)]
    server.stop()
    assert Rumour.told == []


def test_nothing_is_announced_of_a_server_that_is_not(
    player: RecordingPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idiolect.control.server.Announcement", Rumour)
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None, http_port=0)
    server.start()
    Wire(server.address[1]).socket.close()
    assert Rumour.told == []
    server.stop()


def test_both_loopbacks_reach_the_server(daemon: int) -> None:
    try:
        wire = Wire(daemon, "::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    assert wire.ask("/mute") == ("/mute", 0)
    wire.socket.close()


def test_a_flood_of_changes_coalesces_and_every_command_is_answered(
    wire: Wire, player: RecordingPlayer, server: ControlServer
) -> None:
    """One packet is one burst for certain; the sweep around it is read in bursts as it comes."""
    sweep = [encode("/voice/1/temperature", step / 100) for step in range(300)]
    wire.raw(encode_bundle(*sweep))
    wire.settle()
    assert sets(player) == [("temperature", 1, pytest.approx(2.99))]
    player.calls.clear()
    for step in range(20):
        for _ in range(10):
            wire.send("/temperature", step / 10)
        wire.send("/voice/2/cut")
    answers = wire.settle()
    assert [answer[:2] for answer in answers] == [("/done", "/voice/2/cut")] * 20
    assert server.counters.dropped == 0


def test_commands_and_steps_are_never_overtaken(wire: Wire, player: RecordingPlayer) -> None:
    wire.raw(
        encode_bundle(
            encode("/voice/1/temperature", 0.25),
            encode("/voice/1/pan", 1),
            encode("/voice/1/temperature", 0.5),
            encode("/voice/1/run", 1),
            encode("/voice/1/run", 0),
            encode("/voice/1/run", 1),
            encode("/voice/1/temperature", 0.75),
            encode("/voice/1/cut"),
            encode("/voice/1/temperature", 1.0),
        )
    )
    wire.settle()
    assert player.calls == [
        ("set", "pan", 1, 1.0),
        ("set", "temperature", 1, 0.5),
        ("set", "run", 1, 1.0),
        ("set", "run", 1, 0.0),
        ("set", "run", 1, 1.0),
        ("set", "temperature", 1, 0.75),
        ("cut", 1),
        ("set", "temperature", 1, 1.0),
    ]


@pytest.mark.parametrize("time_tag", [0, 1, 1 << 32, (1 << 64) - 1])
def test_no_time_tag_is_waited_for(wire: Wire, player: RecordingPlayer, time_tag: int) -> None:
    inner = encode_bundle(encode("/voice/1/pan", 1), time_tag=time_tag)
    wire.raw(encode_bundle(inner, encode("/voice/2/pan", 1), time_tag=time_tag))
    wire.settle()
    assert sets(player) == [("pan", 1, 1.0), ("pan", 2, 1.0)]


def test_a_long_seed_arrives_whole(wire: Wire, player: RecordingPlayer) -> None:
    """One datagram beyond 8192 bytes."""
    tokens = list(range(5000))
    wire.send("/voice/1/seed/tokens", *tokens)
    wire.settle()
    assert player.calls == [("seed_tokens", 1, tokens)]


def test_a_message_without_type_tags_is_read(wire: Wire) -> None:
    wire.raw(b"/mute\0\0\0")
    assert wire.receive() == ("/mute", 0)


def test_malformed_packets_are_counted_and_answered(wire: Wire, server: ControlServer) -> None:
    wire.raw(b"hello")
    assert wire.receive()[:2] == ("/fail", "/")
    wire.raw(b"")
    assert wire.receive()[:2] == ("/fail", "/")
    assert server.counters.malformed == 2


def test_refusals_are_limited_for_each_sender(wire: Wire, daemon: int) -> None:
    for _ in range(400):
        wire.send("/nowhere", 1)
    refusals = wire.settle()
    assert 50 <= len(refusals) < 400
    other = Wire(daemon)
    assert other.ask("/nowhere")[0] == "/fail"
    other.socket.close()


def test_answers_are_never_answered(wire: Wire) -> None:
    for address in ("/fail", "/done", "/synced", "/status.reply", "/shutdown"):
        wire.send(address, "x")
    assert wire.settle() == []


def test_one_packet_cannot_ask_for_too_much(wire: Wire, player: RecordingPlayer) -> None:
    steps = "/voice/*/{run,interrupt,random_seed}"
    wire.raw(encode_bundle(*[encode(steps, i % 2) for i in range(500)]))
    assert any("4096" in answer[2] for answer in wire.settle())
    assert 3000 < len(player.calls) < 4096


@pytest.mark.parametrize("dumped", [0, 1])
def test_one_packet_cannot_bring_too_many_patterns(
    wire: Wire, player: RecordingPlayer, dumped: int
) -> None:
    wire.ask("/dump_osc", dumped)
    patterns = [encode("/voice/*" + "?" * i + "/pan", 1) for i in range(100)]
    wire.raw(encode_bundle(*patterns))
    assert any("wildcards" in answer[2] for answer in wire.settle())
    wire.ask("/dump_osc", 0)


def test_commands_without_answers_are_bounded(wire: Wire, player: RecordingPlayer) -> None:
    player.held = []
    for _ in range(12):
        wire.raw(encode_bundle(*[encode("/cut") for _ in range(100)]))
        wire.ask("/mute")
    assert len(player.held) == 4096


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.binary(max_size=200), max_size=5), st.binary(max_size=60))
def test_no_packet_ends_the_server(wire: Wire, packets: list[bytes], body: bytes) -> None:
    for packet in packets:
        wire.raw(packet)
    wire.raw(b"/voice/1/seed/tokens\0\0\0\0" + body)
    wire.raw(b"#bundle\0" + body)
    wire.settle()


def test_many_changes_pending_answers_keep_order(wire: Wire, player: RecordingPlayer) -> None:
    player.held = held = []
    wire.send("/cut")
    wire.ask("/mute")
    for voice in (4, 3, 2, 1):
        held[voice - 1].set_result(Applied(voice, 0, 0))
    assert [answer[2] for answer in wire.settle()] == [4, 3, 2, 1]
    assert isinstance(held[0], Future)


def test_what_comes_and_goes_can_be_read_in_the_log(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """Until that is ended; it is no warning, and a token is never in it."""
    assert wire.ask("/dump_osc", 1) == ("/done", "/dump_osc", 1)
    wire.send("/voice/1/pan", 0.5)
    assert wire.ask("/voice/1/pan") == ("/voice/1/pan", 0.5)
    wire.send("/auth", "correct horse battery")
    wire.settle()
    assert wire.ask("/dump_osc", 0) == ("/done", "/dump_osc", 0)
    said = [record.getMessage() for record in caplog.records if record.levelname == "DEBUG"]
    wire.send("/voice/1/pan", 0.25)
    wire.settle()
    assert sum("/voice/1/pan" in line for line in said) == 3
    assert not any("horse" in line for line in said)
    assert "0.25" not in caplog.text
