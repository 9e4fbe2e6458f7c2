"""What the planner and the engine promise together, sample by sample."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.engine.counters import CUTS, CUTS_LATE, DROPPED, STARVED
from idiolect.engine.events import CONTROLLED, RAN_ON
from idiolect.engine.layout import LIMITER_CEILING
from idiolect.performance.joins import FADE_FRAMES, LEAD_FRAMES
from idiolect.performance.plan import STEPS
from idiolect.performance.recall import count_heard
from stage import Stage

Make = Callable[..., Stage]


def run(stage: Stage, **values: float) -> Stage:
    for voice in range(1, stage.voices + 1):
        for name, value in values.items():
            stage.player.set(name, voice, value)
        stage.player.set("run", voice, 1.0)
    return stage


SHAPED = {
    "temperature": 1.3,
    "min_p": 0.02,
    "repetition": 1.5,
    "memory": 0.7,
    "repetition_window": 1.0,
    "bias/centroid": 1.0,
    "bias/loudness": -0.7,
}


def quieten(stage: Stage) -> None:
    for voice in range(1, stage.voices + 1):
        stage.player.set("gain", voice, -12.0)


def in_its_own_order(bundle: Bundle, scale: int) -> int:
    """Seeded with a scale's first unit and always continuing; how many frames came out bit for bit."""
    playing = Stage(bundle)
    playing.player.set("scale", 1, scale)
    playing.player.seed_unit(1, 0)
    run(playing, continuity=1.0, gain=20 * math.log10(0.5))  # the limiter has nothing to do
    source, second = bundle.sources[0], bundle.scales[scale].units[1]
    assert second["source"] == 0
    frames = int(source["start"]) + int(source["frames"]) - int(second["start"])
    out = playing.play(frames / bundle.sample_rate + 0.1)
    delay, attack = playing.engine.delay_frames, 480  # the ramp of the gain, too
    last = frames - LEAD_FRAMES  # where the join to another source may begin
    corpus = bundle.audio[int(second["start"]) :][:frames]
    heard = 2 * out[delay : delay + frames]  # halved and doubled: every bit is as it was
    np.testing.assert_array_equal(heard[attack:last], corpus[attack:last])
    return last - attack


def test_a_corpus_in_its_own_order_is_bit_exact(bundle: Bundle) -> None:
    for scale in range(len(bundle.scales)):
        assert in_its_own_order(bundle, scale) > bundle.sample_rate


@pytest.mark.slow
def test_real_units_of_every_scale_in_their_own_order_are_bit_exact(
    corpora: Path, tmp_path: Path
) -> None:
    from idiolect.learning.pipeline import learn
    from idiolect.learning.settings import LearnSettings, TrainingSettings

    settings = LearnSettings(training=TrainingSettings(budget=2, max_steps=10))
    place = tmp_path / "real.idiolect"
    learn([corpora / "music_surge"], place, settings=settings, progress=lambda *_: None)
    bundle = Bundle.open(place)
    assert [scale.name for scale in bundle.scales] == ["grain", "note", "phrase", "section"]
    for scale in range(len(bundle.scales)):
        assert in_its_own_order(bundle, scale) > bundle.sample_rate


def test_the_block_size_never_changes_the_sound(stage: Make) -> None:
    """Gain changes, four voices, a limiter at work and what was heard included."""
    louder = [(0.7, lambda s: s.player.set("gain", 1, 12.0)), (1.1, quieten)]
    whole = run(stage(4), **SHAPED).play(1.8, block=4096, changes=louder)
    assert np.abs(whole).max() == LIMITER_CEILING
    for block in (1, 64, 333):
        again = run(stage(4), **SHAPED).play(1.8, block=block, changes=louder)
        np.testing.assert_array_equal(again, whole)


def test_the_same_seed_gives_the_same_samples_and_another_does_not(stage: Make) -> None:
    """Determinism."""
    first = run(stage(2), random_seed=5).play(3)
    np.testing.assert_array_equal(run(stage(2), random_seed=5).play(3), first)
    assert not np.array_equal(run(stage(2), random_seed=6).play(3), first)


