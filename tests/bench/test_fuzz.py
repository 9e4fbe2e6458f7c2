"""Packets that nobody should send: that they are what they are said to be, and what comes of them."""

import itertools
from pathlib import Path

import pytest

from idiolect.bench import besieged, fuzz
from idiolect.bench.packets import HOSTILE, Mutator, from_clients
from idiolect.cli import main
from idiolect.control.codec import MAX_PACKET, parse
from idiolect.errors import PacketError
from synthetic import make_bundle

ADDRESSES = ("/gain", "/voice/1/pan", "/cut")


def is_osc(packet: bytes) -> bool:
    try:
        parse(packet)
    except PacketError:
        return False
    return True


def test_the_same_seed_gives_the_same_packets() -> None:
    first, again, other = (
        list(itertools.islice(Mutator(ADDRESSES, seed), 2000)) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_some_are_osc_and_others_are_not() -> None:
    found = [is_osc(packet) for packet in itertools.islice(Mutator(ADDRESSES, 3), 4000)]
    assert 1000 < sum(found) < 3000


def test_what_clients_send_is_osc_and_what_has_a_name_can_be_sent() -> None:
    assert all(map(is_osc, from_clients().values()))
    assert all(len(packet) <= MAX_PACKET for packet in HOSTILE.values())


@pytest.mark.parametrize("name", [*from_clients(), *HOSTILE])
def test_no_packet_that_has_a_name_raises_or_tells_of_a_fault(name: str) -> None:
    target = fuzz.Target()
    target.receive({**from_clients(), **HOSTILE}[name])
    target.settle()
    assert target.faults == 0
    assert target.desk.counters.packets == 1


def test_twenty_thousand_packets_tell_of_no_fault() -> None:
    found = fuzz.measure(20_000, seconds=60, seed=4, say=lambda _: None)
    assert found["packets"] == 20_000
    assert found["faults"] == 0
    assert 0 < int(str(found["malformed"])) < 20_000
    assert fuzz.summary(found)


def test_impossible_settings_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "fuzz", "--count", "0"]) == 1
    assert "--count" in capsys.readouterr().err


@pytest.mark.slow
def test_a_minute_of_packets_leaves_memory_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """What it costs is printed and not judged."""
    found = fuzz.measure(1_000_000, seconds=60, seed=5, say=lambda _: None)
    with capsys.disabled():
        print("", *fuzz.summary(found), sep="\n")
    memory = found["memory_mib"]
    assert isinstance(memory, dict)
    assert found["faults"] == 0
    assert not memory or memory["most"] - memory["settled"] < 16


@pytest.mark.slow
def test_a_daemon_under_a_flood_answers_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How soon it answers is printed and not judged: that is the machine's as much as ours."""
    make_bundle(tmp_path / "random.idiolect", sample_rate=48_000, seconds=20)
    found = besieged.measure(
        tmp_path / "random.idiolect", seconds=10, seed=6, output="null", say=lambda _: None
    )
    with capsys.disabled():
        print("", *fuzz.summary(found), sep="\n")
    memory, tcp, udp = found["memory_mib"], found["tcp_ms"], found["udp_ms"]
    assert isinstance(memory, dict)
    assert isinstance(tcp, dict)
    assert isinstance(udp, dict)
    assert tcp["count"] == udp["count"] > 3
    assert max(tcp["most"], udp["most"]) < 10_000  # every question was answered
    assert (found["faults"], found["nan"]) == (0, 0)
    assert int(str(found["malformed"])) > 100
    assert memory["most"] - memory["settled"] < 48
