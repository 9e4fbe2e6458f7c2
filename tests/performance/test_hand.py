"""Playing by hand: what is meant, that it is there in time, and what it is answered."""

from collections.abc import Callable

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.engine.counters import PLAYS, PLAYS_LATE
from idiolect.engine.events import PLAYED
from idiolect.errors import BundleError, ControlError
from idiolect.performance import hand
from idiolect.performance.changes import Applied, Play
from idiolect.performance.hand import MOST_SHOTS
from idiolect.performance.shots import Wish, make_shot
from idiolect.performance.tongue import Tongue
from idiolect.performance.witness import Witness, describe_unit
from stage import Stage
from synthetic import make_bundle

MakeStage = Callable[..., Stage]
PLAIN = {"attack": 0.0, "release": 0.0}


def begun(stage: Stage) -> list[tuple[int, int, int]]:
    """Frame, voice and unit of all that began."""
    return [(e[0], e[1], e[4]) for e in stage.events if e[2] == PLAYED]


def answer(stage: Stage, voice: int = 1, **wish: object) -> Applied:
    done = stage.player.play(voice, **wish)
    stage.planner.advance()
    return done.result(0)


def test_two_hundred_plays_land_on_their_frames(stage: MakeStage, bundle: Bundle) -> None:
    own, rng = stage(2), np.random.default_rng(1)
    rate, units = bundle.sample_rate, bundle.scales[0].units
    wanted = np.zeros((4 * rate, 2), np.float32)
    plays = [
        (int(rng.integers(rate // 20, rate // 2)), int(rng.integers(len(units))))
        for _ in range(200)
    ]
    for frame, unit in plays:
        own.player.at = frame
        own.player.play(1 + unit % 2, unit=unit, gain=-40.0, **PLAIN)
    heard = own.play(3)[own.engine.delay_frames :]
    assert sorted((f, u) for f, _, u in begun(own)) == sorted(plays)
    assert own.engine.state.counters[PLAYS_LATE] == 0
    for voice in (0, 1):  # a voice's are added up in the order in which they begin
        mix = np.zeros_like(wanted)
        for frame, unit in sorted(plays, key=lambda play: play[0]):
            if unit % 2 == voice:
                audio = bundle.audio[units["start"][unit] :][: units["length"][unit]]
                mix[frame : frame + len(audio)] += np.float32(0.01) * audio
        wanted += mix
    np.testing.assert_array_equal(heard, wanted[: len(heard)])


def test_its_audio_is_there_before_the_engine_knows_of_it(stage: MakeStage, bundle: Bundle) -> None:
    own = stage()
    own.player.at = 4000
    own.player.play(1, unit=8)
    assert own.engine.state.shot_pushed[0] == 0
    own.planner.advance()
    assert own.engine.state.shot_pushed[0] == 1
    shot, unit = own.engine.state.shots[0], bundle.scales[0].units[8]
    at = int(shot["data"]) + np.arange(shot["held"])
    audio = bundle.audio[unit["start"] :][: unit["length"]]
    np.testing.assert_array_equal(own.engine.state.shot_arena[:, at], audio.T)


def test_around_a_source_there_is_silence(stage: MakeStage, bundle: Bundle) -> None:
    own = stage()
    second = int(np.flatnonzero(bundle.scales[0].units["source"] == 1)[0])
    for unit in (second - 1, second):
        own.player.play(1, unit=unit)
    own.planner.advance()
    last, first = own.engine.state.shots[:2]
    arena = own.engine.state.shot_arena
    assert not arena[:, last["data"] + last["held"] :][:, :16].any()
    assert not arena[:, first["data"] - 16 : first["data"]].any()


def test_what_is_far_ahead_takes_no_room_before_its_time(stage: MakeStage) -> None:
    own, rate = stage(), 8000
    for k in range(3 * MOST_SHOTS):
        own.player.at = 2 * rate + k * rate // 100
        own.player.play(1, unit=0, dur=0.01)
    own.play(1.01)
    assert not own.engine.state.shot_counts.any()
    own.play(20)
    assert own.engine.state.counters[PLAYS] == 3 * MOST_SHOTS
    assert own.engine.state.counters[PLAYS_LATE] == 0


def test_too_much_at_once_is_refused_and_what_was_taken_sounds(stage: MakeStage) -> None:
    own = stage()
    own.player.at = 4000
    done = [own.player.play(1, unit=0, dur=0.01) for _ in range(MOST_SHOTS + 3)]
    own.play(1)
    assert [future.exception(0) is None for future in done] == MOST_SHOTS * [True] + 3 * [False]
    with pytest.raises(ControlError, match="too much is played at once"):
        done[-1].result(0)
    assert own.engine.state.counters[PLAYS] == MOST_SHOTS
    assert own.player.status().plays_refused == 3
    own.player.at = -1
    assert answer(own, unit=0).unit == 0


def test_more_than_a_minute_at_once_is_refused(stage: MakeStage, bundle: Bundle) -> None:
    own, name = stage(), bundle.sources[0]["name"]
    done = [own.player.play(1, file=name, dur=9.0) for _ in range(7)]
    own.planner.advance()
    assert [future.exception(0) is None for future in done] == 6 * [True] + [False]
    own.play(10)
    assert answer(own, file=name).source == name


def test_a_shot_reads_ten_seconds_at_most(stage: MakeStage, bundle: Bundle) -> None:
    own = stage()
    answer(own, file=bundle.sources[0]["name"], dur=60.0, speed=2.0)
    answer(own, file=bundle.sources[1]["name"], start=3.0, dur=60.0, speed=0.5)
    assert own.engine.state.shots["frames"][:2].tolist() == [40_000, 15_999]


def test_units_tokens_and_places_are_found(stage: MakeStage, bundle: Bundle) -> None:
    own, (grain, note) = stage(), bundle.scales
    assert answer(own, unit=4).unit == 4
    assert answer(own, token=3).unit == grain.exemplars[3]
    assert answer(own, token=3, scale="note").unit == note.exemplars[3]
    found = answer(own, file=bundle.sources[1]["name"], start=1.5)
    assert (found.source, found.start) == (bundle.sources[1]["name"], 1.5)
    unit = grain.units[found.unit]
    start = bundle.sources[1]["start"] + 1.5 * bundle.sample_rate
    assert unit["start"] <= start < unit["start"] + unit["length"]
    own.player.set("scale", 1, 1.0)
    assert answer(own, token=3).unit == note.exemplars[3]


def test_a_unit_in_parts_is_the_unit(stage: MakeStage, bundle: Bundle) -> None:
    """Cut into four, each played behind the one before, it sounds as it does whole."""
    parts, whole = stage(), stage()
    length = int(bundle.scales[1].units["length"][2])
    whole.player.at = 0
    whole.player.play(1, scale="note", unit=2, **PLAIN)
    for k in range(4):
        parts.player.at = round(k / 4 * length)
        parts.player.play(1, scale="note", unit=2, begin=k / 4, end=(k + 1) / 4, **PLAIN)
    heard = [own.play(1.0) for own in (whole, parts)]
    assert len(begun(parts)) == 4
    np.testing.assert_array_equal(*heard)


def test_a_run_ends_where_its_source_does(stage: MakeStage, bundle: Bundle) -> None:
    own, units = stage(), bundle.scales[0].units
    last = int(np.flatnonzero(units["source"] == 0)[-1])
    answer(own, unit=last - 1, run=9)
    assert own.engine.state.shots["frames"][0] == units["length"][last - 1 : last + 1].sum()


def test_without_a_name_it_is_drawn_from_what_the_voice_may_play(
    stage: MakeStage, bundle: Bundle
) -> None:
    def draw(seed: float) -> list[int]:
        own = stage()
        own.player.set("random_seed", 1, seed)
        own.player.allow_sources(1, [bundle.sources[1]["name"]])
        return [answer(own).unit for _ in range(30)]

    units = bundle.scales[0].units
    assert draw(5.0) == draw(5.0) != draw(6.0)
    assert set(units["source"][draw(5.0)]) == {1}
    assert len(set(draw(5.0))) > 10


@pytest.mark.parametrize(("wish", "error"), [
    ({"unit": 5000}, "no unit 5000"),
    ({"unit": -1}, "no unit -1"),
    ({"token": 12}, "no token 12"),
    ({"file": "nothing"}, r"no source is called 'nothing'; there are (\S+, ){2}\S+$"),
    ({"file": "", "start": 1.0}, "3 sources are called .*: name one of them"),
    ({"unit": 1, "token": 2}, "unit and token are given: a token says alone"),
    ({"speed": 0.0}, "speed 0 would never end"),
    ({"dur": 0.0}, "dur is 0 s: give more"),
    ({"begin": 0.5, "end": 0.5}, "begin is 0.5 and end 0.5: give shares"),
    ({"begin": -0.1}, "begin is -0.1 and end 1"),
    ({"gain": float("nan")}, "gain is nan: give a number"),
])  # fmt: skip
def test_what_makes_no_sense_is_told(stage: MakeStage, wish: dict[str, object], error: str) -> None:
    with pytest.raises(ControlError, match=error):
        stage().player.play(1, **wish)


def test_voices_scales_and_ends_are_told_too(stage: MakeStage, bundle: Bundle) -> None:
    player, name = stage().player, bundle.sources[2]["name"]
    with pytest.raises(ControlError, match="no voice 2: there are 1"):
        player.play(2)
    with pytest.raises(BundleError, match="no scale 'bar'"):
        player.play(1, scale="bar")
    with pytest.raises(ControlError, match="ends before 60 s"):
        player.play(1, file=name, start=60.0)


def test_the_language_goes_on_undisturbed(stage: MakeStage) -> None:
    heard, units = [], []
    for plays in (0, 40):
        own = stage()
        own.player.set("run", 1, 1.0)
        for k in range(plays):
            own.player.at = 200 * k
            own.player.play(1, unit=k, gain=-90.0)
        heard.append(own.play(2))
        units.append(own.heard_units())
    assert units[0] == units[1]
    np.testing.assert_array_equal(*heard)


def test_what_is_known_ahead_is_announced_ahead_and_once(stage: MakeStage) -> None:
    """By the margin at least, whatever else there is; what comes late when it has begun."""
    own, told, late = stage(2), {}, []
    announced = own.planner.announcer.announced

    def listen(playing: Stage) -> None:
        for found in [one for part in announced for one in part]:
            assert int(found["unit"]) not in told
            told[int(found["unit"])] = int(found["frame"]) - playing.engine.frame
        announced.clear()

    for k in range(40):
        own.player.at = 3000 + 97 * (k * 17 % 40)
        own.player.play(1 + k % 2, unit=k)
    own.player.at = -1
    late = [(0.7 + 0.01 * k, lambda s, k=k: s.player.play(1, unit=40 + k)) for k in range(5)]
    looks = [(0.002 * n, listen) for n in range(1, 700)]
    own.play(1.5, block=64, changes=sorted([*late, *looks], key=lambda change: change[0]))
    assert sorted(told) == list(range(45))
    margin = round(0.01 * own.bundle.sample_rate)
    assert all(margin - 70 <= told[k] <= margin for k in range(40))
    assert all(told[k] <= 0 for k in range(40, 45))


def test_what_is_hushed_before_it_is_announced_is_not_told(stage: MakeStage) -> None:
    own = stage()
    own.player.at = 4000
    own.player.play(1, unit=3)
    own.player.at = -1
    own.play(1.0, changes=[(0.2, lambda s: s.player.panic())])
    assert not own.planner.announcer.announced


def test_what_is_recalled_is_not_told_and_what_was_told_is_not_recalled(stage: MakeStage) -> None:
    """Whenever the recall comes, what is announced is what begins, once."""
    own = stage()
    rate = own.bundle.sample_rate
    for k in range(60):
        own.player.at = rate // 10 + k * rate // 500
        own.player.play(1, unit=k)
    own.player.at = -1
    own.play(1.0, block=64, changes=[(0.15, lambda s: s.player.recall())])
    told = [int(frame) for part in own.planner.announcer.announced for frame in part["frame"]]
    assert told == [frame for frame, _, _ in begun(own)]
    assert 20 < len(told) < 40


def test_what_began_is_announced(stage: MakeStage, bundle: Bundle) -> None:
    own = stage(2)
    own.player.at = 1234
    own.player.play(2, unit=6, run=2)
    own.play(0.5)
    (found,) = np.concatenate(list(own.planner.announcer.announced))
    units = bundle.scales[0].units
    assert (found["frame"], found["voice"], found["unit"]) == (1234, 1, 6)
    assert found["frames"] == units["length"][6:8].sum()
    assert found["token"] == units["token"][6]


def test_the_witness_tells_the_stretch_itself(bundle: Bundle) -> None:
    own = Stage(bundle)
    witness = Witness(own.engine, own.planner, own.player, lambda: 0)
    own.player.set("gain", 1, -3.0)
    own.player.set("pan", 1, 0.1)
    name = bundle.sources[1]["name"]
    own.player.play(1, file=name, start=1.5, dur=0.2, gain=-6.0, pan=-0.25)
    own.player.play(1, unit=6)
    own.play(0.5)
    stretch, unit = witness.watch()
    assert (stretch.facts.source, stretch.seconds) == (name, 0.2)
    assert (stretch.facts.start, stretch.facts.duration) == pytest.approx((1.5, 0.2))
    assert (stretch.gain, stretch.pan) == pytest.approx((-9.0, -0.15))
    assert unit.facts == describe_unit(bundle, bundle.scales[0], 6)
    assert (unit.gain, unit.pan) == pytest.approx((-3.0, 0.1))


def test_in_a_file_units_are_counted_around(stage: MakeStage, bundle: Bundle) -> None:
    own, units = stage(), bundle.scales[0].units
    inside = np.flatnonzero(units["source"] == 2)
    for k in (0, 3, len(inside) + 3, -1):
        found = answer(own, file=bundle.sources[2]["name"], unit=k)
        assert found.unit == inside[k % len(inside)]


def test_plays_of_two_bundles_for_now_begin_at_one_frame(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a block comes while one of them is there and the other is not yet."""
    own = Stage(bundle)
    other = own.planner.tongues.add(Tongue(bundle, own.planner.tongues.plan))
    push = hand.push_shots

    def push_slowly(*given: object) -> None:
        push(*given)
        own.engine.render(np.zeros((64, 2), np.float32))

    monkeypatch.setattr(hand, "push_shots", push_slowly)
    with own.player.together():
        for number in (0, other.number, 0):
            shot = make_shot(bundle, other.inventory, Wish(unit=0), scale=0, quality=2, draw=int)
            shot["frame"], shot["tongue"] = -1, number
            own.player._submit(Play(shot))
    own.play(0.1, block=64)
    assert len(begun(own)) == 3
    assert len({frame for frame, _, _ in begun(own)}) == 1


def test_a_bundle_that_has_gone_is_told(bundle: Bundle) -> None:
    own = Stage(bundle, lookahead_seconds=0.2)
    other = Tongue(bundle, own.planner.tongues.plan)
    own.planner.tongues.add(other)
    own.player.at = 4000
    wish = make_shot(bundle, other.inventory, Wish(unit=0), scale=0, quality=2, draw=int)
    wish["frame"], wish["tongue"] = 4000, other.number
    change = Play(wish)
    own.planner.submit(change)
    own.planner.tongues.remove(other)
    own.play(1)
    with pytest.raises(ControlError, match="has been unloaded"):
        change.done.result(0)


def test_panic_answers_what_waits(stage: MakeStage) -> None:
    own = stage()
    own.player.at = 80_000
    done = own.player.play(1, unit=0)
    own.planner.advance()
    own.player.panic()
    own.planner.advance()
    with pytest.raises(ControlError, match="silenced before it began"):
        done.result(0)


def test_what_is_recalled_before_it_was_handed_over_is_given_up(stage: MakeStage) -> None:
    own = stage()
    own.player.at = 80_000
    done = own.player.play(1, unit=0)
    own.player.recall()
    own.planner.advance()
    assert done.cancelled()


def test_a_mono_bundle_sounds_on_both_sides(tmp_path_factory: pytest.TempPathFactory) -> None:
    bundle = make_bundle(tmp_path_factory.mktemp("hand") / "mono.idiolect", channels=1)
    own = Stage(bundle)
    own.player.play(1, unit=0, **PLAIN)
    heard = own.play(1)
    assert heard.any()
    np.testing.assert_array_equal(heard[:, 0], heard[:, 1])
