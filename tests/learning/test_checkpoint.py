"""Training that was killed goes on as if it had not been, and only where it is the same."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from idiolect.learning import checkpoint
from idiolect.learning.sequences import Sequence
from idiolect.learning.settings import ModelShape, TrainingSettings
from idiolect.learning.standing import Standing
from idiolect.learning.training import Trained, everything, fresh, train

SHAPE = ModelShape(layers=1, width=16, heads=2, window=8)
SETTINGS = TrainingSettings(budget=60, max_steps=24, batch=8, check_every=8, decay=0.1)


class Killed(Exception):
    """What no training expects."""


def _train(
    sequences: list[Sequence],
    kept: Path | None,
    settings: TrainingSettings = SETTINGS,
    *,
    shape: ModelShape = SHAPE,
    seed: int = 0,
    kill_at: int = 0,
) -> Trained:
    steps = iter(range(1, settings.max_steps + 1))

    def tick(done: float, total: float, standing: Standing | None = None, /) -> None:
        if next(steps) == kill_at:
            raise Killed

    centroids = [np.zeros((s.size, s.descriptors.shape[1]), np.float32) for s in sequences]
    network = fresh(sequences, centroids, shape, settings.dropout, seed)
    return train(network, sequences, settings, seed, tick, kept=kept)


def _same(one: Trained, two: Trained) -> bool:
    pairs = zip(one.network.parameters(), two.network.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every step, so that a kill at any of them is one between two writes."""
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)


@pytest.fixture(scope="module", params=[True, False], ids=["judged", "finished"])
def whole(
    request: pytest.FixtureRequest, sequences: list[Sequence]
) -> tuple[list[Sequence], Trained]:
    """What nobody killed."""
    given = sequences if request.param else everything(sequences)
    return given, _train(given, None)


@pytest.mark.parametrize("kill_at", [1, 7, 8, 9, 19, 24])
def test_a_run_that_was_killed_ends_with_the_weights_it_would_have_had(
    whole: tuple[list[Sequence], Trained], tmp_path: Path, kill_at: int
) -> None:
    given, unkilled = whole
    with pytest.raises(Killed):
        _train(given, tmp_path / "a.safetensors", kill_at=kill_at)
    rest = _train(given, tmp_path / "a.safetensors")
    assert rest.note == f"went on from step {kill_at}"
    assert (rest.steps, rest.ran, rest.stopped) == (
        unkilled.steps,
        unkilled.ran,
        unkilled.stopped,
    )
    assert _same(rest, unkilled)


def test_a_run_that_ended_is_not_run_again(sequences: list[Sequence], tmp_path: Path) -> None:
    whole = _train(sequences, tmp_path / "a.safetensors")
    again = _train(sequences, tmp_path / "a.safetensors", kill_at=1)  # no step, so no kill
    assert again.seconds == whole.seconds
    assert _same(again, whole)


def test_time_that_was_spent_before_a_kill_counts(
    sequences: list[Sequence], tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        _train(sequences, tmp_path / "a.safetensors", kill_at=12)
    short = replace(SETTINGS, budget=1e-9)
    rest = _train(sequences, tmp_path / "a.safetensors", short)
    assert (rest.ran, rest.stopped) == (12, "budget")


def _louder(sequences: list[Sequence]) -> list[Sequence]:
    return [replace(s, descriptors=s.descriptors + 1e-3) for s in sequences]


def _divided_elsewhere(sequences: list[Sequence]) -> list[Sequence]:
    return [replace(s, kinds=np.roll(s.kinds, 1)) for s in sequences]


@pytest.mark.parametrize("changed", [_louder, _divided_elsewhere])
def test_nothing_is_taken_from_other_units(
    sequences: list[Sequence],
    tmp_path: Path,
    changed: Callable[[list[Sequence]], list[Sequence]],
) -> None:
    _train(sequences, tmp_path / "a.safetensors")
    other = changed(sequences)
    after = _train(other, tmp_path / "a.safetensors")
    assert after.note == ""
    assert _same(after, _train(other, None))


@pytest.mark.parametrize("setting", ["batch", "rate", "max_steps", "dropout", "parent_dropout"])
def test_nothing_is_taken_from_other_settings(
    sequences: list[Sequence], tmp_path: Path, setting: str
) -> None:
    _train(sequences, tmp_path / "a.safetensors")
    value = getattr(SETTINGS, setting)
    other = replace(SETTINGS, **{setting: value // 2 if isinstance(value, int) else value / 2})
    after = _train(sequences, tmp_path / "a.safetensors", other)
    assert after.note == ""
    assert _same(after, _train(sequences, None, other))


@pytest.mark.parametrize("other", [{"seed": 1}, {"shape": replace(SHAPE, window=7)}])
def test_nothing_is_taken_from_another_network(
    sequences: list[Sequence], tmp_path: Path, other: dict[str, object]
) -> None:
    _train(sequences, tmp_path / "a.safetensors")
    after = _train(sequences, tmp_path / "a.safetensors", **other)  # type: ignore[arg-type]
    assert after.note == ""
    assert _same(after, _train(sequences, None, **other))  # type: ignore[arg-type]


def _cut(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _emptied(_: bytes) -> bytes:
    return b""


def _turned(whole: bytes) -> bytes:
    return whole[::-1]


@pytest.mark.parametrize("damage", [_cut, _emptied, _turned])
def test_a_broken_one_is_passed_over_and_that_is_said(
    sequences: list[Sequence], tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a.safetensors"
    whole = _train(sequences, path)
    path.write_bytes(damage(path.read_bytes()))
    again = _train(sequences, path)
    assert again.note.startswith("began anew, for its checkpoint cannot be read")
    assert _same(again, whole)
    assert _train(sequences, path).note == f"went on from step {whole.ran}"  # it is whole again


def test_it_is_one_file_however_often_it_is_written(
    sequences: list[Sequence], tmp_path: Path
) -> None:
    _train(sequences, tmp_path / "a.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
