"""The composition root of the daemon: it makes the parts, owns the threads, and knows their order.

Starting: bundle, engine, planner and player; everything compiled and run once; the first lookahead
planned; then the way out, the planner thread, and last the door for OSC.  Stopping goes the other
way round, after a fade.
"""

import contextlib
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

from idiolect.audio.file import render as render_blocks
from idiolect.audio.file import write_wav
from idiolect.audio.output import Output, open_output, pick_rate
from idiolect.audio.recorder import Recorder
from idiolect.bundle import Bundle
from idiolect.config import Config
from idiolect.control.server import ControlServer
from idiolect.engine.engine import Engine
from idiolect.errors import AudioError, ConfigError
from idiolect.performance.planner import Planner
from idiolect.performance.player import Player
from idiolect.performance.warm_up import warm_up
from idiolect.resampling import resample

__all__ = ["App", "Performance", "render", "serve"]

logger = logging.getLogger(__name__)

_SWITCH_SECONDS = 0.0005  # how long another Python thread may keep the planner waiting for the GIL
_FADE_SECONDS = 0.05
_RENDER_BLOCK = 4096
_WATCH_SECONDS = 0.2  # between two looks at the way out
_LONGEST_PAUSE = 2.0  # between two tries to open it again


class Performance:
    """A bundle with an engine, a planner and a player around it, ready to sound.

    Parameters
    ----------
    bundle : Bundle
        At the rate of the way out.
    config : Config
    say : callable
        Told, in a line, what takes long.
    """

    def __init__(self, bundle: Bundle, config: Config, say: Callable[[str], None]) -> None:
        settings, sample_rate = config.performance, bundle.sample_rate
        warm_up(bundle, sample_rate, say)
        self.bundle = bundle
        lookahead = round(settings.lookahead_seconds * sample_rate)
        self.engine = Engine(settings.voices, sample_rate, lookahead)
        self.planner = Planner(
            bundle,
            self.engine,
            lookahead_seconds=settings.lookahead_seconds,
            margin_ms=settings.margin_ms,
        )
        self.player = Player(bundle, self.engine, self.planner)


