"""``idiolect osc`` against a real server."""

import re
import socket
import threading
import time

import pytest

from idiolect.cli import main
from idiolect.control import ControlServer
from idiolect.control.codec import encode
from idiolect.control.reference.reference import reference
from recording import RecordingPlayer, daemon, player, quits, server, tape
from refusals import has_cure

__all__ = ["daemon", "player", "quits", "server", "tape"]  # fixtures


def test_alone_it_prints_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["osc"]) == 0
    assert capsys.readouterr().out == reference()


def test_it_sends_and_prints_what_comes_back(
    daemon: int, player: RecordingPlayer, capsys: pytest.CaptureFixture[str]
) -> None:
    port = ["--port", str(daemon), "--wait", "0.3"]
    assert main(["osc", *port, "/voice/1/gain", "-6"]) == 0
    assert player.values["gain", 1] == -6
    assert capsys.readouterr().out == ""
    assert main(["osc", "send", "/voice/1/gain", *port]) == 0
    assert capsys.readouterr().out == "/voice/1/gain -6\n"
    assert main(["osc", "/clock", "2147483647", *port]) == 0
    assert re.fullmatch(r"/clock.reply -?\d+ -?\d+ 2147483647\n", capsys.readouterr().out)
    assert main(["osc", "/voice/1/scale", "note", *port]) == 0
    assert player.values["scale", 1] == 1
    assert main(["osc", "/voice/1/seed/unit", "1000", *port]) == 1
    assert capsys.readouterr().out.startswith("/fail '/voice/1/seed/unit' 'no unit 1000")


@pytest.mark.parametrize("name", ["5", "007", "1e5", "-6", ".5", "nan", "infinity", "1_000", "T"])
def test_every_name_can_be_sent(daemon: int, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In quotes, and without them where it is no number."""
    port = ["--port", str(daemon), "--wait", "0.2"]
    quoted = [f'"{name}"', *([name] if name.strip("-.0123456789e") else [])]
    for word in quoted:
        main(["osc", "/clock", word, *port])
        assert capsys.readouterr().out.endswith(f" {name!r}\n")


@pytest.mark.parametrize(
    ("word", "value"), [("5", 5), ("-6", -6), ("+1", 1), ("1e2", 100.0), (".5", 0.5), ("2.", 2.0)]
)
def test_what_looks_like_a_number_is_one(
    daemon: int, word: str, value: float, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["osc", "/clock", word, "--port", str(daemon), "--wait", "0.2"])
    assert capsys.readouterr().out.endswith(f" {value:g}\n")


@pytest.mark.parametrize("word", ["9" * 30, "-" + "9" * 300, "1e300"])
def test_a_number_that_osc_has_no_room_for_is_one_line(
    daemon: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["osc", "/sync", word, "--port", str(daemon)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("idiolect: ")
    assert said.count("\n") == 1
    assert has_cure(said)


def test_nobody_listening_is_said_with_the_cure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["osc", "/status", "--port", "1"]) == 1
    assert "idiolect serve" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["osc", "/status", "--host", "256.1.1.1"],
        ["osc", "/status", "--port", "-4"],
        ["monitor", "256.1.1.1:57300"],
    ],
)
def test_a_place_that_is_none_is_one_line(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 1
    said = capsys.readouterr().err
    assert said.startswith("idiolect: cannot send to ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [["status"], ["/status", "--wait", "nan"]])
def test_what_makes_no_sense_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["osc", *words]) == 1
    assert "idiolect: " in capsys.readouterr().err


def test_the_token_of_the_environment_is_shown_first(
    player: RecordingPlayer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = ControlServer(player, "127.0.0.1", 0, on_quit=lambda: None, token="eight letters")
    server.start()
    command = ["osc", "/bundle/unload", "first", "--port", str(server.address[1]), "--wait", "0.3"]
    assert main(command) == 1
    assert "needs the token" in capsys.readouterr().out
    monkeypatch.setenv("IDIOLECT_TOKEN", "another one")
    assert main(command) == 1
    assert "IDIOLECT_TOKEN is refused: that is not the token" in capsys.readouterr().err
    monkeypatch.setenv("IDIOLECT_TOKEN", "eight letters")
    assert main(command) == 0
    assert capsys.readouterr().out == "/done '/bundle/unload' 'first'\n"
    server.stop()


def test_a_command_that_tells_its_progress_is_waited_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    daemon.bind(("127.0.0.1", 0))

    def answer() -> None:
        _, sender = daemon.recvfrom(1024)
        daemon.sendto(encode("/progress", "/bundle/load", "audio", 0.5), sender)
        time.sleep(0.8)
        daemon.sendto(encode("/done", "/bundle/load", "birds"), sender)

    answering = threading.Thread(target=answer)
    answering.start()
    port = str(daemon.getsockname()[1])
    begun = time.monotonic()
    assert main(["osc", "/bundle/load", "birds", "--port", port, "--wait", "0.2"]) == 0
    assert time.monotonic() - begun < 10  # not all the patience there is
    answering.join()
    daemon.close()
    assert capsys.readouterr().out.splitlines()[-1] == "/done '/bundle/load' 'birds'"
