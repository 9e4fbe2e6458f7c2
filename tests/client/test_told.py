"""Subscriptions against a daemon that plays, and what becomes of them when it ends and is back."""

import asyncio
import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import pythonosc

import idiolect.client
from idiolect.client import AsyncClient, Client, RefusedError, Reply
from idiolect.control import ControlServer
from idiolect.control.health import HEALTH
from idiolect.control.system import STATUS_FIELDS
from idiolect.daemon.app import App
from recording import RecordingPlayer, Wire


def leases(server: ControlServer) -> int:
    desk = server._desk
    return server.call(lambda: len(desk.clients.leases(desk.now()))).result(5)


def test_units_levels_and_health_are_told_while_it_plays(app: App) -> None:
    with Client(port=app.control.address[1]) as client:
        client.voice(1).run = True
        units = list(itertools.islice(client.grains(20), 5))
        meters = next(m for m in client.meters(rate=60, seconds=20) if m.outputs[1].peak > 0.001)
        pulse = next(client.health(seconds=20))
    assert all(grain.voice == 1 and grain.natural in (True, False) for grain in units)
    for grain in units:
        facts = app.witness.unit(grain.unit, grain.scale, 1)
        assert (grain.source, grain.token) == (facts.source, facts.token)
        assert grain.start == pytest.approx(facts.start, abs=1e-4)
        assert grain.time is not None
        assert abs(grain.time - time.time()) < 60
    assert [later.time > earlier.time for earlier, later in itertools.pairwise(units)]
    assert set(meters.outputs) == set(meters.voices) == {1, 2}
    assert meters.voices[1].rms <= meters.voices[1].peak
    assert {"onset", "unit", "entropy"} <= meters.units[1].keys()
    assert set(pulse) == {field.name for field in HEALTH}


def test_a_status_goes_by_name(app: App) -> None:
    with Client(port=app.control.address[1]) as client:
        status = client.status()
    assert list(status) == [field.name for field in STATUS_FIELDS]
    assert status["voices"] == 2
    assert status["state"] == "resting"


def test_the_lease_ends_with_the_loop_and_with_the_client(
    server: ControlServer, daemon: int
) -> None:
    with Client(port=daemon) as client:
        for _ in client.changes(seconds=0.05):
            pass
        client.sync()
        assert leases(server) == 0
        waiting = client.changes()
        client.sync()
        assert leases(server) == 1
        del waiting
    with Client(port=daemon) as client:
        client.sync()
        assert leases(server) == 0


def test_changes_that_others_make_are_told_and_answers_are_not_among_them(daemon: int) -> None:
    with Client(port=daemon) as client, Client(port=daemon) as other:
        changes = client.changes(seconds=10)
        client.sync()
        other["/voice/2/pan"] = 0.5
        other["/mute"] = 1
        assert next(changes) == Reply("/voice/2/pan", (0.5,))
        assert client.ask("/voice/3/cut").address == "/done"
        assert next(changes) == Reply("/mute", (1,))


def test_who_never_takes_what_he_asked_for_is_told_nothing_once_he_has_gone(
    server: ControlServer, daemon: int
) -> None:
    with Client(port=daemon) as client:
        grains = client.grains()
        client.sync()
        assert leases(server) == 1
        del grains
        client.sync()
        assert leases(server) == 0


def test_what_is_read_is_what_was_set_last_whatever_is_told_meanwhile(daemon: int) -> None:
    """Neither what others are told, nor what was out of range or refused, is taken for it."""
    with Client(port=daemon) as client, client.told("state"):
        for step in range(50):
            client["/voice/1/pan"] = step / 50
            assert client["/voice/1/pan"] == pytest.approx(step / 50)
        client["/voice/1/pan"] = 7
        client["/voice/1/pan"] = "left"
        assert client["/voice/1/pan"] == 1
        client["/voice/1/pan"] = -0.5
        assert client["/voice/1/pan"] == -0.5


def test_what_is_told_can_be_taken_as_it_comes(server: ControlServer, daemon: int) -> None:
    with Client(port=daemon) as client, Client(port=daemon) as other:
        with client.told("state", "log"):
            client.sync()
            assert leases(server) == 1
            other["/voice/2/pan"] = 0.5
            assert client.receive() == Reply("/voice/2/pan", (0.5,))
        client.sync()
        assert leases(server) == 0
        with client.told("all"):
            other["/mute"] = 1
            assert client.receive() == Reply("/mute", (1,))


def test_what_is_told_is_refused_aloud(daemon: int) -> None:
    with (
        Client(port=daemon) as client,
        client.told("noise"),
        pytest.raises(RefusedError, match="no group 'noise'"),
    ):
        client.receive()


def restarted(server: ControlServer, player: RecordingPlayer) -> ControlServer:
    """End a server, and start another in its place."""
    port = server.address[1]
    server.stop()
    again = ControlServer(player, "127.0.0.1", port, on_quit=lambda: None)
    again.start()
    return again


def test_a_subscription_goes_on_with_the_daemon_that_takes_its_place(
    server: ControlServer, daemon: int, player: RecordingPlayer
) -> None:
    with Client(port=daemon) as client:
        changes = client.changes(seconds=60)
        client.sync()
        again = restarted(server, player)
        heard: list[Reply] = []
        waiting = threading.Thread(target=lambda: heard.append(next(changes)))
        waiting.start()
        other = Wire(daemon)
        for step in range(1, 300):
            other.send("/voice/1/pan", step / 300)
            other.settle()
            waiting.join(0.1)
            if heard:
                break
        other.socket.close()
        assert heard[0].address == "/voice/1/pan"
        assert leases(again) == 1
    again.stop()


