"""Presets over the wire, against the real daemon: answered once, told to everyone, in order."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from idiolect.client import Client, RefusedError
from idiolect.config.config import load
from idiolect.daemon.app import App
from recording import RecordingPlayer, Wire
from synthetic import make_bundle

SECONDS = 20.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("bundles")
    make_bundle(folder / "first.idiolect", seconds=6)
    make_bundle(folder / "second.idiolect", seconds=6, seed=1)
    return folder


@pytest.fixture
def app(folder: Path, tmp_path: Path) -> Iterator[App]:
    flags: dict[str, object] = {
        "audio.output": "null", "control.port": 0, "performance.voices": 2,
        "performance.presets": str(tmp_path),
    }  # fmt: skip
    with App(folder / "first.idiolect", load(flags=flags)) as app:
        yield app


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    with Client(*app.control.address) as client:
        yield client


@pytest.fixture
def wire(app: App) -> Iterator[Wire]:
    wire = Wire(app.control.address[1])
    yield wire
    wire.socket.close()


def ask(client: Client, address: str, *arguments: object) -> tuple[object, ...]:
    return client.ask(address, *arguments, timeout=SECONDS).arguments  # type: ignore[arg-type]


def test_a_preset_is_saved_loaded_listed_and_deleted(client: Client) -> None:
    client.send("/voice/1/pan", -0.5)
    client.send("/voice/2/scale", "note")
    client.send("/gain", -3)
    assert ask(client, "/preset/save", "opening") == ("/preset/save", "opening")
    assert ask(client, "/preset/list") == (1, 0, "opening")
    client.send("/voice/1/pan", 0.5)
    client.send("/voice/2/scale", "grain")
    client.send("/gain", 0)
    assert ask(client, "/preset/load", "opening") == ("/preset/load", "opening", 0)
    assert ask(client, "/voice/1/pan") == (-0.5,)
    assert ask(client, "/voice/2/scale") == (1,)
    assert ask(client, "/gain") == (-3.0,)
    assert ask(client, "/preset/delete", "opening") == ("/preset/delete", "opening")
    assert ask(client, "/preset/list") == (0, 0)
    with pytest.raises(RefusedError, match="no preset 'opening'"):
        ask(client, "/preset/load", "opening")


def test_who_is_notified_hears_of_what_changed_and_of_nothing_else(
    app: App, client: Client
) -> None:
    ask(client, "/bundle/load", "second")
    ask(client, "/voice/2/bundle", "second")
    client.send("/voice/1/pan", -0.5)
    client.send("/voice/2/scale", "note")
    ask(client, "/preset/save", "a")
    client.send("/voice/1/pan", 0)
    ask(client, "/voice/2/bundle", "first")
    client.send("/voice/2/scale", "grain")
    with Client(*app.control.address) as other:
        ask(other, "/notify", 1)
        ask(client, "/preset/load", "a", 0.1)
        told = {(reply.address, *reply.arguments) for reply in other.listen(1.0)}
    assert told == {
        ("/voice/1/pan", -0.5), ("/voice/2/bundle", "second"), ("/voice/2/scale", 1),
    }  # fmt: skip


def test_answers_come_in_the_order_of_the_questions_and_sync_after_all(wire: Wire) -> None:
    wire.send("/preset/save", "a")
    wire.send("/preset/load", "a", "id", 5)
    wire.send("/preset/load", "nobody", "id", 6)
    wire.send("/preset/delete", "a", "id", 7)
    answers = wire.settle()
    assert [(answer[0], answer[1], answer[-1]) for answer in answers] == [
        ("/done", "/preset/save", "a"),
        ("/done", "/preset/load", 5),
        ("/fail", "/preset/load", 6),
        ("/done", "/preset/delete", 7),
    ]


@pytest.mark.parametrize(
    ("address", "arguments", "says"),
    [
        ("/preset/save", (), "a preset's name"),
        ("/preset/save", (3,), "a string"),
        ("/preset/save", ("../a",), "no plain name"),
        ("/preset/save", ("a", 1.0), "a preset's name"),
        ("/preset/load", ("a", "fast"), "ramp time"),
        ("/preset/load", ("a", float("nan")), "ramp time"),
        ("/preset/delete", ("a/b",), "no plain name"),
        ("/preset/list", (3,), "no preset 3"),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_reason(
    wire: Wire, address: str, arguments: tuple[object, ...], says: str
) -> None:
    answer = wire.ask(address, *arguments)
    assert answer[:2] == ("/fail", address)
    assert says in answer[2]
    assert wire.settle() == []


def test_a_long_list_goes_on_where_it_is_asked_to(client: Client, tmp_path: Path) -> None:
    ask(client, "/preset/save", "a0")
    names = [f"a{number} of a rather long name \N{MUSICAL SYMBOL G CLEF}" for number in range(100)]
    for name in names:
        shutil.copy(tmp_path / "a0.json", tmp_path / f"{name}.json")
    found: list[object] = []
    while len(found) < 101:
        count, first, *rest = ask(client, "/preset/list", len(found))
        assert (count, first) == (101, len(found))
        assert rest
        found += rest
    assert sorted(map(str, found)) == sorted([*names, "a0"])


def test_what_is_left_out_is_told_in_one_message(client: Client, tmp_path: Path) -> None:
    ask(client, "/preset/save", "a")
    text = (tmp_path / "a.json").read_text()
    (tmp_path / "a.json").write_text(text.replace('"first"', f'"{"long name " * 40}"'))
    answer = ask(client, "/preset/load", "a")
    assert answer[:2] == ("/preset/load", "a")
    assert int(answer[2]) >= len(answer) - 3 > 0  # type: ignore[call-overload]
    assert sum(len(str(part)) for part in answer) < 1400


def test_where_nobody_keeps_them_there_are_none(player: RecordingPlayer, daemon: int) -> None:
    wire = Wire(daemon)
    for address in ("/preset/list", "/preset/save", "/preset/load", "/preset/delete"):
        answer = wire.ask(address, *(["a"] if address != "/preset/list" else []))
        assert answer[:2] == ("/fail", address)
    wire.socket.close()
