"""Scores of others, rendered: every message at its frame."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from idiolect.cli import main
from idiolect.control.codec import encode, encode_bundle
from idiolect.control.score import ScoreWriter
from synthetic import make_bundle

RATE = 8000
Parts = list[tuple[float, list[bytes]]]
Render = Callable[..., NDArray[np.float32]]

RUN = (0.0, [encode("/voice/1/run", 1)])
END = (3.0, [encode("/c_set", 0, 0)])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("scores") / "random.idiolect"
    make_bundle(path)
    return path


@pytest.fixture
def render(bundle: Path, tmp_path: Path) -> Render:
    def play(parts: Parts, *flags: str) -> NDArray[np.float32]:
        score, out = tmp_path / "score.osc", tmp_path / "out.wav"
        writer = ScoreWriter(score)
        for seconds, messages in parts:
            writer.write(round(seconds * 2**32), *messages)
        writer.close()
        assert main(["render", str(bundle), "--score", str(score), "-o", str(out), *flags]) == 0
        audio, rate = soundfile.read(out, dtype="float32")
        assert rate == RATE
        return np.asarray(audio)

    return play


def first_difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> int:
    return int(np.flatnonzero((one != other).any(axis=1))[0])


def test_it_lasts_to_its_last_time_or_as_long_as_asked(render: Render) -> None:
    assert len(render([RUN, END])) == 3 * RATE
    assert len(render([RUN, END], "--seconds", "1.5")) == 1.5 * RATE


def test_nobody_speaks_until_the_score_says_so(render: Render) -> None:
    assert not render([END]).any()
    begin = 12345
    late = render([(begin / RATE, [encode("/voice/1/run", 1)]), END])
    sounding = np.flatnonzero(late.any(axis=1))
    assert 0 <= sounding[0] - begin < 40


@pytest.mark.parametrize("frame", [1, 4000, 12345, 20001])
def test_a_parameter_of_the_block_acts_at_its_frame(render: Render, frame: int) -> None:
    plain = render([RUN, END])
    turned = render([RUN, (frame / RATE, [encode("/voice/1/gain", -20.0)]), END])
    found = first_difference(plain, turned)
    assert frame <= found <= frame + 60  # a ramp begins at what was, and sound may be near nothing
    assert np.abs(turned[frame + 400 :]).max() < 0.2 * np.abs(plain[frame + 400 :]).max()


@pytest.mark.parametrize("frame", [4000, 12345])
def test_a_cut_acts_at_its_frame(render: Render, frame: int) -> None:
    plain = render([RUN, END])
    cut = render([RUN, (frame / RATE, [encode("/voice/1/seed/unit", 3)]), END])
    found = first_difference(plain, cut)
    assert frame <= found < frame + 0.5 * RATE


def test_the_order_of_the_file_is_not_that_of_time(render: Render) -> None:
    gain = (1.0, [encode("/voice/1/gain", -20.0)])
    np.testing.assert_array_equal(render([gain, END, RUN]), render([RUN, gain, END]))


def test_what_is_nested_has_its_own_time(render: Render) -> None:
    inner = encode_bundle(encode("/voice/1/gain", -20.0), time_tag=1 << 32)
    gain = (1.0, [encode("/voice/1/gain", -20.0)])
    nested = render([(0.0, [*RUN[1], inner]), END])
    np.testing.assert_array_equal(nested, render([RUN, gain, END]))


def test_the_beginning_can_be_given(render: Render) -> None:
    seeded = render([RUN, END], "--seed", "4", "--scale", "note")
    assert (seeded != render([RUN, END])).any()


def test_what_cannot_be_done_is_told_and_passed_over(
    render: Render, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = (0.5, [encode("/voice/1/seed/unit", 10**6), encode("/voice/9/gain", 1.0)])
    with caplog.at_level(logging.WARNING):
        heard = render([RUN, wrong, END])
    np.testing.assert_array_equal(heard, render([RUN, END]))
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 2
    assert any(text.startswith("frame 4000: /voice/1/seed/unit: no unit") for text in told)
    assert any(text.startswith("frame 4000: /voice/9/gain: no such address") for text in told)


def test_an_osc_bundle_is_one_change_whatever_its_order(render: Render) -> None:
    """What is turned behind a command is heard with it, as over the network."""
    seed, turn = encode("/voice/1/seed/unit", 7), encode("/voice/1/continuity", 0.0)
    allow = encode("/voice/1/allow/region", 0.0, 0.0, 0.8)
    one, other = (render([RUN, (1.0, order), END]) for order in
                  ([turn, allow, seed], [seed, turn, allow]))  # fmt: skip
    np.testing.assert_array_equal(one, other)


def test_a_score_of_years_is_refused(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score, out = tmp_path / "score.osc", tmp_path / "out.wav"
    writer = ScoreWriter(score)
    writer.write(1 << 62, *END[1])
    writer.close()
    assert main(["render", str(bundle), "--score", str(score), "-o", str(out)]) == 1
    assert "more than a day" in capsys.readouterr().err


def test_what_cannot_be_rendered_is_one_line(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score, out = tmp_path / "score.osc", tmp_path / "out.wav"
    writer = ScoreWriter(score)
    writer.write(0, encode("/session/begin", "version", "1"))
    writer.close()
    command = ["render", str(bundle), "--score", str(score), "-o", str(out)]
    assert main(command) == 1
    assert "idiolect replay" in capsys.readouterr().err
    assert main(["render", str(bundle), "-o", str(out)]) == 1
    assert "--score" in capsys.readouterr().err
