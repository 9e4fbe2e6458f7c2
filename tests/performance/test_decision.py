"""Continuity and the token's distribution keep their laws, and nothing corners a decision."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.language.decoder import Weights, expect_descriptors, load_weights, score_tokens
from idiolect.language.memories import DEPTH, Memories
from idiolect.language.model import Model, load_model
from idiolect.learning.ngrams import Stream, kneser_ney
from idiolect.learning.ngrams import count as count_ngrams
from idiolect.memory import blank, recall
from idiolect.parameters import PLANNER_SLOTS, VOICE
from idiolect.performance.decision import SHARERS, Steering, decide
from idiolect.performance.leaning import measure_leanings, tilt_tokens
from idiolect.selection.inventory import Inventory, load_inventory, successor
from synthetic import DESCRIPTORS, make_bundle, make_inventory

NOTHING = np.zeros(0, np.int64)
SILENCE = np.zeros(12, np.int64)  # no token was heard
PAST = np.full(DEPTH, -2)
FORGETFUL = Memories(blank(), np.zeros(1, np.int64), np.zeros(1))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    folder = Path(tmp_path_factory.mktemp("decision"))
    return load_weights(make_bundle(folder / "x.idiolect", seconds=3))


@pytest.fixture
def inventory() -> Inventory:
    tokens = np.random.default_rng(3).permutation(np.resize(np.arange(6), 60)).tolist()
    made = make_inventory(tokens, vocabulary=12, ends=(29,))
    made.descriptors[:] *= 0.3  # alike, so that the natural successor's share is neither 0 nor 1
    return made


@pytest.fixture(scope="module")
def hidden(weights: Weights) -> NDArray[np.float32]:
    return np.random.default_rng(4).normal(0, 0.5, weights.final_norm.size).astype(np.float32)


def settings(**values: float) -> NDArray[np.float64]:
    given = {name: VOICE[name].default for name in PLANNER_SLOTS}
    given |= {"continuity": 0.5} | values  # as learned
    return np.array([given[name] for name in PLANNER_SLOTS], np.float64)


class Speaker:
    """Decides with everything fixed but what a test turns."""

    def __init__(self, weights: Weights, inventory: Inventory, hidden: NDArray[np.float32]) -> None:
        self.weights, self.inventory, self.hidden = weights, inventory, hidden
        self.heard, self.past, self.seeded = SILENCE, PAST, NOTHING
        self.memories = FORGETFUL
        self.bias = np.zeros(weights.mean_head.shape[1])
        self.tilt = np.zeros(int(inventory.token_offset[-1]), np.float32)

    def decide(
        self, previous: int = -1, step: int = 0, seed: int = 1, voice: int = 1, **values: float
    ) -> tuple[int, int, int]:
        """Return unit, token, natural."""
        choice = np.full(4, -7)
        steering = Steering(
            settings(**values), self.bias, self.tilt, self.heard, self.past, self.seeded
        )
        self.bits = decide(
            Model(self.weights, self.memories), self.inventory, self.hidden, 0, previous, steering,
            seed, voice, step, NOTHING, 0, choice,
        )  # fmt: skip
        unit, token, natural, _ = choice.tolist()
        assert self.inventory.units[unit]["token"] == token
        assert natural == (unit == successor(self.inventory, 0, previous))
        return unit, token, natural

    def tokens(self) -> NDArray[np.float64]:
        """Compute the learned distribution over tokens that have units."""
        inventory, size = self.inventory, int(self.inventory.token_offset[1])
        logits = np.empty(size, np.float32)
        score_tokens(self.weights, self.hidden, 0, size, logits)
        p = np.exp(logits.astype(np.float64)) * (np.diff(inventory.member_start) > 0)
        return np.asarray(p / p.sum())

    def share(self, natural: int) -> float:
        """Compute the natural successor's share of its token, from densities."""
        inventory, token = self.inventory, int(self.inventory.units[natural]["token"])
        mean, variance = np.empty((2, self.weights.mean_head.shape[1]), np.float32)
        expect_descriptors(self.weights, self.hidden, token, mean, variance)
        mean = mean.astype(np.float64) + self.bias * np.sqrt(variance)
        squares = (inventory.descriptors - mean) ** 2 / variance
        density = np.exp(-0.5 * squares.sum(1)) * (inventory.units["token"] == token)
        return float(density[natural] / density.sum())


@pytest.fixture
def speaker(weights: Weights, inventory: Inventory, hidden: NDArray[np.float32]) -> Speaker:
    return Speaker(weights, inventory, hidden)


def assert_as_often(events: int, draws: int, chance: float) -> None:
    assert abs(events - draws * chance) < 4 * np.sqrt(draws * chance * (1 - chance)) + 1


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


