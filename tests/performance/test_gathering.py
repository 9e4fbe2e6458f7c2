"""What comes together is obeyed with one cut, and comes to what it would one after the other."""

from collections.abc import Callable

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.shelf import Shelf
from idiolect.engine.counters import CUTS, CUTS_LATE
from idiolect.performance.changes import Allow, Cut, Play, Seed, Speak, Together, Turn
from idiolect.performance.gathering import gather, join
from idiolect.performance.player import Player
from stage import Stage
from synthetic import make_bundle

NONE = np.empty(0, np.int64)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("gathering")
    make_bundle(folder / "second.idiolect", seconds=6, seed=1)
    manifest = make_bundle(folder / "other.idiolect", seconds=6, seed=2).path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"flatness"', '"glitter"'))
    return make_bundle(folder / "first.idiolect", seconds=8)


@pytest.fixture
def stage(first: Bundle) -> Stage:
    return made(first)


def made(bundle: Bundle) -> Stage:
    stage = Stage(bundle)
    shelf = Shelf(bundle.path.parent, bundle.sample_rate)
    stage.player = Player(stage.bundle, stage.engine, stage.planner, shelf)
    return stage


def much(player: Player) -> None:
    """Ask for something of every kind, each of which alone would cut what is planned."""
    player.set("temperature", 1, 0.3)
    player.speak_now(1, "second")
    player.seed_unit(1, 9)
    player.set("random_seed", 1, 7.0)
    player.allow_sources(1, [str(player.bundle(1).sources[0]["name"])])
    player.set("scale", 1, 1.0)
    player.set("parent", 1, -2.0)
    player.seed_unit(1, 3)
    player.set("bias/centroid", 1, 2.0)


def test_a_voice_obeys_much_with_one_cut_in_time(stage: Stage) -> None:
    """Heard from one decision on: nothing is decided with a half of it."""

    def act(playing: Stage) -> None:
        before.append(int(playing.engine.state.counters[CUTS]))
        with playing.player.together():
            much(playing.player)
            playing.player.cut(1)

    before: list[int] = []
    stage.player.set("run", 1, 1.0)
    stage.play(3, block=64, changes=[(1.5, act)])
    assert stage.engine.state.counters[CUTS] == before[0] + 1
    assert stage.engine.state.counters[CUTS_LATE] == 0
    begun = [event for event in stage.events if event[2] == 1]
    frames = [event[0] for event in begun if event[0] > 1.5 * stage.bundle.sample_rate]
    assert frames[0] < 1.55 * stage.bundle.sample_rate


STEPS: tuple[Callable[[Player], object], ...] = (
    lambda p: p.speak_now(1, "second"),
    lambda p: p.speak_now(1, "first"),
    lambda p: p.seed_unit(1, 11),
    lambda p: p.seed_unit(1, 4),
    lambda p: p.seed_clear(1),
    lambda p: p.seed_random(1),
    lambda p: p.allow_sources(1, [str(p.bundle(1).sources[0]["name"])]),
    lambda p: p.allow_all(1),
    lambda p: p.set("temperature", 1, 0.4),
    lambda p: p.set("continuity", 1, 0.2),
    lambda p: p.set("parent", 1, 1.0),
    lambda p: p.set("random_seed", 1, 5.0),
    lambda p: p.set("bias/loudness", 1, -1.5),
    lambda p: p.set("memory", 1, 0.9),
    lambda p: p.cut(1),
)
ONCE = (
    lambda p: p.set("scale", 1, 1.0),
    lambda p: p.set("scale", 1, 0.0),
)  # carried twice, a context loses what the coarser scale does not tell apart


@pytest.mark.parametrize("seed", range(12))
def test_together_comes_to_what_it_would_one_after_the_other(first: Bundle, seed: int) -> None:
    """At rest, where no plan is cut: the voice that begins then says the same, bit for bit."""
    rng = np.random.default_rng(seed)
    drawn = [STEPS[k] for k in rng.integers(len(STEPS), size=int(rng.integers(3, 10)))]
    drawn.insert(int(rng.integers(len(drawn) + 1)), ONCE[seed % 2])
    apart, together = made(first), made(first)
    for step in drawn:
        step(apart.player)
        apart.planner.advance()
    with together.player.together():
        for step in drawn:
            step(together.player)
    heard = []
    for stage in (apart, together):
        stage.planner.advance()
        stage.player.set("run", 1, 1.0)
        heard.append(stage.play(2))
    assert apart.heard_units() == together.heard_units()
    np.testing.assert_array_equal(*heard)