def test_how_far_ahead_it_is_planned_changes_nothing(stage: Make) -> None:
    """A plan depends on its keys, not on when it was made."""
    long = run(stage(2, lookahead_seconds=2.0), **SHAPED).play(3)
    short = run(stage(2, lookahead_seconds=0.3), **SHAPED).play(3, block=64)
    np.testing.assert_array_equal(short, long)


@pytest.mark.parametrize("values", [{}, SHAPED], ids=["plain", "shaped"])
def test_a_plan_cut_and_drawn_again_with_nothing_changed_is_the_same_plan(
    stage: Make, values: dict[str, float]
) -> None:
    """Twenty cuts a second that change nothing leave no trace in the sound."""
    straight = run(stage(2), **values).play(3)

    def redraw(playing: Stage) -> None:
        value = playing.player.get("temperature", 1)
        for voice in (1, 2):
            playing.player.set("temperature", voice, 3.0)
            playing.player.set("temperature", voice, value)

    changes = [(0.1 + 0.05 * k, redraw) for k in range(50)]
    playing = run(stage(2), **values)
    again = playing.play(3, changes=changes)
    assert playing.engine.state.counters[CUTS] > 20
    assert playing.engine.state.counters[CUTS_LATE] == 0
    assert playing.engine.state.counters[DROPPED] > 20
    np.testing.assert_array_equal(again, straight)


def test_a_change_acts_within_a_unit_and_not_before_the_margin(stage: Make) -> None:
    """Up to the margin after a change the sound is the old one; soon after it is another."""
    at = 1.0
    straight = run(stage()).play(3)
    change = [(at, lambda s: s.player.seed_unit(1, 3))]
    playing = run(stage())
    steered = playing.play(3, changes=change)
    differs = np.flatnonzero((straight != steered).any(axis=1))[0]
    rate = playing.bundle.sample_rate
    delay = playing.engine.delay_frames
    longest = playing.bundle.scales[0].units["length"].max()
    assert (at + 0.01) * rate <= differs - delay <= (at + 0.01) * rate + longest + 1000
    assert playing.engine.state.counters[CUTS_LATE] == 0


def test_a_cut_is_heard_at_the_margin(stage: Make) -> None:
    """Whatever the unit's length."""
    rate = stage().bundle.sample_rate
    straight = run(stage(), scale=1).play(2)
    playing = run(stage(), scale=1)
    done = []
    cut = playing.play(2, changes=[(1.0, lambda s: done.append(s.player.cut(1)))])
    differs = np.flatnonzero((straight != cut).any(axis=1))[0] - playing.engine.delay_frames
    assert round(1.01 * rate) <= differs <= round(1.01 * rate) + 2
    assert done[0].result().frame >= differs


def test_a_cut_does_not_wait_with_a_parameter_that_gathers(stage: Make) -> None:
    """A fader keeps its changes for the next unit; whoever cuts behind it is heard at the margin."""
    playing = run(stage(), scale=1)
    rate, done = playing.bundle.sample_rate, []
    moves = [
        (1.0 + 0.012 * k, lambda s, k=k: s.player.set("temperature", 1, k / 9)) for k in range(4)
    ]
    cut = (1.06, lambda s: done.append(s.player.cut(1)))
    playing.play(2, block=64, changes=[*moves, cut])
    assert 0 < done[0].result().frame - 1.06 * rate <= 0.01 * rate + FADE_FRAMES


def test_joins_make_no_step(stage: Make) -> None:
    """The largest jump between frames is no larger than in the corpus."""
    playing = run(stage(), continuity=0.0)
    out = playing.play(6)
    most = np.abs(np.diff(playing.bundle.audio, axis=0)).max()
    assert np.abs(np.diff(out, axis=0)).max() <= 1.5 * most


