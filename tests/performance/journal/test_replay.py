"""What was played live, by a planner that is late now and then, comes out of its journal bit for bit."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idiolect.audio.null import NullOutput
from idiolect.bundle.bundle import Bundle
from idiolect.bundle.shelf import Shelf
from idiolect.engine.counters import PLAYS, STARVED, STOLEN
from idiolect.engine.engine import Engine
from idiolect.engine.seat import Seat
from idiolect.errors import ControlError, ScoreError
from idiolect.parameters.bias import voice_parameters
from idiolect.parameters.parameter import Parameter
from idiolect.parameters.table import MASTER
from idiolect.performance.changes import Hush, Pause
from idiolect.performance.journal.journal import Journal
from idiolect.performance.journal.lines import Line
from idiolect.performance.journal.replay import replay
from idiolect.performance.journal.setting import Setting
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player
from synthetic import make_bundle

VOICES = 3
RATE = 8000
LOOKAHEAD_SECONDS = 0.4
BLOCKS = (64, 256, 37)
TIGHT = 40_000  # picoseconds a frame, of which the voices themselves take half


@dataclass
class Live:
    """A null output with a planner thread, its journal, and all that was heard."""

    bundle: Bundle
    capacity: int = 0
    tape: list[tuple[int, Line | None]] = field(default_factory=list)
    parts: list[NDArray[np.float32]] = field(default_factory=list)
    heard_until: int = 0

    def __post_init__(self) -> None:
        rate = self.bundle.sample_rate
        lookahead = round(LOOKAHEAD_SECONDS * rate)
        self.setting = Setting(
            voices=VOICES, sample_rate=rate, lookahead_frames=lookahead, capacity=self.capacity
        )
        self.engine = Engine(VOICES, rate, lookahead)
        self.engine.capacity = self.capacity
        self.planner = Planner(
            self.bundle, self.engine, lookahead_seconds=LOOKAHEAD_SECONDS, margin_ms=10
        )
        self.shelf = Shelf(self.bundle.path.parent, rate)
        self.player = Player(self.bundle, self.engine, self.planner, self.shelf)
        self.journal = Journal(VOICES, self.write, ())
        self.planner.journal = self.journal

    def write(self, frame: int, lines: "list[Line] | tuple[Line, ...]") -> None:
        self.tape += [(frame, line) for line in lines] or [(frame, None)]

    def listen(self) -> None:
        first, frames = self.engine.heard(self.heard_until)
        assert first == self.heard_until
        self.parts.append(frames)
        self.heard_until += len(frames)

    @contextmanager
    def playing(self) -> Iterator[None]:
        self.output = NullOutput(Seat(self.engine, BLOCKS[0]))
        self.journal.start()
        self.planner.start()
        self.output.start()
        try:
            yield
        finally:
            self.output.stop()
            self.planner.stop()
            self.planner.advance()
            self.journal.stop()
            self.listen()

    def lose_the_way_out(self) -> None:
        """Let the engine's clock stand, and go on in blocks of another size, with a fade."""
        self.output.stop()
        time.sleep(0.1)
        assert self.player.fade(True, 0.0)
        size = BLOCKS[(BLOCKS.index(self.output.block_size) + 1) % len(BLOCKS)]
        self.output = NullOutput(Seat(self.engine, size))
        self.output.start()
        assert self.player.fade(False, 0.05)

    def again(self, *, anew: bool) -> NDArray[np.float32]:
        def find(name: str, digest: str) -> Bundle:
            found = self.shelf.open(name)
            assert found.digest == digest
            return found

        parts = replay(self.tape[1:], self.bundle, self.setting, anew=anew, find=find)
        return np.concatenate(list(parts))


def draw(rng: np.random.Generator, parameter: Parameter) -> float:
    """Draw a value, one that is at rest now and then."""
    if rng.random() < 0.3:
        return float(parameter.default)
    low, high = parameter.low, parameter.high
    if parameter.name in ("top_k", "parent", "loop", "random_seed"):
        low, high = max(low, -2), min(high, 8)
    value = low * (high / low) ** rng.random() if parameter.curve == "log" and low > 0 else 0.0
    value = value or low + (high - low) * rng.random()
    return float(round(value)) if parameter.kind == "i" else value


