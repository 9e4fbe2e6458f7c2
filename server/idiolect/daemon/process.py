"""The daemon as a process: what it prints, what ends it, what takes its place."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from idiolect.config.config import Config
from idiolect.daemon.app import App
from idiolect.daemon.handover import replace_process, take_over
from idiolect.daemon.watchdog import Supervisor, Watchdog

__all__ = ["serve"]


def serve(
    path: Path, config: Config, session: Path | None = None, resume: Path | None = None
) -> int:
    """Run the daemon until SIGINT, SIGTERM or ``/quit``; return the exit status.

    Parameters
    ----------
    path
        The bundle.
    config : Config
    session : Path, optional
        What decides the sound is written here.
    resume : Path, optional
        What `handover.replace_process` left: go on from there.
    """
    # Python writes warnings by itself only as long as nobody else listens to them, as clients may.
    logging.basicConfig(format="%(message)s")
    before = take_over(resume) if resume else None
    supervisor = Supervisor(os.environ)

    def say(line: str) -> None:
        _print(line)
        supervisor.starting(line)

    app = App(path, config, say=say, session=session, before=before)
    with _signals(app.quit):
        app.start()
        _print(app.ready_line)
        supervisor.ready(app.ready_line)
        watchdog = Watchdog(supervisor, app.progress)

        def look() -> None:
            watchdog.look()
            supervisor.status(app.ready_line)  # while its way out is gone, there is another in it

        if not app.wait(look):
            supervisor.stopping()
            app.stop()
            return 0
        supervisor.reloading()
        replace_process(app.leave())


@contextmanager
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