def test_each_of_them_is_answered(stage: Stage) -> None:
    stage.player.set("run", 1, 1.0)
    stage.play(1)
    with stage.player.together():
        first, second = stage.player.seed_unit(1, 5), stage.player.seed_unit(1, 8)
        allowed = stage.player.allow_sources(1, [str(stage.bundle.sources[0]["name"])])
        cut = stage.player.cut(1)
    stage.planner.advance()
    assert [done.result(0).frame for done in (first, second, allowed)] == 3 * [cut.result(0).frame]
    assert (first.result(0).unit, second.result(0).unit) == (5, 8)
    assert allowed.result(0).units > 10


def test_what_waits_for_a_voice_is_obeyed_with_few_cuts_however_much_it_is(stage: Stage) -> None:
    """Nor does it wait for ever: of a thousand seeds each is answered, and the last is gone on from."""
    stage.player.set("run", 1, 1.0)
    stage.play(1)
    before = stage.engine.state.counters[CUTS]
    asked = [stage.player.seed_unit(1, 1 + k % 30) for k in range(1000)]
    stage.play(0.1)
    assert all(done.done() for done in asked)
    assert [done.result().unit for done in asked] == [1 + k % 30 for k in range(1000)]
    stage.play(0.2)
    assert 1 <= stage.engine.state.counters[CUTS] - before <= 5
    context = stage.player.context(1)
    stage.planner.advance()
    assert asked[-1].result().unit in context.result(0).heard


def test_a_parameter_and_a_command_that_cuts_nothing_are_both_heard(stage: Stage) -> None:
    """Told once more to run, a running voice does, and what was turned is heard as soon as ever."""
    alone = made(stage.bundle)
    for playing, again in ((stage, True), (alone, False)):
        playing.player.set("run", 1, 1.0)
        playing.play(1)
        playing.player.set("continuity", 1, 0.0)
        if again:
            playing.player.set("run", 1, 1.0)
        playing.play(1)
    assert stage.engine.state.counters[CUTS] == alone.engine.state.counters[CUTS] > 1
    assert stage.heard_units() == alone.heard_units()


def test_a_bias_of_the_bundle_that_is_left_is_kept_for_it(stage: Stage) -> None:
    """What it is left for may have no such descriptor."""
    stage.player.set("run", 1, 1.0)
    stage.play(0.5)
    with stage.player.together():
        stage.player.set("bias/flatness", 1, 1.5)
        moved = stage.player.speak_now(1, "other")
        seeded = stage.player.seed_unit(1, 5)
    stage.planner.advance()
    assert seeded.result(0).frame == moved.result(0).frame
    stage.play(0.5)
    stage.player.speak_now(1, "first")
    stage.play(0.1)
    tongue = stage.planner.tongue_of(0)
    assert tongue.plan.bias[0, tongue.biases.index("bias/flatness")] == 1.5


def test_only_what_would_take_several_cuts_is_joined() -> None:
    turn, run = Turn(0, "temperature", 1.0), Turn(0, "run", 1.0)
    seed, cut, other = Seed(0, 0, NONE), Cut(0), Cut(1)
    play = Play(np.zeros(1))
    assert join([turn, turn, seed]) == [turn, turn, seed]
    assert join([turn, play, turn]) == [play, turn, turn]
    joined = join([seed, play, turn, other, run])
    assert joined[0] is play
    assert isinstance(joined[1], Together)
    assert [c for c in joined[1].changes] == [seed, turn, run]
    assert joined[2] is other
    later = Cut(0, 5)
    assert join([later, cut]) == [later, cut]


def test_what_a_later_change_undoes_is_not_begun() -> None:
    seeds = [Seed(0, 0, np.array([k])) for k in range(3)]
    found = gather([seeds[0], Allow(0, None), Speak(0, 1, 0), seeds[1], seeds[2]], 0)
    assert (found.tongue, found.allow) == (1, None)
    assert [seed is own for seed, own in zip(found.seeds, seeds[1:], strict=True)] == [True, True]
    assert gather([Speak(0, 3, 0)], 3).moves is None
