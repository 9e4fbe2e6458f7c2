"""``idiolect evaluate`` as it is typed."""

import json
import shutil
from pathlib import Path

import pytest

from idiolect.bundle.bundle import EVALUATION, PAGE, Bundle
from idiolect.cli import main
from idiolect.cli.evaluate import KEPT
from idiolect.learning.evaluation import MODELS

GOLDEN = Path(__file__).parents[1] / "golden/tones.idiolect"


@pytest.fixture(autouse=True)
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it speak for half a minute at each setting, not for ten: here only the telling counts."""
    monkeypatch.setattr("idiolect.speech.measure.SECONDS", 30.0)
    monkeypatch.setattr("idiolect.speech.measure.UNITS", 50)


def test_every_scale_has_the_bits_of_every_model(
    learned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(learned), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"name", "hash", "scales", "training", "splits"}
    assert said["scales"]
    for scale in said["scales"].values():
        assert set(scale) == {*KEPT, "memory_weight", "speaks", "vocabulary", "speech"}
        assert set(scale["bits_per_token"]) == set(MODELS)
        assert 0 <= scale["memory_weight"] <= 1
        assert 1 <= scale["vocabulary"]["used_alike"] <= scale["vocabulary"]["used"]
    finest = next(iter(said["scales"].values()))
    assert finest["units"] > 0
    assert finest["intervals"]["mixture"]["mean"] == finest["bits_per_token"]["mixture"]
    assert len(said["splits"]) == finest["trials"]


def test_a_table_says_it_in_a_few_words(learned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(learned)]) == 0
    said = capsys.readouterr().out
    for expected in ("grain", "n-gram", "with parent", "±", "tokens used"):
        assert expected in said
    for expected in ("as it is", "continuity 1", "temperature 0", "the corpus", "units heard"):
        assert expected in said


def test_the_finest_scale_speaks_or_those_that_are_named(
    learned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [scale.name for scale in Bundle.open(learned).scales]
    for asked, spoken in (([], names[:1]), (["--scale", names[1]], names[1:2])):
        assert main(["evaluate", str(learned), "--json", *asked]) == 0
        scales = json.loads(capsys.readouterr().out)["scales"]
        assert [name for name in scales if scales[name]["speech"]] == spoken
        assert list(scales) == names
    assert main(["evaluate", str(learned), "--scale", "aria"]) == 1
    assert "aria" in capsys.readouterr().err


def test_the_same_bundle_is_said_the_same_of_and_stays_what_it_is(
    learned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / learned.name
    shutil.copytree(learned, bundle)
    whole = {path: path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
    said = []
    for asked in ([], ["--report"], ["--report"]):
        assert main(["evaluate", str(bundle), "--json", *asked]) == 0
        said.append(capsys.readouterr().out)
        now = {path: path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
        changed = {path.name for path in now if now[path] != whole.get(path)}
        assert changed == ({PAGE, EVALUATION} if asked else set())
    assert len(set(said)) == 1
    page = (bundle / PAGE).read_text(encoding="utf-8")
    finest = next(iter(json.loads(said[0])["scales"].values()))
    assert json.dumps(finest["speech"], separators=(",", ":")) in page
    assert (
        json.loads((bundle / EVALUATION).read_text())["hash"]
        == Bundle.open(bundle).manifest["hash"]
    )


def test_a_bundle_that_cannot_be_written_to_is_one_line_with_the_cure(
    learned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr("idiolect.learning.page.writing.write_speech", refuse)
    assert main(["evaluate", str(learned), "--report"]) == 1
    said = capsys.readouterr().err
    assert "--report" in said
    assert said.count("\n") == 1


def test_a_bundle_that_was_judged_otherwise_is_one_line_with_the_cure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["evaluate", str(GOLDEN)]) == 1
    said = capsys.readouterr().err
    assert "idiolect learn" in said
    assert said.count("\n") == 1