class Performer:
    """Turns and commands whatever there is, at random."""

    def __init__(self, live: Live, seed: int) -> None:
        self.live, self.rng, self.in_time_until = live, np.random.default_rng(seed), 0.0
        bundles = [live.shelf.open(name) for name in live.shelf.names()]
        self.turned = voice_parameters(live.player.descriptors)
        both = list(zip(*(bundle.scales for bundle in bundles), strict=True))
        self.units = [min(len(scale.units) for scale in scales) for scales in both]
        self.tokens = [min(scale.token_count for scale in scales) for scales in both]

    def act(self) -> None:
        player, rng = self.live.player, self.rng
        voice = int(rng.integers(1, VOICES + 1))
        if rng.random() < 0.1:
            self.act_together(voice)
        elif rng.random() < 0.08:
            name = str(rng.choice(list(MASTER)))
            player.set(name, 0, draw(rng, MASTER[name]) if name == "gain" else 0.0)
        elif rng.random() < 0.65:
            name = str(rng.choice(list(self.turned)))
            self.turn(voice, name)
        else:
            with suppress(ControlError):  # nothing of its scale may be allowed
                self.commands()[int(rng.integers(13))](voice)

    def act_together(self, voice: int) -> None:
        """Ask a voice for several things at once, as an OSC bundle or a preset does."""
        player, rng = self.live.player, self.rng
        with player.together():
            for _ in range(int(rng.integers(2, 7))):
                loaded = [name for name, there in player.bundles().items() if there]
                if rng.random() < 0.15:
                    player.speak_now(voice, str(rng.choice(loaded)))
                elif rng.random() < 0.5:
                    self.turn(voice, str(rng.choice(list(self.turned))))
                else:
                    with suppress(ControlError):
                        self.commands()[int(rng.integers(9))](voice)

    def keep_the_planner_away(self, seconds: float) -> None:
        """Let the first voice have a lookahead and a unit planned, no slower, and then no planner."""
        player = self.live.player
        values = {"freeze": 0, "stretch": 1, "duration": 1, "quantize": 0, "loop": 0, "scale": 0}
        for name, value in (values | {"run": 1}).items():
            player.set(name, 1, float(value))
        player.cut(1)
        time.sleep(0.05)
        self.live.planner.submit(Pause(seconds))
        self.in_time_until = time.monotonic() + seconds

    def turn(self, voice: int, name: str) -> None:
        if name in ("freeze", "stretch", "duration") and time.monotonic() < self.in_time_until:
            return
        value = draw(self.rng, self.turned[name])
        if name == "run":
            value = float(self.rng.random() < 0.75)
        elif name == "scale":
            value = float(self.rng.integers(len(self.units)))
        elif name == "freeze":
            value *= float(self.rng.random() < 0.3)
        with suppress(ControlError):
            self.live.player.set(name, voice, value)

    def commands(self) -> list[Callable[[int], object]]:
        player, rng = self.live.player, self.rng

        def scale(voice: int) -> int:
            return int(player.get("scale", voice))

        return [
            player.cut,
            player.seed_random,
            player.seed_clear,
            lambda v: player.seed_unit(v, int(rng.integers(self.units[scale(v)]))),
            lambda v: player.seed_map(v, *rng.uniform(-1, 1, 2).tolist()),
            lambda v: player.seed_tokens(
                v, rng.integers(self.tokens[scale(v)], size=int(rng.integers(1, 9))).tolist()
            ),
            lambda v: player.allow_region(v, *rng.uniform(-1, 1, 2).tolist(), 0.7),
            player.allow_all,
            player.allow_all,
            *(4 * [self.play_by_hand]),
        ]

    def play_by_hand(self, voice: int) -> None:
        """Play something now, late, soon, or further ahead than is planned."""
        player, rng = self.live.player, self.rng
        if rng.random() < 0.1:
            self.live.planner.submit(Hush(sounding=rng.random() < 0.5))
        ahead = float(rng.choice([0, -0.01, 0.1, 0.8]))
        player.at = -1 if ahead == 0 else self.live.engine.frame + round(ahead * RATE)
        rate, pan = rng.uniform(-1200, 1200), rng.uniform(-1, 1)
        backwards, run = rng.random() < 0.3, int(rng.integers(1, 20))
        player.play(voice, rate=rate, pan=pan, reverse=backwards, run=run, gain=-6.0)
        player.at = -1


