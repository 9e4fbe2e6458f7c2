"""A bundle ready to sound, and rendered into a file as fast as it goes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from idiolect.audio.file import render as render_blocks
from idiolect.audio.file import write_wav
from idiolect.bundle.bundle import Bundle
from idiolect.bundle.shelf import Shelf
from idiolect.config.config import Config
from idiolect.engine.engine import Engine
from idiolect.errors import ConfigError
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player
from idiolect.performance.warm_up import warm_up

__all__ = ["Beginning", "Performance", "render"]

_BLOCK = 4096


class Performance:
    """A bundle with an engine, a planner and a player around it, ready to sound.

    Parameters
    ----------
    bundle : Bundle
        At the rate of the way out.
    config : Config
    say : callable
        Told, in a line, what takes long.
    shelf : Shelf, optional
        Where other bundles come from.
    """

    def __init__(
        self,
        bundle: Bundle,
        config: Config,
        say: Callable[[str], None],
        shelf: Shelf | None = None,
    ) -> None:
        settings, sample_rate = config.performance, bundle.sample_rate
        warm_up(bundle, sample_rate, say)
        self.bundle = bundle
        lookahead = round(settings.lookahead_seconds * sample_rate)
        self.engine = Engine(settings.voices, sample_rate, lookahead, config.audio.channels)
        self.planner = Planner(
            bundle,
            self.engine,
            lookahead_seconds=settings.lookahead_seconds,
            margin_ms=settings.margin_ms,
        )
        self.player = Player(bundle, self.engine, self.planner, shelf)


@dataclass(frozen=True, kw_only=True, slots=True)
class Beginning:
    """What the first voice begins with when it is rendered."""

    seed: int
    temperature: float
    scale: str | None  # None: the finest

    def apply(self, performance: Performance) -> None:
        """Turn the voice's parameters; it does not speak yet.

        Raises
        ------
        BundleError
            When the bundle has no such scale.
        """
        player, scale = performance.player, self.scale
        index = performance.bundle.scale_index(scale) if scale is not None else 0
        player.set("random_seed", 1, float(self.seed))
        player.set("temperature", 1, self.temperature)
        player.set("scale", 1, float(index))


def render(
    path: Path,
    output: Path,
    seconds: float,
    beginning: Beginning,
    config: Config,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Write what one voice says to a sound file, as fast as it goes.

    Raises
    ------
    BundleError
        When the bundle cannot be opened or has no such scale.
    AudioError
        When the file cannot be written.
    """
    bundle = Bundle.open(path)
    performance = Performance(bundle, config, say)
    beginning.apply(performance)
    performance.player.set("run", 1, 1.0)
    frames = round(seconds * bundle.sample_rate)
    if frames < 1:
        raise ConfigError(f"--seconds must be at least one frame, got {seconds:g}")
    blocks = render_blocks(
        performance.engine, frames, _BLOCK, lambda _: performance.planner.advance()
    )
    write_wav(output, blocks, bundle.sample_rate, config.audio.channels)
