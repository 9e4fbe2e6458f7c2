import re
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from idiolect.client import Client, RefusedError, Reply
from idiolect.control.command import SystemCommand
from idiolect.control.questions import QUESTIONS
from idiolect.control.system import SYSTEM_COMMANDS
from recording import RecordingPlayer, Wire


@pytest.fixture
def client(daemon: int) -> Iterator[Client]:
    with Client(port=daemon) as client:
        yield client


def test_what_is_sent_arrives(client: Client, player: RecordingPlayer) -> None:
    client.send("/voice/1/temperature", 0.5)
    client.send("/voice/2/run", True)
    client.send("/voice/2/pan", np.float32(0.25))
    client.send("/voice/2/random_seed", np.int64(2**40))
    client.send("/voice/2/scale", "note")
    client.ask("/sync", 1)
    assert [call[1:] for call in player.calls] == [
        ("temperature", 1, 0.5),
        ("run", 2, 1.0),
        ("pan", 2, 0.25),
        ("random_seed", 2, 2.0**31 - 1),
        ("scale", 2, 1.0),
    ]


def test_what_cannot_be_sent_is_refused(client: Client) -> None:
    with pytest.raises(TypeError, match="int, float or str"):
        client.send("/voice/1/pan", None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (("/mute",), "/mute"),
        (("/status",), "/status.reply"),
        (("/version",), "/version.reply"),
        (("/sync", 3), "/synced"),
        (("/panic",), "/done"),
        (("/notify", 1), "/done"),
        (("/voice/1/seed/tokens", 1, 2, 3), "/done"),
    ],
)
def test_each_question_finds_its_answer(
    client: Client, question: tuple[str | int, ...], answer: str
) -> None:
    address, *arguments = question
    assert client.ask(str(address), *arguments).address == answer


def test_an_answer_may_carry_several_values(client: Client) -> None:
    assert client.ask("/temperature").arguments == (1.0, 1.0, 1.0, 1.0)


def test_a_refusal_raises_with_its_reason(client: Client) -> None:
    with pytest.raises(RefusedError, match="no unit 1000"):
        client.ask("/voice/1/seed/unit", 1000)


def test_no_answer_is_a_timeout(client: Client) -> None:
    with pytest.raises(TimeoutError, match="/voice/1/gain"):
        client.ask("/voice/1/gain", -6, timeout=0.05)


def test_what_comes_between_is_kept(client: Client, daemon: int) -> None:
    client.ask("/notify", 1)
    other = Wire(daemon)
    other.send("/mute", 1)
    other.settle()
    other.socket.close()
    assert client.ask("/voice/1/pan") == Reply("/voice/1/pan", (0.0,))
    assert client.receive() == Reply("/mute", (1,))
    assert client.receive(timeout=0.01) is None


def test_listening_ends_by_itself(client: Client) -> None:
    client.send("/voice/*/pan")
    heard = list(client.listen(0.5))
    assert heard == [Reply(f"/voice/{voice}/pan", (0.0,)) for voice in (1, 2, 3, 4)]


def test_nobody_there_is_an_error() -> None:
    with Client(port=1) as client, pytest.raises((ConnectionRefusedError, TimeoutError)):
        client.ask("/status", timeout=0.5)


def test_the_client_needs_nothing_else_of_the_package() -> None:
    script = (
        "import sys, idiolect.client;"
        "print([m for m in sys.modules if m.startswith('idiolect.')"
        " and not m.startswith('idiolect.client')], 'numpy' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert printed.stdout.decode().strip() == "[] False"


ANSWERED = [command for command in (*SYSTEM_COMMANDS, *QUESTIONS) if command.answer[0] == "`"]


@pytest.mark.parametrize("command", ANSWERED, ids=lambda command: command.address)
def test_the_answer_of_every_command_is_known(command: SystemCommand) -> None:
    """As the table says it: `/done`, a reply of its own, or the same address."""
    address, *arguments = re.findall(r"`(/[^`]*)`", command.answer)[0].split()
    assert Reply(address, tuple(arguments)).is_about(command.address)
    assert not Reply(address, ("/other",)).is_about("/another")


@pytest.mark.parametrize(
    "address", ["/bundle/list", "/record/state", "/output", "/clock", "/time_tags", "/clear_sched"]
)
def test_what_answers_at_once_is_waited_for(client: Client, address: str) -> None:
    assert client.ask(address).is_about(address)


def test_a_refusal_with_a_number_still_says_why(client: Client) -> None:
    with pytest.raises(RefusedError, match="no unit 1000"):
        client.ask("/voice/1/seed/unit", 1000, "id", 5)
