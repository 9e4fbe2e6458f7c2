"""What systemd is told of the daemon, read from a real socket as systemd reads it."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from idiolect.client import Client
from idiolect.config.config import load
from idiolect.daemon.app import App
from idiolect.daemon.watchdog import Supervisor, Watchdog
from idiolect.performance.changes import Pause
from supervision import Listener
from synthetic import make_bundle

QUICK_USEC = 200_000  # a watchdog that is fed ten times a second


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("watchdog") / "random.idiolect"
    make_bundle(path, sample_rate=48_000, seconds=10)
    return path


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    if request.param == "abstract" and sys.platform != "linux":
        pytest.skip("only Linux has sockets without a file")
    name = str(tmp_path / "notify") if request.param == "path" else f"@idiolect-{os.getpid()}"
    with Listener(name) as found:
        yield found


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Listener]:
    with Listener(str(tmp_path / "notify")) as found:
        yield found


def test_every_line_is_a_name_and_its_value(listener: Listener) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "3000000"})
    supervisor.ready("it speaks: ä = 1")
    assert listener.receive() == {
        "READY": "1",
        "STATUS": "it speaks: ä = 1",
        "MAINPID": str(os.getpid()),
        "WATCHDOG_USEC": "3000000",
    }
    supervisor.stopping()
    assert listener.receive()["STOPPING"] == "1"


def test_a_process_that_takes_its_own_place_is_given_time_and_then_watched_as_before(
    systemd: Listener,
) -> None:
    environment = {"NOTIFY_SOCKET": systemd.name, "WATCHDOG_USEC": "3000000"}
    Supervisor(environment).reloading()
    told = systemd.receive()
    assert told["RELOADING"] == "1"
    assert int(told["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert int(told["WATCHDOG_USEC"]) > 3_000_000
    Supervisor(environment).ready("it speaks")
    assert systemd.receive()["WATCHDOG_USEC"] == "3000000"


def test_without_a_watchdog_none_is_begun(systemd: Listener) -> None:
    for environment in ({}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": str(os.getppid())}):
        supervisor = Supervisor({"NOTIFY_SOCKET": systemd.name, **environment})
        supervisor.ready("it speaks")
        supervisor.reloading()
        numbers = iter(range(1000))
        watchdog = Watchdog(supervisor, lambda numbers=numbers: {"number": next(numbers)})
        watchdog.look()
        supervisor.stopping()
        assert "WATCHDOG_USEC" not in systemd.receive()
        assert "WATCHDOG_USEC" not in systemd.receive()
        assert systemd.receive()["STOPPING"] == "1"


def test_what_takes_long_buys_time_only_with_something_new(systemd: Listener) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": systemd.name})
    for news in ("compiling: 10%", "compiling: 10%", "compiling: 20%"):
        supervisor.starting(news)
    for news in ("compiling: 10%", "compiling: 20%"):
        told = systemd.receive()
        assert told["STATUS"] == news
        assert int(told["EXTEND_TIMEOUT_USEC"]) > 60_000_000
    assert systemd.silent(0.05)


def test_nobody_who_listens_is_no_reason_to_fall_silent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    supervisor.ready("it speaks")
    supervisor.stopping()
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        f"NOTIFY_SOCKET {tmp_path / 'nobody'} does not listen"
    ]


@pytest.mark.parametrize("stuck", ["blocks", "passes"])
def test_it_is_fed_only_when_everything_has_moved(systemd: Listener, stuck: str) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": systemd.name, "WATCHDOG_USEC": "2"})
    come = {"blocks": 0, "passes": 0}
    watchdog = Watchdog(supervisor, lambda: dict(come))
    for moved in ({"blocks", "passes"}, {"blocks", "passes"} - {stuck}, {stuck}):
        for name in moved:
            come[name] += 1
        watchdog.look()
        watchdog.look()
    supervisor.stopping()
    told = [systemd.receive() for _ in range(3)]
    assert told[:2] == [{"WATCHDOG": "1"}, {"WATCHDOG": "1"}]
    assert "STOPPING" in told[2]


@pytest.mark.parametrize("stuck", ["planner", "block"])
def test_a_daemon_whose_planner_or_block_stands_still_is_not_fed(
    bundle: Path, systemd: Listener, stuck: str, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": systemd.name, "WATCHDOG_USEC": str(QUICK_USEC)})
    config = load(flags={"audio.output": "null", "control.port": 0, "control.http_port": -1})
    with App(bundle, config) as app:
        watchdog = Watchdog(supervisor, app.progress)
        main = threading.Thread(target=app.wait, args=(watchdog.look,))
        main.start()
        try:
            for _ in range(3):
                assert systemd.receive() == {"WATCHDOG": "1"}
            if stuck == "planner":
                app.planner.submit(Pause(2.0))
            else:
                app.output.seat.run(False)
            name = "pass of the planner" if stuck == "planner" else "block"
            deadline = time.monotonic() + 20
            while f"no {name} for" not in caplog.text:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            systemd.drain()
            stood = app.progress()
            assert systemd.silent(0.5)
            now = app.progress()
            assert now.pop(name) == stood.pop(name)
            assert now != stood  # the other goes on
            app.output.seat.run(True)
            assert systemd.receive() == {"WATCHDOG": "1"}
        finally:
            app.quit()
            main.join()


def test_a_daemon_tells_when_it_plays_that_it_goes_on_and_that_it_goes(
    bundle: Path, systemd: Listener
) -> None:
    """Started as systemd starts it, at another rate than its bundle's, which takes a moment."""
    command = [sys.executable, "-m", "idiolect.cli", "serve", str(bundle), "--audio", "null"]
    settings = systemd.path.with_name("settings.toml")
    settings.write_text("[audio]\nsample_rate = 44100\n")
    process = subprocess.Popen(
        [*command, "--port", "0", "--config", str(settings)],
        env=os.environ | {"NOTIFY_SOCKET": systemd.name, "WATCHDOG_USEC": str(QUICK_USEC)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        before = []
        while "READY" not in (told := systemd.receive(240)):
            before.append(told)
        assert "to 44100 Hz" in before[0]["STATUS"]
        assert all("EXTEND_TIMEOUT_USEC" in told for told in before)
        assert told["MAINPID"] == str(process.pid)
        found = re.search(r"osc\.udp://127\.0\.0\.1:(\d+)", told["STATUS"])
        assert found is not None
        with Client("127.0.0.1", int(found[1])) as client:
            assert client.ask("/status").arguments[16] > 0  # frames
        assert systemd.receive() == {"WATCHDOG": "1"}
        assert systemd.receive() == {"WATCHDOG": "1"}
        process.send_signal(signal.SIGTERM)
        while "STOPPING" not in (told := systemd.receive()):
            assert told == {"WATCHDOG": "1"}
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert errors == ""
        assert systemd.silent(0.0)
    finally:
        process.kill()
        process.communicate()
