"""A bundle made to do harm is refused with a reason, before anything of it is played."""

import contextlib
import json
import os
import shutil
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.shelf import Shelf
from idiolect.errors import BundleError, ControlError
from idiolect.grain import UNIT
from synthetic import make_bundle

GRAIN = "scales/grain"
Harm = Callable[[Path], object]


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("sound") / "sound.idiolect", seconds=5).path


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "copy.idiolect"))


def manifest(*path: Any, value: Any) -> Harm:
    """Change one entry of the manifest."""

    def do(folder: Path) -> None:
        document = json.loads((folder / "manifest.json").read_text())
        part = document
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value
        (folder / "manifest.json").write_text(json.dumps(document))

    return do


def array(name: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Harm:
    """Change one array."""

    def do(folder: Path) -> None:
        path = folder / f"{name}.npy"
        np.save(path, change(np.load(path)))

    return do


def field(name: str, index: int, value: int) -> Harm:
    """Change one field of one grain."""

    def change(units: NDArray[Any]) -> NDArray[Any]:
        units[name][index] = value
        return units

    return array(f"{GRAIN}/units", change)


def holding(value: float) -> Callable[[NDArray[Any]], NDArray[Any]]:
    def change(numbers: NDArray[Any]) -> NDArray[Any]:
        numbers.flat[0] = value
        return numbers

    return change


def weight(name: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Harm:
    def do(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        weights[name] = change(weights[name].copy())
        save_file(weights, folder / "model.safetensors")

    return do


def hollow(name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> Harm:
    """Put a file with one hole in place of an array: as long as it says, and of no size on disk."""

    def do(folder: Path) -> None:
        path = folder / f"{name}.npy"
        with path.open("wb") as file:
            described = np.lib.format.dtype_to_descr(np.dtype(dtype))
            header = {"descr": described, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + int(np.prod(shape)) * np.dtype(dtype).itemsize)

    return do


def written(name: str, content: bytes) -> Harm:
    return lambda folder: (folder / name).write_bytes(content)


def pipe(name: str) -> Harm:
    def do(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return do


def truncated(name: str, size: int) -> Harm:
    return lambda folder: os.truncate(folder / name, size)


def source(key: str, value: Any, number: int = 1) -> Harm:
    return manifest("sources", number, key, value=value)


def fortran(folder: Path) -> None:
    path = folder / f"{GRAIN}/descriptors.npy"
    np.save(path, np.asfortranarray(np.load(path)))


def archive(folder: Path) -> None:
    np.savez(folder / "x.npz", a=np.zeros((10, 2), np.float32))
    (folder / "x.npz").rename(folder / "audio.npy")


SHAPES: dict[str, Harm] = {
    "descriptors of too few units": array(f"{GRAIN}/descriptors", lambda a: a[:-1]),
    "descriptors of another width": array(f"{GRAIN}/descriptors", lambda a: a[:, :-1].copy()),
    "present of another width": array(f"{GRAIN}/present", lambda a: a[:, :-1].copy()),
    "edges without an end": array(f"{GRAIN}/edges", lambda a: a[:, :1].copy()),
    "edges of other bands than the next scale's": array(
        f"{GRAIN}/edges", lambda a: a[:, :, :-1].copy()
    ),
    "edges without bands": array(f"{GRAIN}/edges", lambda a: a[:, :, :0].copy()),
    "centroids of another width": array(f"{GRAIN}/centroids", lambda a: a[:, :-1].copy()),
    "a scaler of one row": array(f"{GRAIN}/scaler", lambda a: a[:1]),
    "prototypes without tokens": array(f"{GRAIN}/prototype_tokens", lambda a: a[:-1]),
    "exemplars of too few tokens": array(f"{GRAIN}/exemplars", lambda a: a[:-1]),
    "a map in three dimensions": array(f"{GRAIN}/map", lambda a: np.tile(a, (1, 2))[:, :3].copy()),
    "no units": array(f"{GRAIN}/units", lambda a: a[:0]),
    "audio of three channels": array("audio", lambda a: np.tile(a, (1, 2))[:, :3].copy()),
    "audio of no channel": array("audio", lambda a: a[:, :0].copy()),
    "audio the other way round": array("audio", lambda a: a.astype(">f4")),
    "an array by columns": fortran,
    "an archive for an array": archive,
    "weights of another shape": weight("head", lambda a: a[:-1]),
    "weights turned over": weight("mlp_in", lambda a: a.transpose(0, 2, 1).copy()),
    "weights of another type": weight("qkv", lambda a: a.astype(np.float64)),
    "a shape of no whole numbers": manifest("model", "layers", value="2"),
    "heads that do not divide the width": manifest("model", "heads", value=3),
}
INDICES: dict[str, Harm] = {
    "a unit before the audio": field("start", 0, -1),
    "a unit beyond the audio": field("start", -1, 10**6),
    "a unit without length": field("length", 3, 0),
    "a unit of negative length": field("length", 3, -5),
    "a unit whose end begins again below zero": field("length", 3, 2**63 - 1),
    "a unit that starts where its end is below zero": field("start", -1, 2**63 - 2),
    "a unit of no such source": field("source", 3, 3),
    "a unit of a source below zero": field("source", 3, -1),
    "a unit that lies in another source": field("source", 0, 2),
    "units out of order": field("start", 4, 1),
    "a token that is none": field("token", 3, 12),
    "a token below zero": field("token", 3, -1),
    "a parent that is none": field("parent", 3, 10**6),
    "a parent below none": field("parent", 3, -2),
    "an exemplar that is none": array(f"{GRAIN}/exemplars", holding(10**6)),
    "an exemplar below zero": array(f"{GRAIN}/exemplars", holding(-1)),
    "a prototype of no token": array(f"{GRAIN}/prototype_tokens", holding(99)),
    "a source that begins below zero": source("start", -1, 0),
    "a source that begins in another": source("start", 5),
    "a source beyond the audio": source("frames", 10**9),
    "a source without frames": source("frames", 0),
    "a source without a number": source("start", 1.5),
    "a source without a name": source("name", None),
    "a source that is none": manifest("sources", 0, value=7),
}
COUNTS: dict[str, Harm] = {
    "no sources": manifest("sources", value=[]),
    "no scales": manifest("scales", value=[]),
    "a thousand scales": manifest("scales", value=[{"name": "grain"}] * 1000),
    "one scale twice": manifest(
        "scales", value=[{"name": "grain", "method": "x", "memory_weight": 0.5}] * 2
    ),
    "a thousand layers": manifest("model", "layers", value=1000),
    "a width beyond memory": manifest("model", "width", value=10**9),
    "a window beyond memory": manifest("model", "window", value=10**9),
    "voices that remember beyond memory": lambda folder: [
        manifest("model", key, value=value)(folder)
        for key, value in (("layers", 64), ("window", 4096), ("width", 4096))
    ],
    "a rate of nothing": manifest("sample_rate", value=0),
    "a rate without end": manifest("sample_rate", value=float("inf")),
    "a rate that is none": manifest("sample_rate", value=float("nan")),
    "a terabyte of audio that is not there": hollow("audio", (2**37, 2)),
    "a terabyte of descriptors": hollow(f"{GRAIN}/descriptors", (2**33, 48)),
    "a terabyte of bands": hollow(f"{GRAIN}/edges", (16, 2, 2**33)),
    "a terabyte of units": hollow(f"{GRAIN}/units", (2**34,), UNIT),
    "a billion tokens": hollow(f"{GRAIN}/centroids", (2**30, 5)),
    "a billion prototypes": hollow(f"{GRAIN}/prototypes", (2**31, 5)),
    "more numbers than the file has": written(
        "audio.npy",
        b"\x93NUMPY\x01\x00\x76\x00"
        + b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 2)}".ljust(117)
        + b"\n",
    ),
    "a header without end": written("audio.npy", b"\x93NUMPY\x02\x00" + b"\xff" * 4),
    "a header that is code": written(
        "audio.npy",
        b"\x93NUMPY\x01\x00\x40\x00" + b"__import__('os').system('true')".ljust(63) + b"\n",
    ),
    "an array of nothing": written("audio.npy", b""),
    "weights of a terabyte": truncated("model.safetensors", 2**40),
    "a memory of a terabyte": truncated(f"{GRAIN}/memory.safetensors", 2**40),
    "a manifest of a terabyte": truncated("manifest.json", 2**40),
    "weights that say they are huge": written(
        "model.safetensors", struct.pack("<Q", 2**60) + b"{}"
    ),
    "a manifest without bottom": written("manifest.json", b'{"format":' + b"[" * 200_000),
    "a number of a million digits": written("manifest.json", b'{"format": ' + b"9" * 10**6 + b"}"),
    "a format that is long": manifest("format", value=["x" * 10**6]),
}
NUMBERS: dict[str, Harm] = {
    f"{name} that {what}": array(f"{GRAIN}/{name}", holding(value))
    for name in ("descriptors", "edges", "centroids", "scaler", "prototypes", "spread", "map")
    for what, value in (("is no number", np.nan), ("has no end", np.inf))
} | {
    f"{name} with {value}": weight(name, holding(value))
    for name in ("token_embedding", "qkv", "head_bias", "log_variance_bias", "final_norm")
    for value in (np.nan, -np.inf)
}
NAMES: dict[str, Harm] = {
    f"a scale called {name!r}": manifest("scales", 0, "name", value=name)
    for name in ("..", ".", "", "../elsewhere", "/etc", "a/b", "a\\b", "a\n", ".x", "x" * 999, 5)
} | {
    "descriptors called by numbers": manifest("descriptors", 0, value=5),
    "descriptors that are a text": manifest("descriptors", value="abcde"),
}
FILES: dict[str, Harm] = {
    f"a pipe for {name}": pipe(name)
    for name in ("manifest.json", "audio.npy", "model.safetensors", f"{GRAIN}/units.npy")
}
HARM = SHAPES | INDICES | COUNTS | NUMBERS | NAMES | FILES


@pytest.mark.parametrize("what", HARM)
def test_a_bundle_made_to_do_harm_is_refused_in_a_line(copy: Path, what: str) -> None:
    HARM[what](copy)
    with pytest.raises(BundleError, match=r"copy\.idiolect") as caught:
        Bundle.open(copy)
    assert len(str(caught.value)) < 600
    with pytest.raises(BundleError):
        Shelf(copy.parent, 8000).open("copy")


def test_what_was_not_harmed_is_opened(copy: Path) -> None:
    """The harm is what is refused, and not the way in which it is done."""
    for same in (
        manifest("model", "heads", value=2),
        array(f"{GRAIN}/descriptors", lambda a: a),
        weight("head", lambda a: a),
        field("pad", 0, 7),
    ):
        same(copy)
    Bundle.open(copy)


@pytest.mark.parametrize("place", ["audio.npy", "scales/grain/map.npy", "scales/note", "."])
def test_no_link_leads_out_of_the_folder(copy: Path, tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(copy, outside)
    target = copy / place
    if place == ".":
        shutil.rmtree(copy)
        copy.symlink_to(outside)
    else:
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        target.symlink_to(outside / place)
    folder = tmp_path / "shelf"
    folder.mkdir()
    copy.rename(folder / copy.name)
    with pytest.raises(ControlError, match="leads out"):
        Shelf(folder, 8000).open("copy")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_bytes_change_it_opens_or_is_refused(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A stretch of one file is anything; no other error than ours comes of it."""
    folder = tmp_path_factory.mktemp("bytes") / "copy.idiolect"
    shutil.copytree(sound, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    file = data.draw(st.sampled_from(files))
    content = bytearray(file.read_bytes())
    near = data.draw(st.integers(0, min(len(content), 400)))
    change = data.draw(st.binary(min_size=1, max_size=16))
    content[near : near + len(change)] = change
    file.write_bytes(content)
    with contextlib.suppress(BundleError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numpy, about headers that are odd
        Bundle.open(folder)
    shutil.rmtree(folder)
