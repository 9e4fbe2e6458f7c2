"""Voices that go over to another bundle while they sound."""

import gc
import json
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.engine.counters import CUTS_LATE, STARVED
from idiolect.errors import BundleError, ControlError
from idiolect.parameters.table import MOST_BUNDLES
from idiolect.performance.changes import SOON
from idiolect.performance.player import Player
from stage import Change, Stage
from synthetic import make_bundle

Make = Callable[..., Stage]

FIRST, MONO, STRANGE = "random", "mono", "strange"


class Hand:
    """Bundles that are open already, each handed out when it is asked for."""

    def __init__(self, *bundles: Bundle) -> None:
        self.bundles = {bundle.name: bundle for bundle in bundles}
        self.opened: list[str] = []

    def names(self) -> list[str]:
        return sorted(self.bundles)

    def open(self, name: str, tell: object = None) -> Bundle:
        self.opened.append(name)
        if name not in self.bundles:
            raise BundleError(f"no bundle {name}")
        return self.bundles[name]


@pytest.fixture(scope="session")
def mono(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Another corpus, another vocabulary, another network, one channel."""
    folder: Path = tmp_path_factory.mktemp("other") / f"{MONO}.idiolect"
    return make_bundle(
        folder, seed=5, seconds=12, channels=1, width=24, layers=1, tokens=(7, 3), window=5
    )


@pytest.fixture(scope="session")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle whose coarser scale, and one of whose descriptors, nobody else has."""
    folder: Path = tmp_path_factory.mktemp("other") / f"{STRANGE}.idiolect"
    make_bundle(folder, seed=6, seconds=15)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["scales"][1]["name"] = "bar"
    manifest["descriptors"][2] = "glitter"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "scales" / "note").rename(folder / "scales" / "bar")
    return Bundle.open(folder)


