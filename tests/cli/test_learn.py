"""``idiolect learn`` as it is typed."""

import json
from pathlib import Path

import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.cli import main
from tones import write_corpus


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_corpus(tmp_path / "tones", seconds=6)


def test_the_bundle_is_named_after_the_folder_and_a_table_ends_it(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (corpus / "bad.wav").write_bytes(b"")
    assert main(["learn", "tones", "--budget", "0.5"]) == 0
    Bundle.open(Path("tones.idiolect"))
    said = capsys.readouterr().out
    for expected in ("2 sources", "skipped bad.wav", "grain", "unigram", "seconds: decode"):
        assert expected in said


def test_json_prints_the_report_and_nothing_else(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["learn", str(corpus), "-o", "x.idiolect", "--json", "--budget", "0.5", "--seed", "3"]
    assert main(given) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bundle"] == "x.idiolect"
    assert Bundle.open(Path("x.idiolect")).manifest["seed"] == 3


def test_a_folder_of_unreadable_files_is_one_line_and_leaves_no_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/empty.wav").write_bytes(b"")
    assert main(["learn", "bad"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "empty.wav" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


@pytest.mark.parametrize("given", [["--budget", "0"], ["--seed", "-1"]])
def test_a_value_that_cannot_work_is_refused(
    corpus: Path, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["learn", str(corpus), *given]) == 1
    assert given[0].strip("-") in capsys.readouterr().err
