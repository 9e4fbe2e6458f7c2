"""Only what is allowed sounds, whatever else is asked; and all of it again when it is lifted."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from idiolect.bundle.bundle import Bundle
from idiolect.client import Client, RefusedError
from idiolect.config.config import load
from idiolect.daemon.app import App
from idiolect.errors import ControlError
from idiolect.performance.changes import Applied
from idiolect.performance.repertoire import restrict
from stage import Stage
from synthetic import make_bundle, make_inventory

Make = Callable[..., Stage]
Ask = Callable[[Stage], "Future[Applied]"]

RESTRICTIONS: list[Ask] = [
    lambda s: s.player.allow_sources(1, ["source_1"]),
    lambda s: s.player.allow_sources(1, ["source_0.wav", "source_2"]),
    lambda s: s.player.allow_stretch(1, "source_2", 1.0, 2.5),
    lambda s: s.player.allow_region(1, 0.2, -0.3, 0.5),
]


def inside(bundle: Bundle, which: int, scale: int = 0) -> NDArray[np.bool_]:
    """Say in other words what each of the restrictions allows."""
    own, rate = bundle.scales[scale], bundle.sample_rate
    source, starts = own.units["source"], own.units["start"]
    if which < 2:
        return np.isin(source, ([1], [0, 2])[which])
    if which == 2:
        begin = bundle.sources[2]["start"] + rate
        ends = starts + own.units["length"]
        return (source == 2) & (ends > begin) & (starts < begin + 2.5 * rate)
    return ((own.map - np.array([0.2, -0.3])) ** 2).sum(axis=1) <= 0.25


def steps_of(playing: Stage, voice: int = 0) -> NDArray[np.void]:
    plan = playing.planner.plan
    return plan.steps[voice][: plan.voices["steps"][voice]]


def run(playing: Stage, **values: float) -> Stage:
    for voice in range(1, playing.voices + 1):
        for name, value in ({"run": 1.0} | values).items():
            playing.player.set(name, voice, value)
    return playing


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_restriction_lists_each_tokens_allowed_units(corpus: list[tuple[int, bool]]) -> None:
    tokens, allowed = [t for t, _ in corpus], np.array([a for _, a in corpus])
    kept = restrict(make_inventory(tokens, vocabulary=6), allowed)
    for token in range(6):
        own = kept.members[kept.member_start[token] : kept.member_start[token + 1]]
        expected = [i for i, (t, a) in enumerate(corpus) if t == token and a]
        assert sorted(own) == expected
    assert kept.counts == (int(allowed.sum()),)
    np.testing.assert_array_equal(kept.allowed, allowed)


@pytest.mark.parametrize("continuity", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("which", range(4))
def test_only_what_is_allowed_is_decided(
    stage: Make, bundle: Bundle, which: int, continuity: float
) -> None:
    """From the frame that was answered on, until it is lifted; the answer counts the units."""
    playing, done = run(stage(), continuity=continuity), []
    lift = (4.0, lambda s: done.append(s.player.allow_all(1)))
    playing.play(6, changes=[(1.0, lambda s: done.append(RESTRICTIONS[which](s))), lift])
    units = inside(bundle, which)
    begun, lifted = (answer.result() for answer in done)
    assert begun.units == units.sum()
    assert lifted.units == len(units)
    steps = steps_of(playing)
    within = (steps["onset"] >= begun.frame) & (steps["onset"] < lifted.frame)
    assert units[steps["unit"][within]].all()
    assert within.sum() > 5
    if continuity < 1:
        assert not units[steps["unit"][steps["onset"] < begun.frame]].all()
        assert not units[steps["unit"][steps["onset"] >= lifted.frame]].all()


def test_a_sharp_choice_stays_within_what_is_allowed(stage: Make, bundle: Bundle) -> None:
    playing = stage()
    playing.player.allow_region(1, 0.2, -0.3, 0.5)
    values = {"temperature": 0.0, "top_k": 1.0, "min_p": 1.0, "repetition": 4.0}
    run(playing, **values, continuity=0.0).play(5)
    assert inside(bundle, 3)[steps_of(playing)["unit"]].all()


def test_one_unit_alone_is_played_over_and_over(stage: Make, bundle: Bundle) -> None:
    playing = stage()
    x, y = map(float, bundle.scales[0].map[7])
    playing.player.allow_region(1, x, y, 1e-6)
    run(playing).play(3)
    assert set(steps_of(playing)["unit"].tolist()) == {7}


def test_it_holds_at_the_other_scale(stage: Make, bundle: Bundle) -> None:
    playing = stage()
    playing.player.allow_sources(1, ["source_1"])
    run(playing).play(4, changes=[(1.0, lambda s: s.player.set("scale", 1, 1.0))])
    steps = steps_of(playing)
    for scale in (0, 1):
        units = steps["unit"][steps["scale"] == scale]
        assert len(units) > 1
        assert inside(bundle, 0, scale)[units].all()


def test_each_voice_has_its_own(stage: Make, bundle: Bundle) -> None:
    playing = stage(3)
    playing.player.allow_sources(1, ["source_0"])
    playing.player.allow_sources(3, ["source_1"])
    run(playing).play(4)
    heard = [set(bundle.scales[0].units["source"][steps_of(playing, v)["unit"]]) for v in range(3)]
    assert heard[0] == {0}
    assert heard[1] > {0}
    assert heard[2] == {1}


def test_what_would_leave_nothing_is_refused_and_changes_nothing(stage: Make) -> None:
    player = stage().player
    with pytest.raises(ControlError, match="nothing of scale grain"):
        player.allow_region(1, 5.0, 5.0, 0.1)
    with pytest.raises(ControlError, match="no source is called"):
        player.allow_sources(1, ["source_1", "nobody"])
    with pytest.raises(ControlError, match="3 sources are called"):
        player.allow_stretch(1, "source")
    player.set("scale", 1, 1.0)
    assert player.get("scale", 1) == 1


def test_a_scale_of_which_nothing_is_allowed_is_refused(stage: Make, bundle: Bundle) -> None:
    playing = stage()
    notes, grains = bundle.scales[1].map, bundle.scales[0].map
    apart = [np.hypot(*(notes - place).T).min() for place in grains]
    x, y = map(float, grains[int(np.argmax(apart))])
    playing.player.allow_region(1, x, y, max(apart) / 2)
    with pytest.raises(ControlError, match="nothing of scale note is allowed"):
        playing.player.set("scale", 1, 1.0)
    playing.player.allow_all(1)
    playing.player.set("scale", 1, 1.0)


def test_how_it_is_rendered_changes_nothing(stage: Make) -> None:
    """Neither blocks nor lookahead, nor plans that are cut and drawn again."""

    def nod(playing: Stage) -> None:
        for temperature in (3.0, 1.0):
            playing.player.set("temperature", 1, temperature)

    def heard(block: int, lookahead: float, *changes: tuple[float, object]) -> NDArray[np.float32]:
        playing = stage(lookahead_seconds=lookahead)
        playing.player.allow_sources(1, ["source_2"])
        return run(playing).play(2, block=block, changes=changes)  # type: ignore[arg-type]

    plain = heard(4096, 1.0)
    np.testing.assert_array_equal(heard(64, 0.3), plain)
    np.testing.assert_array_equal(heard(64, 1.0, *((0.1 * k, nod) for k in range(1, 15))), plain)


def test_the_nearest_unit_on_the_map_counts_as_just_heard(stage: Make, bundle: Bundle) -> None:
    places = bundle.scales[0].map
    playing, done = run(stage(), continuity=1.0), []
    unit = 11
    x, y = (float(v) + 1e-4 for v in places[unit])
    playing.play(2, changes=[(1.0, lambda s: done.append(s.player.seed_map(1, x, y)))])
    answer, steps = done[0].result(), steps_of(playing)
    assert answer.unit == unit
    assert answer.source == "source_0.wav"
    assert answer.start == bundle.scales[0].units["start"][unit] / bundle.sample_rate
    first = steps["unit"][steps["onset"] >= answer.frame][0]
    assert first == unit + 1


def test_the_map_may_be_another_scales(stage: Make, bundle: Bundle) -> None:
    grains, notes = (scale.units for scale in bundle.scales)
    playing = stage()
    for note in (0, 5, len(notes) - 1):
        x, y = map(float, bundle.scales[1].map[note])
        done = playing.player.seed_map(1, x, y, "note")
        playing.planner.advance()
        grain = done.result().unit
        assert grains["start"][grain] == notes["start"][note]
        assert playing.player.get("scale", 1) == 0


def test_over_the_wire(tmp_path: Path) -> None:
    """The real daemon: answers, refusals, every voice at once."""
    path = tmp_path / "x.idiolect"
    bundle = make_bundle(path)
    config = load(flags={"audio.output": "null", "control.port": 0, "performance.voices": 2})
    with App(path, config) as app, Client(*app.control.address) as client:
        client.send("/run", 1)
        answer = client.ask("/voice/2/allow/sources", "source_1").arguments
        assert answer[1] == 2
        assert answer[3] == inside(bundle, 0).sum()
        assert len(answer) == 5
        x, y = map(float, bundle.scales[0].map[11])
        answer = client.ask("/voice/1/seed/map", x, y).arguments
        assert answer[5:7] == (11, "source_0.wav")
        client.send("/bias/centroid", 1.5)
        assert client.ask("/bias/centroid").arguments == (1.5, 1.5)
        for address, *arguments in (
            ("/voice/1/allow/region", 9, 9, 0.1),
            ("/voice/1/allow/region", 0, 0),
            ("/voice/1/allow/sources", "nobody"),
            ("/voice/1/allow/stretch", "source_1", -1),
            ("/voice/1/seed/map", 0, 0, "nothing"),
            ("/voice/1/bias/brightness", 1),
        ):
            with pytest.raises(RefusedError):
                client.ask(address, *arguments)
        assert client.ask("/allow/all").arguments[0] == "/allow/all"
