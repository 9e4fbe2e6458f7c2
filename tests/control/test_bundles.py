"""Bundles over the wire, against the real daemon: loaded, listed, swapped, let go, never from elsewhere."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from idiolect.client import Client, RefusedError
from idiolect.config.config import load
from idiolect.control.codec import Message, parse
from idiolect.daemon.app import App
from recording import RecordingPlayer, Wire
from synthetic import make_bundle

SECONDS = 20.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four bundles: one at another rate, one with its own scale and descriptor, one damaged."""
    folder: Path = tmp_path_factory.mktemp("bundles")
    make_bundle(folder / "first.idiolect", seconds=6)
    make_bundle(folder / "second.idiolect", seconds=6, seed=1, sample_rate=11_025, channels=1)
    strange = folder / "strange"  # without the ending
    make_bundle(strange, seconds=6, seed=2)
    manifest = json.loads((strange / "manifest.json").read_text())
    manifest["scales"][1]["name"] = "bar"
    manifest["descriptors"][2] = "glitter"
    (strange / "manifest.json").write_text(json.dumps(manifest))
    (strange / "scales" / "note").rename(strange / "scales" / "bar")
    shutil.copytree(folder / "first.idiolect", folder / "damaged.idiolect")
    (folder / "damaged.idiolect" / "audio.npy").write_bytes(b"no array")
    (folder / "no bundle").mkdir()
    return folder


@pytest.fixture
def app(folder: Path) -> Iterator[App]:
    config = load(flags={"audio.output": "null", "control.port": 0, "performance.voices": 3})
    with App(folder / "first.idiolect", config) as app:
        yield app


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    with Client(*app.control.address) as client:
        yield client


def ask(client: Client, address: str, *arguments: object) -> tuple[object, ...]:
    return client.ask(address, *arguments, timeout=SECONDS).arguments  # type: ignore[arg-type]


def listed(client: Client) -> dict[object, object]:
    client.send("/bundle/list")
    words = next(r for r in client.listen(SECONDS) if r.address == "/bundle/list.reply").arguments
    return dict(zip(words[::2], words[1::2], strict=True))


def test_a_bundle_is_loaded_played_and_let_go(client: Client) -> None:
    assert listed(client) == {"first": 1, "damaged": 0, "second": 0, "strange": 0}
    assert ask(client, "/bundle/load", "second") == ("/bundle/load", "second")
    assert listed(client)["second"] == 1
    answer = ask(client, "/voice/2/bundle", "second")
    assert answer[:2] == ("/voice/2/bundle", 2)
    assert ask(client, "/voice/2/bundle") == ("second",)
    assert ask(client, "/voice/1/bundle") == ("first",)
    with pytest.raises(RefusedError, match="is played"):
        ask(client, "/bundle/unload", "second")
    ask(client, "/voice/2/bundle", "first.idiolect")
    assert ask(client, "/bundle/unload", "second") == ("/bundle/unload", "second")
    assert listed(client)["second"] == 0
    with pytest.raises(RefusedError, match="not loaded; there is first"):
        ask(client, "/bundle/unload", "second")


def test_a_swap_loads_what_it_needs_and_moves_every_voice(app: App, client: Client) -> None:
    client.send("/run", 1)
    time.sleep(0.3)
    name, frame, seconds = ask(client, "/bundle/swap", "second")[1:]
    assert name == "second"
    assert 0 < int(frame) < app.engine.frame + app.engine.sample_rate  # type: ignore[call-overload]
    assert isinstance(seconds, float)
    for voice in (1, 2, 3):
        assert ask(client, f"/voice/{voice}/bundle") == ("second",)
    time.sleep(0.7)
    assert app.player.status().starved == 0
    assert ask(client, "/bundle/unload", "first") == ("/bundle/unload", "first")
    assert {app.planner.tongue_of(voice).bundle.name for voice in range(3)} == {"second"}
    assert app.planner.tongue_of(0).bundle.sample_rate == app.engine.sample_rate == 8000
    time.sleep(0.3)
    assert app.player.status().starved == 0
    assert app.player.status().running == 3


