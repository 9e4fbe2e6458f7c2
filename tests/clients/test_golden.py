"""What clients send, byte for byte, and what the daemon makes of it.

SuperCollider's and Pd's packets are caught from the programs themselves; the others are laid out as
their sources have it, in `idiolect.bench.packets`.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from components import require
from idiolect.bench.packets import from_clients
from idiolect.config.config import load
from idiolect.control.schedule import ntp_of
from idiolect.daemon.app import App
from recording import Wire
from synthetic import make_bundle

VOICES = 2
AHEAD = 0.3  # seconds


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    make_bundle(tmp_path / "random.idiolect", seconds=6)
    flags = {
        "audio.output": "null",
        "control.dirt": True,
        "control.port": 0,
        "performance.voices": VOICES,
    }
    with App(tmp_path / "random.idiolect", load(flags=flags)) as app:
        yield app


@pytest.fixture
def wire(app: App) -> Iterator[Wire]:
    wire = Wire(app.control.address[1])
    yield wire
    wire.socket.close()


Seen = Callable[[App], object]


def value(name: str, voice: int = 1) -> Seen:
    return lambda app: app.player.get(name, voice)


def plays(app: App) -> int:
    return app.player.status().plays


HEARD: dict[str, tuple[Seen, object]] = {
    "SuperCollider, a message": (value("temperature"), 0.5),
    "SuperCollider, a whole number": (value("run"), 1),
    "SuperCollider, a bundle": (lambda app: (value("pan")(app), value("pan", 2)(app)), (-0.5, 0.5)),
    "SuperCollider, a double": (value("gain"), -6),
    "SuperCollider, bundles in a bundle": (value("pan"), 0.25),
    "Pd, floats alone": (value("temperature"), 0.5),
    "Pd, a float for a whole number": (value("run"), 1),
    "Pd, a symbol": (value("scale"), 1),
    "TouchDesigner, a CHOP's channels": (value("temperature"), 0.75),
    "TouchDesigner, a CHOP in doubles": (value("gain"), -3),
    "TouchDesigner, true": (value("freeze"), 1),
    "TouchDesigner, false": (value("freeze"), 0),
    "TouchDesigner, a large number": (value("random_seed"), 2**31 - 1),
    "Tidal, an event": (plays, 1),
    "Tidal, an event for /play": (plays, 1),
    "Tidal, an argument alone": (value("temperature"), pytest.approx(0.8)),
    "Strudel, an event": (plays, 1),
}
"""By packet: what is looked at, and what it is when the packet has been obeyed."""

ANSWERED = {
    "TouchDesigner, without type tags": "/status.reply",
    "TouchDesigner, None": "/done",
    "TouchDesigner, inf": "/done",
    "TouchDesigner, a DAT's row of types": "/clock.reply",
    "TouchDesigner, a large number": "/voice/1/random_seed",
}
"""By packet: what comes back; of a number that does not fit, what it became."""


def test_every_packet_has_its_expectation() -> None:
    assert HEARD.keys() | ANSWERED.keys() == from_clients().keys()


@pytest.mark.parametrize("name", from_clients())
def test_what_a_client_sends_is_understood(app: App, wire: Wire, name: str) -> None:
    wire.raw(from_clients(ntp_of(time.time() + AHEAD))[name])
    answers = [answer[0] for answer in wire.settle()]
    assert answers == [ANSWERED[name]] if name in ANSWERED else answers == []
    if name in HEARD:
        look, wanted = HEARD[name]
        deadline = time.monotonic() + 10
        while look(app) != wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        assert look(app) == wanted
        assert [answer[0] for answer in wire.settle()] == []


@pytest.fixture
def net() -> Iterator[socket.socket]:
    """Where packets are caught."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as net:
        net.bind(("127.0.0.1", 0))
        net.settimeout(30)
        yield net


