"""What was asked for last is what holds, whatever is done last."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from idiolect.bundle.bundle import Bundle
from idiolect.performance.player import Player
from idiolect.performance.wishes import Wishes
from stage import Stage
from synthetic import make_bundle

NAMES = ("one", "two", "three")


class Slow:
    """A shelf on which each bundle lies until it is let go."""

    def __init__(self, bundles: Sequence[Bundle]) -> None:
        self.bundles = dict(zip(NAMES, bundles, strict=True))

    def names(self) -> list[str]:
        return list(self.bundles)

    def open(self, name: str, tell: Callable[[str, float], None] = lambda *_: None) -> Bundle:
        return self.bundles[name]


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[Bundle]:
    folder: Path = tmp_path_factory.mktemp("wishes")
    return [make_bundle(folder / f"{name}.idiolect", seconds=3) for name in NAMES]


@pytest.fixture
def player(stage: Callable[..., Stage], others: list[Bundle]) -> Player:
    made = stage(2)
    return Player(made.bundle, made.engine, made.planner, Slow(others))


def go_on(pending: "Future[Any]") -> "Future[Any]":
    """Take the step that a loaded bundle gives, as the control thread does."""
    following: Future[Any] = pending.result(30)()
    return following


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_bundle_that_was_asked_for_last_is_played_whichever_is_loaded_last(
    player: Player, order: tuple[int, ...]
) -> None:
    asked = [player.speak_all(name) for name in NAMES]
    came = {number: go_on(asked[number]) for number in order}
    assert [player.bundle_of(voice) for voice in (1, 2)] == ["three", "three"]
    for number, future in came.items():
        overtaken = any(other > number for other in order[: order.index(number)])
        assert future.cancelled() == overtaken
    assert all(player.bundles()[name] for name in NAMES)


def test_a_bundle_goes_to_the_voices_that_were_told_nothing_else(player: Player) -> None:
    go_on(player.load("two"))
    asked = player.speak_all("one")
    player.speak(2, "two")
    go_on(asked)
    assert [player.bundle_of(voice) for voice in (1, 2)] == ["one", "two"]


def test_who_is_overtaken_by_every_voice_is_told(player: Player) -> None:
    go_on(player.load("two"))
    asked = player.speak_all("one")
    for voice in (1, 2):
        player.speak(voice, "two")
    with pytest.raises(CancelledError):
        go_on(asked).result(0)


def test_a_wish_counts_as_asked_when_it_was() -> None:
    wishes = Wishes()
    early = wishes.ask()
    assert wishes.claim("pan")
    with wishes.obeying(early):
        assert not wishes.claim("pan")
        assert wishes.claim("gain")
        assert wishes.claim("gain")
    assert wishes.claim("gain")
    with wishes.obeying(early):
        assert not wishes.claim("gain")