@pytest.fixture(scope="session")
def moved(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The first bundle once more, every frame of it a little later."""
    folder, frames = tmp_path_factory.mktemp("other") / "moved.idiolect", 1234
    shutil.copytree(bundle.path, folder)
    before = np.random.default_rng(7).uniform(-0.3, 0.3, (frames, 2)).astype(np.float32)
    np.save(folder / "audio.npy", np.concatenate([before, bundle.audio]))
    for scale in bundle.scales:
        units = np.array(scale.units)
        units["start"] += frames
        np.save(folder / "scales" / scale.name / "units.npy", units)
    manifest = json.loads((folder / "manifest.json").read_text())
    for source in manifest["sources"]:
        source["start"] += frames
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Bundle.open(folder)


@pytest.fixture
def made(stage: Make, mono: Bundle, strange: Bundle) -> Make:
    """Make a stage with all three bundles loaded."""

    def make(voices: int = 1, **settings: float) -> Stage:
        playing = stage(voices, **settings)
        shelf = Hand(mono, strange)
        playing.player = Player(playing.bundle, playing.engine, playing.planner, shelf)
        for name in (MONO, STRANGE):
            load(playing, name)
        return playing

    return make


def load(playing: Stage, name: str) -> None:
    """Load a bundle, its thread and all."""
    assert playing.player.load(name).result(30)().result() == name


def run(playing: Stage, **values: float) -> Stage:
    for voice in range(1, playing.voices + 1):
        for name, value in (values | {"run": 1.0}).items():
            playing.player.set(name, voice, value)
    return playing


def speak(name: str, voice: int = 1) -> Change:
    return lambda s: s.player.speak(voice, name)


def steps_of(playing: Stage, voice: int = 0) -> NDArray[np.void]:
    plan = playing.planner.plan
    return plan.steps[voice][: plan.voices["steps"][voice]]


def number_of(playing: Stage, voice: int = 0) -> int:
    return playing.planner.tongue_of(voice).number


def largest_step(*bundles: Bundle) -> float:
    return max(float(np.abs(np.diff(bundle.audio, axis=0)).max()) for bundle in bundles)


def levels(out: NDArray[np.float32], frames: int) -> NDArray[np.float64]:
    whole = out[: len(out) // frames * frames].astype(np.float64)
    return np.asarray(np.sqrt((whole.reshape(-1, frames, out.shape[1]) ** 2).mean((1, 2))))


@pytest.mark.parametrize("continuity", [0.0, 0.8, 1.0])
def test_a_voice_that_goes_over_keeps_sounding(made: Make, continuity: float) -> None:
    """There and back: no silence, no step larger than the corpora make, nothing late."""
    playing = run(made(), continuity=continuity)
    names = (MONO, STRANGE, FIRST, MONO, FIRST)
    out = playing.play(5, changes=[(0.6 + 0.8 * k, speak(name)) for k, name in enumerate(names)])
    rate, counters = playing.bundle.sample_rate, playing.engine.state.counters
    level = levels(out[rate // 4 :], rate // 50)
    assert level.min() > 0.1 * np.median(level)
    tongues = [playing.planner.tongues[number] for number in range(3)]
    most = largest_step(*(tongue.bundle for tongue in tongues))
    assert np.abs(np.diff(out, axis=0)).max() <= 1.5 * most
    assert counters[STARVED] == counters[CUTS_LATE] == 0
    assert set(steps_of(playing)["tongue"]) == {0, 1, 2}


def test_it_goes_over_at_the_next_boundary_of_the_finest_scale(made: Make, bundle: Bundle) -> None:
    playing, done = made(), []
    playing.player.set("scale", 1, 1.0)
    run(playing)
    playing.play(3, changes=[(1.0, lambda s: done.append(s.player.speak(1, MONO)))])
    answer, steps = done[0].result(), steps_of(playing)
    turn = int(np.flatnonzero(steps["tongue"] == number_of(playing))[0])
    left, first = steps[turn - 1], steps[turn]
    assert answer.frame == first["onset"] == left["end"]
    rate, grains = bundle.sample_rate, bundle.scales[0].units
    place = bundle.scales[1].units["start"][left["unit"]] + left["end"] - left["onset"]
    assert place in grains["start"] + grains["length"]
    assert 1.01 * rate <= first["onset"] <= 1.01 * rate + grains["length"].max() + 240


def said_in(playing: Stage) -> tuple[int, list[int]]:
    """The step at which the voice went over to what it speaks now, and the units since."""
    steps = steps_of(playing)
    turn = int(np.flatnonzero(steps["tongue"] == number_of(playing))[0])
    return turn, steps["unit"][turn:].tolist()


def says_alone(bundle: Bundle, turn: int, **values: float) -> list[int]:
    """What a bundle says by itself, its random stream standing where another voice's did."""
    alone = Stage(bundle)
    alone.planner.plan.voices["base"] = -turn
    run(alone, **values).play(6)
    units: list[int] = steps_of(alone)["unit"].tolist()
    return units


@pytest.mark.parametrize(
    "values",
    [{}, {"continuity": 0.0, "temperature": 0.0}, {"repetition": 2.0, "bias/centroid": 1.0}],
)
def test_a_voice_says_what_the_other_bundle_alone_would(
    made: Make, mono: Bundle, values: dict[str, float]
) -> None:
    """With the same numbers drawn: from an empty context, nothing of the first one in it."""
    playing = run(made(), **values)
    playing.play(9, changes=[(5.3, speak(MONO))])
    turn, said = said_in(playing)
    assert len(said) > 10
    assert said == says_alone(mono, turn, **values)[: len(said)]


@pytest.mark.parametrize("early", range(0, 360, 40))
def test_no_later_cut_takes_the_change_back(
    made: Make, bundle: Bundle, mono: Bundle, early: int
) -> None:
    """Not even before a short unit, which the change ends, and a parameter turned begins anew."""

    def nod(playing: Stage) -> None:
        for temperature in (3.0, 1.0):
            playing.player.set("temperature", 1, temperature)

    playing, done = made(), []
    playing.player.seed_unit(1, 0)
    run(playing, continuity=1.0)
    units, rate = bundle.scales[0].units, bundle.sample_rate
    short = next(k for k in range(3, len(units)) if units["length"][k] < 0.06 * rate)
    at = (int(units["start"][short] - units["start"][1]) - early) / rate
    go = (at, lambda s: done.append(s.player.speak(1, MONO)))
    playing.play(5, changes=[go, (at + 0.0105, nod), (at + 0.021, nod)])
    turn, said = said_in(playing)
    assert steps_of(playing)["onset"][turn] == done[0].result().frame
    assert (steps_of(playing)["tongue"][turn:] == number_of(playing)).all()
    assert said == says_alone(mono, turn, continuity=1.0)[: len(said)]


def test_where_both_bundles_hold_the_same_nobody_hears_the_join(
    stage: Make, bundle: Bundle, moved: Bundle
) -> None:
    """The waveforms agree, and the fade knows: it is measured between the audio of the two."""
    playing = stage()
    player = Player(bundle, playing.engine, playing.planner, Hand(moved))
    playing.player = player
    load(playing, "moved")
    player.seed_unit(1, 0)
    run(playing, continuity=1.0, levelling=0.0)
    units = bundle.scales[0].units
    long = next(k for k in range(5, len(units)) if units["length"][k] > 0.3 * bundle.sample_rate)
    begun = int(units["start"][long] - units["start"][1])

    def turn(playing: Stage) -> None:
        player.speak(1, "moved")
        player.seed_unit(1, long)

    out = playing.play(3, changes=[((begun + 80) / bundle.sample_rate, turn)])
    delay, attack = playing.engine.delay_frames, 96
    first = int(units["start"][1]) + attack
    corpus = bundle.audio[first : first + len(out) - delay - attack]
    np.testing.assert_allclose(out[delay + attack :], corpus, atol=1e-6)
    steps = steps_of(playing)
    assert steps["unit"].tolist() == list(range(1, len(steps) + 1))
    assert (steps["tongue"] == (steps["unit"] > long)).all()


def test_a_seed_goes_on_in_the_new_bundle(made: Make, mono: Bundle) -> None:
    playing = run(made(), continuity=1.0)
    changes = [(1.0, speak(MONO)), (1.5, lambda s: s.player.seed_unit(1, 4))]
    playing.play(3, changes=changes)
    steps = steps_of(playing)
    after = steps[(steps["onset"] > 1.5 * mono.sample_rate) & (steps["natural"] == 1)]
    assert after["unit"][0] == 5


def test_a_seed_right_behind_the_change_is_the_new_bundles(made: Make) -> None:
    playing, done = run(made(), continuity=1.0), []

    def turn(playing: Stage) -> None:
        playing.player.speak(1, MONO)
        done.append(playing.player.seed_unit(1, 4))

    playing.play(3, changes=[(1.0, turn)])
    steps = steps_of(playing)
    spoken = steps[steps["tongue"] == number_of(playing)]
    assert spoken["onset"][0] <= done[0].result().frame
    assert 5 in spoken["unit"][:2]


def test_how_it_is_rendered_changes_nothing(made: Make) -> None:
    """Blocks, lookahead, and plans that are cut and drawn again, before and after the change."""

    def nod(playing: Stage) -> None:
        for temperature in (3.0, 1.0):
            playing.player.set("temperature", 1, temperature)

    def heard(block: int, lookahead: float, *more: tuple[float, Change]) -> NDArray[np.float32]:
        turns = [(0.8, speak(MONO)), (1.4, speak(FIRST)), (1.9, speak(STRANGE))]
        playing = run(made(lookahead_seconds=lookahead), continuity=0.5)
        changes = sorted([*turns, *more], key=lambda change: change[0])
        return playing.play(2.6, block=block, changes=changes)

    plain = heard(4096, 1.0)
    np.testing.assert_array_equal(heard(4096, 1.0), plain)
    np.testing.assert_array_equal(heard(64, 0.3), plain)
    nods = [(0.1 + 0.05 * k, nod) for k in range(48)]
    np.testing.assert_array_equal(heard(64, 1.0, *nods), plain)


def test_other_voices_do_not_notice(made: Make) -> None:
    def said(*changes: tuple[float, Change]) -> list[tuple[int, int]]:
        playing = run(made(2), continuity=0.5)
        playing.play(3, changes=changes)
        return [(e[0], e[4]) for e in playing.events if e[1] == 1 and e[2] == 1]

    assert said((0.7, speak(MONO, 2)), (1.2, speak(STRANGE, 2)), (2.0, speak(FIRST, 2))) == said()


def test_a_planner_that_sleeps_through_the_change_is_heard_late_and_nothing_else(
    made: Make,
) -> None:
    playing = run(made(), continuity=0.5, random_seed=2.0)
    parts = [playing.play(1.0)]
    playing.player.speak(1, MONO)
    parts += [playing.play(1.8, plan=False), playing.play(1.5)]
    out, most = (
        np.concatenate(parts),
        largest_step(playing.bundle, playing.planner.tongues[1].bundle),
    )
    assert np.abs(np.diff(out, axis=0)).max() <= 1.5 * most
    assert levels(out[2000:], 160).min() > 0
    assert (steps_of(playing)["tongue"][-5:] == 1).all()


def test_a_resting_voice_speaks_the_new_bundle_when_it_begins(made: Make) -> None:
    playing = made()
    playing.player.speak(1, MONO)
    run(playing).play(1)
    assert (steps_of(playing)["tongue"] == number_of(playing)).all()
    assert len(steps_of(playing)) > 3


def test_a_frozen_voice_goes_over_when_it_is_let_go(made: Make) -> None:
    """Its time stands, so the boundary does not come; the bundle it is to leave stays as long."""
    playing = run(made(), continuity=0.5)
    rate, player = playing.bundle.sample_rate, playing.player
    changes: list[tuple[float, Change]] = [
        (1.0, lambda s: s.player.set("freeze", 1, 1.0)),
        (1.3, speak(MONO)),
        (1.3, lambda s: s.player.unload(FIRST)),
        (2.5, lambda s: s.player.set("freeze", 1, 0.0)),
    ]
    held = weakref.ref(playing.planner.tongue_of(0))
    out = playing.play(2.5, changes=changes)
    gc.collect()
    assert held() is not None
    assert not [frame for frame, _ in playing.heard_units() if 1.2 * rate < frame < 2.5 * rate]
    out = np.concatenate([out, playing.play(2.0, changes=[(0.0, changes[-1][1])])])
    gc.collect()
    assert held() is None
    assert player.bundle_of(1) == MONO
    assert len([frame for frame, _ in playing.heard_units() if frame > 2.5 * rate]) > 2
    assert levels(out[rate // 4 :], rate // 50).min() > 0
    assert playing.engine.state.counters[STARVED] == 0


def test_a_scale_goes_by_name_and_else_to_the_finest(made: Make) -> None:
    playing = run(made(), scale=1.0)
    player = playing.player
    playing.play(0.5)
    player.speak(1, MONO)
    playing.play(0.5)
    assert player.get("scale", 1) == playing.planner.plan.voices["scale"][0] == 1
    player.speak(1, STRANGE)
    playing.play(0.5)
    assert player.get("scale", 1) == playing.planner.plan.voices["scale"][0] == 0
    assert player.scales_of(1) == ("grain", "bar")


def test_a_bias_goes_with_the_voice_by_the_name_of_its_descriptor(made: Make) -> None:
    playing = made()
    player, planner = playing.player, playing.planner
    for name, value in (("bias/flatness", 1.5), ("bias/pitch", -2.0)):
        player.set(name, 1, value)
    with pytest.raises(ControlError, match="has no bias/glitter"):
        player.set("bias/glitter", 1, 1.0)
    player.speak(1, STRANGE)
    planner.advance()
    assert planner.plan.bias[0].tolist() == [0, 0, 0, -2.0, 0]
    with pytest.raises(ControlError, match="has no bias/flatness"):
        player.set("bias/flatness", 1, 1.0)
    player.set("bias/glitter", 1, 0.5)
    player.speak(1, FIRST)
    planner.advance()
    assert planner.plan.bias[0].tolist() == [0, 0, 1.5, -2.0, 0]
    assert player.descriptors == ("loudness", "centroid", "flatness", "pitch", "attack", "glitter")


def test_the_new_bundle_may_be_played_whole(made: Make, mono: Bundle) -> None:
    playing = made()
    playing.player.allow_sources(1, ["source_1"])
    run(playing, continuity=0.3).play(6, changes=[(1.0, speak(MONO)), (4.0, speak(FIRST))])
    steps, sources = steps_of(playing), mono.scales[0].units["source"]
    assert set(sources[steps["unit"][steps["tongue"] == 1]]) > {1}
    back = steps["unit"][(steps["tongue"] == 0) & (steps["onset"] > 4.5 * mono.sample_rate)]
    assert set(playing.bundle.scales[0].units["source"][back]) > {1}


def test_a_loop_repeats_nothing_of_another_bundle(made: Make, mono: Bundle) -> None:
    playing = run(made(), loop=3.0)
    playing.play(4, changes=[(1.0, speak(MONO))])
    units = steps_of(playing)["unit"][steps_of(playing)["tongue"] == 1]
    assert (units < len(mono.scales[0].units)).all()
    assert len(units) > 8
    assert units[3:].tolist() == units[:-3].tolist()


def test_all_voices_go_over_together(made: Make) -> None:
    playing, done = run(made(4)), []
    playing.play(2, changes=[(1.0, lambda s: done.append(s.player.speak_all(MONO)))])
    onsets = [
        steps["onset"][steps["tongue"] == 1][0]
        for steps in (steps_of(playing, voice) for voice in range(4))
    ]
    assert done[0].result().frame == max(onsets)
    assert [playing.player.bundle_of(voice) for voice in (1, 2, 3, 4)] == [MONO] * 4


def test_going_over_to_what_is_spoken_changes_nothing(made: Make) -> None:
    straight = run(made()).play(2)
    np.testing.assert_array_equal(run(made()).play(2, changes=[(1.0, speak(FIRST))]), straight)


def test_a_bundle_that_no_voice_plays_can_go(made: Make) -> None:
    """Its memory with it, as soon as the join is over; its name may be loaded again."""
    playing = run(made(2))
    player = playing.player
    with pytest.raises(ControlError, match="is played"):
        player.unload(FIRST)
    playing.play(1)
    player.speak_all(MONO)
    player.unload(FIRST)
    with pytest.raises(ControlError, match="not loaded"):
        player.unload(FIRST)
    gone = weakref.ref(playing.planner.tongue_of(0))
    assert gone() is not None
    playing.planner.advance()
    gc.collect()
    assert gone() is not None  # it sounds still, and may be cut once more
    playing.play(1)
    gc.collect()
    assert gone() is None
    player.unload(STRANGE)
    load(playing, STRANGE)
    player.speak(1, STRANGE)
    playing.play(1)
    assert number_of(playing) not in (0, 1, 2)
    assert playing.engine.state.counters[STARVED] == 0


def test_a_bundle_is_opened_once_however_many_ask(stage: Make, mono: Bundle) -> None:
    playing = stage(3)
    hand = Hand(mono)
    player = Player(playing.bundle, playing.engine, playing.planner, hand)
    pending = [player.speak(voice, MONO) for voice in (1, 2, 3)]
    for step in pending:
        step.result(30)()
    playing.planner.advance()
    assert hand.opened == [MONO]
    assert [number_of(playing, voice) for voice in range(3)] == [1, 1, 1]
    assert player.bundles() == {FIRST: True, MONO: True}


def test_what_cannot_be_opened_is_told_and_changes_nothing(made: Make) -> None:
    player = made().player
    with pytest.raises(BundleError, match="no bundle nothing"):
        player.speak(1, "nothing").result(30)
    assert player.bundle_of(1) == FIRST
    assert player.load(MONO).result() == MONO


def test_there_is_room_for_so_many_and_no_more(stage: Make, mono: Bundle) -> None:
    playing, hand = stage(), Hand()
    hand.bundles = {f"b{k}": mono for k in range(MOST_BUNDLES)}
    player = Player(playing.bundle, playing.engine, playing.planner, hand)
    for k in range(MOST_BUNDLES - 1):
        assert player.load(f"b{k}").result(30)().result()
    with pytest.raises(ControlError, match=f"room for {MOST_BUNDLES}"):
        player.load(f"b{MOST_BUNDLES - 1}")
    player.unload("b0")
    playing.planner.advance()
    player.load(f"b{MOST_BUNDLES - 1}").result(30)()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_asked_in_whatever_order_it_plays_on(made: Make, seed: int) -> None:
    """Bundles, seeds, cuts, scales, stretching, stops: no starvation, no number that is none."""
    playing = run(made(4), continuity=0.5)
    rng, player = np.random.default_rng(seed), playing.player

    def ask(playing: Stage) -> None:
        voice = int(rng.integers(1, 5))
        what = rng.choice(
            ["speak", "speak", "seed", "cut", "scale", "turn", "stretch", "run", "all"]
        )
        if what == "speak":
            player.speak(voice, str(rng.choice([FIRST, MONO, STRANGE])))
        elif what == "all":
            player.speak_all(str(rng.choice([FIRST, MONO, STRANGE])))
        elif what == "seed":
            player.seed_random(voice)
        elif what == "cut":
            player.cut(voice)
        elif what == "scale":
            player.set("scale", voice, float(rng.integers(2)))
        elif what == "turn":
            player.set("temperature", voice, float(rng.uniform(0, 2)))
            player.set("parent", voice, float(rng.integers(-2, 4)))
        elif what == "stretch":
            player.set("stretch", voice, float(rng.choice([1.0, 1.0, 4.0, 0.5])))
        else:
            player.set("run", voice, float(rng.random() < 0.8))

    times = np.sort(rng.uniform(0.2, 7.8, 300))
    out = playing.play(8, block=64, changes=[(float(time), ask) for time in times])
    counters = playing.engine.state.counters
    assert np.isfinite(out).all()
    assert counters[STARVED] == 0
    for voice in range(4):
        steps, own = steps_of(playing, voice), playing.planner.plan.voices[voice]
        for number in set(steps["tongue"].tolist()):
            scales = playing.planner.tongues[number].bundle.scales
            said = steps[steps["tongue"] == number]
            counts = np.array([len(scale.units) for scale in scales])
            assert (said["unit"] < counts[said["scale"]]).all()
        assert own["tongue"] == playing.planner.tongue_of(voice).number


def test_sixteen_voices_start_and_stop_as_they_are_told(made: Make) -> None:
    """All at once, then at random: the one that is heard never clicks, and all end in silence."""
    voices, heard = 16, 7
    playing = made(voices)
    player, rng = playing.player, np.random.default_rng(1)
    for voice in range(1, voices + 1):
        player.set("random_seed", voice, float(voice))
        player.set("gain", voice, 0.0 if voice == heard else -90.0)
        player.set("run", voice, 1.0)

    def turn(playing: Stage) -> None:
        for voice in rng.choice(np.arange(1, voices + 1), 6, replace=False):
            player.set("run", int(voice), float(rng.integers(2)))
        player.speak(int(rng.integers(1, voices + 1)), str(rng.choice([FIRST, MONO])))

    changes: list[tuple[float, Change]] = [(0.5 + 0.05 * k, turn) for k in range(100)]
    out = playing.play(6.5, changes=[*changes, (6.0, lambda s: s.player.panic())])
    rate = playing.bundle.sample_rate
    most = largest_step(playing.bundle, playing.planner.tongues[1].bundle)
    sounding = out[round(0.1 * rate) :]  # gains have come to rest
    assert np.abs(np.diff(sounding, axis=0)).max() <= 1.5 * most
    assert np.abs(out[round(6.2 * rate) :]).max() == 0
    assert np.abs(out[: rate // 2]).max() > 0
    assert playing.engine.state.counters[STARVED] == 0


def asked_at(playing: Stage, frame: int, act: Change) -> None:
    """Ask for something as an OSC bundle does whose time lies ahead."""
    playing.player.at = frame
    act(playing)
    playing.player.at = SOON


ABOUT_A_BUNDLE: dict[str, Change] = {
    "a seed": lambda s: s.player.seed_unit(1, len(s.player.bundle(1).scales[0].units) - 1),
    "what it may play": lambda s: s.player.allow_sources(1, ["source_0"]),
    "a scale": lambda s: s.player.set("scale", 1, 1.0),
    "another bundle": speak(MONO),
}


@pytest.mark.parametrize("what", ABOUT_A_BUNDLE)
@pytest.mark.parametrize("early", [0.02, 0.08])
def test_what_is_about_a_bundle_acts_in_no_other(made: Make, what: str, early: float) -> None:
    """Neither before the voice goes over at a frame ahead, nor after, when that was its own."""
    playing = run(made(), continuity=0.5)
    rate, player, act = playing.bundle.sample_rate, playing.player, ABOUT_A_BUNDLE[what]
    playing.play(0.5)
    for first, then in ((speak(STRANGE), act), (act, speak(STRANGE)), (act, speak(FIRST))):
        frame = playing.engine.frame + round(early * rate)
        asked_at(playing, frame, first)
        playing.play(early / 4, block=16)
        then(playing)
        playing.play(1.0)
        tongue = playing.planner.tongue_of(0)
        assert tongue.bundle is player.bundle(1)
        assert playing.planner.plan.voices["scale"][0] == player.get("scale", 1)
    assert playing.engine.state.counters[STARVED] == 0
