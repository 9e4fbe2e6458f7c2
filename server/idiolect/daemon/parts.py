"""What the settings say the daemon is made of."""

from collections.abc import Callable
from pathlib import Path

from idiolect.audio.output import pick_rate
from idiolect.bundle.bundle import Bundle
from idiolect.bundle.resampling import resample
from idiolect.bundle.shelf import Shelf
from idiolect.config.config import Config
from idiolect.daemon.handover import Handover
from idiolect.engine.calibration import measure_capacity
from idiolect.errors import AudioError
from idiolect.performance.planner import Planner
from idiolect.rendering import Performance
from idiolect.sessions import Session

__all__ = ["is_paced", "open_performance", "open_session"]


def open_performance(
    path: Path, config: Config, say: Callable[[str], None], device: str, before: Handover | None
) -> Performance:
    """Open the bundle, at the rate of the way out, and make what plays it.

    Raises
    ------
    BundleError
        When the bundle cannot be opened.
    AudioError
        When the way out has no rate, and there was none before.
    """
    bundle = Bundle.open(path)
    rate = _rate(config, bundle, device, before)
    if rate != bundle.sample_rate:
        say(f"converting {bundle.name} from {bundle.sample_rate} to {rate} Hz")
    shelf = Shelf(Path(config.control.bundles) if config.control.bundles else path.parent, rate)
    performance = Performance(resample(bundle, rate), config, say, shelf)
    if is_paced(config):
        performance.engine.capacity = measure_capacity(rate)
    return performance


def is_paced(config: Config) -> bool:
    """Say whether time passes at the way out; into a file there is all the time."""
    return not config.audio.output.startswith("file:")


def open_session(
    path: Path, planner: Planner, config: Config, say: Callable[[str], None]
) -> Session:
    """Begin to write down what decides the sound; beside the file where it is there already."""
    session = Session(path, planner, config)
    if session.path != path:
        say(f"{path} is there already; this session goes to {session.path}")
    return session


def _rate(config: Config, bundle: Bundle, device: str, before: Handover | None) -> int:
    """Pick the rate of the way out; while it is gone, the one it had."""
    audio = config.audio
    wanted = audio.sample_rate or bundle.sample_rate
    try:
        return pick_rate(audio.output, wanted, device=device, channels=audio.channels)
    except AudioError:
        if before is None:
            raise
        return before.sample_rate
