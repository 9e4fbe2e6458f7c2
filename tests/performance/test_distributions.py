"""What is drawn has the distribution that the parameters promise: 10,000 decisions at a time."""

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.bundle.memory import recall
from idiolect.language.memories import DEPTH, Memories
from idiolect.learning.ngrams import Stream, kneser_ney
from idiolect.learning.ngrams import count as count_ngrams
from idiolect.performance.leaning import measure_leanings, tilt_tokens
from idiolect.performance.repertoire import restrict
from idiolect.selection.inventory import Inventory
from speaker import Speaker, assert_drawn_from

Chances = NDArray[np.float64]

DRAWS = 10_000
HEARD = np.array([3, 0, 0, 1, 7, 0, 2, 0, 0, 0, 1, 0])
MEMORY_WEIGHT = 0.3  # as if fitted


def entropy(p: Chances) -> float:
    return float(-np.sum(p[p > 0] * np.log2(p[p > 0])))


def check_draws(speaker: Speaker, expected: Chances, **values: float) -> list[int]:
    """Draw, and check what is drawn; the entropy that is told shows errors too small for draws."""
    drawn = [speaker.decide(step=step, **values)[1] for step in range(DRAWS)]
    assert_drawn_from(drawn, expected)
    assert speaker.bits == pytest.approx(entropy(expected), abs=1e-4)
    return drawn


def reshape(
    p: Chances,
    temperature: float = 1,
    min_p: float = 0,
    top_k: int = 0,
    top_p: float = 1,
    repetition: float = 0,
) -> Chances:
    """Say in other words what the parameters do to a distribution."""
    p = (p / (1 + HEARD) ** repetition) ** (1 / temperature)
    p = p / p.sum()
    p = np.where(p >= min_p * p.max(), p, 0)
    order = np.argsort(-p)[: top_k or len(p)]
    before = np.cumsum(p[order]) - p[order]
    kept = order[before < top_p * p[order].sum()]
    shaped = np.zeros_like(p)
    shaped[kept] = p[kept]
    return np.asarray(shaped / shaped.sum())


def remember(speaker: Speaker) -> Chances:
    """Give the speaker a memory of its corpus and a past; return what the memory expects then."""
    tokens = speaker.inventory.units["token"].astype(np.int64)
    stream = Stream.of(tokens, np.zeros(60, np.int64), np.full(60, True))
    tree = kneser_ney(count_ngrams(stream, 2), np.full(2, 0.5))
    speaker.memories = Memories(tree, np.zeros(1, np.int64), np.array([MEMORY_WEIGHT]))
    speaker.past = np.array([tokens[7], -2, -2, -2, -2])
    remembered = np.zeros(12)
    recall(tree, speaker.past, DEPTH, remembered)
    return remembered


def mix(learned: Chances, remembered: Chances, lean: float) -> Chances:
    """Say in other words what the memory adds, among the tokens that there are."""
    share = MEMORY_WEIGHT * lean
    share /= share + (1 - MEMORY_WEIGHT) * (1 - lean)
    mixed = np.where(learned > 0, share * remembered + (1 - share) * learned, 0)
    return np.asarray(mixed / mixed.sum())


def lean_towards(speaker: Speaker, column: int, bias: float) -> Chances:
    """Bias the speaker; return each token's place in that descriptor."""
    leanings = measure_leanings(speaker.inventory)
    speaker.bias[column] = bias
    tilt_tokens(leanings, speaker.bias, -1, speaker.tilt)
    return leanings.places[:, column]


def keep(inventory: Inventory, inside: NDArray[np.bool_]) -> Inventory:
    """See the inventory as a voice that may play these units alone."""
    kept = restrict(inventory, inside)
    return inventory._replace(
        allowed=kept.allowed, members=kept.members, member_start=kept.member_start
    )


SHAPES: list[dict[str, float]] = [
    {"temperature": 0.5},
    {"temperature": 2},
    {"top_p": 0.6},
    {"top_k": 3},
    {"min_p": 0.15},
    {"repetition": 1},
    {"repetition": 2.5, "temperature": 1.5},
    {"temperature": 1.4, "min_p": 0.05, "top_k": 4, "top_p": 0.8, "repetition": 0.5},
]


@pytest.mark.parametrize("values", SHAPES, ids=str)
def test_tokens_come_as_often_as_the_parameters_say(
    speaker: Speaker, values: dict[str, float]
) -> None:
    speaker.heard = HEARD
    expected = reshape(speaker.tokens(), **values)  # type: ignore[arg-type]
    check_draws(speaker, expected, **values)


