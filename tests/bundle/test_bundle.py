"""A bundle is opened whole or refused in words."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.formats import FORMAT
from idiolect.bundle.memory import recall
from idiolect.errors import BundleError
from synthetic import make_bundle

GOLDEN = Path(__file__).parents[1] / "golden/tones.idiolect"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the golden bundle to damage."""
    return Path(shutil.copytree(GOLDEN, tmp_path / "copy.idiolect"))


def test_the_golden_bundle_opens_for_ever() -> None:
    bundle = Bundle.open(GOLDEN)
    assert bundle.manifest["format"] == 1
    assert (bundle.name, bundle.sample_rate, bundle.audio.shape) == ("tones", 4000, (24_000, 1))
    assert [scale.name for scale in bundle.scales] == ["grain", "note"]
    assert [scale.token_count for scale in bundle.scales] == [8, 8]
    assert [source["name"] for source in bundle.sources] == ["melody_0.wav", "melody_1.wav"]
    assert len(bundle.manifest["hash"]) == 64


def test_a_scale_goes_by_name_or_rounded_index() -> None:
    bundle = Bundle.open(GOLDEN)
    assert [bundle.scale_index(s) for s in ("grain", "note", 0, 0.6, 1.4)] == [0, 1, 0, 1, 1]
    for wrong in ("bar", -1, 2, float("nan")):
        with pytest.raises(BundleError, match="grain, note"):
            bundle.scale_index(wrong)


def test_another_format_version_is_refused_by_name(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["format"] = FORMAT + 1
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(
        BundleError, match=f"format {FORMAT + 1}, this version reads 1, 2 and {FORMAT}"
    ):
        Bundle.open(copy)


def test_a_missing_bundle_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="idiolect learn"):
        Bundle.open(tmp_path / "nowhere.idiolect")


def _token_out_of_range(folder: Path) -> None:
    path = folder / "scales/grain/units.npy"
    units = np.load(path)
    units["token"][3] = 99
    np.save(path, units)


def _unit_beyond_the_audio(folder: Path) -> None:
    path = folder / "scales/note/units.npy"
    units = np.load(path)
    units["length"][-1] += 1
    np.save(path, units)


def _no_number(folder: Path) -> None:
    path = folder / "scales/grain/present.npy"
    np.save(path, np.load(path).astype(np.float32))


def _pickle(folder: Path) -> None:
    array = np.array([{"code": "in here"}], dtype=object)
    np.save(folder / "scales/grain/edges.npy", array, allow_pickle=True)


