"""How soon a turned parameter is heard: ours, and scsynth's ``/n_set``, by the same ear.

Both play a steady level.  What is measured is the distance between two of the JACK server's frames:
that at which the packet is sent, and that of the first sample that is not as it was.  The limiter's
delay is taken off ours; what the device adds after JACK is in neither.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from idiolect.bench.ear import Ear
from idiolect.bench.jackd import dummy_server
from idiolect.client import Client
from idiolect.config.config import load
from idiolect.control.codec import encode
from idiolect.daemon.app import App
from idiolect.errors import AudioError, ConfigError

__all__ = ["NEEDED", "NODE", "Synth", "compile_synth", "measure", "scsynth"]

RATE, PERIOD = 48_000, 64
LEVEL = 0.5
SETTLE_SECONDS = 0.1  # longer than the ramp of a change
NODE = 1000
NEEDED = {"scsynth": "supercollider-server", "sclang": "supercollider-language"}

_SYNTH = """
SynthDef(\\level, { |level = 0.5| Out.ar(0, (DC.ar(1) * level) ! 2) }).writeDefFile("FOLDER");
0.exit;
"""

Send = Callable[[bool], object]


class Synth(NamedTuple):
    """A scsynth that plays."""

    turn: Send
    output: str  # JACK's name for it
    port: int  # where it listens for OSC


def measure(bundle: Path, count: int, say: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """Turn gain and pan of a voice, and a control of a synth, `count` times each.

    Parameters
    ----------
    bundle
        Any; it is played with a steady level in place of its audio.
    count
        Changes of each kind.
    say
        Told, in a line, what is done.

    Returns
    -------
    dict
        By what is turned: ``median``, ``p99`` and ``most``, ms.

    Raises
    ------
    ConfigError
        When scsynth or sclang is not installed.
    AudioError
        When jackd does not start.
    """
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            raise ConfigError(f"{program} is not installed; apt install {package}")
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        compile_synth(place)
        with dummy_server(sample_rate=RATE, period=PERIOD):
            say(f"gain and pan, {count} times each")
            found |= _measure_ours(_level_bundle(bundle, place), count, say)
            say(f"scsynth, {count} times")
            with scsynth(place) as synth:
                found["scsynth /n_set"] = _react(synth.output, synth.turn, count, 0)
    return found


def _level_bundle(bundle: Path, place: Path) -> Path:
    """Copy a bundle, with a steady level as its audio."""
    copy = place / "level.idiolect"
    shutil.copytree(bundle, copy)
    audio = np.load(copy / "audio.npy", mmap_mode="r")
    np.save(copy / "audio.npy", np.full_like(audio, LEVEL))
    return copy


def _measure_ours(
    bundle: Path, count: int, say: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    flags = {
        "audio.output": "jack",
        "control.port": 0,
        "performance.voices": 1,
        "performance.name": "reaction",
    }
    app = App(bundle, load(flags=flags), say=say)
    with app, Client(*app.control.address) as client:
        time.sleep(1)
        delay, port = app.engine.delay_frames, "reaction:out_1"
        return {
            "gain": _react(
                port, lambda on: client.send("/voice/1/gain", -6.0 if on else 0.0), count, delay
            ),
            "pan": _react(
                port, lambda on: client.send("/voice/1/pan", 0.5 if on else 0.0), count, delay
            ),
        }


def _react(port: str, send: Send, count: int, delay: int) -> dict[str, float]:
    """Send a change `count` times; say how long each took to be heard."""
    ear, rng = Ear(port), np.random.default_rng(0)
    taken = []
    try:
        for turn in range(count):
            time.sleep(SETTLE_SECONDS + rng.uniform(0, 0.01))
            ear.listen()
            sent = ear.now
            send(turn % 2 == 0)
            taken.append(1000 * (ear.changed() - sent - delay) / RATE)
    finally:
        ear.close()
    return {
        "median": float(np.median(taken)),
        "p99": float(np.quantile(taken, 0.99)),
        "most": max(taken),
    }


def _environment(place: Path) -> dict[str, str]:
    return os.environ | {
        "HOME": str(place),
        "XDG_RUNTIME_DIR": str(place),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "SC_JACK_DEFAULT_OUTPUTS": "system:playback_1,system:playback_2",
    }


def compile_synth(place: Path) -> None:
    """Write the synth's definition to a folder; it needs sclang."""
    (place / "level.scd").write_text(_SYNTH.replace("FOLDER", str(place)))
    command = ["sclang", str(place / "level.scd")]
    subprocess.run(command, env=_environment(place), capture_output=True, timeout=120, check=True)


@contextmanager
def scsynth(place: Path) -> Iterator[Synth]:
    """Run scsynth with the synth, compiled there, on the default JACK server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        port = wire.getsockname()[1] + 1
        wire.connect(("127.0.0.1", port))
        wire.settimeout(0.2)
        device = f"{os.environ['JACK_DEFAULT_SERVER']}:scsynth"
        command = ["scsynth", "-u", str(port), "-H", device, "-z", str(PERIOD), "-i", "0"]
        process = subprocess.Popen(
            command, env=_environment(place), stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        try:
            _answered(wire, encode("/status"), b"/status.reply")
            _answered(wire, encode("/d_load", str(place / "level.scsyndef")), b"/done")
            wire.send(encode("/s_new", "level", NODE, 0, 0))

            def turn(on: bool) -> None:
                wire.send(encode("/n_set", NODE, "level", LEVEL / 2 if on else LEVEL))

            yield Synth(turn, "scsynth:out_1", port)
        finally:
            process.terminate()
            process.wait()


def _answered(wire: socket.socket, packet: bytes, reply: bytes) -> None:
    """Send until it is answered."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            wire.send(packet)
            answer: Any = wire.recv(4096)
        except OSError:  # not there yet
            time.sleep(0.1)
            continue
        if answer.startswith(reply):
            return
    raise AudioError("scsynth does not answer; try it by hand")
