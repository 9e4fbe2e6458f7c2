"""A bundle is opened whole or refused in words."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from idiolect.bundle import FORMAT, Bundle, writing
from idiolect.errors import BundleError

GOLDEN = Path(__file__).parent / "golden/tones.idiolect"


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
        BundleError, match=f"format {FORMAT + 1}, this version reads 1 and {FORMAT}"
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
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_bundle_is_a_bundle_error(copy: Path, what: str) -> None:
    DAMAGE[what](copy)
    with pytest.raises(BundleError, match=r"copy\.idiolect"):
        Bundle.open(copy)


def test_an_error_while_writing_leaves_nothing_and_keeps_the_old(copy: Path) -> None:
    def fail() -> None:
        with writing(copy) as folder:
            (folder / "audio.npy").write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    Bundle.open(copy)
    assert [path.name for path in copy.parent.iterdir()] == ["copy.idiolect"]


def test_a_new_bundle_replaces_the_old(copy: Path) -> None:
    with writing(copy) as folder:
        (folder / "mark").write_text("new")
    assert [path.name for path in copy.iterdir()] == ["mark"]
    assert [path.name for path in copy.parent.iterdir()] == ["copy.idiolect"]
