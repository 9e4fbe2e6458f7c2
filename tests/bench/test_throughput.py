"""Counting messages: the same for each, all of them taken, none lost."""

from pathlib import Path

import pytest

from idiolect.bench import throughput
from idiolect.cli import main
from idiolect.control.codec import Message, parse
from synthetic import make_bundle


@pytest.mark.parametrize("who", ["idiolect", "python-osc", "scsynth"])
def test_each_is_sent_as_many_messages_of_one_value(who: str) -> None:
    found = [parse(packet) for packet in throughput.messages(who)]
    assert len(found) == 1000
    assert all(isinstance(m, Message) and isinstance(m.arguments[-1], float) for m in found)


@pytest.mark.slow
def test_the_daemon_and_python_osc_take_what_is_sent_and_nothing_is_dropped(tmp_path: Path) -> None:
    make_bundle(tmp_path / "random.idiolect", seconds=6)
    found = throughput.measure(
        tmp_path / "random.idiolect", seconds=0.1, output="null", say=lambda _: None, rounds=1
    )
    assert float(str(found["idiolect"])) > 0
    assert float(str(found["python-osc"])) > 0
    assert found["dropped"] == found["limited"] == 0
    assert "scsynth" not in found


def test_impossible_settings_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "messages", "--seconds", "0"]) == 1
    assert "--seconds must be" in capsys.readouterr().err
