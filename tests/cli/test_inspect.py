"""``idiolect inspect`` as it is typed."""

import json
from pathlib import Path

import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.cli import main

GOLDEN = Path(__file__).parents[1] / "golden/tones.idiolect"


def test_it_says_what_is_in_a_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(GOLDEN)]) == 0
    said = capsys.readouterr().out
    for expected in ("2 sources", "grain", "note", "network"):
        assert expected in said


def test_json_holds_sources_scales_and_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(GOLDEN), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["format"] == 1
    assert [scale["name"] for scale in said["scales"]] == ["grain", "note"]
    assert len(said["sources"]) == 2
    assert said["report"]["scales"]


@pytest.mark.parametrize("named", ["grain", "0", "note"])
def test_units_are_one_line_each_with_times_in_their_file(
    named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", str(GOLDEN), "--units", named]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header == "file\tstart_s\tlength_s\ttoken\tparent"
    bundle = Bundle.open(GOLDEN)
    scale = bundle.scales[1 if named == "note" else 0]
    assert len(lines) == len(scale.units)
    ends = {source["name"]: 0.0 for source in bundle.sources}
    for line, unit in zip(lines, scale.units, strict=True):
        file, start, length, token, parent = line.split("\t")
        assert float(start) == pytest.approx(ends[file], abs=2e-6)
        ends[file] = float(start) + float(length)
        assert (int(token), int(parent)) == (unit["token"], unit["parent"])
    for source in bundle.sources:
        seconds = source["frames"] / bundle.sample_rate
        assert ends[source["name"]] == pytest.approx(seconds, abs=2e-6)


def test_an_unknown_scale_is_one_line_that_lists_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["inspect", str(GOLDEN), "--units", "phrase"]) == 1
    assert "grain, note" in capsys.readouterr().err


def test_the_page_is_opened_in_the_browser(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    opened: list[str] = []
    (tmp_path / "report.html").write_text("<!DOCTYPE html>")
    monkeypatch.setattr("webbrowser.open", lambda address: not opened.append(address))
    assert main(["inspect", str(tmp_path), "--open"]) == 0
    assert opened == [(tmp_path / "report.html").resolve().as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    assert main(["inspect", str(tmp_path), "--open"]) == 0
    assert str(tmp_path / "report.html") in capsys.readouterr().out


def test_a_bundle_without_a_page_is_one_line_that_names_the_cure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["inspect", str(tmp_path), "--open"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "idiolect learn" in said
