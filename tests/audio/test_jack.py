"""The JACK output against a real server, which comes and goes."""

import ctypes
import os
import threading
import time
from collections.abc import Callable

import pytest

from components import require
from idiolect.audio import libjack
from idiolect.audio.jack import JackOutput
from idiolect.audio.libjack import load_libjack, open_client
from idiolect.audio.output import open_output, pick_rate
from idiolect.bench.jackd import default_server, dummy_server
from idiolect.engine.engine import Engine
from idiolect.errors import AudioError

Planned = Callable[[], Engine]


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def test_without_a_server_the_message_names_the_cure(planned: Planned) -> None:
    require("jackd")
    with default_server("nobody-has-this-name"):
        with pytest.raises(AudioError, match=r"no JACK server is running; start one"):
            open_output("jack", planned())
        with pytest.raises(AudioError, match="--audio null"):
            pick_rate("jack", 48000)


@pytest.mark.usefixtures("jack_server")
def test_the_engine_follows_the_servers_rate() -> None:
    assert pick_rate("jack", 44_100) == 8000


@pytest.mark.usefixtures("jack_server")
def test_another_rate_than_the_servers_is_refused() -> None:
    with pytest.raises(AudioError, match="runs at 8000 Hz and the engine at 44100 Hz"):
        open_output("jack", Engine(1, 44_100, 4410))


@pytest.mark.usefixtures("jack_server")
def test_two_clients_get_two_names(planned: Planned) -> None:
    first, second = (open_output("jack", planned(), client="speaker") for _ in range(2))
    assert first.name == "jack speaker"
    assert second.name != first.name
    assert first.block_size == 256
    first.stop()
    second.stop()


class Hung:
    """A libjack whose server does not answer until it is told to."""

    def __init__(self) -> None:
        self.answer = threading.Event()
        self.asked = 0
        self.closed: list[int] = []

    def jack_client_open(self, *_: object) -> int:
        self.asked += 1
        self.answer.wait(20)
        return 70 + self.asked

    def jack_client_close(self, client: int) -> None:
        self.closed.append(client)


def test_a_server_that_hangs_is_asked_once_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And what it lets in after all is closed before another is asked."""
    hung = Hung()
    monkeypatch.setattr(libjack, "load_libjack", lambda: hung)
    monkeypatch.setattr(libjack, "_OPEN_SECONDS", 0.05)
    for _ in range(3):
        with pytest.raises(AudioError, match="the JACK server does not answer; start one"):
            open_client("someone")
    assert hung.asked == 1
    hung.answer.set()
    wait_until(lambda: not libjack._late[0].is_alive())
    assert open_client("someone") == 72
    assert hung.closed == [71]


def test_a_lost_server_is_noticed_and_another_is_found(planned: Planned) -> None:
    require("jackd")
    engine, name = planned(), f"lost-{os.getpid()}"  # a second of that name clears up after it
    with dummy_server(sample_rate=8000, period=256, name=name) as server:
        output = open_output("jack", engine)
        assert isinstance(output, JackOutput)
        output.start()
        wait_until(lambda: engine.frame > 0)
        assert output.alive
        server.process.kill()
        wait_until(lambda: not output.alive)
        output.stop()
        stood = engine.frame
        with pytest.raises(AudioError, match="no JACK server"):
            open_output("jack", engine)
    assert engine.frame == stood
    with dummy_server(sample_rate=8000, period=128, name=name):
        output = open_output("jack", engine)
        output.start()
        wait_until(lambda: engine.frame > stood)
        assert output.alive
        assert output.block_size == 128
        output.stop()
    assert not output.alive


@pytest.mark.usefixtures("jack_server")
def test_every_channel_has_a_port() -> None:
    engine = Engine(1, 8000, 800, channels=5)
    output = open_output("jack", engine, client="five")
    library, client = load_libjack(), open_client("looks")
    find = library.jack_port_by_name
    find.argtypes, find.restype = [ctypes.c_void_p, ctypes.c_char_p], ctypes.c_void_p
    found = [n for n in range(1, 8) if find(client, f"five:out_{n}".encode())]
    library.jack_client_close(client)
    output.stop()
    assert found == [1, 2, 3, 4, 5]
