"""Labels beside the audio, right and wrong."""

from pathlib import Path

import pytest

from idiolect.corpus.reading.labels import labels_of
from idiolect.errors import CorpusError

NAMES = ("grain", "note", "phrase")


def test_regions_and_points_become_boundaries_of_their_scale(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0.5\t1.0\tone\n\\\t100\t200\n1.005\t2\ttwo\n3\t3\tpoint\n")
    (tmp_path / "a.phrase.txt").write_text("2.0\t2.0\n")
    found = labels_of(tmp_path / "a.wav", NAMES, 4000, 1000)
    assert found.bounds["note"].tolist() == [500, 1005, 2000, 3000]
    assert found.bounds["phrase"].tolist() == [2000]
    assert found.notes == ()


def test_a_text_that_is_no_label_file_is_passed_over_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("recorded in May\n")
    found = labels_of(tmp_path / "a.wav", NAMES, 4000, 1000)
    assert found.bounds == {}
    assert "a.txt is no label file" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-1\t2\tx\n", "line 1: -1 to 2 s"),
        ("2\t1\tx\n", "line 1: 2 to 1 s"),
        ("1\t2\n0\t1\n", "line 2: starts at 0 s, before 1"),
        ("0\t2\n1\t3\n", "line 2: starts at 1 s inside the label before"),
        ("0\t9\n", "line 1: ends at 9 s, but the audio at 4"),
        ("0\t1\nx\n", "line 2: 'x' has no start and end"),
    ],
)
def test_what_cannot_be_is_named_with_file_line_and_cure(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(CorpusError) as caught:
        labels_of(tmp_path / "a.wav", NAMES, 4000, 1000)
    assert f"a.txt, {said}" in str(caught.value)
