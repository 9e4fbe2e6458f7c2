"""The composition root of the daemon: it makes the parts, owns the threads, and knows their order.

Starting: bundle, engine, planner and player; everything compiled and run once; the first lookahead
planned; then the way out, the planner thread, and last the door for OSC.  Stopping goes the other
way round, after a fade.
"""

import contextlib
import gc
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from pathlib import Path

from idiolect.audio.devices import Devices
from idiolect.audio.output import Output, open_output
from idiolect.audio.recorder import Recorder, Recordings
from idiolect.audio.watch import FADE_SECONDS, Watch
from idiolect.config.config import Config
from idiolect.config.playing import read_place
from idiolect.control.server import ControlServer
from idiolect.daemon.handover import Handover
from idiolect.daemon.parts import is_paced, open_performance, open_session
from idiolect.engine.counters import BLOCKS
from idiolect.performance.snapshots.presets import Presets
from idiolect.performance.snapshots.snapshot import restore, take
from idiolect.performance.snapshots.state import State
from idiolect.performance.witness import Witness
from idiolect.sessions import Session

__all__ = ["App"]

logger = logging.getLogger(__name__)

_SWITCH_SECONDS = 0.0005  # how long another Python thread may keep the planner waiting for the GIL
_WATCH_SECONDS = 0.1  # between two looks at the way out
_FADE_TRIES = 100  # a hundredth of a second apart, while the engine's queue is full


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
        What is heard is also written here.
    session : Path, optional
        What decides the sound is written here, for `idiolect replay`; beside it where it is there.
    before : Handover, optional
        What the process before this one left; then the way out may be gone for now.

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
        session: Path | None = None,
        before: Handover | None = None,
    ) -> None:
        self.config = config
        audio, device = config.audio, config.audio.device if before is None else before.device
        self.performance = open_performance(path, config, say, device, before)
        self.devices = Devices(audio.output, device, audio.channels, self._open_output)
        self.player = self.performance.player
        self.planner = self.performance.planner
        self.engine = self.performance.engine
        self._session: Session | None = None
        if session is not None:
            self._session = open_session(session, self.planner, config, say)
        self._quit = threading.Event()
        self.witness = Witness(
            self.engine, self.planner, self.player, lambda: self.output.latency_frames
        )
        self.recordings = Recordings(self.engine, config.audio.recordings)
        self.presets = Presets(self.player, config.performance.presets)
        self.control = self._make_door()
        kept = config.performance.state
        self._state: State | None = None
        if kept:
            speech = config.performance.speech_seconds
            self._state = State(self.player, Path(kept), self.control.call, speech_seconds=speech)
        self._before = before
        if before is not None:
            handles = [socket.socket(fileno=descriptor) for descriptor in before.sockets]
            self.control.inherit(handles, before.listeners)
        self._recorder = Recorder(self.engine, record) if record is not None else None
        self._paced = is_paced(config)
        self._watch = self.devices.watch = Watch(
            self.devices.reopen,
            self.engine,
            config.audio.block_frames,
            fade=self._fade,
            on_output=self.control.tell_output,
            may_be_gone=before is not None,
        )

    def _make_door(self) -> ControlServer:
        control = self.config.control
        return ControlServer(
            self.player,
            control.host,
            control.port,
            self._quit.set,
            http_port=control.http_port,
            allow=tuple(ip_network(entry, strict=False) for entry in control.allow),
            announce=tuple(map(read_place, control.announce)),
            name=self.config.performance.name,
            witness=self.witness,
            time_tags=control.time_tags,
            takes_dirt=control.dirt,
            recording=self.recordings,
            presets=self.presets,
            devices=self.devices,
            token=control.token,
            origins=control.origins,
            output=lambda: self._watch.state,
        )

    def _open_output(self, device: str) -> Output:
        audio = self.config.audio
        return open_output(
            audio.output,
            self.engine,
            device=device,
            block_size=audio.block_frames,
            latency=audio.latency,
            client=self.config.performance.name,
            before_block=lambda _: self.planner.advance(),
        )

    @property
    def output(self) -> Output:
        """The way out, or what stands in for it."""
        return self._watch.output

    def start(self) -> None:
        """Let it sound and listen."""
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._begin()
        self.planner.advance()
        if self._paced:
            self.player.fade(True, 0.0)
            self.player.fade(False, FADE_SECONDS)
        with contextlib.ExitStack() as undo:
            # What is there now stays: to look through it for cycles would stop every thread of
            # Python, the planner too, for 50 ms and more.
            gc.freeze()
            undo.callback(gc.unfreeze)
            undo.callback(self._watch.stop)  # its threads read memory that must outlive them
            self.control.start()
            undo.callback(self.control.stop)
            if self._recorder is not None:
                self._recorder.start()
                undo.callback(self._recorder.stop)
            if self._session is not None:
                self._session.start()
                undo.callback(self._session.stop)
            if self._paced:  # into a file, each block waits for its own planning instead
                self.planner.start()
                undo.callback(self.planner.stop)
            self._watch.start()
            if self._state is not None:
                self._state.start()
            undo.pop_all()

    def _begin(self) -> None:
        """Make the voices what they were, or what the settings say."""
        if self._before is not None:
            for text in restore(self.player, self._before.snapshot):
                logger.warning("left out of what it was: %s", text)
            return
        kept = self.config.performance.restore and self._state is not None and self._state.restore()
        for voice in range(1, 1 if kept else self.config.performance.autostart + 1):
            self.player.set("run", voice, 1.0)

    def stop(self) -> None:
        """Fade out, then end every thread."""
        if self._state is not None:
            self._state.stop()
        self.control.stop()
        self._end()

    def leave(self) -> Handover:
        """Stop for a process that takes this one's place; return what it goes on from."""
        if self._state is not None:
            self._state.stop()
        self.control.call(self.recordings.close).result()  # whoever listens is told
        sockets, listeners = self.control.release()
        snapshot = take(self.player)
        self._end()
        return Handover(
            sockets=sockets,
            listeners=listeners,
            sample_rate=self.engine.sample_rate,
            snapshot=snapshot,
            device=self.devices.chosen,
        )

    def _end(self) -> None:
        if self.output.alive:
            self.player.fade(True, FADE_SECONDS)
            time.sleep(FADE_SECONDS + 2 * self.output.block_size / self.engine.sample_rate)
        self.recordings.close()
        self.presets.close()
        self._watch.stop()
        self.planner.stop()
        gc.unfreeze()
        if self._session is not None:
            self._session.stop()
        if self._recorder is not None:
            self._recorder.stop()

    def wait(self, look: Callable[[], None] = lambda: None) -> bool:
        """Return when ``/quit`` came or a signal asked for the end; meanwhile watch the way out.

        Parameters
        ----------
        look : callable
            Called ten times a second.

        Returns
        -------
        bool
            True when nobody asked for the end, but only a new process can open the way out.
        """
        while not self._quit.wait(_WATCH_SECONDS):
            if self._paced:
                self._watch.look()
            elif not self.output.alive:
                return False  # a file that failed stays failed; `stop` says why
            if self._watch.restart_needed:
                return True
            look()
        return False

    def _fade(self, silent: bool) -> None:
        """Let the control thread, whose the engine's queue is, fade the output; main thread."""
        fade = partial(self.player.fade, silent, FADE_SECONDS)
        for _ in range(_FADE_TRIES):
            if self.control.call(fade).result():
                return
            time.sleep(0.01)

    def quit(self) -> None:
        """Make `wait` return.  Any thread, and signal handlers."""
        self._quit.set()

    def __enter__(self) -> "App":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def progress(self) -> dict[str, int]:
        """Say how far the block and the planner have come; both go on while it is well.  Any thread."""
        blocks = int(self.engine.state.counters[BLOCKS])
        return {"block": blocks, "pass of the planner": self.planner.passes}

    @property
    def ready_line(self) -> str:
        """What the daemon prints when it can be played."""
        host, port = self.control.address
        rate = self.engine.sample_rate
        latency = 1000 * (self.output.latency_frames + self.engine.delay_frames) / rate
        return (
            f"{self.config.performance.name}: {self.performance.bundle.name} on "
            f"osc.udp://{host}:{port}{_web(self.control.http_address)}, {self.player.voices} voices, "
            f"scales {', '.join(self.player.scales_of(1))}, "
            f"{self.output.name} at {rate} Hz, latency {latency:.1f} ms"
        )


def _web(address: tuple[str, int] | None) -> str:
    if address is None:
        return ""
    host, port = address
    return f" and http://[{host}]:{port}" if ":" in host else f" and http://{host}:{port}"
