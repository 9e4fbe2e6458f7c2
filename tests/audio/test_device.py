"""The device output: PortAudio with a real server behind it, and without a library."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from components import require
from idiolect.audio.output import open_output, pick_rate
from idiolect.engine.engine import Engine
from idiolect.errors import AudioError

TESTS = Path(__file__).parents[1]
TIMEOUT = 120.0


@pytest.mark.usefixtures("jack_server")
def test_the_device_output_gives_the_same_samples(folder: Path) -> None:
    require("portaudio")
    program = [sys.executable, str(TESTS / "through_portaudio.py"), str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if "knows no JACK" in done.stderr:
        pytest.skip("this PortAudio has no way to a JACK server")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the same")


def test_a_device_that_is_not_there_is_refused_with_the_cure() -> None:
    require("portaudio")
    with pytest.raises(AudioError, match=r"no sound device"):
        pick_rate("device", 48_000, device="a device that nobody makes")


def test_without_the_library_the_message_names_the_cure(
    planned: Callable[[], Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    for use in (lambda: pick_rate("device", 48_000), lambda: open_output("device", planned())):
        with pytest.raises(AudioError, match=r"apt install libportaudio2, .* --audio null"):
            use()
