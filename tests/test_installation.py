"""What docs/installation.md hands over works: the unit, the settings, the commands."""

import gzip
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from components import require
from eavesdrop import Eavesdropper
from idiolect.bench.jackd import dummy_server
from idiolect.client import Client
from idiolect.config.config import load
from idiolect.control.codec import encode, encode_bundle
from idiolect.control.schedule import ntp_of
from idiolect.daemon.app import App
from synthetic import make_bundle

PROJECT = Path(__file__).resolve().parents[1]
UNIT = PROJECT / "configs/idiolect.service"
PAGE = (PROJECT / "docs/installation.md").read_text(encoding="utf-8")
LINES = [
    line.strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def user_unit(folder: Path) -> Path:
    """Make the unit of one user as the page says."""
    (command,) = [line for line in LINES if line.startswith("sed ")]
    done = subprocess.run(
        shlex.split(command.partition(" > ")[0]),
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    path = folder / UNIT.name
    path.write_text(done.stdout)
    return path


def verify(unit: Path, *flags: str) -> list[str]:
    """Let systemd say what is wrong with a unit, with a program that is here in its place."""
    text = re.sub(r"(?<=^ExecStart=).*", f"{sys.executable} -V", unit.read_text(), flags=re.M)
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", *flags, "verify", "--man=no", str(unit)],
        env=os.environ | {"XDG_RUNTIME_DIR": str(unit.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stderr.splitlines() if unit.name in line]


def test_systemd_has_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    require("systemd-analyze")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text())
    assert verify(unit) == []
    unit.write_text(unit.read_text().replace("WatchdogSec", "WatchdogSeconds"))
    assert "WatchdogSeconds" in str(verify(unit))  # it would have said so


def test_the_unit_of_a_user_is_that_without_what_only_the_system_can(tmp_path: Path) -> None:
    unit = user_unit(tmp_path)
    kept, whole = (path.read_text().splitlines() for path in (unit, UNIT))
    gone = [line.partition("=")[0] for line in whole if line not in kept and line[:1] != "#"]
    assert {"User", "Group", "OOMScoreAdjust", "ProtectSystem"} < set(gone)
    assert not {"Type", "WatchdogSec", "LimitRTPRIO", "LimitMEMLOCK", "MemoryMax"} & set(gone)
    assert [line for line in kept if line not in whole] == [
        "ExecStart=/usr/bin/pw-jack /opt/idiolect/bin/idiolect serve %S/idiolect/piece.idiolect"
        " --config %E/idiolect/installation.toml",
        "WantedBy=default.target",
    ]
    require("systemd-analyze")
    assert verify(unit, "--user") == []


def test_the_unit_gives_watchdog_and_callback_what_they_need() -> None:
    settings = dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE))
    assert settings["Type"] == "notify"
    assert int(settings["WatchdogSec"]) > 0
    assert settings["Restart"] == "always"
    assert int(settings["LimitRTPRIO"]) >= 20  # more than JACK's clients ask for
    assert settings["LimitMEMLOCK"] == "infinity"
    assert settings["MemoryMax"]


def test_the_unit_of_a_jack_server_is_one(tmp_path: Path) -> None:
    require("systemd-analyze")
    (text,) = [text for text in re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL) if "jackd" in text]
    unit = tmp_path / "jackd.service"
    unit.write_text(text)
    assert verify(unit) == []