def test_a_planner_that_sleeps_is_inaudible(stage: Make) -> None:
    """Nothing planned for 0.8 s: the same samples, no starvation."""
    straight = run(stage(2)).play(3)
    playing = run(stage(2))
    parts = [playing.play(1.0), playing.play(0.8, plan=False), playing.play(1.2)]
    assert playing.engine.state.counters[STARVED] == 0
    np.testing.assert_array_equal(np.concatenate(parts), straight)


def test_a_planner_that_never_wakes_runs_on_into_the_corpus(stage: Make, bundle: Bundle) -> None:
    """The last grain goes on into what followed it, and the voice's time moves by that."""
    playing = stage()
    playing.player.seed_unit(1, 0)
    run(playing, continuity=1.0)
    first = playing.play(0.5)
    alone = playing.play(2.0, plan=False)
    assert playing.engine.state.counters[STARVED] == 1
    start = int(bundle.scales[0].units[1]["start"])
    delay = playing.engine.delay_frames
    heard = np.concatenate([first, alone])[delay:]
    corpus = bundle.audio[start : start + len(heard)]
    np.testing.assert_array_equal(heard[96:], corpus[96:])
    after = playing.play(1.0)
    moved = [event for event in playing.events if event[2] == RAN_ON]
    assert len(moved) == 1
    assert moved[0][3] > 0
    assert np.abs(np.diff(after, axis=0)).max() <= 1.5 * np.abs(np.diff(bundle.audio, axis=0)).max()


def test_units_heard_during_a_run_on_enter_the_context(stage: Make) -> None:
    """After a run-on the language goes on from what really sounded."""
    playing = stage()
    playing.player.seed_unit(1, 0)
    run(playing, continuity=1.0)
    playing.play(0.5)
    playing.play(2.0, plan=False)
    playing.play(1.0)
    steps = playing.planner.plan.steps[0][: playing.planner.plan.voices["steps"][0]]
    units = steps["unit"]
    np.testing.assert_array_equal(units, units[0] + np.arange(len(units)))
    assert (steps["end"] == steps["onset"]).any()


def test_stopping_fades_and_rests(stage: Make) -> None:
    """After `run` 0 there is silence, and no starvation; `run` 1 speaks again."""
    playing = run(stage())
    out = playing.play(
        3,
        changes=[
            (1.0, lambda s: s.player.set("run", 1, 0.0)),
            (2.0, lambda s: s.player.set("run", 1, 1.0)),
        ],
    )
    rate = playing.bundle.sample_rate
    assert np.abs(out[round(1.1 * rate) : round(1.9 * rate)]).max() == 0
    assert np.abs(out[round(2.2 * rate) :]).max() > 0
    assert playing.engine.state.counters[STARVED] == 0


@pytest.mark.parametrize("at", [0.9, 1.13, 1.31, 1.62])
def test_from_a_coarse_scale_to_a_fine_one_the_corpus_goes_on_bit_for_bit(
    stage: Make, bundle: Bundle, at: float
) -> None:
    """At continuity 1 nobody hears the switch, whenever it comes."""
    playing = stage()
    playing.player.set("scale", 1, 1.0)
    playing.player.seed_unit(1, 0)
    run(playing, continuity=1.0)
    out = playing.play(3, changes=[(at, lambda s: s.player.set("scale", 1, 0.0))])
    assert playing.planner.plan.voices["scale"][0] == 0
    first = int(bundle.scales[1].units["start"][1])
    delay, attack = playing.engine.delay_frames, 96
    corpus = bundle.audio[first + attack :][: 3 * bundle.sample_rate - delay - attack]
    np.testing.assert_array_equal(out[delay + attack :], corpus)