def test_the_callback_waits_for_no_page(app: App, client: Client) -> None:
    """Neither while a bundle is loaded nor while voices go over to it is memory brought in for it."""
    found = [t.native_id for t in threading.enumerate() if t.name == "idiolect-null"]
    counts = Path(f"/proc/self/task/{found[-1]}/stat")
    if not counts.exists():
        pytest.skip("this system does not count the page faults of a thread")

    def faults() -> list[str]:
        words = counts.read_text().rpartition(")")[2].split()
        return [words[7], words[9]]

    client.send("/run", 1)
    time.sleep(1.5)
    before = faults()
    for name in ("second", "strange", "first"):
        ask(client, "/bundle/swap", name)
        time.sleep(0.5)
    assert faults() == before
    assert app.player.status().starved == 0


def test_each_voice_of_a_pattern_is_answered_once(client: Client) -> None:
    client.send("/voice/*/bundle", "strange")
    answers = []
    for reply in client.listen(SECONDS):
        if reply.address == "/progress":
            continue
        answers.append(reply.arguments)
        if len(answers) == 3:
            break
    assert sorted(answer[:2] for answer in answers) == [
        (f"/voice/{voice}/bundle", voice) for voice in (1, 2, 3)
    ]
    ask(client, "/sync", 1)
    assert all(reply.address == "/progress" for reply in client.listen(0.2))


def test_scales_and_biases_are_those_of_the_voices_own_bundle(client: Client) -> None:
    client.send("/voice/1/scale", "note")
    client.send("/voice/1/bias/flatness", 1.5)
    with pytest.raises(RefusedError, match="no such address"):
        ask(client, "/voice/1/bias/glitter", 1)
    ask(client, "/voice/1/bundle", "strange")
    assert ask(client, "/voice/1/scale") == (0,)
    for scale in ("note", "bars"):
        with pytest.raises(RefusedError, match="grain, bar"):
            ask(client, "/voice/1/scale", scale)
    with pytest.raises(RefusedError, match="grain, note"):
        ask(client, "/voice/2/scale", "bar")
    with pytest.raises(RefusedError, match="grain"):
        ask(client, "/scale", "note")  # not all have it: none is changed
    assert ask(client, "/scale") == (0, 0, 0)
    client.send("/voice/1/scale", "bar")
    assert ask(client, "/voice/1/scale") == (1,)
    client.send("/voice/1/bias/glitter", 0.5)
    assert ask(client, "/voice/1/bias/glitter") == (0.5,)
    with pytest.raises(RefusedError, match="strange, which voice 1 plays, has no bias/flatness"):
        ask(client, "/voice/1/bias/flatness", 1)
    with pytest.raises(RefusedError, match="first, which voice 2 plays, has no bias/glitter"):
        ask(client, "/voice/2/bias/glitter", 1)
    ask(client, "/voice/1/bundle", "first")
    assert ask(client, "/voice/1/bias/flatness") == (1.5,)
    assert ask(client, "/voice/1/scale") == (0,)


def test_who_is_notified_hears_of_the_bundle_and_the_scale(app: App, client: Client) -> None:
    with Client(*app.control.address) as other:
        ask(other, "/notify", 1)
        client.send("/voice/2/scale", 1)
        ask(client, "/voice/2/bundle", "strange")
        told = []
        for reply in other.listen(SECONDS):
            told.append((reply.address, *reply.arguments))
            if reply.address == "/voice/2/scale" and len(told) > 1:
                break
    assert told == [
        ("/voice/2/scale", 1),
        ("/voice/2/bundle", "strange"),
        ("/voice/2/scale", 0),
    ]


