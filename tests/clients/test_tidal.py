"""What Tidal sends, from Tidal itself, against the real daemon."""

import re
import subprocess
from pathlib import Path

import pytest

from components import require
from idiolect.client import Client
from idiolect.control.bindings import BINDINGS
from idiolect.control.codec import Message, OscBundle, parse
from idiolect.daemon.app import App
from tap import Tap, messages

FOLDER = Path(__file__).parents[2] / "clients/tidal"
KEPT = Path(__file__).parents[1] / "golden/tidal.txt"
OWN = {"cps", "cycle", "delta", "_id_", "orbit"}  # what Tidal adds of itself


def kept() -> dict[str, bytes]:
    """Read packets that Tidal 1.7.10 sent, each after the line that made it."""
    lines = [line for line in KEPT.read_text().splitlines() if not line.startswith("#")]
    return {
        code: bytes.fromhex(packet) for code, packet in zip(lines[::2], lines[1::2], strict=True)
    }


def evaluate(lines: list[str], place: Path, port: int, seconds: float = 1.3) -> str:
    """Boot Tidal as the page says, then evaluate each line some time after the one before."""
    require("ghc")
    boot = (FOLDER / "BootTidal.hs").read_text()
    boot = boot.replace("/path/to/idiolect/clients/tidal", str(FOLDER))
    target = f"(idiolectTarget {{oPort = {port}}}, idiolectShapes)"
    boot, count = re.subn(r"\[idiolect\]$", f"[{target}]", boot, flags=re.MULTILINE)
    assert count == 1
    pause = f"Control.Concurrent.threadDelay {round(seconds * 1e6)}"
    script = place / "script.ghci"
    script.write_text("\n".join([boot, "setcps 2", *(f"{x}\n{pause}" for x in lines), ""]))
    with script.open() as source:
        done = subprocess.run(
            ["ghci", "-v0", "-ignore-dot-ghci"],
            stdin=source, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    print(*re.findall(r"TidalCycles version [\d.]+", done.stdout + done.stderr))
    return done.stdout + done.stderr


def shape(packet: bytes) -> tuple[str, list[object]]:
    """Give what stays of a packet from one time to the next."""
    bundle = parse(packet)
    assert isinstance(bundle, OscBundle)
    (message,) = messages(bundle)
    if message.address != "/play":
        return message.address, list(message.arguments)
    pairs = dict(zip(message.arguments[::2], message.arguments[1::2], strict=True))
    return "/play", [sorted((k, None if k in OWN else v) for k, v in pairs.items())]


def test_what_is_written_from_the_table_is_what_is_kept() -> None:
    assert (FOLDER / "Idiolect.hs").read_text() == BINDINGS["tidal"](), (
        "run: idiolect osc --for tidal > clients/tidal/Idiolect.hs"
    )


def test_packets_of_tidal_are_understood(daemon: App) -> None:
    port = daemon.control.address[1]
    with Tap(port) as tap, Client(port=tap.port) as client:
        for packet in kept().values():
            tap.send(packet)
            client.ask("/sync", 1)
        assert not tap.failed()
    assert daemon.player.get("temperature", 1) == pytest.approx(0.4)
    assert daemon.player.get("scale", 1) == 1
    assert daemon.player.get("bias/centroid", 2) == 1


@pytest.mark.slow
def test_tidal_sends_the_packets_that_are_kept(tmp_path: Path, daemon: App) -> None:
    with Tap(daemon.control.address[1]) as tap:
        said = evaluate([f"once $ {line}" for line in kept()], tmp_path, tap.port, 0.3)
        assert "error" not in said, said
        now = [shape(packet) for packet in tap.packets]
    assert now == [shape(packet) for packet in kept().values()]


@pytest.mark.slow
def test_the_first_lines_of_its_page_make_sound(tmp_path: Path, heard: App) -> None:
    page = (FOLDER / "README.md").read_text()
    lines = page.split("```haskell\n")[1].split("```")[0].splitlines()
    assert len(lines) == 5
    with Tap(heard.control.address[1]) as tap:
        said = evaluate(lines, tmp_path, tap.port)
        sent, failed = tap.sent(), tap.failed()
    assert "error" not in said, said
    assert not failed
    assert sent[0] == Message("/voice/1/run", (1,))
    warmth = {m.arguments[0] for m in sent if m.address == "/voice/1/temperature"}
    assert sorted(warmth) == pytest.approx([0.4, 1.4])
    assert Message("/voice/2/bias/centroid", (1.0,)) in sent
    played = [message.arguments for message in sent if message.address == "/play"]
    units = [arguments[arguments.index("unit") + 1] for arguments in played]
    assert units[:4] in ([12, 40, 7, 3], [40, 7, 3, 12], [7, 3, 12, 40], [3, 12, 40, 7])
    assert sent[-1] == Message("/voice/1/run", (0,))
    assert heard.player.status().starved == 0


@pytest.mark.slow
def test_every_sample_pattern_is_understood(tmp_path: Path, daemon: App) -> None:
    text = (FOLDER / "patterns.tidal").read_text()
    with Client(port=daemon.control.address[1]) as client:
        source = str(client.ask("/sources").arguments[2])
    blocks = [block.split("\n", 1)[1] for block in text.strip().split("\n\n")[1:]]
    lines = [line.replace("drums", source) for block in blocks for line in block.splitlines()]
    assert len(lines) > 10
    with Tap(daemon.control.address[1]) as tap:
        said = evaluate(lines, tmp_path, tap.port, 0.6)
        failed, addresses = tap.failed(), {message.address for message in tap.sent()}
    assert "error" not in said, said
    assert not failed
    assert {"/play", "/voice/1/overlap", "/voice/2/seed/unit"} <= addresses
