"""What a bundle says, at one setting after the other."""

import json
from typing import Any

import numpy as np
import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.performance.rehearsal import Rehearsal
from idiolect.speech.measure import (
    CONTINUITIES,
    SECONDS,
    STRETCHES,
    TEMPERATURES,
    measure_speech,
    measure_usage,
)

KEYS = {"seed", "seconds", "usual", "copies", "repetition", "entropy", "vocabulary", "units"}


@pytest.fixture(scope="module")
def speech(bundle: Bundle) -> dict[str, dict[str, Any]]:
    return measure_speech(bundle, range(len(bundle.scales)))


def test_every_setting_has_its_figures(bundle: Bundle, speech: dict[str, dict[str, Any]]) -> None:
    assert list(speech) == [scale.name for scale in bundle.scales]
    for own in speech.values():
        assert set(own) == KEYS
        for part in ("copies", "repetition", "entropy"):
            assert [point["at"] for point in own[part]["continuity"]] == list(CONTINUITIES)
            assert [point["at"] for point in own[part]["temperature"]] == list(TEMPERATURES)
        assert len(own["entropy"]["bits"]) == STRETCHES
        assert own["seconds"] == STRETCHES * own["entropy"]["stretch"] >= SECONDS
        assert sum(own["vocabulary"]["counts"]) == own["units"]["heard"]
        assert own["units"]["different"] <= own["units"]["of"]


def test_the_same_bundle_gives_the_same_figures(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idiolect.speech.measure.SECONDS", 60.0)
    one, again = (measure_speech(bundle, [0]) for _ in range(2))
    assert json.dumps(one, allow_nan=False) == json.dumps(again)


def test_copies_grow_with_continuity(speech: dict[str, dict[str, Any]]) -> None:
    for own in speech.values():
        points = own["copies"]["continuity"]
        for figure in (
            [point["continued"] for point in points],
            [point["by_time"]["mean"] for point in points],
        ):
            assert (np.diff(figure) > -5e-3).all()
            assert figure[0] < figure[-2] < figure[-1]
        assert points[0]["units"]["longest"] == 1


def test_at_continuity_one_every_copy_ends_with_its_file(
    bundle: Bundle, speech: dict[str, dict[str, Any]]
) -> None:
    steps = Rehearsal(bundle).speak(0, SECONDS, seed=0, parameters={"continuity": 1.0})
    sources = bundle.scales[0].units["source"]
    last = np.append(np.diff(sources) != 0, True)
    leaps = np.flatnonzero(np.diff(steps["unit"]) != 1)
    assert last[steps["unit"][leaps]].all()
    files = speech["grain"]["copies"]["corpus"]["seconds"]["longest"]
    assert speech["grain"]["copies"]["continuity"][-1]["seconds"]["longest"] <= files


def test_at_temperature_zero_nothing_is_left_to_choose_and_heat_adds_choice(
    speech: dict[str, dict[str, Any]],
) -> None:
    for own in speech.values():
        bits = [point["mean"] for point in own["entropy"]["temperature"]]
        assert bits[0] == 0
        assert bits == sorted(bits)
        assert bits[-1] <= np.log2(own["vocabulary"]["tokens"])


def test_a_corpus_does_not_repeat_a_unit(speech: dict[str, dict[str, Any]]) -> None:
    for own in speech.values():
        assert set(own["repetition"]["corpus"]["units"].values()) == {0.0}
        assert own["copies"]["corpus"]["count"] == 3


def test_tokens_used_alike_are_counted_whole_and_one_alone_as_one() -> None:
    assert measure_usage(np.arange(40) % 8, 10) == {
        "tokens": 10, "used": 8, "entropy_bits": 3.0, "used_alike": 8.0,
    }  # fmt: skip
    assert measure_usage(np.zeros(5, np.int64), 3)["used_alike"] == 1.0
