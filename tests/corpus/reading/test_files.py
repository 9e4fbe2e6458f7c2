"""Which files are tried, and what they are called."""

from pathlib import Path

import pytest

from idiolect.corpus.reading.files import find
from idiolect.errors import CorpusError


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def test_files_come_in_a_fixed_order_and_hidden_ones_and_bundles_are_passed_over(
    tmp_path: Path,
) -> None:
    names = ["b.wav", "a.flac", "deep/c.ogg", ".hidden.wav", ".git/d.wav", "x.idiolect/e.wav"]
    for name in names:
        _touch(tmp_path / name)
    assert [c.name for c in find([tmp_path])] == ["a.flac", "b.wav", "deep/c.ogg"]


def test_several_folders_keep_their_files_apart(tmp_path: Path) -> None:
    _touch(tmp_path / "one/a.wav")
    _touch(tmp_path / "two/a.wav")
    names = [c.name for c in find([tmp_path / "one", tmp_path / "two"])]
    assert names == ["one/a.wav", "two/a.wav"]


def test_a_single_file_is_a_corpus(tmp_path: Path) -> None:
    _touch(tmp_path / "a.wav")
    assert [c.name for c in find([tmp_path / "a.wav"])] == ["a.wav"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="nowhere"):
        find([tmp_path / "nowhere"])


def test_a_name_that_is_not_text_is_escaped(tmp_path: Path) -> None:
    _touch(tmp_path / "line\nbreak\tand \udcff.wav")
    (found,) = find([tmp_path])
    assert found.name == "line\\nbreak\\tand \\udcff.wav"
    assert found.path.is_file()
