"""A performance is written down and taken up again."""

import json
from pathlib import Path

import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.errors import ConfigError
from idiolect.performance.snapshots.documents import read_json, write_json
from idiolect.performance.snapshots.snapshot import restore, take
from stage import Stage
from synthetic import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = tmp_path_factory.mktemp("snapshot") / "random.idiolect"
    return make_bundle(folder)


def written_down(stage: Stage) -> dict[str, object]:
    stage.planner.start()
    found = take(stage.player)
    stage.planner.stop()
    return found


def performed(bundle: Bundle) -> Stage:
    stage = Stage(bundle, voices=2)
    player = stage.player
    player.set("gain", 0, -3.0)
    player.set("mute", 0, 1.0)
    for name, value in (("temperature", 0.5), ("pan", -0.25), ("scale", 1.0), ("random_seed", 9.0)):
        player.set(name, 1, value)
    player.set("bias/centroid", 2, 1.5)
    player.allow_stretch(1, str(bundle.sources[0]["name"]), 1.0)
    player.seed_unit(1, 20)
    player.set("run", 1, 1.0)
    stage.play(1.5)
    return stage


def test_what_is_restored_is_what_was_written_down(bundle: Bundle, tmp_path: Path) -> None:
    before = written_down(performed(bundle))
    write_json(tmp_path / "performance.json", before)
    after = Stage(bundle, voices=2)
    restore(after.player, read_json(tmp_path / "performance.json"))
    after.planner.advance()
    assert written_down(after) == before
    assert [file.name for file in tmp_path.iterdir()] == ["performance.json"]
    assert json.loads(json.dumps(before)) == before
    assert before["voices"][0]["parameters"]["run"] == 1  # type: ignore[index]


def test_a_performance_is_restored_while_another_is_played(bundle: Bundle) -> None:
    """What the other had and this had not goes: what it may play, voices that speak."""
    before = written_down(performed(bundle))
    stage = Stage(bundle, voices=2)
    player = stage.player
    player.set("run", 2, 1.0)
    player.set("freeze", 2, 1.0)
    player.set("top_k", 1, 3.0)
    player.allow_region(2, 0.0, 0.0, 0.5)
    stage.play(0.5)
    restore(player, before)
    stage.play(0.5)
    scales = player.scales_of(1)
    assert [player.values(voice) for voice in (1, 2)] == [
        {**voice["parameters"], "scale": scales.index(voice["scale"])}
        for voice in before["voices"]  # type: ignore[attr-defined]
    ]
    assert [player.allowed(voice) for voice in (1, 2)] == [
        ["stretch", str(bundle.sources[0]["name"]), 1.0, None], None,
    ]  # fmt: skip
    player.set("mute", 0, 0.0)
    assert stage.play(0.5).any()
    assert player.status().running == 1


def test_a_context_is_the_seed_and_what_has_sounded_since(bundle: Bundle) -> None:
    stage = Stage(bundle)
    stage.player.seed_units(1, [3, 1, 4])
    stage.player.set("run", 1, 1.0)
    stage.play(2.0)
    said = [unit for frame, unit in stage.heard_units() if frame < 2 * bundle.sample_rate]
    stage.planner.start()
    context = stage.player.context(1).result(5)
    stage.planner.stop()
    assert len(said) > 3
    assert list(context.heard[:3]) == [3, 1, 4]
    assert list(context.heard[3 : 3 + len(said) - 1]) == said[:-1]
    assert len(context.heard) - 3 in {len(said) - 1, len(said), len(said) + 1}


def test_another_bundle_takes_what_fits_it(bundle: Bundle, tmp_path: Path) -> None:
    before = written_down(performed(bundle))
    other = Stage(make_bundle(tmp_path / "other.idiolect", seconds=12))
    restore(other.player, before)
    other.planner.advance()
    assert other.player.get("temperature", 1) == 0.5
    assert other.player.get("run", 1) == 1
    assert other.player.allowed(1) is None
    assert other.play(0.5).any()


def test_another_format_is_refused(bundle: Bundle) -> None:
    with pytest.raises(ConfigError, match=r"format 99, and this version reads 2"):
        restore(Stage(bundle).player, {"format": 99})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ConfigError, match=r"cannot read .*x\.json"):
        read_json(tmp_path / "x.json")


def test_a_fade_leaves_what_the_performer_muted(bundle: Bundle) -> None:
    stage = Stage(bundle)
    stage.player.set("run", 1, 1.0)
    assert stage.play(0.5).any()
    stage.player.fade(True, 0.05)
    stage.play(0.1)
    assert not stage.play(0.2).any()
    stage.player.set("mute", 0, 1.0)
    stage.player.fade(False, 0.05)
    assert not stage.play(0.3).any()
    stage.player.set("mute", 0, 0.0)
    assert stage.play(0.3).any()
