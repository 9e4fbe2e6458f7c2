"""Continuity keeps its laws, and nothing corners a decision."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.language.decoder import Weights
from idiolect.language.model import load_model
from idiolect.performance.continuity import SHARERS
from idiolect.performance.decision import Steering, decide
from idiolect.selection.inventory import Inventory, load_inventory
from speaker import NOTHING, PAST, Speaker, assert_as_often, assert_drawn_from, settings
from synthetic import DESCRIPTORS, make_bundle, make_inventory

LIMITS: list[dict[str, float]] = [
    {},
    {"top_k": 1},
    {"temperature": 0},
    {"top_p": 0.1},
    {"min_p": 1},
]


@pytest.mark.parametrize("limits", LIMITS)
def test_continuity_1_plays_the_corpus_in_its_order(
    speaker: Speaker, limits: dict[str, float]
) -> None:
    for previous in range(59):
        unit, _, natural = speaker.decide(previous, step=previous, continuity=1, **limits)
        assert natural == (previous != 29)
        assert unit == previous + 1 or previous == 29


@pytest.mark.parametrize("limits", LIMITS)
def test_continuity_0_never_plays_what_followed(speaker: Speaker, limits: dict[str, float]) -> None:
    for step in range(300):
        assert not speaker.decide(step % 60, step=step, continuity=0, **limits)[2]


@pytest.mark.parametrize("continuity", [0.2, 0.5, 0.51, 0.7])
def test_what_followed_comes_as_often_as_its_odds_say(speaker: Speaker, continuity: float) -> None:
    previous = likely(speaker)
    natural = previous + 1
    q = speaker.tokens()[speaker.inventory.units[natural]["token"]] * speaker.share(natural)
    if continuity <= 0.5:
        odds = q / (1 - q) * continuity / (1 - continuity)
    else:  # how much likelier than a unit taken blindly
        odds = q / (1 - q) + 60 * q * (continuity - 0.5) / (1 - continuity)
    draws = 6000
    events = sum(speaker.decide(previous, s, continuity=continuity)[2] for s in range(draws))
    assert 0.01 < q < 0.9
    assert_as_often(events, draws, odds / (1 + odds))


def likely(speaker: Speaker) -> int:
    """Find the unit whose successor is most expected."""
    tokens = speaker.inventory.units["token"]
    chances = [
        speaker.tokens()[tokens[unit + 1]] * speaker.share(unit + 1) if unit != 29 else 0
        for unit in range(59)
    ]
    return int(np.argmax(chances))


def test_at_continuity_a_half_tokens_come_as_learned(speaker: Speaker) -> None:
    previous, draws = likely(speaker), 6000
    drawn = [speaker.decide(previous, step)[1] for step in range(draws)]
    assert_drawn_from(drawn, speaker.tokens())


def test_what_followed_is_avoided_as_any_other_when_its_token_was_heard(speaker: Speaker) -> None:
    previous, draws = likely(speaker), 6000
    token = int(speaker.inventory.units[previous + 1]["token"])
    speaker.heard = np.where(np.arange(12) == token, 3, 0)
    weights = speaker.tokens() / (1 + speaker.heard)
    chance = float(weights[token] / weights.sum()) * speaker.share(previous + 1)
    events = sum(speaker.decide(previous, step, repetition=1)[2] for step in range(draws))
    assert_as_often(events, draws, chance)


@pytest.mark.parametrize("bias", [-1.5, 1.5])
def test_what_followed_is_weighed_beside_what_is_leaned_towards(
    speaker: Speaker, bias: float
) -> None:
    """Its share is that under an expected mean as many deviations further."""
    previous, draws = likely(speaker), 6000
    token = int(speaker.inventory.units[previous + 1]["token"])
    before = speaker.share(previous + 1)
    speaker.bias[:] = bias
    chance = float(speaker.tokens()[token]) * speaker.share(previous + 1)
    assert abs(speaker.share(previous + 1) - before) > 0.002
    events = sum(speaker.decide(previous, step)[2] for step in range(draws))
    assert_as_often(events, draws, chance)


def test_among_the_units_of_a_token_a_bias_leans_too(speaker: Speaker) -> None:
    speaker.inventory.edges[:] = 0  # so that no join is better than another
    means = []
    for bias in (-4, 0, 4):
        speaker.bias[2] = bias
        units = [speaker.decide(step=step, temperature=0)[0] for step in range(100)]
        means.append(speaker.inventory.descriptors[units, 2].mean())
    assert means[0] < means[1] < means[2]


def test_temperature_0_takes_the_likeliest_token(speaker: Speaker) -> None:
    for step in range(20):
        assert speaker.decide(step=step, temperature=0)[1] == np.argmax(speaker.tokens())
        assert speaker.bits == 0


def test_the_same_keys_make_the_same_decision(speaker: Speaker) -> None:
    first = [speaker.decide(5, step) for step in range(50)]
    again = [speaker.decide(5, step) for step in reversed(range(50))][::-1]
    assert first == again


@pytest.mark.parametrize("keys", [{"seed": 2}, {"voice": 2}])
def test_other_keys_make_other_decisions(speaker: Speaker, keys: dict[str, int]) -> None:
    first = [speaker.decide(5, step) for step in range(50)]
    assert first != [speaker.decide(5, step, **keys) for step in range(50)]


@pytest.mark.parametrize("continuity", [0, 0.5, 1])
def test_a_corpus_of_one_unit_repeats_it(
    weights: Weights, hidden: NDArray[np.float32], continuity: float
) -> None:
    lonely = Speaker(weights, make_inventory([4], vocabulary=12), hidden)
    for previous in (-1, 0):
        assert lonely.decide(previous, continuity=continuity) == (0, 4, 0)


@pytest.mark.parametrize("limits", LIMITS)
def test_a_corpus_of_two_units_starts_again_rather_than_go_on(
    weights: Weights, hidden: NDArray[np.float32], limits: dict[str, float]
) -> None:
    for tokens in ([4, 4], [4, 5]):
        pair = Speaker(weights, make_inventory(tokens, vocabulary=12), hidden)
        for step in range(20):
            assert pair.decide(0, step, continuity=0, **limits)[0] == 0
            assert pair.decide(1, step, continuity=0, **limits)[0] in (0, 1)


def test_a_token_of_one_unit_can_be_left_and_entered(
    weights: Weights, hidden: NDArray[np.float32]
) -> None:
    speaker = Speaker(weights, make_inventory([0, 1, 2, 3, 4, 5], vocabulary=12), hidden)
    heard = {speaker.decide(step % 6, step)[0] for step in range(400)}
    assert len(heard) >= 4
    assert all(speaker.decide(0, s, continuity=0, temperature=0)[0] != 1 for s in range(20))


def test_a_large_token_weighs_its_share_by_a_selection(
    weights: Weights, hidden: NDArray[np.float32]
) -> None:
    """Of units that are all alike each has the same share, however many are looked at."""
    count = 20 * SHARERS
    crowd = make_inventory([0] * count, vocabulary=12)
    crowd.descriptors[:] = 0
    speaker = Speaker(weights, crowd, hidden)
    draws, odds = 4000, 1 / (count - 1) + 0.02 / 0.48
    events = sum(speaker.decide(17, step, continuity=0.52)[2] for step in range(draws))
    assert_as_often(events, draws, odds / (1 + odds))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_a_state_that_overflowed_still_gives_a_unit(
    weights: Weights, inventory: Inventory, value: float
) -> None:
    broken = np.full(weights.final_norm.size, value, np.float32)
    speaker = Speaker(weights, inventory, broken)
    for previous in (-1, 5, 29):
        for step in range(20):
            assert 0 <= speaker.decide(previous, step)[0] < 60


def test_every_scale_decides_among_its_own_units(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "x.idiolect", seconds=6)
    model, inventory = load_model(bundle), load_inventory(bundle)
    hidden, choice = np.zeros(model.weights.final_norm.size, np.float32), np.zeros(4, np.int64)
    size = int(inventory.token_offset[-1])
    steering = Steering(
        parameters=settings(),
        bias=np.zeros(len(DESCRIPTORS)),
        tilt=np.zeros(size, np.float32),
        heard=np.zeros(size, np.int64),
        past=PAST,
        seeded=NOTHING,
    )
    for scale, content in enumerate(bundle.scales):
        previous = -1
        for step in range(60):
            decide(
                model, inventory, hidden, scale, previous, steering, 1, 1, step,
                NOTHING, 0, choice,
            )  # fmt: skip
            previous = int(choice[0])
            assert content.units[previous]["token"] == choice[1]