@pytest.mark.slow
def test_a_log_that_is_rotated_goes_on_at_its_beginning(tmp_path: Path) -> None:
    """By logrotate itself, of a daemon that has something to say before and after."""
    require("logrotate")
    (line,) = [line for line in LINES if ".log" in line]
    log = tmp_path / "idiolect.log"
    rules = tmp_path / "rules"
    named = (PROJECT / "configs/idiolect.logrotate").read_text()
    assert "/var/log/idiolect.log" in named
    assert "/var/log/idiolect.log" in line
    rules.write_text(named.replace("/var/log/idiolect.log", str(log)))
    rules.chmod(0o644)
    make_bundle(tmp_path / "piece.idiolect", seconds=5)
    kept = tmp_path / "kept"
    kept.mkdir()
    settings = tmp_path / "installation.toml"
    settings.write_text(f'[performance]\nstate = "{kept / "state.json"}"\n')
    command = line.replace("idiolect serve", f"exec {sys.executable} -m idiolect.cli serve")
    command = command.replace(".toml", ".toml --audio null --port 0 --http-port -1")
    daemon = subprocess.Popen(
        ["bash", "-c", command.replace("/var/log/idiolect.log", str(log))], cwd=tmp_path
    )
    try:
        wait_until(lambda: log.exists() and "osc.udp://" in log.read_text())
        before = log.read_text()
        subprocess.run(
            ["logrotate", "--force", "--state", str(tmp_path / "state"), str(rules)], check=True
        )
        assert gzip.decompress((tmp_path / "idiolect.log.1.gz").read_bytes()).decode() == before
        assert log.read_text() == ""
        kept.rename(tmp_path / "elsewhere")
        found = re.search(r"127\.0\.0\.1:(\d+)", before)
        assert found is not None
        with Client(port=int(found[1])) as client:
            client["/voice/1/pan"] = 0.5
            wait_until(lambda: log.read_text().endswith("\n"))
        assert log.read_text().startswith("the state is not kept in ")
    finally:
        daemon.kill()
        daemon.wait()


@pytest.mark.slow
def test_daemons_that_get_one_bundle_play_it_at_one_moment(tmp_path: Path) -> None:
    """Two of them on one JACK server, whose frames say how far apart they are."""
    require("jackd")
    bundle = tmp_path / "level.idiolect"
    make_bundle(bundle, sample_rate=48_000, seconds=10)
    np.save(bundle / "audio.npy", np.full_like(np.load(bundle / "audio.npy"), 0.25))
    flags = {"audio.output": "jack", "control.port": 0, "performance.autostart": 0}
    words = ("unit", 3, "dur", 0.002, "attack", 0.0, "release", 0.0)
    with (
        dummy_server(period=256),
        App(bundle, load(flags=flags | {"performance.name": "one"})) as one,
        App(bundle, load(flags=flags | {"performance.name": "two"})) as two,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire,
    ):
        time.sleep(1.0)  # each knows its card's clock
        ear = Eavesdropper("", 48_000, ("one:out_1", "two:out_1"))
        at = time.time() + 0.3
        for n in range(10):
            packet = encode_bundle(encode("/play", *words), time_tag=ntp_of(at + 0.05 * n))
            for app in (one, two):
                wire.sendto(packet, app.control.address)
        heard = np.abs(ear.take(48_000)) > 0.05
        ear.close()
    first, second = (np.flatnonzero(heard[1:, side] & ~heard[:-1, side]) for side in (0, 1))
    first, second = first[-9:], second[-9:]  # what begins with the first frame is no onset here
    print(f"apart at most {np.abs(first - second).max() / 48:.3f} ms")
    assert len(first) == len(second) == 9
    assert np.abs(first - second).max() <= 48


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def test_the_settings_are_settings() -> None:
    config = load(PROJECT / "configs/installation.toml")
    assert config.audio.output == "jack"
    assert config.performance.autostart >= 1
    assert config.control.allow
    assert config.performance.restore


def test_every_message_of_the_page_is_understood(tmp_path: Path) -> None:
    messages = [words[2:] for line in LINES if (words := shlex.split(line))[1:2] == ["osc"]]
    assert len(messages) > 5
    make_bundle(tmp_path / "random.idiolect", seconds=5)
    config = load(flags={"audio.output": "null", "control.port": 0, "control.http_port": -1})
    with App(tmp_path / "random.idiolect", config) as app, Client(*app.control.address) as client:
        for address, *arguments in messages:
            client.send(address, *map(float, arguments))
        client.send("/sync", 1)
        answers = [reply.address for reply in client.listen(1.0)]
    assert "/fail" not in answers
    assert {"/status.reply", "/voice/4/freeze", "/gain", "/mute", "/done", "/synced"} <= {*answers}
