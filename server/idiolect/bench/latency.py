"""How long a change takes from its packet to the sound, measured on the grains themselves."""

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.client import Client
from idiolect.config.config import load
from idiolect.daemon.app import App
from idiolect.engine.events import BEGAN, CUT
from idiolect.performance.joins import LEAD_FRAMES
from idiolect.performance.planning import engine_frame_of

__all__ = ["Latency", "measure"]

_APART_SECONDS = 0.25  # between two changes, so that each meets a full queue
_WAIT_SECONDS = 2.0
_SETTLE_SECONDS = 1.5
_SAME_FRAMES = 256  # of output compared with the corpus, to the last bit


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Milliseconds from the packet to the frame the new plan begins, for cuts; and for seeds."""

    cut_median: float
    cut_p99: float
    cut_most: float
    seed_median: float  # less the wait for the decision point
    seed_p99: float
    seed_most: float
    heard: int  # seeds after which the output is the new unit, bit for bit
    seeds: int
    bound: float  # margin, two blocks and 5 ms
    late: int  # cuts that came after their frame


def measure(
    bundle: Path, *, output: str, count: int, block: int, say: Callable[[str], None]
) -> Latency:
    """Cut, and seed, `count` times each, with a second of plan queued.

    Parameters
    ----------
    bundle : Path
    output : str
        ``jack``, ``null`` or ``device``.
    count : int
        Cuts, and as many seeds.
    block : int
        Frames of a block, where the output lets it be chosen.
    say : callable
        Told, in a line, what is being done.
    """
    flags = {
        "audio.output": output,
        "audio.block_frames": block,
        "control.port": 0,
        "performance.voices": 1,
        "performance.name": "latency",
    }
    config = load(flags=flags)
    app = App(bundle, config, say=say)
    with app, Client(*app.control.address) as client:
        meter = _Meter(app, client)
        client.send("/levelling", 0.0)  # a unit that is seeded is to be heard bit for bit
        time.sleep(_SETTLE_SECONDS)
        say(f"{count} cuts, then {count} seeds")
        cuts = np.array([meter.cut() for _ in range(count)])
        seeds = np.array([meter.seed() for _ in range(count)])
        late = app.player.status().cuts_late
        heard = meter.heard
    block_ms = 1000 * app.output.block_size / app.engine.sample_rate
    return Latency(
        cut_median=float(np.median(cuts)),
        cut_p99=float(np.quantile(cuts, 0.99)),
        cut_most=float(cuts.max()),
        seed_median=float(np.median(seeds)),
        seed_p99=float(np.quantile(seeds, 0.99)),
        seed_most=float(seeds.max()),
        heard=heard,
        seeds=count,
        bound=config.performance.margin_ms + 2 * block_ms + 5,
        late=late,
    )


class _Meter:
    """Sends changes and reads, from the callback's events, when they began to sound."""

    def __init__(self, app: App, client: Client) -> None:
        self.heard = 0
        self._app = app
        self._client = client
        self._events: queue.SimpleQueue[NDArray[np.void]] = queue.SimpleQueue()
        self._rest: NDArray[np.void] | None = None  # of those that have been looked at
        app.planner.on_events = self._events.put
        self._rate = app.engine.sample_rate
        self._rng = np.random.default_rng(0)

    def cut(self) -> float:
        """Milliseconds from the packet to the fade into the new plan."""
        time.sleep(_APART_SECONDS)
        self._drain()
        sent = self._app.engine.frame
        self._client.send("/voice/1/cut")
        return 1000 * (self._next_cut() - sent) / self._rate

    def seed(self) -> float:
        """Milliseconds from the packet to the first decision point that the seed could reach."""
        time.sleep(_APART_SECONDS + float(self._rng.uniform(0, 0.1)))
        self._drain()
        units = self._app.performance.bundle.scales[0].units
        sent = self._app.engine.frame
        self._client.send("/voice/1/seed/unit", int(self._rng.integers(len(units) - 1)))
        begun = self._next_cut()
        events = self._began(begun)
        self.heard += self._is_heard(int(events["frame"]), int(events["b"]))
        # The decision point is the first boundary from `earliest` on; the wait for it is the
        # corpus's, what lies before it is ours.
        earliest = int(self._app.planner.plan.voices["earliest"][0])
        reached = engine_frame_of(self._app.engine.table, 0, earliest)
        return 1000 * (int(reached) - sent) / self._rate

    def _drain(self) -> None:
        self._rest = None
        while not self._events.empty():
            self._events.get()

    def _next_cut(self) -> int:
        """Engine frame at which the next published plan began."""
        return int(self._wait(lambda events: events["kind"] == CUT)["frame"])

    def _began(self, frame: int) -> np.void:
        """Event of the next grain whose unit begins at or after a frame."""
        return self._wait(lambda events: (events["kind"] == BEGAN) & (events["frame"] >= frame))

    def _wait(self, choose: Callable[[NDArray[np.void]], NDArray[np.bool_]]) -> np.void:
        """Take events up to the first that is chosen, and that one.

        A grain that had begun to fade in before a cut has its unit's onset after it: what is
        chosen next is looked for among what happened afterwards, not by its frame.
        """
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            events, self._rest = self._rest, None
            if events is None:
                events = self._events.get(timeout=_WAIT_SECONDS)
            found = np.flatnonzero(choose(events))
            if len(found):
                self._rest = events[found[0] + 1 :]
                first: np.void = events[found[0]]
                return first
        raise TimeoutError("nothing changed")

    def _is_heard(self, onset: int, unit: int) -> bool:
        """Say whether what was rendered after the fade is that unit's audio."""
        engine, bundle = self._app.engine, self._app.performance.bundle
        start = int(bundle.scales[0].units["start"][unit])
        after = LEAD_FRAMES
        first = onset + engine.delay_frames + after
        while engine.frame < first + _SAME_FRAMES:
            time.sleep(0.005)
        at, out = engine.heard(first)
        corpus = bundle.audio[start + after : start + after + _SAME_FRAMES]
        return at == first and bool(np.array_equal(out[:_SAME_FRAMES, 0], corpus[:, 0]))
