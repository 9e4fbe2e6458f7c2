from pathlib import Path

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.engine.events import BEGAN
from idiolect.engine.layout import GRAIN_CAPACITY
from stage import Stage
from synthetic import make_bundle

SECONDS = 4.0
Heard = list[tuple[int, int, int]]  # engine frame, voice from 0, unit


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path: Path = tmp_path_factory.mktemp("announcing") / "random.idiolect"
    make_bundle(path, sample_rate=48_000, seconds=10)
    return Bundle.open(path)


class Watched(Stage):
    """A stage that notes what is announced, and when."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.announced: list[tuple[int, np.void]] = []  # engine frame of the look, what it said
        self.began: Heard = []
        self.planner.on_events = self._hear
        look = self.planner.announcer.look

        def look_and_note() -> None:
            look()
            waiting = self.planner.announcer.announced
            while waiting:
                self.announced += [(self.engine.frame, one) for one in waiting.popleft()]

        self.planner.announcer.look = look_and_note

    def _hear(self, events: np.ndarray) -> None:
        for event in events[events["kind"] == BEGAN]:
            voice = int(event["voice"]) - 1
            grain = self.engine.state.grains[voice, int(event["a"]) % GRAIN_CAPACITY]
            if grain["kind"] == 0 and grain["first"] == 1:
                self.began.append((int(event["frame"]), voice, int(event["b"])))

    def told(self) -> Heard:
        return [(int(s["frame"]), int(s["voice"]), int(s["unit"])) for _, s in self.announced]


def busy(stage: Stage) -> list[tuple[float, object]]:
    player = stage.player
    return [
        (0.5, lambda _: player.set("temperature", 1, 0.5)),
        (0.7, lambda _: player.seed_random(1)),
        (0.71, lambda _: player.cut(1)),
        (0.9, lambda _: player.set("scale", 2, 1.0)),
        (1.1, lambda _: player.cut(2)),
        (1.2, lambda _: player.set("continuity", 1, 0.1)),
        (1.5, lambda _: player.set("run", 2, 0.0)),
        (1.8, lambda _: player.set("run", 2, 1.0)),
        (2.0, lambda _: player.seed_random(2)),
        (2.3, lambda _: player.set("interrupt", 1, 1.0)),
        (2.31, lambda _: player.set("temperature", 1, 2.0)),
        (2.33, lambda _: player.set("temperature", 1, 1.0)),
        (2.6, lambda _: player.cut(1)),
    ]


@pytest.mark.parametrize("block", [64, 256])
def test_what_is_announced_is_what_is_heard_and_when(bundle: Bundle, block: int) -> None:
    """Every unit, and no other: nothing is retracted, whatever is turned meanwhile."""
    stage = Watched(bundle, voices=2)
    for voice in (1, 2):
        stage.player.set("run", voice, 1.0)
        stage.player.set("continuity", voice, 0.5)
    stage.play(SECONDS, block=block, changes=busy(stage))
    stage.planner.advance()
    heard, told = sorted(stage.began), sorted(stage.told())
    assert len(heard) > 20
    assert len(set(told)) == len(told)
    assert [one for one in told if one[0] < stage.engine.frame] == heard


def test_it_is_announced_before_it_is_rendered_and_not_long_before(bundle: Bundle) -> None:
    stage = Watched(bundle)
    stage.player.set("run", 1, 1.0)
    stage.play(SECONDS, block=64)
    ahead = [int(one["frame"]) - at for at, one in stage.announced if at > 0]
    assert min(ahead) > 0
    assert max(ahead) < 0.1 * 48_000


def test_the_time_announced_counts_a_voice_s_own_pace(bundle: Bundle) -> None:
    stage = Watched(bundle)
    stage.player.set("run", 1, 1.0)
    stage.player.set("stretch", 1, 1.5)
    stage.play(SECONDS)
    pairs = list(zip(stage.began, stage.told(), strict=False))
    assert len(pairs) > 5
    for (began, _, unit), (told, _, announced) in pairs:
        assert unit == announced
        assert abs(told - began) <= 1
    lengths = [int(one["frames"]) for _, one in stage.announced[1:]]
    onsets = [int(one["frame"]) for _, one in stage.announced[1:]]
    for onset, length, following in zip(onsets, lengths, onsets[1:], strict=False):
        assert abs(onset + length - following) <= 2


def test_a_voice_that_stands_still_announces_nothing(bundle: Bundle) -> None:
    stage = Watched(bundle)
    stage.player.set("run", 1, 1.0)
    stage.play(1.0)
    stage.player.set("freeze", 1, 1.0)
    stage.play(0.1)
    before = len(stage.announced)
    stage.play(2.0)
    assert len(stage.announced) == before


def test_asking_what_comes_next_changes_nothing(bundle: Bundle) -> None:
    def spoken(curious: bool) -> np.ndarray:
        stage = Stage(bundle)
        stage.player.set("run", 1, 1.0)
        stage.player.set("repetition", 1, 1.0)
        asks = (
            [(k / 50, lambda s: s.planner.questions.ask(0)) for k in range(100)] if curious else []
        )
        return stage.play(2.0, changes=asks)

    np.testing.assert_array_equal(spoken(True), spoken(False))


def test_what_is_likely_next_is_what_is_drawn(bundle: Bundle) -> None:
    """At temperature 0 the likeliest token comes, where nothing goes on naturally."""
    stage = Watched(bundle)
    for name, value in (("run", 1.0), ("temperature", 0.0), ("continuity", 0.0)):
        stage.player.set(name, 1, value)
    stage.play(1.0)
    planned = int(stage.planner.plan.voices["steps"][0])
    answer = stage.planner.questions.ask(0)
    stage.planner.questions.answer_one()
    found = answer.result()
    assert found.probabilities.sum() == pytest.approx(1)
    stage.play(1.0)
    assert stage.planner.plan.steps["token"][0, planned] == np.argmax(found.probabilities)


def test_questions_do_not_pile_up(bundle: Bundle) -> None:
    stage = Stage(bundle)
    answers = [stage.planner.questions.ask(0) for _ in range(64)]
    with pytest.raises(Exception, match="64 questions"):
        stage.planner.questions.ask(0)
    stage.planner.advance()
    assert sum(answer.done() for answer in answers) == 1