@pytest.mark.parametrize("at", [0.9, 1.13, 1.31, 1.62])
def test_from_a_fine_scale_to_a_coarse_one_it_goes_on_at_the_nearest_boundary(
    stage: Make, at: float
) -> None:
    """At continuity 1, within half a unit of where it was."""
    playing = run(stage(), continuity=1.0)
    playing.play(3, changes=[(at, lambda s: s.player.set("scale", 1, 1.0))])
    steps = playing.planner.plan.steps[0][: playing.planner.plan.voices["steps"][0]]
    turn = int(np.flatnonzero(steps["scale"] == 1)[0])
    grains, notes = (scale.units for scale in playing.bundle.scales)
    last = steps[turn - 1]
    place = int(grains["start"][last["unit"]] + last["end"] - last["onset"])
    starts = notes["start"][notes["source"] == grains["source"][last["unit"]]]
    chosen = int(notes["start"][steps["unit"][turn]])
    assert abs(chosen - place) <= np.abs(starts - place).min() + 1


def test_a_scale_switched_every_beat_never_starves_or_stops(stage: Make) -> None:
    """Two hundred switches in twenty seconds."""
    playing = run(stage(2))

    def switch(k: int) -> Callable[[Stage], None]:
        def turn(s: Stage) -> None:
            for voice in (1, 2):
                s.player.set("scale", voice, float(k % 2))

        return turn

    out = playing.play(20, block=64, changes=[(0.5 + k / 10, switch(k)) for k in range(190)])
    counters = playing.engine.state.counters
    assert counters[STARVED] == 0
    assert counters[CUTS_LATE] == 0
    rate = playing.bundle.sample_rate
    level = np.sqrt(
        (out[rate : rate * 20 // rate * rate] ** 2).reshape(-1, rate // 10, 2).mean((1, 2))
    )
    assert level.min() > 0.05 * np.median(level)


def test_a_temperature_swept_sixty_times_a_second_never_starves(stage: Make) -> None:
    """Cuts coalesce, and the queue stays full enough."""
    playing = run(stage(4))

    def sweep(k: int) -> Callable[[Stage], None]:
        def turn(s: Stage) -> None:
            for voice in range(1, 5):
                s.player.set("temperature", voice, 0.5 + (k % 60) / 60)

        return turn

    playing.play(4, block=64, changes=[(0.2 + k / 60, sweep(k)) for k in range(200)])
    counters = playing.engine.state.counters
    assert counters[STARVED] == 0
    assert counters[CUTS_LATE] == 0
    assert playing.planner.lookahead() > 0.9


def test_months_of_steps_are_as_good_as_the_first(stage: Make) -> None:
    """Nothing grows or wraps: the plan's rings turn many times."""
    playing = run(stage(2))
    playing.play(300, block=4096)
    assert playing.planner.plan.voices["steps"][0] > STEPS
    assert playing.engine.state.counters[STARVED] == 0
    assert np.abs(playing.play(1)).max() > 0


def test_repetition_counts_the_last_seconds_and_no_more(stage: Make) -> None:
    """At temperature 0 what is heard again was heard as often as all the others, or longer ago."""
    window = 1.5

    def tokens(repetition: float) -> list[tuple[int, int, int]]:
        values = {"temperature": 0.0, "continuity": 0.5, "repetition_window": window}
        playing = run(stage(), **values, repetition=repetition)
        playing.play(20)
        steps = playing.planner.plan.steps[0][: playing.planner.plan.voices["steps"][0]]
        return [(int(s["onset"]), int(s["end"]), int(s["token"])) for s in steps]

    def most_often(steps: list[tuple[int, int, int]]) -> int:
        rate = stage().bundle.sample_rate
        found = 0
        for onset, _, token in steps:
            heard = [t for _, end, t in steps if onset - window * rate < end <= onset]
            found = max(found, heard.count(token))
        return found

    assert most_often(tokens(4)) < most_often(tokens(0))
    assert len({token for _, _, token in tokens(4)}) > len({token for _, _, token in tokens(0)})


def test_what_was_heard_is_counted_over_the_window(stage: Make) -> None:
    """By hand, from the steps."""
    playing = run(stage(), repetition=1.0, repetition_window=2.0, continuity=0.3)
    playing.play(20)
    plan = playing.planner.plan
    own = plan.voices[0]
    count_heard(plan, 0)
    steps = plan.steps[0][: own["steps"]]
    inside = steps["end"] > own["end"] - 2 * playing.bundle.sample_rate
    expected = np.bincount(steps["token"][inside], minlength=len(plan.heard))
    np.testing.assert_array_equal(plan.heard, expected)
    assert 5 < inside.sum() < 60


def test_a_gain_change_is_stamped_by_the_callback_and_ramps(stage: Make) -> None:
    """No jump, and an event that says at which frame it began."""
    playing = run(stage(), continuity=1.0)
    playing.play(1.0)
    playing.player.set("gain", 1, -90.0)
    out = playing.play(0.5)
    stamped = [event for event in playing.events if event[2] == CONTROLLED]
    assert [event[0] for event in stamped] == [playing.bundle.sample_rate]
    assert np.abs(out[round(0.05 * playing.bundle.sample_rate) :]).max() == 0


@pytest.mark.parametrize("voice", [1, 2])
def test_voices_are_independent(stage: Make, voice: int) -> None:
    """What one voice does is the same whether the other plays or not."""
    alone = stage(2)
    alone.player.set("run", voice, 1.0)
    alone.play(2)
    both = run(stage(2))
    both.play(2)
    own = [e[3:5] for e in alone.events if e[1] == voice and e[2] == 1]
    assert own == [e[3:5] for e in both.events if e[1] == voice and e[2] == 1]


@pytest.mark.parametrize("parent", [-1, 0, 3])
def test_a_parent_told_while_it_plays_is_as_one_told_from_the_start(
    stage: Make, parent: int
) -> None:
    """What sounded last is read once more, so nothing of the old parent is left in its state."""
    told, late = stage(), stage()
    told.player.set("parent", 1, parent)
    told.player.seed_unit(1, 5)
    told.planner.advance()
    late.player.set("parent", 1, 1)
    late.player.seed_unit(1, 5)
    late.planner.advance()
    late.player.set("parent", 1, parent)
    late.planner.advance()
    np.testing.assert_array_equal(late.planner.plan.hidden[0, 0], told.planner.plan.hidden[0, 0])


def test_voices_with_other_parents_speak_otherwise(stage: Make) -> None:
    """The parent reaches the sound."""
    sounds = [run(stage(), parent=parent).play(4) for parent in (-2, 0, 1)]
    assert not np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[1], sounds[2])


def test_what_was_heard_is_the_past_that_the_memory_reads(stage: Make, bundle: Bundle) -> None:
    """A cut, a run of steps and a roll-back leave the tokens of what sounded, the newest first."""
    playing = run(stage(), continuity=0.3)
    playing.play(3, changes=[(1.0, lambda s: s.player.cut(1)), (2.0, lambda s: s.player.cut(1))])
    plan, units = playing.planner.plan, bundle.scales[0].units
    own = plan.voices[0]
    expected: list[int] = []
    for step in plan.steps[0][own["steps"] - 5 : own["steps"]]:
        unit = int(step["unit"])
        ends = unit + 1 == len(units) or units["source"][unit + 1] != units["source"][unit]
        expected = [-1] if ends else [int(step["token"]), *expected]
    assert own["past"].tolist()[: len(expected)] == expected


def test_a_seed_is_remembered_and_a_clear_context_forgets_it(stage: Make) -> None:
    """The memory holds what the performer gave."""
    playing = stage()
    playing.player.seed_tokens(1, [3, 1, 4])
    playing.planner.advance()
    assert playing.planner.plan.seeded[0, -4:].tolist() == [3, 1, 4, -2]
    playing.player.seed_clear(1)
    playing.planner.advance()
    assert (playing.planner.plan.seeded[0] == -2).all()


def test_changes_leave_nothing_behind_in_the_planner(stage: Make) -> None:
    """However many there are: it runs for months."""
    playing = run(stage())
    for _ in range(50):
        playing.player.cut(1)
        playing.play(0.02)
    assert playing.engine.state.counters[CUTS] > 20
    assert len(playing.planner.helm.asked) <= 2