@pytest.mark.slow
def test_units_go_on_after_a_daemon_was_killed_and_started_again(learned: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "idiolect.cli", "serve", str(learned), "--audio", "null"]
    command += ["--port", str(port), "--http-port", "-1"]  # its first voice speaks by itself

    def start() -> subprocess.Popen[str]:
        daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert daemon.stdout is not None
        while "osc.udp://" not in daemon.stdout.readline():  # it may say that it compiles
            assert daemon.poll() is None
        return daemon

    daemon = start()
    try:
        with Client(port=port) as client:
            grains = client.grains(seconds=120)
            assert next(grains).voice == 1
            daemon.kill()
            daemon.communicate()
            daemon = start()
            began = time.time()
            assert next(grain for grain in grains if (grain.time or 0) > began).voice == 1
    finally:
        daemon.kill()
        daemon.communicate()


def test_bundles_are_obeyed_as_a_whole(daemon: int, player: RecordingPlayer) -> None:
    with Client(port=daemon) as client:
        voice = client.voice(3)
        with client.at(time.time()):
            voice.temperature = 0.5
            voice["bias/centroid"] = 1
            client.send("/voice/1/cut")
        client.sync()
    assert player.calls == [
        ("set", "temperature", 3, 0.5), ("set", "bias/centroid", 3, 1.0), ("cut", 1),
    ]  # fmt: skip


def test_a_bundle_acts_at_its_time(app: App) -> None:
    with Client(port=app.control.address[1]) as client:
        voice = client.voice(1)
        with client.at(time.time() + 3):
            voice.pan = 0.5
            voice.gain = -12
        client.sync()
        assert (voice.pan, voice.gain) == (0, 0)
        changes = client.changes(seconds=20)
        told = {change.address for change in itertools.islice(changes, 2)}
        assert told == {"/voice/1/pan", "/voice/1/gain"}
        assert (voice.pan, voice.gain) == (0.5, -12)


def test_tasks_wait_side_by_side(daemon: int, player: RecordingPlayer) -> None:
    async def play() -> None:
        async with AsyncClient(port=daemon) as client, AsyncClient(port=daemon) as other:
            changes = client.changes(seconds=20)
            await client.sync()
            answers = await asyncio.gather(
                client.voice(1).ask("cut"),
                client.voice(2).temperature,
                client["/pan"],
                client.status(),
                *(client.ask("/voice/4/seed/unit", unit) for unit in range(20)),
            )
            assert answers[0].arguments[:2] == ("/voice/1/cut", 1)
            assert answers[1:3] == [1.0, (0.0, 0.0, 0.0, 0.0)]
            assert answers[3]["voices"] == 4
            other.voice(2).temperature = 0.25
            other["/gain"] = -6
            async for change in changes:
                if change.address == "/gain":
                    break
            assert await client.voice(2).temperature == 0.25
            with pytest.raises(RefusedError, match="no unit 1000"):
                await client.voice(1).ask("seed/unit", 1000)
            with pytest.raises(TimeoutError, match="/voice/1/gain"):
                await other.ask("/voice/1/gain", -6, timeout=0.05)
            assert await other.receive(timeout=0.01) is None

    asyncio.run(play())
    assert [call[2] for call in player.calls if call[0] == "seed_unit"] == list(range(20))


def test_a_task_that_waits_within_a_bundle_does_not_take_in_what_others_send(
    daemon: int, player: RecordingPlayer
) -> None:
    async def play() -> None:
        async with AsyncClient(port=daemon) as client:

            async def slowly() -> None:
                with client.at(None):
                    client["/voice/1/run"] = 1
                    await asyncio.sleep(0.2)
                    client["/voice/2/run"] = 1

            slow = asyncio.create_task(slowly())
            await asyncio.sleep(0.05)
            client["/voice/3/run"] = 1
            await slow
            await client.sync()

    asyncio.run(play())
    assert [call[2] for call in player.calls] == [3, 1, 2]


def test_units_come_to_a_task_while_it_plays(app: App) -> None:
    async def play() -> list[int]:
        async with AsyncClient(port=app.control.address[1]) as client:
            client.voice(2).run = True
            return [grain.voice async for grain in client.grains(seconds=2)]

    voices = asyncio.run(play())
    assert len(voices) > 2
    assert set(voices) == {2}


def test_nobody_there_is_said_with_the_cure_to_tasks_too() -> None:
    async def ask() -> None:
        async with AsyncClient(port=1) as client:
            with pytest.raises((ConnectionRefusedError, TimeoutError), match=r"serve|running"):
                await client.ask("/status", timeout=0.5)
            with pytest.raises(ConnectionRefusedError, match="idiolect serve"):
                async for _ in client.changes(seconds=5):
                    pass
        with pytest.raises(RuntimeError, match="async with"):
            client.send("/status")

    asyncio.run(ask())


def test_nobody_there_ends_a_loop_with_the_cure() -> None:
    with Client(port=1) as client, pytest.raises(ConnectionRefusedError, match="idiolect serve"):
        next(client.grains(seconds=5))


def test_the_client_alone_in_a_folder_is_enough(tmp_path: Path) -> None:
    libraries = Path(pythonosc.__file__).parents[1]
    shutil.copytree(Path(idiolect.client.__file__).parent, tmp_path / "idiolect/client")
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import idiolect.client; print(idiolect.client.__file__)"],
        cwd=tmp_path, env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{libraries}"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(tmp_path) in done.stdout
