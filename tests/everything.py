"""An instrument to which everything happens that can, rendered by hand through the callback.

For tests that watch the callback's thread from outside; also a program, whose process has the
library of ``engine/watch.c`` preloaded: ``everything.py LIBRARY SECONDS BUNDLE...``.
"""

import ctypes
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from idiolect.bundle.bundle import Bundle
from idiolect.engine.callback import compiled
from idiolect.engine.counters import CLIPPED, CUTS, DROPPED, NAN, PLAYS, PLAYS_LATE, STARVED
from idiolect.engine.engine import Engine
from idiolect.engine.events import RAN_ON
from idiolect.engine.seat import Seat
from idiolect.parameters.table import VOICE
from idiolect.performance.changes import Hush
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player

VOICES = 4
CHANNELS = 4
FRAMES = 64
LOOKAHEAD_SECONDS = 0.5
DEEDS_PER_SECOND = 40.0
NAPS_PER_SECOND = 0.05  # of the planner, each longer than what is planned
NAP_SECONDS = 1.5
REST = 0.5  # probability that a parameter goes back to its default instead


class Shelf:
    """Bundles that are open already."""

    def __init__(self, bundles: Sequence[Bundle]) -> None:
        self._bundles = {bundle.name: bundle for bundle in bundles}

    def names(self) -> list[str]:
        return list(self._bundles)

    def open(self, name: str, tell: object = None) -> Bundle:
        return self._bundles[name]


class Everything:
    """Four voices, and somebody who does anything to them, the same for the same seed."""

    def __init__(self, bundles: Sequence[Bundle], seed: int = 0) -> None:
        bundle, self._shelf = bundles[0], Shelf(bundles)
        self.rate = bundle.sample_rate
        self.engine = Engine(VOICES, self.rate, round(LOOKAHEAD_SECONDS * self.rate), CHANNELS)
        self.planner = Planner(
            bundle, self.engine, lookahead_seconds=LOOKAHEAD_SECONDS, margin_ms=10
        )
        self.player = Player(bundle, self.engine, self.planner, self._shelf)
        self.seat = Seat(self.engine, FRAMES)
        self.seat.run(True)
        self.out = np.zeros((FRAMES, CHANNELS), np.float32)
        self.run_on = self.clouds = self.plain = self.most = self.swaps = 0
        self.qualities: set[int] = set()
        self.planner.on_events = self._note
        self._rng = np.random.default_rng(seed)
        self._asleep = 0
        for voice in range(1, VOICES + 1):
            self.player.set("run", voice, 1.0)

    def block(self, ask: Callable[[], object]) -> None:
        """Do what is due, plan, and let `ask` have the callback fill `out`."""
        seconds = FRAMES / self.rate
        if self._rng.random() < DEEDS_PER_SECOND * seconds:
            self._do_anything(1 + int(self._rng.integers(VOICES)))
        if self._rng.random() < NAPS_PER_SECOND * seconds:
            self._asleep = round(NAP_SECONDS / seconds)
        self._asleep -= 1
        if self._asleep < 0:
            self.planner.advance()
        ask()
        voices = self.engine.state.voices
        self.clouds += int((voices["subgrains"] > 0).any())
        self.plain += int(((voices["cloud"] == 0) & (voices["count"] > 0)).any())
        self.most = max(self.most, int(voices["subgrains"].max()))
        sounding = self.engine.state.subgrains["quality"][voices["subgrains"] > 0, 0]
        self.qualities.update(sounding.tolist())

    def happened(self) -> dict[str, int]:
        """Count what there was."""
        counters = self.engine.state.counters
        return {
            "frames": self.engine.frame,
            "cuts": int(counters[CUTS]),
            "dropped": int(counters[DROPPED]),
            "clipped": int(counters[CLIPPED]),
            "starved": int(counters[STARVED]),
            "nan": int(counters[NAN]),
            "run_on": self.run_on,
            "clouds": self.clouds,
            "plain": self.plain,
            "subgrains": self.most,
            "swaps": self.swaps,
            "qualities": len(self.qualities),
            "plays": int(counters[PLAYS]),
            "plays_late": int(counters[PLAYS_LATE]),
        }

    def _note(self, events: np.ndarray) -> None:
        self.run_on += int((events["kind"] == RAN_ON).sum())

    def _do_anything(self, voice: int) -> None:
        rng, player = self._rng, self.player
        deed = rng.random()
        if deed < 0.1:
            player.cut(voice)
        elif deed < 0.2:
            player.seed_random(voice)
        elif deed < 0.3:
            player.set("scale", voice, float(rng.integers(len(player.scales_of(voice)))))
        elif deed < 0.32:
            before = player.bundle_of(voice)
            player.speak_now(voice, str(rng.choice(self._shelf.names())))
            self.swaps += player.bundle_of(voice) != before
        elif deed < 0.42:
            self._play_by_hand(voice)
        elif deed < 0.425:
            self.planner.submit(Hush(sounding=bool(rng.random() < 0.5)))
        elif deed < 0.47:
            player.set("run", voice, float(rng.random() < 0.8))
        else:
            self._turn(
                str(rng.choice([name for name in VOICE if name not in ("run", "scale")])), voice
            )

    def _play_by_hand(self, voice: int) -> None:
        """Play a run of units now or within half a second, at any rate, either way."""
        rng = self._rng
        self.player.at = self.engine.frame + int(rng.integers(-1000, self.rate // 2))
        backwards, run = bool(rng.random() < 0.3), int(rng.integers(1, 9))
        self.player.play(voice, rate=float(rng.uniform(-1200, 1200)), reverse=backwards, run=run)
        self.player.at = -1

    def _turn(self, name: str, voice: int) -> None:
        parameter = VOICE[name]
        value = float(self._rng.uniform(parameter.low, parameter.high))
        if self._rng.random() < REST:
            value = parameter.default
        self.player.set(name, voice, value if parameter.kind == "f" else float(round(value)))


def watch(library: str, seconds: float, paths: Sequence[str]) -> dict[str, object]:
    """Let everything happen; count what the callback's thread allocated, freed and locked."""
    watched = ctypes.CDLL(library)
    watched.call.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p]
    counts = (ctypes.c_long * 3)()
    stage = Everything([Bundle.open(Path(path)) for path in paths])
    out, seat = stage.out.ctypes.data, stage.seat.address
    callback = compiled("portaudio").address
    while stage.engine.frame < seconds * stage.rate:
        stage.block(lambda: watched.call(callback, out, FRAMES, seat))
    watched.read_counts(counts)
    ours = list(counts)
    watched.call(ctypes.cast(watched.misbehave, ctypes.c_void_p), out, FRAMES, seat)
    watched.read_counts(counts)
    return {
        **stage.happened(),
        "ours": ours,
        "misbehaved": [b - a for a, b in zip(ours, counts, strict=True)],
    }


if __name__ == "__main__":
    print(json.dumps(watch(sys.argv[1], float(sys.argv[2]), sys.argv[3:])))