@pytest.mark.parametrize("continuity", [0.2, 0.5, 0.9])
def test_what_followed_comes_as_often_as_its_shifted_odds_say(
    speaker: Speaker, continuity: float
) -> None:
    previous = likely(speaker)
    natural = previous + 1
    q = speaker.tokens()[speaker.inventory.units[natural]["token"]] * speaker.share(natural)
    odds = q / (1 - q) * continuity / (1 - continuity)
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
    counts = np.bincount(drawn, minlength=12)
    for count, chance in zip(counts, speaker.tokens(), strict=True):
        assert_as_often(count, draws, chance)


def reshape(
    p: NDArray[np.float64],
    temperature: float = 1,
    min_p: float = 0,
    top_k: int = 0,
    top_p: float = 1,
    repetition: float = 0,
) -> NDArray[np.float64]:
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


HEARD = np.array([3, 0, 0, 1, 7, 0, 2, 0, 0, 0, 1, 0])

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
    expected, draws = reshape(speaker.tokens(), **values), 10_000  # type: ignore[arg-type]
    drawn = [speaker.decide(step=step, **values)[1] for step in range(draws)]
    for count, chance in zip(np.bincount(drawn, minlength=12), expected, strict=True):
        assert_as_often(count, draws, chance)
        assert chance or not count


def test_what_followed_is_avoided_as_any_other_when_its_token_was_heard(speaker: Speaker) -> None:
    previous, draws = likely(speaker), 6000
    token = int(speaker.inventory.units[previous + 1]["token"])
    speaker.heard = np.where(np.arange(12) == token, 3, 0)
    weights = speaker.tokens() / (1 + speaker.heard)
    chance = float(weights[token] / weights.sum()) * speaker.share(previous + 1)
    events = sum(speaker.decide(previous, step, repetition=1)[2] for step in range(draws))
    assert_as_often(events, draws, chance)


@pytest.mark.parametrize("bias", [-2, 0.5, 3])
def test_a_bias_tilts_tokens_by_how_far_they_lie(speaker: Speaker, bias: float) -> None:
    speaker.bias[1] = bias
    leanings = measure_leanings(speaker.inventory)
    tilt_tokens(leanings, speaker.bias, -1, speaker.tilt)
    weights, draws = speaker.tokens() * np.exp(bias * leanings.places[:, 1]), 10_000
    drawn = [speaker.decide(step=step)[1] for step in range(draws)]
    expected = weights / weights.sum()
    for count, chance in zip(np.bincount(drawn, minlength=12), expected, strict=True):
        assert_as_often(count, draws, chance)


@pytest.mark.parametrize("bias", [-1.5, 1.5])
def test_what_followed_is_weighed_beside_what_is_leaned_towards(
    speaker: Speaker, bias: float
) -> None:
    """Its share is that under an expected mean as many deviations further."""
    previous, draws = likely(speaker), 6000
    token = int(speaker.inventory.units[previous + 1]["token"])
    before = speaker.share(previous + 1)
    speaker.bias[0] = bias
    chance = float(speaker.tokens()[token]) * speaker.share(previous + 1)
    assert abs(speaker.share(previous + 1) - before) > 0.005
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


@pytest.mark.parametrize("lean", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_memory_leans_between_the_network_and_what_followed_in_the_corpus(
    speaker: Speaker, lean: float
) -> None:
    tokens = speaker.inventory.units["token"].astype(np.int64)
    stream = Stream.of(tokens, np.zeros(60, np.int64), np.full(60, True))
    tree = kneser_ney(count_ngrams(stream, 2), np.full(2, 0.5))
    speaker.memories = Memories(tree, np.zeros(1, np.int64), np.array([0.3]))
    speaker.past = np.array([tokens[7], -2, -2, -2, -2])
    remembered, draws = np.zeros(12), 10_000
    recall(tree, speaker.past, DEPTH, remembered)
    share = 0.3 * lean / (0.3 * lean + 0.7 * (1 - lean))
    mixed = share * remembered + (1 - share) * speaker.tokens()
    expected = mixed[:6]  # the others have no unit
    drawn = [speaker.decide(step=step, memory=lean)[1] for step in range(draws)]
    for token, chance in enumerate(expected / expected.sum()):
        assert_as_often(drawn.count(token), draws, chance)


def test_temperature_0_takes_the_likeliest_token(speaker: Speaker) -> None:
    for step in range(20):
        assert speaker.decide(step=step, temperature=0)[1] == np.argmax(speaker.tokens())
        assert speaker.bits == 0


def test_entropy_is_that_of_the_shaped_distribution(speaker: Speaker) -> None:
    p = speaker.tokens()
    speaker.decide(5)
    entropy = -np.sum(p[p > 0] * np.log2(p[p > 0]))
    assert speaker.bits == pytest.approx(entropy, abs=1e-4)


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
    draws, odds = 4000, 99 / (count - 1)
    events = sum(speaker.decide(17, step, continuity=0.99)[2] for step in range(draws))
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