class App:
    """The daemon.

    Parameters
    ----------
    path : Path
        The bundle.
    config : Config
    say : callable
        Told, in a line, what takes long.
    record : Path, optional
        What is heard is also written here, as WAV.

    Notes
    -----
    `start`, `stop` and `wait` belong to the main thread.
    """

    def __init__(
        self,
        path: Path,
        config: Config,
        *,
        say: Callable[[str], None] = lambda _: None,
        record: Path | None = None,
    ) -> None:
        self.config = config
        bundle = Bundle.open(path)
        audio = config.audio
        wanted = audio.sample_rate or bundle.sample_rate
        rate = pick_rate(audio.output, wanted, device=audio.device)
        if rate != bundle.sample_rate:
            say(f"converting {bundle.name} from {bundle.sample_rate} to {rate} Hz")
        self.performance = Performance(resample(bundle, rate), config, say)
        self.player = self.performance.player
        self.planner = self.performance.planner
        self.engine = self.performance.engine
        self._quit = threading.Event()
        control = config.control
        self.control = ControlServer(
            self.player,
            control.host,
            control.port,
            self._quit.set,
            http_port=control.http_port,
            allow=tuple(ip_network(entry, strict=False) for entry in control.allow),
            name=config.performance.name,
        )
        self._recorder = Recorder(self.engine, record) if record is not None else None
        self.output: Output = open_output(
            audio.output,
            self.engine,
            device=audio.device,
            block_size=audio.block_frames,
            client=config.performance.name,
            before_block=lambda _: self.planner.advance(),
        )
        self._paced = not audio.output.startswith("file:")

    def start(self) -> None:
        """Let it sound and listen."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        for voice in range(1, self.config.performance.autostart + 1):
            self.player.set("run", voice, 1.0)
        self.planner.advance()
        with contextlib.ExitStack() as undo:
            undo.callback(self.output.stop)  # its threads read memory that must outlive them
            self.control.start()
            undo.callback(self.control.stop)
            if self._recorder is not None:
                self._recorder.start()
                undo.callback(self._recorder.stop)
            if self._paced:  # into a file, each block waits for its own planning instead
                self.planner.start()
                undo.callback(self.planner.stop)
            self.output.start()
            undo.pop_all()

    def stop(self) -> None:
        """Fade out, then end every thread."""
        self.control.stop()
        if self.output.alive:
            ramp = round(_FADE_SECONDS * self.engine.sample_rate)
            self.engine.push_control(0, "mute", 1.0, ramp=ramp)
            time.sleep(_FADE_SECONDS + 2 * self.output.block_size / self.engine.sample_rate)
        self.output.stop()
        self.planner.stop()
        if self._recorder is not None:
            self._recorder.stop()

    def wait(self) -> None:
        """Return when ``/quit`` came or a signal asked for the end; meanwhile watch the way out."""
        while not self._quit.wait(_WATCH_SECONDS):
            if not self.output.alive:
                if not self._paced:
                    return  # a file that failed stays failed; `stop` says why
                self._revive()

    def _revive(self) -> None:
        """Open a way out that has died again, as soon as it lets itself be opened.

        Meanwhile the engine's clock stands still: nothing that was planned is lost.
        """
        logger.warning("%s has gone; everything waits until it is back", self.output.name)
        pause, reason = _WATCH_SECONDS, ""
        while not self._quit.wait(pause):
            try:
                self.output.reconnect()
            except AudioError as error:
                if str(error) != reason:
                    reason = str(error)
                    logger.warning("%s", reason)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                logger.warning("%s is back", self.output.name)
                return

    def quit(self) -> None:
        """Make `wait` return.  Any thread, and signal handlers."""
        self._quit.set()

    def __enter__(self) -> "App":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def ready_line(self) -> str:
        """What the daemon prints when it can be played."""
        host, port = self.control.address
        rate = self.engine.sample_rate
        latency = 1000 * (self.output.latency_frames + self.engine.delay_frames) / rate
        return (
            f"{self.config.performance.name}: {self.performance.bundle.name} on "
            f"osc.udp://{host}:{port}{_web(self.control.http_address)}, {self.player.voices} voices, "
            f"scales {', '.join(self.player.scales)}, "
            f"{self.output.name} at {rate} Hz, latency {latency:.1f} ms"
        )


def _web(address: tuple[str, int] | None) -> str:
    if address is None:
        return ""
    host, port = address
    return f" and http://[{host}]:{port}" if ":" in host else f" and http://{host}:{port}"


def serve(path: Path, config: Config) -> int:
    """Run the daemon until SIGINT, SIGTERM or ``/quit``; return the exit status."""
    app = App(path, config, say=_print)
    with _signals(app.quit), app:
        _print(app.ready_line)
        app.wait()
    return 0


def render(
    path: Path,
    output: Path,
    seconds: float,
    *,
    seed: int,
    temperature: float,
    scale: str | None,
    config: Config,
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
    index = bundle.scale_index(scale) if scale is not None else 0
    performance = Performance(bundle, config, _print)
    player = performance.player
    player.set("random_seed", 1, float(seed))
    player.set("temperature", 1, temperature)
    player.set("scale", 1, float(index))
    player.set("run", 1, 1.0)
    frames = round(seconds * bundle.sample_rate)
    if frames < 1:
        raise ConfigError(f"--seconds must be at least one frame, got {seconds:g}")
    blocks = render_blocks(
        performance.engine, frames, _RENDER_BLOCK, lambda _: performance.planner.advance()
    )
    write_wav(output, blocks, bundle.sample_rate)


@contextlib.contextmanager
def _signals(quit_: Callable[[], None]) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a quiet end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {
        number: signal.signal(number, lambda *_: quit_())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the ready line is what a script waits for