def test_what_followed_does_not_count_in_the_entropy(speaker: Speaker) -> None:
    speaker.decide(5)
    assert speaker.bits == pytest.approx(entropy(speaker.tokens()), abs=1e-4)


@pytest.mark.parametrize(
    ("name", "rising"),
    [
        ("temperature", np.geomspace(0.05, 20, 30)),
        ("top_p", np.linspace(0, 1, 30)),
        ("top_k", np.arange(1, 7)),
        ("min_p", np.linspace(1, 0, 30)),
    ],
)
def test_what_widens_a_choice_never_narrows_it(
    speaker: Speaker, name: str, rising: NDArray[np.float64]
) -> None:
    """From one token, or hardly more, to all of the six."""
    bits = []
    for value in rising:
        speaker.decide(**{name: float(value)})
        bits.append(speaker.bits)
    assert (np.diff(bits) >= 0).all()
    assert (np.diff(bits) > 0).all() or name in ("top_p", "min_p")
    assert bits[0] < 0.1 < 2 < bits[-1] <= np.log2(6)


@pytest.mark.parametrize("lean", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_memory_leans_between_the_network_and_what_followed_in_the_corpus(
    speaker: Speaker, lean: float
) -> None:
    """At 0 the network's own, at a half the fitted mixture, at 1 the memory's own."""
    expected = mix(speaker.tokens(), remember(speaker), lean)
    check_draws(speaker, expected, memory=lean)


@pytest.mark.parametrize("bias", [-2, 0.5, 3])
def test_a_bias_tilts_tokens_by_how_far_they_lie(speaker: Speaker, bias: float) -> None:
    places = lean_towards(speaker, 1, bias)
    weights = speaker.tokens() * np.exp(bias * places)
    check_draws(speaker, weights / weights.sum())


def test_more_of_a_bias_is_more_of_its_descriptor(speaker: Speaker) -> None:
    """The mean place rises with every step, by as much as an exponential tilt says."""
    means = []
    for bias in (-3.0, -1.0, 0.0, 1.0, 3.0):
        places = lean_towards(speaker, 2, bias)
        weights = speaker.tokens() * np.exp(bias * places)
        shares = weights / weights.sum()
        means.append(places[check_draws(speaker, shares)].mean())
        expected = (shares * places).sum()
        reach = np.ptp(places) * np.sqrt(np.log(2e9) / (2 * DRAWS))  # Hoeffding's bound (1963)
        assert abs(means[-1] - expected) < reach
    assert (np.diff(means) > 0).all()


@pytest.mark.parametrize("values", [{}, {"temperature": 2.0, "top_k": 2}], ids=str)
def test_nothing_outside_a_repertoire_is_drawn_and_the_rest_as_often_as_learned(
    speaker: Speaker, values: dict[str, float]
) -> None:
    """Of six tokens three have units that are allowed, two of them a single one."""
    tokens, everything = speaker.inventory.units["token"], speaker.tokens()
    inside = tokens == 1
    inside[[int(np.flatnonzero(tokens == token)[0]) for token in (2, 5)]] = True
    speaker.inventory = keep(speaker.inventory, inside)
    assert all(inside[speaker.decide(step=step, **values)[0]] for step in range(DRAWS))
    left = np.where(np.isin(np.arange(12), (1, 2, 5)), everything, 0)
    expected = reshape(left / left.sum(), **values)  # type: ignore[arg-type]
    check_draws(speaker, expected, **values)


@pytest.mark.parametrize("lean", [0.4, 0.9])
def test_all_of_it_together_has_its_order(speaker: Speaker, lean: float) -> None:
    """What may be played, then memory, bias, repetition, temperature, min-p, top-k and top-p."""
    remembered = remember(speaker)
    bias, places = 0.7, lean_towards(speaker, 0, 0.7)
    speaker.inventory = keep(speaker.inventory, speaker.inventory.units["token"] != 3)
    speaker.heard = HEARD
    weights = mix(speaker.tokens(), remembered, lean) * np.exp(bias * places)
    values = {"temperature": 1.4, "min_p": 0.02, "top_k": 4, "top_p": 0.9, "repetition": 0.5}
    expected = reshape(weights, **values)  # type: ignore[arg-type]
    assert 1 < np.count_nonzero(expected) < 5
    check_draws(speaker, expected, memory=lean, **values)