def perform(
    live: Live, seed: int, *, actions: int, seconds: float, pauses: int, swaps: int, losses: int
) -> None:
    """Play for so long, with so many random actions, forced run-ons, swaps and losses of the way out."""
    rng = np.random.default_rng([seed, 1])
    performer = Performer(live, seed)
    late = set(np.linspace(actions // 10, actions * 9 // 10, pauses, dtype=int).tolist())
    swapped = set(np.linspace(actions // 8, actions * 7 // 8, swaps, dtype=int).tolist())
    lost = set(np.linspace(actions // 7, actions * 6 // 7, losses, dtype=int).tolist())
    with live.playing():
        for voice in range(1, VOICES + 1):
            live.player.set("run", voice, 1.0)
        for action in range(actions):
            performer.act()
            if action in swapped:
                name = str(rng.choice(live.shelf.names()))
                live.player.speak(int(rng.integers(1, VOICES + 1)), name)
            if action in lost:
                live.lose_the_way_out()
            if action in late:
                performer.keep_the_planner_away(float(rng.uniform(1.0, 1.5)))
            time.sleep(float(rng.exponential(seconds / actions)))
            live.listen()


def make_live(folder: Path, seed: int, capacity: int = 0) -> Live:
    """Give two bundles, of which one is played first."""
    make_bundle(folder / "other.idiolect", seed=seed + 100, channels=1, width=24)
    return Live(make_bundle(folder / "random.idiolect", seed=seed), capacity)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((0, 0), id="0"),
        pytest.param((1, 0), id="1", marks=pytest.mark.slow),
        pytest.param((2, TIGHT), id="overload"),
    ],
)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Live:
    """Six seconds; the last time with more to mix than it is said to have time for."""
    seed, capacity = request.param
    live = make_live(tmp_path_factory.mktemp("replay"), seed, capacity)
    perform(live, seed, actions=150, seconds=6, pauses=3, swaps=5, losses=2)
    return live


def assert_same(again: NDArray[np.float32], live: Live) -> None:
    heard = np.concatenate(live.parts)
    assert len(again) == len(heard)
    differs = np.flatnonzero((again != heard).any(axis=1))
    assert not len(differs), f"from frame {differs[0]} on, {len(differs)} of {len(heard)}"


def test_the_planner_was_late_and_much_was_changed(played: Live) -> None:
    counters = played.engine.state.counters
    assert counters[STARVED] >= 3
    assert (counters[STOLEN] > 50) == (played.capacity > 0)
    assert counters[PLAYS] >= 5
    assert np.abs(np.concatenate(played.parts)).max() > 0.05
    told = {line[0] for _, line in played.tape if line is not None}
    assert told >= {
        f"/session/{name}"
        for name in ("turn", "seed", "cut", "allow", "speak", "apply", "handed", "together")
    }


def test_what_is_planned_anew_sounds_as_it_did(played: Live) -> None:
    assert_same(played.again(anew=True), played)


def test_the_grains_as_they_were_planned_sound_as_they_did(played: Live) -> None:
    assert_same(played.again(anew=False), played)


def test_a_journal_that_ends_early_replays_up_to_there(played: Live) -> None:
    kept = [at for at, (_, line) in enumerate(played.tape) if line is None]
    short = Live(played.bundle, played.capacity, played.tape[: kept[len(kept) // 2] + 3])
    again = short.again(anew=False)
    assert len(again) == played.tape[kept[len(kept) // 2]][0]
    np.testing.assert_array_equal(again, np.concatenate(played.parts)[: len(again)])


def test_a_grain_that_comes_out_otherwise_is_told(played: Live) -> None:
    tape = [
        (frame, ("/session/cut", line[1][:1]) if line and line[0] == "/session/seed" else line)
        for frame, line in played.tape
    ]
    with pytest.raises(ScoreError, match=r"not planned as it was.*--grains"):
        Live(played.bundle, played.capacity, tape).again(anew=True)


@pytest.mark.parametrize(
    ("minutes", "seed"),
    [
        pytest.param(1, 3, marks=pytest.mark.slow),
        pytest.param(3, 2, marks=pytest.mark.soak),
        pytest.param(3, 3, marks=pytest.mark.soak),
    ],
)
def test_minutes_of_all_that_can_happen(minutes: int, seed: int, tmp_path: Path) -> None:
    """In three: two thousand changes, twenty run-ons, five swaps of bundles, three losses of the way out."""
    live = make_live(tmp_path, seed)
    most = {"actions": 2000, "pauses": 20, "swaps": 5, "losses": 3}
    perform(live, seed, seconds=60 * minutes, **{k: -(-n * minutes // 3) for k, n in most.items()})
    assert live.engine.state.counters[STARVED] >= 20 * minutes // 3
    for anew in (True, False):
        assert_same(live.again(anew=anew), live)
