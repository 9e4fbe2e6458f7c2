"""What analysis finds in real audio, beside what experts and file names say."""

from pathlib import Path

import pytest

from idiolect.bench import bars, syllables


@pytest.mark.slow
def test_notes_begin_where_experts_hear_syllables_begin(corpora: Path) -> None:
    found = syllables.measure(corpora)
    onsets = found["onsets"]
    assert isinstance(onsets, dict)
    assert onsets["notes"]["f"] >= 0.93
    assert onsets["notes"]["f"] > max(onsets["gate"]["f"], onsets["flux"]["f"])


@pytest.mark.slow
def test_phrases_of_loops_begin_on_bars(corpora: Path) -> None:
    assert bars.measure(corpora)["share"] >= 0.9
