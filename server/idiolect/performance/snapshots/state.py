"""The last state of a performance, kept in a file for the next start."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from idiolect.disk import clear_parts
from idiolect.errors import ConfigError, IdiolectError
from idiolect.performance.player import Player
from idiolect.performance.snapshots.documents import read_json, write_json
from idiolect.performance.snapshots.snapshot import look, restore, settle

__all__ = ["State"]

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 0.9  # so that what is a second old is written, the writing included
_ANSWER_SECONDS = 2.0  # for the control thread
_ASIDE = ".unread"  # added to the name of a file that could not be read


class State:
    """Writes down how a player stands whenever that has changed, and reads it back.

    What somebody has changed is written within a second; what speaking voices go on from is new with
    every unit, and may be written less often: what it is kept on may be a card that wears out.

    Parameters
    ----------
    player : Player
    path : Path
        The file; its folder must be there.
    call : callable
        Lets the control thread run a function; gives the future of what it returns.
    speech_seconds : float
        Between two writings when nothing is new but what the voices have said.

    Raises
    ------
    ConfigError
        When its folder is not there.

    Notes
    -----
    `restore` comes before anything plays, on the control thread's behalf; `start` and `stop` while
    the control thread and the planner run.  The looking, waiting and writing is done on a thread of
    its own.
    """

    def __init__(
        self,
        player: Player,
        path: Path,
        call: Callable[[Callable[[], Future[Any]]], Future[Future[Any]]],
        *,
        speech_seconds: float,
    ) -> None:
        if not path.parent.is_dir():
            raise ConfigError(
                f"performance.state must lie in a folder that is there, got {str(path)!r}"
            )
        clear_parts(path)
        self._player, self._path, self._call = player, path, call
        self._speech_seconds = speech_seconds
        self._written: dict[str, Any] | None = None
        self._written_at = 0.0  # of the clock that is never set back
        self._trouble = ""  # that was told last
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="state", daemon=True)

    def restore(self) -> bool:
        """Make the instrument what the file says; False when it is as it was.

        What cannot be read is told and kept aside under another name, and what of it does not fit
        is told.
        """
        if not self._path.exists():
            return False
        try:
            missed = restore(self._player, read_json(self._path))
        except ConfigError as error:
            aside = self._path.with_name(self._path.name + _ASIDE)
            logger.warning("it starts as configured: %s (kept as %s)", error, aside)
            # In a folder that cannot be written, it is not written over either.
            with suppress(OSError):
                self._path.replace(aside)
            return False
        for text in missed:
            logger.warning("left out of the last state: %s", text)
        return True

    def start(self) -> None:
        """Begin to keep it."""
        self._thread.start()

    def stop(self) -> None:
        """Write it down for the last time."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _loop(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self._save(self._speech_seconds)
        self._save(0.0)

    def _save(self, patience: float) -> None:
        """Write it down if it is new; what was said only if the last writing is so many seconds old."""
        try:
            standing = self._call(lambda: look(self._player)).result(_ANSWER_SECONDS)
            document = settle(standing)
            # Also what would be too old at the next look.
            is_old = time.monotonic() + _EVERY_SECONDS - self._written_at > patience
            steered = _without_speech(document) != _without_speech(self._written or {})
            if steered or (is_old and document != self._written):
                write_json(self._path, document)
                self._written, self._written_at = document, time.monotonic()
            self._trouble = ""
        except (IdiolectError, OSError, TimeoutError) as error:  # the next look tries again
            if str(error) != self._trouble:
                self._trouble = str(error)
                logger.warning("the state is not kept in %s: %s", self._path, error)


def _without_speech(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what changes while it plays: what speaking voices go on from, and what was drawn."""
    voices = [
        voice | {"context": None} if voice["parameters"]["run"] else voice
        for voice in document.get("voices", [])
    ]
    return document | {"voices": voices, "draws": 0}