def untimed(packet: bytes) -> bytes:
    """An OSC bundle without the time it was sent at; a message as it is."""
    return packet[:8] + packet[16:] if packet.startswith(b"#bundle\0") else packet


def assert_caught(net: socket.socket, names: list[str]) -> list[bytes]:
    """What comes is what is kept under these names, whatever time it is for."""
    caught = [net.recv(4096) for _ in names]
    kept = from_clients()
    assert [untimed(packet) for packet in caught] == [untimed(kept[name]) for name in names]
    return caught


SUPERCOLLIDER = """
var to = NetAddr("127.0.0.1", PORT);
to.sendMsg("/voice/1/temperature", 0.5);
to.sendMsg("/voice/1/run", 1);
to.sendBundle(0.2, ["/voice/1/pan", -0.5], ["/voice/2/pan", 0.5]);
0.exit;
"""


def test_supercollider_sends_what_is_kept(
    app: App, wire: Wire, net: socket.socket, tmp_path: Path
) -> None:
    require("sclang")
    tmp_path.chmod(0o700)
    script = tmp_path / "send.scd"
    script.write_text(SUPERCOLLIDER.replace("PORT", str(net.getsockname()[1])))
    home = {name: str(tmp_path) for name in ("HOME", "XDG_RUNTIME_DIR")}
    settings = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
    subprocess.run(
        ["sclang", str(script)], env=os.environ | home | settings, capture_output=True, timeout=120,
        check=True,
    )  # fmt: skip
    names = ["SuperCollider, a message", "SuperCollider, a whole number", "SuperCollider, a bundle"]
    for packet in assert_caught(net, names):
        wire.raw(packet)
    assert [answer[0] for answer in wire.settle() if answer[0] != "/late"] == []
    deadline = time.monotonic() + 10
    while app.player.get("pan", 2) != 0.5:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert app.player.get("temperature", 1) == 0.5
    assert app.player.get("run", 1) == 1


PUREDATA = r"""#N canvas 0 0 400 300 12;
#X obj 0 0 loadbang;
#X obj 0 0 t b b b b b;
#X msg 0 0 \; pd quit;
#X obj 0 0 del 200;
#X msg 0 0 note;
#X msg 0 0 1;
#X msg 0 0 0.5;
#X msg 0 0 connect 127.0.0.1 PORT;
#X obj 0 0 oscformat voice 1 scale;
#X obj 0 0 oscformat voice 1 run;
#X obj 0 0 oscformat voice 1 temperature;
#X obj 0 0 list prepend send;
#X obj 0 0 list trim;
#X obj 0 0 netsend -u -b;
#X obj 0 0 symbol;
#X connect 0 0 1 0;
#X connect 1 4 7 0;
#X connect 1 3 6 0;
#X connect 1 2 5 0;
#X connect 1 1 4 0;
#X connect 1 0 3 0;
#X connect 3 0 2 0;
#X connect 4 0 14 0;
#X connect 14 0 8 0;
#X connect 5 0 9 0;
#X connect 6 0 10 0;
#X connect 7 0 13 0;
#X connect 8 0 11 0;
#X connect 9 0 11 0;
#X connect 10 0 11 0;
#X connect 11 0 12 0;
#X connect 12 0 13 0;
"""


def test_puredata_sends_what_is_kept(
    app: App, wire: Wire, net: socket.socket, tmp_path: Path
) -> None:
    require("pd")
    path = tmp_path / "send.pd"
    path.write_text(PUREDATA.replace("PORT", str(net.getsockname()[1])))
    done = subprocess.run(
        ["pd", "-nogui", "-noaudio", str(path)], capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert "error" not in done.stderr
    names = ["Pd, floats alone", "Pd, a float for a whole number", "Pd, a symbol"]
    for packet in assert_caught(net, names):
        wire.raw(packet)
    assert wire.settle() == []
    assert [app.player.get(name, 1) for name in ("temperature", "run", "scale")] == [0.5, 1, 1]
