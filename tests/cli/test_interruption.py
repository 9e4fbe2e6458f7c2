"""Ctrl-C, as it is pressed in a shell, while a corpus is learned."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from idiolect.bundle.bundle import Bundle
from tones import write_corpus

# Tells each stage on standard error as it begins, and where training is, so that a test can strike
# there; a shell's background would ignore the signal.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from idiolect.cli import learn, main

def told(bars, task, standing):
    step = 0 if standing is None else 1
    print(bars.tasks[task].description, step, file=sys.stderr, flush=True)

learn._note = told
sys.exit(main(sys.argv[1:]))
"""


class Learning:
    """A process that learns, and what it says."""

    def __init__(self, folder: Path, *more: str) -> None:
        given = ["learn", str(folder), "-o", str(folder.parent / "a.idiolect"), *more]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *given],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def wait_for(self, line: str, times: int = 1) -> None:
        """Read what it says until it said a line so many times."""
        assert self.process.stderr is not None
        for said in self.process.stderr:
            times -= said.strip() == line
            if times == 0:
                return
        pytest.fail(f"it never said {line!r}")

    def strike(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; gives exit code, output, and what was left of the errors."""
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "tones", seconds=12)


@pytest.fixture
def learning(corpus: Path):  # type: ignore[no-untyped-def]
    started = []

    def start(*more: str) -> Learning:
        started.append(Learning(corpus, "--budget", "600", "--json", *more))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


Start = Callable[..., Learning]


def _left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"tones"}


@pytest.mark.slow
def test_while_it_trains_the_best_so_far_is_kept_and_finished(
    learning: Start, tmp_path: Path
) -> None:
    running = learning()
    running.wait_for("train 1", times=40)
    running.strike()
    code, out, err = running.end()
    assert code == 0
    assert "ending training with the best so far; Ctrl-C again gives up" in err
    training = json.loads(out)["training"]
    assert training["stopped_by"] == ["interrupted"]
    assert training["interrupted"].startswith("training, after ")
    assert training["trials"] == 1  # of five folds, the one that ran
    assert training["finish_steps"] == training["steps"][0] > 0
    bundle = Bundle.open(tmp_path / "a.idiolect")
    assert len(bundle.manifest["splits"]) == 1
    assert _left(tmp_path) == {"a.idiolect"}


@pytest.mark.slow
def test_while_it_finishes_what_there_is_is_kept(learning: Start, tmp_path: Path) -> None:
    running = learning()
    running.wait_for("finish 1", times=3)
    running.strike()
    code, out, err = running.end()
    assert code == 0
    assert "ending with what there is; Ctrl-C again gives up" in err
    training = json.loads(out)["training"]
    assert training["finish_stopped_by"] == "interrupted"
    assert training["interrupted"].startswith("the finish on all audio, after ")
    Bundle.open(tmp_path / "a.idiolect")


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["segment 0", "cluster 0"])
def test_before_training_it_gives_up_and_leaves_nothing(
    learning: Start, tmp_path: Path, stage: str
) -> None:
    running = learning()
    running.wait_for(stage)
    running.strike()
    code, out, _ = running.end()
    assert (code, out) == (130, "")
    assert _left(tmp_path) == set()


@pytest.mark.slow
def test_twice_while_it_trains_it_gives_up_and_leaves_nothing(
    learning: Start, tmp_path: Path
) -> None:
    running = learning()
    running.wait_for("train 1", times=20)
    running.strike()
    time.sleep(0.001)  # two signals at once are one
    running.strike()
    code, out, _ = running.end()
    assert (code, out) == (130, "")
    assert _left(tmp_path) == set()


@pytest.mark.slow
def test_who_is_killed_while_it_trains_goes_on_when_it_is_run_again(
    learning: Start, tmp_path: Path
) -> None:
    running = learning()
    running.wait_for("finish 0")
    running.process.kill()
    assert running.end()[0] == -signal.SIGKILL
    assert ".a.idiolect.training" in _left(tmp_path)
    code, out, _ = learning().end()
    assert code == 0
    notes = json.loads(out)["training"]["notes"]
    assert [note.split(" from step")[0] for note in notes] == [
        f"trial {index} went on" for index in range(1, 6)
    ]
    assert _left(tmp_path) == {"a.idiolect"}