@pytest.mark.parametrize("command", ["/bundle/load", "/bundle/swap", "/voice/1/bundle"])
def test_what_cannot_be_loaded_is_refused_once_and_what_plays_goes_on(
    client: Client, command: str
) -> None:
    for name, says in (("damaged", "damaged"), ("nobody", "there is damaged, first")):
        with pytest.raises(RefusedError, match=says):
            ask(client, command, name)
    with pytest.raises(RefusedError, match="a string"):
        ask(client, command, 7)
    assert all(reply.address == "/progress" for reply in client.listen(0.2))
    assert ask(client, "/voice/1/bundle") == ("first",)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../elsewhere",
        "../bundles/first",
        "first/../second",
        "second/",
        "/etc",
        "./second",
        ".hidden",
        "second\n",
        "~",
        "x" * 5000,
    ],
)
def test_a_name_is_never_a_path(client: Client, folder: Path, name: str) -> None:
    for place in (folder.parent / "elsewhere", folder / ".hidden"):
        if not place.exists():
            shutil.copytree(folder / "first.idiolect", place)
    for command in ("/bundle/load", "/bundle/swap", "/voice/1/bundle"):
        with pytest.raises(RefusedError):
            ask(client, command, name)
    assert [name for name, loaded in listed(client).items() if loaded] == ["first"]


def test_no_link_leads_out_of_the_folder(client: Client, folder: Path, tmp_path: Path) -> None:
    """Neither the bundle itself nor anything in it; a link to a neighbour is no way out."""
    shutil.copytree(folder / "second.idiolect", tmp_path / "outside.idiolect")
    (folder / "linked.idiolect").symlink_to(tmp_path / "outside.idiolect")
    shutil.copytree(folder / "second.idiolect", folder / "partly.idiolect")
    (folder / "partly.idiolect" / "audio.npy").unlink()
    (folder / "partly.idiolect" / "audio.npy").symlink_to(tmp_path / "outside.idiolect/audio.npy")
    (folder / "neighbour.idiolect").symlink_to(folder / "second.idiolect")
    try:
        for name in ("linked", "partly"):
            with pytest.raises(RefusedError, match="leads out"):
                ask(client, "/bundle/load", name)
        assert ask(client, "/bundle/load", "neighbour") == ("/bundle/load", "neighbour")
    finally:
        for name in ("linked", "neighbour"):
            (folder / f"{name}.idiolect").unlink()
        shutil.rmtree(folder / "partly.idiolect")


def test_the_folder_may_be_another(folder: Path, tmp_path: Path) -> None:
    make_bundle(tmp_path / "mine.idiolect", seconds=4)
    flags = {"audio.output": "null", "control.port": 0, "control.bundles": str(folder)}
    with (
        App(tmp_path / "mine.idiolect", load(flags=flags)) as app,
        Client(*app.control.address) as client,
    ):
        assert listed(client) == {"mine": 1, "damaged": 0, "first": 0, "second": 0, "strange": 0}
        assert ask(client, "/voice/1/bundle", "strange")[0] == "/voice/1/bundle"


def test_commands_reach_the_player(wire: Wire, player: RecordingPlayer) -> None:
    assert wire.ask("/voice/2/bundle") == ("/voice/2/bundle", "first")
    assert wire.ask("/bundle/list") == ("/bundle/list.reply", "first", 1, "unread", 0)
    for command in (("/bundle/load", "x"), ("/voice/2/bundle", "x"), ("/bundle/swap", "y")):
        wire.send(*command)
    assert wire.ask("/bundle/load")[:2] == ("/fail", "/bundle/load")
    wire.settle()
    assert player.calls == [("load", 0, "x"), ("speak", 2, "x"), ("speak_all", 0, "y")]


def test_a_long_list_goes_on_where_it_is_asked_to(wire: Wire, player: RecordingPlayer) -> None:
    player.loaded = [f"bundle number {number} of very many" for number in range(200)]
    found: list[object] = []
    while len(found) < 2 * len(player.bundles()):
        wire.send("/bundle/list", len(found) // 2)
        packet = wire.socket.recv(1 << 16)
        assert len(packet) <= 1400
        message = parse(packet)
        assert isinstance(message, Message)
        assert len(message.arguments) >= 2
        found += message.arguments
    assert dict(zip(found[::2], found[1::2], strict=True)) == player.bundles()
    assert wire.ask("/bundle/list", 999)[2] == "no bundle 999: there are 201, counted from 0"


def test_a_folder_of_addresses_is_no_address(wire: Wire, player: RecordingPlayer) -> None:
    """`/bundle` holds commands, so it is not the short form for every voice: `/bundle/swap` is."""
    assert wire.ask("/bundle", "x")[:2] == ("/fail", "/bundle")
    assert player.calls == []