def _change(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    """Damage one array of the memory of the grains."""

    def damage(folder: Path) -> None:
        path = folder / "scales/grain/memory.safetensors"
        arrays = load_file(path)
        arrays[name] = change(arrays[name].copy())
        save_file(arrays, path)

    return damage


def _put(index: int, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array[index] = value
        return array

    return change


def _weigh(weight: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["scales"][0]["memory_weight"] = weight
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return damage


FORGETFUL: dict[str, Callable[[Path], object]] = {
    "it is gone": lambda f: (f / "scales/grain/memory.safetensors").unlink(),
    "children begin beyond their end": _change("child_start", _put(-1, 1000)),
    "children begin before the first": _change("child_start", _put(0, -1)),
    "children go backwards": _change("child_start", _put(1, 0)),
    "shares go backwards": _change("share_start", _put(2, 0)),
    "a child is its own parent": _change("child_node", _put(0, 0)),
    "a child is far away": _change("child_node", _put(0, 1_000_000)),
    "children are out of order": _change("child_token", lambda a: a[::-1]),
    "an edge has no such token": _change("child_token", _put(-1, 99)),
    "a share is of no token": _change("share_token", _put(0, 99)),
    "a share is below nothing": _change("share", _put(0, -0.5)),
    "a share is no number": _change("share", _put(0, np.nan)),
    "shares do not add up": _change("rest", _put(0, 0.9)),
    "indices are of another type": _change("share_token", lambda a: a.astype(np.int64)),
    "an array is short": _change("child_node", lambda a: a[:-1]),
    "its weight is too much": _weigh(1.5),
    "its weight is no number": _weigh(None),
}


@pytest.mark.parametrize("what", FORGETFUL)
def test_a_damaged_memory_is_a_bundle_error(tmp_path: Path, what: str) -> None:
    bundle = make_bundle(tmp_path / "copy.idiolect", seconds=5)
    FORGETFUL[what](bundle.path)
    with pytest.raises(BundleError, match=r"copy\.idiolect"):
        Bundle.open(bundle.path)


def test_a_bundle_without_a_memory_expects_every_token_alike_and_leaves_it_to_the_network(
    tmp_path: Path,
) -> None:
    path = make_bundle(tmp_path / "two.idiolect", seconds=5).path
    manifest = json.loads((path / "manifest.json").read_text()) | {"format": 2}
    for entry in manifest["scales"]:
        del entry["memory_weight"]
        (path / "scales" / entry["name"] / "memory.safetensors").unlink()
    (path / "manifest.json").write_text(json.dumps(manifest))
    weights = load_file(path / "model.safetensors")
    del weights["parent_embedding"]
    save_file(weights, path / "model.safetensors")
    for bundle in (Bundle.open(path), Bundle.open(GOLDEN)):
        assert not bundle.weights["parent_embedding"].any()
        for scale in bundle.scales:
            assert scale.memory_weight == 0
            probabilities = np.zeros(scale.token_count)
            assert recall(scale.memory, np.array([0, 1]), 2, probabilities) == 0
            np.testing.assert_allclose(probabilities, 1 / scale.token_count)


def _windows(windows: object) -> Callable[[Path], object]:
    def set_windows(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["model"]["windows"] = windows
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return set_windows


DAMAGE: dict[str, Callable[[Path], object]] = {
    "manifest is not JSON": lambda f: (f / "manifest.json").write_text("{"),
    "manifest is a list": lambda f: (f / "manifest.json").write_text("[]"),
    "audio is gone": lambda f: (f / "audio.npy").unlink(),
    "audio is cut short": lambda f: (f / "audio.npy").write_bytes(
        (f / "audio.npy").read_bytes()[:5000]
    ),
    "weights are cut short": lambda f: (f / "model.safetensors").write_bytes(
        (f / "model.safetensors").read_bytes()[:500]
    ),
    "weights are empty": lambda f: (f / "model.safetensors").write_bytes(b""),
    "a scale is gone": lambda f: shutil.rmtree(f / "scales/note"),
    "a token is out of range": _token_out_of_range,
    "a unit lies beyond the audio": _unit_beyond_the_audio,
    "an array has another type": _no_number,
    "an array is a pickle": _pickle,
    "a window is longer than the ring": _windows([4, 5000]),
    "a window is empty": _windows([0, 4]),
    "a scale has no window": _windows([4]),
    "a window is no number": _windows([4, "4"]),
    "windows are no list": _windows(4),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_bundle_is_a_bundle_error(copy: Path, what: str) -> None:
    DAMAGE[what](copy)
    with pytest.raises(BundleError, match=r"copy\.idiolect"):
        Bundle.open(copy)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be, if we are root, somebody who is not."""
    ours = os.geteuid()
    if ours == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(ours)


@pytest.mark.parametrize("name", ["manifest.json", "audio.npy", "model.safetensors"])
def test_what_belongs_to_somebody_else_is_told_as_that(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # not below one that only we may enter
        Path(folder).chmod(0o755)
        path = Path(shutil.copytree(GOLDEN, Path(folder) / "copy.idiolect"))
        (path / name).chmod(0)
        with as_nobody(), pytest.raises(BundleError, match=r"may not be read .* `chmod -R a\+rX"):
            Bundle.open(path)
