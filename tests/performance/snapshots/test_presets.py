"""How the instrument stands is kept under a name, and is what it was when that is called again."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.shelf import Shelf
from idiolect.disk import part_of
from idiolect.engine.events import CONTROLLED
from idiolect.errors import ConfigError, ControlError, IdiolectError
from idiolect.parameters.bias import BIAS
from idiolect.parameters.table import MASTER, VOICE
from idiolect.performance.player import Player
from idiolect.performance.snapshots.presets import Presets
from idiolect.performance.snapshots.snapshot import restore, take
from stage import Stage
from synthetic import make_bundle

SECONDS = 30.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("presets")
    make_bundle(folder / "first.idiolect", seconds=8)
    make_bundle(folder / "second.idiolect", seconds=6, seed=1)
    make_bundle(folder / "elsewhere" / "third.idiolect", seconds=5, seed=2)
    return folder


def made(folder: Path, name: str = "first", voices: int = 2) -> Stage:
    stage = Stage(Bundle.open(folder / f"{name}.idiolect"), voices=voices)
    shelf = Shelf((folder / f"{name}.idiolect").parent, stage.bundle.sample_rate)
    stage.player = Player(stage.bundle, stage.engine, stage.planner, shelf)
    return stage


@pytest.fixture
def stage(folder: Path) -> Stage:
    return made(folder)


@pytest.fixture
def presets(stage: Stage, tmp_path: Path) -> Iterator[Presets]:
    stage.planner.start()
    presets = Presets(stage.player, str(tmp_path))
    yield presets
    presets.close()
    stage.planner.stop()


def play_after_quiet(stage: Stage, presets: Presets) -> None:
    """Keep a voice that speaks unheard as the preset "quiet", then let it be heard."""
    stage.player.set("gain", 1, -90.0)
    stage.player.set("run", 1, 1.0)
    outcome(presets.save("quiet"))
    stage.player.set("gain", 1, 0.0)
    stage.play(0.5, plan=False)


def outcome(pending: "Future[Any]") -> Any:
    """Take every step as the control thread does; what comes of it."""
    while callable(came := pending.result(SECONDS)):
        pending = came()
    return came


def turn(player: Player) -> None:
    """Make every parameter of the first voice, and of the whole, another than by default."""
    for voice, table in ((0, MASTER), (1, VOICE)):
        for name, p in table.items():
            if name not in ("scale", "freeze", "run"):
                player.set(name, voice, p.clip(p.high if p.default != p.high else p.low))
    player.set("scale", 1, 1.0)
    player.set("bias/centroid", 1, -1.5)
    player.allow_sources(1, [str(player.bundle(1).sources[0]["name"])])
    player.seed_units(1, [0, 1])


def standing(player: Player) -> dict[str, Any]:
    kept = take(player)
    return {**kept, "draws": 0}


def test_what_is_loaded_is_what_was_saved(
    folder: Path, stage: Stage, presets: Presets, tmp_path: Path
) -> None:
    """Every parameter, what may be played and the context, after everything was another way."""
    turn(stage.player)
    before = standing(stage.player)
    outcome(presets.save("a"))
    stage.player.allow_all(1)
    for voice in (0, 1):
        for name, value in made(folder).player.values(voice).items():
            stage.player.set(name, voice, value)
    stage.player.seed_clear(1)
    assert standing(stage.player) != before
    stage.player.changes()
    loaded = outcome(presets.load("a"))
    assert standing(stage.player) == before
    assert loaded.missed == ()
    changed = {(name, voice) for name, voice, _ in stage.player.changes()}
    assert {("pan", 1), ("gain", 0), ("scale", 1), ("bias/centroid", 1)} <= changed
    assert not [voice for _, voice in changed if voice == 2]
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_presets_are_listed_replaced_and_deleted(
    stage: Stage, presets: Presets, tmp_path: Path
) -> None:
    assert presets.names() == []
    for name in ("b", "a", "b"):
        outcome(presets.save(name))
    (tmp_path / "note.txt").write_text("not one")
    (tmp_path / ".hidden.json").write_text("{}")
    assert presets.names() == ["a", "b"]
    outcome(presets.delete("a"))
    assert presets.names() == ["b"]
    for act in (presets.delete, presets.load):
        with pytest.raises(ControlError, match="no preset 'a'"):
            outcome(act("a"))


def test_all_that_is_asked_for_is_done_in_its_order(stage: Stage, presets: Presets) -> None:
    """A save that follows a load keeps what was loaded, though neither was waited for."""
    stage.player.set("pan", 1, 0.5)
    first = presets.save("one")
    second = presets.load("nobody")
    outcome(first)
    with pytest.raises(ControlError, match="no preset"):
        outcome(second)
    stage.player.set("pan", 1, -0.5)
    loading, saving, again = presets.load("one"), presets.save("two"), presets.load("two")
    outcome(loading)
    stage.player.set("top_k", 1, 7.0)
    outcome(saving)
    outcome(again)
    stage.player.set("pan", 1, 0.0)
    stage.player.set("top_k", 1, 0.0)
    outcome(presets.load("two"))
    assert (stage.player.get("pan", 1), stage.player.get("top_k", 1)) == (0.5, 7.0)


def test_what_is_asked_for_after_a_preset_is_not_undone_by_it(
    stage: Stage, presets: Presets
) -> None:
    """Though it takes its time: parameters, a bundle, a context and what may be played."""
    player = stage.player
    turn(player)
    outcome(presets.save("a"))
    outcome(player.load("second"))
    player.speak_all("second")
    loading = presets.load("a")
    player.set("pan", 1, 0.25)
    player.set("top_p", 1, 0.5)
    player.speak(2, "second")
    outcome(loading)
    assert [player.bundle_of(voice) for voice in (1, 2)] == ["first", "second"]
    assert [player.get(name, 1) for name in ("pan", "top_p")] == [0.25, 0.5]
    assert player.get("lowpass", 1) == VOICE["lowpass"].low
    loading = presets.load("a")
    player.allow_all(1)
    player.seed_units(1, [5])
    outcome(loading)
    assert player.allowed(1) is None
    assert standing(player)["voices"][0]["context"]["units"] == [5]


def test_a_preset_takes_the_place_of_what_was_asked_for_before_it_and_had_to_load(
    stage: Stage, presets: Presets
) -> None:
    outcome(presets.save("a"))
    swapping = stage.player.speak_all("second")
    outcome(presets.load("a"))
    with pytest.raises(CancelledError):
        outcome(swapping)
    assert [stage.player.bundle_of(voice) for voice in (1, 2)] == ["first", "first"]


def test_a_preset_ends_what_is_on_its_way_to_the_same_value(stage: Stage, presets: Presets) -> None:
    play_after_quiet(stage, presets)
    stage.player.set("gain", 1, -90.0, 60.0)
    assert np.abs(stage.play(0.3, plan=False)).max() > 0.01
    outcome(presets.load("quiet"))
    assert np.abs(stage.play(0.5, plan=False))[stage.bundle.sample_rate // 4 :].max() < 1e-4


def test_what_a_kill_left_of_a_preset_goes_at_the_next_start(
    stage: Stage, presets: Presets, tmp_path: Path
) -> None:
    outcome(presets.save("a"))
    for name in ("a", "unknown", "with [brackets]"):
        part_of(tmp_path / f"{name}.json").write_text("{")
    (tmp_path / ".other.part").write_text("")
    Presets(stage.player, str(tmp_path)).close()
    assert sorted(file.name for file in tmp_path.iterdir()) == [".other.part", "a.json"]


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a", "a/b", "a\\b", "c:a", ".a", "a\n", "a\0", "x" * 250, "/etc/passwd"],
)
def test_a_name_is_never_a_path(presets: Presets, name: str) -> None:
    for act in (presets.save, presets.load, presets.delete):
        with pytest.raises(ControlError, match="no plain name"):
            act(name)


@given(st.text(max_size=40) | st.text("./\\ab\0", max_size=12))
@settings(max_examples=200, deadline=None)
def test_whatever_the_name_its_file_lies_in_the_folder(folder: Path, name: str) -> None:
    presets = Presets(made(folder).player, str(folder))
    try:
        path = presets._path(name)
    except ControlError:
        return
    assert path.parent == folder
    assert path.resolve().parent == folder.resolve()


def test_no_link_leads_out(stage: Stage, presets: Presets, tmp_path: Path) -> None:
    outcome(presets.save("a"))
    outside = tmp_path.parent / "outside.json"
    (tmp_path / "a.json").rename(outside)
    (tmp_path / "a.json").symlink_to(outside)
    assert presets.names() == []
    for act in (presets.load, presets.delete):
        with pytest.raises(ControlError, match="no preset"):
            outcome(act("a"))
    before = outside.read_bytes()
    outcome(presets.save("a"))  # in place of the link, not through it
    assert outside.read_bytes() == before
    assert not (tmp_path / "a.json").is_symlink()


def test_without_a_folder_there_are_none(stage: Stage, tmp_path: Path) -> None:
    presets = Presets(stage.player, "")
    for act in (presets.names, lambda: presets.save("a"), lambda: presets.load("a")):
        with pytest.raises(ControlError, match=r"performance\.presets"):
            act()
    presets.close()
    with pytest.raises(ConfigError, match=r"performance\.presets"):
        Presets(stage.player, str(tmp_path / "nowhere"))


def test_a_folder_that_cannot_be_written_is_told(
    stage: Stage, presets: Presets, tmp_path: Path
) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(ControlError, match="cannot write preset 'a': Is a directory"):
        outcome(presets.save("a"))
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_bundles_that_a_preset_needs_are_loaded_first(
    folder: Path, stage: Stage, presets: Presets
) -> None:
    outcome(stage.player.load("second"))
    stage.player.speak_now(2, "second")
    stage.player.set("pan", 2, 0.25)
    outcome(presets.save("mixed"))
    stage.player.speak_now(2, "first")
    stage.player.set("pan", 2, 0.0)
    stage.player.unload("second")
    loaded = outcome(presets.load("mixed"))
    assert [stage.player.bundle_of(voice) for voice in (1, 2)] == ["first", "second"]
    assert stage.player.get("pan", 2) == 0.25
    assert loaded.moved == (2,)
    assert loaded.missed == ()


def test_on_another_machine_all_that_fits_is_taken_and_the_rest_named(
    folder: Path, stage: Stage, presets: Presets, tmp_path: Path
) -> None:
    """Neither the bundle, nor its scale, nor its descriptor, nor so many voices are there."""
    turn(stage.player)
    outcome(presets.save("a"))
    document = json.loads((tmp_path / "a.json").read_text())
    one = document["voices"][0]
    one["scale"] = "bar"
    one["parameters"] |= {"bias/glitter": 1.0, "temperature": 99.0, "pan": -7.0, "top_k": 3.4}
    document["master"]["nonsense"] = 1.0
    (tmp_path / "a.json").write_text(json.dumps(document))
    other = made(folder / "elsewhere", "third", voices=1)
    other.planner.start()
    elsewhere = Presets(other.player, str(tmp_path))
    loaded = outcome(elsewhere.load("a"))
    elsewhere.close()
    other.planner.stop()
    player, said = other.player, "\n".join(loaded.missed)
    assert player.bundle_of(1) == "third"
    assert [player.get(name, 1) for name in ("temperature", "pan", "top_k")] == [4.0, -1.0, 3.0]
    assert player.get("bias/centroid", 1) == -1.5
    assert player.get("gain", 0) == document["master"]["gain"]
    assert player.allowed(1) is None
    for part in ("no bundle 'first'", "no scale bar", "bias/glitter", "nonsense", "voices from 2"):
        assert part in said
    assert len(loaded.missed) < 10


def test_a_scale_goes_by_its_name(folder: Path, stage: Stage, presets: Presets) -> None:
    snapshot = take(stage.player)
    snapshot["voices"][0]["scale"] = "note"
    assert restore(stage.player, snapshot) == []
    assert stage.player.get("scale", 1) == 1


def test_what_can_be_ramped_takes_its_time(stage: Stage, presets: Presets) -> None:
    play_after_quiet(stage, presets)
    outcome(presets.load("quiet", 1.0))
    rate = stage.bundle.sample_rate
    heard = np.abs(stage.play(2.0, plan=False)).max(axis=1)
    assert heard[: rate // 2].max() > 0.01
    assert heard[rate + rate // 4 :].max() < 1e-4


def test_all_voices_change_in_one_frame(stage: Stage, presets: Presets) -> None:
    """Seen in what the callback reports: no block has half of a preset."""
    for voice in (1, 2):
        stage.player.set("pan", voice, 0.5)
        stage.player.set("lowpass", voice, 500.0)
    outcome(presets.save("a"))
    for voice in (1, 2):
        stage.player.set("pan", voice, 0.0)
        stage.player.set("lowpass", voice, 20_000.0)
    stage.play(0.2, plan=False)
    start = stage.engine.frame
    outcome(presets.load("a"))
    stage.planner.stop()
    stage.play(0.2, block=64)
    changed = [event for event in stage.events if event[2] == CONTROLLED and event[0] >= start]
    assert len(changed) == 4
    assert len({event[0] for event in changed}) == 1


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda d: d.update(format=1),
    "no format": lambda d: d.pop("format"),
    "a format of lists": lambda d: d.update(format=[[[]]]),
    "no voices": lambda d: d.pop("voices"),
    "voices by name": lambda d: d.update(voices={"1": {}}),
    "a voice that is none": lambda d: d["voices"].__setitem__(0, 7),
    "a value that is no number": lambda d: d["master"].update(gain="loud"),
    "a value without end": lambda d: d["master"].update(gain=float("inf")),
    "a value that is none": lambda d: d["voices"][0]["parameters"].update(pan=float("nan")),
    "a number of a thousand digits": lambda d: d["voices"][1]["parameters"].update(pan=10**1000),
    "units of text": lambda d: d["voices"][0]["context"].update(units=["1"]),
    "more units than memory": lambda d: d["voices"][0]["context"].update(units=[0] * 70_000),
    "a restriction of another kind": lambda d: d["voices"][0].update(allowed=["code", "x"]),
    "a stretch without its end": lambda d: d["voices"][0].update(allowed=["stretch", "a"]),
    "draws of nothing": lambda d: d.update(draws=None),
    "a bundle by number": lambda d: d["voices"][0]["bundle"].update(name=5),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_preset_changes_nothing(
    stage: Stage, presets: Presets, tmp_path: Path, what: str
) -> None:
    outcome(presets.save("a"))
    document = json.loads((tmp_path / "a.json").read_text())
    WRONG[what](document)
    (tmp_path / "a.json").write_text(json.dumps(document))
    turn(stage.player)
    before = standing(stage.player)
    with pytest.raises(ConfigError):
        outcome(presets.load("a"))
    assert standing(stage.player) == before


@pytest.mark.parametrize("text", ["", "{", "[1]", '"a"', "[" * 100_000, "\0", "null", "1e999"])
def test_what_is_no_file_of_ours_is_told(presets: Presets, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ConfigError):
        outcome(presets.load("a"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_a_stranger_changes_it_is_refused_or_fitted(
    folder: Path, data: st.DataObject
) -> None:
    """One part of a preset is anything: no other error than ours, and every value in its range."""
    stage = made(folder)
    stage.planner.start()
    document = take(stage.player)
    stage.planner.stop()
    places: list[tuple[Any, Any]] = [(document, key) for key in document if key != "format"]
    for voice in document["voices"]:
        places += [(voice, key) for key in voice]
        places += [(voice["parameters"], key) for key in voice["parameters"]]
        places += [(voice["context"], key) for key in voice["context"]]
        places += [(voice["bundle"], key) for key in voice["bundle"]]
    part, key = data.draw(st.sampled_from(places))
    part[key] = data.draw(JSON)
    try:
        missed = restore(stage.player, document, fetch=False)
    except IdiolectError:
        return
    assert all(isinstance(text, str) for text in missed)
    for voice in (1, 2):
        for name, value in stage.player.values(voice).items():
            parameter = VOICE.get(name, BIAS)
            assert parameter.low <= value <= parameter.high
    stage.play(0.1)
