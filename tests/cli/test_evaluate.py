"""``idiolect evaluate`` as it is typed."""

import json
from pathlib import Path

import pytest

from idiolect.cli import main
from idiolect.learning.evaluation import MODELS

GOLDEN = Path(__file__).parents[1] / "golden/tones.idiolect"


def test_every_scale_has_the_bits_of_every_model(
    learned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(learned), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["scales"]
    for scale in said["scales"].values():
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


def test_a_bundle_that_was_judged_otherwise_is_one_line_with_the_cure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["evaluate", str(GOLDEN)]) == 1
    said = capsys.readouterr().err
    assert "idiolect learn" in said
    assert said.count("\n") == 1
