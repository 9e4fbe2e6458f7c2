"""``idiolect demo`` makes, learns, plays and steers, and leaves what was heard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from idiolect.bundle.bundle import Bundle
from idiolect.cli import main
from idiolect.cli.demo import score
from idiolect.corpus.example import PIECES, SAMPLE_RATE, write_example


def test_the_example_is_the_same_every_time_and_neither_silent_nor_clipped(tmp_path: Path) -> None:
    first, again = (write_example(tmp_path / name, pieces=PIECES[2:3]) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    samples, rate = soundfile.read(first[0])
    assert rate == SAMPLE_RATE
    assert 0.5 < np.abs(samples).max() < 0.9
    assert np.sqrt(np.mean(samples**2)) > 0.05


@pytest.mark.slow
def test_the_example_lasts_about_ninety_seconds(tmp_path: Path) -> None:
    paths = write_example(tmp_path)
    seconds = sum(soundfile.info(path).duration for path in paths)
    assert 85 < seconds < 105


def test_the_score_turns_temperature_context_and_scale() -> None:
    sent = {message[0] for _, _, message in score("a.wav", ("grain", "note"))}
    assert {"/voice/1/temperature", "/voice/1/seed/file", "/voice/1/scale"} <= sent
    shares = [share for share, _, _ in score("a.wav", ("grain", "note"))]
    assert shares == sorted(shares)
    assert shares[-1] < 1
    assert "/voice/1/scale" not in {message[0] for _, _, message in score("a.wav", ("grain",))}


def test_it_plays_paced_is_steered_and_leaves_what_was_heard(
    example: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["demo", "--corpus", str(example), "--seconds", "1.5", "--budget", "1"]
    assert main(given) == 0
    said = capsys.readouterr().out
    assert "-> /voice/1/temperature 1.6" in said
    assert "<- /done /voice/1/seed/file" in said
    assert "<- /status.reply" in said
    assert "/fail" not in said
    assert said.splitlines()[-1].endswith("osc /voice/1/temperature 1.4")
    samples, rate = soundfile.read("demo.wav")
    assert rate == Bundle.open(Path("demo.idiolect")).sample_rate
    assert len(samples) >= 1.5 * rate
    assert np.abs(samples).max() > 0.05


def test_a_length_that_cannot_work_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--seconds", "0"]) == 1
    assert "--seconds must be 1 to 3600, got 0" in capsys.readouterr().err
