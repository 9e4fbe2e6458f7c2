"""The device output: PortAudio with a real server behind it, and without a library."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components import require
from idiolect.audio import device
from idiolect.audio.device import _find, device_names
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


class Cards:
    """What PortAudio says of a machine with two APIs."""

    PortAudioError = ValueError

    def __init__(self) -> None:
        self.default = SimpleNamespace(device=(0, 0))
        self.apis = [
            {"name": "ALSA", "default_output_device": 1},
            {"name": "JACK Audio Connection Kit", "default_output_device": 3},
        ]
        names = ["Intel: Mic", "Intel: ALC (hw:0,0)", "USB (hw:1,0)", "system", "other"]
        self.devices = [
            {"name": name, "index": index, "hostapi": int(index > 2), "default_samplerate": 48_000.0,
             "max_output_channels": (0, 2, 8, 2, 1)[index]}
            for index, name in enumerate(names)
        ]  # fmt: skip
        self.begun = 0

    def query_hostapis(self, index: int | None = None) -> Any:
        return self.apis if index is None else self.apis[index]

    def query_devices(self) -> list[dict[str, Any]]:
        return self.devices

    def _terminate(self) -> None:
        self.begun += 1

    def _initialize(self) -> None:
        return


def test_every_name_that_is_listed_chooses_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = Cards()
    monkeypatch.setattr(device, "_library", lambda: cards)
    assert device_names(8) == ["ALSA: USB (hw:1,0)"]
    names = device_names(2)
    assert [_find(cards, name, 2)["index"] for name in names] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "channels", "index"),
    [
        ("", 2, 1),
        ("usb", 2, 2),
        ("ALC", 2, 1),
        ("Intel: ALC", 2, 1),  # a colon of its own
        ("alsa: usb", 2, 2),
        ("JACK:", 2, 3),
        ("jack: sys", 2, 3),
        ("JACK Audio Connection Kit: system", 2, 3),
        ("", 8, 2),
        ("other", 1, 4),
    ],
)
def test_a_device_goes_by_a_part_of_its_name_with_its_api_or_without(
    name: str, channels: int, index: int
) -> None:
    assert _find(Cards(), name, channels)["index"] == index


@pytest.mark.parametrize("name", ["ALSA: system", "jack: usb", "mic"])
def test_a_device_that_cannot_play_so_is_not_found(name: str) -> None:
    cards = Cards()
    with pytest.raises(AudioError, match=r"'ALSA: USB \(hw:1,0\)' \(8 channels\).* --audio null"):
        _find(cards, name, 2)
    assert cards.begun == 1  # it may have been plugged in since


def test_without_the_library_the_message_names_the_cure(
    planned: Callable[[], Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    for use in (lambda: pick_rate("device", 48_000), lambda: open_output("device", planned())):
        with pytest.raises(AudioError, match=r"apt install libportaudio2, .* --audio null"):
            use()
