"""Presets: snapshots of a performance, each under a plain name in one folder.

Files are read and written on a thread of their own, one after the other; what they do to the
instrument happens on the control thread, in the order in which it was asked for.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from idiolect.errors import ConfigError, ControlError, IdiolectError
from idiolect.performance.futures import completed, then
from idiolect.performance.player import Player
from idiolect.performance.snapshots.documents import read_json, write_json
from idiolect.performance.snapshots.sketch import check
from idiolect.performance.snapshots.snapshot import look, restore, settle

__all__ = ["Loaded", "Presets"]

ENDING = ".json"
_LONGEST_NAME = 200  # bytes: with what is added to it, a file's may have 255


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a preset."""

    missed: tuple[str, ...]  # what did not fit, in words
    turned: tuple[tuple[str, int], ...]  # parameters that changed, and whose; voice 0 is the master
    moved: tuple[int, ...]  # voices that play another bundle


class Presets:
    """The folder of presets.

    Parameters
    ----------
    player : Player
        Written down and restored.
    folder : str
        Files are made in it, and nowhere else; empty: there are no presets.

    Raises
    ------
    ConfigError
        When there is no such folder.

    Notes
    -----
    Control thread.  What is returned are futures of a result, or of a step (`performance.futures`).
    """

    def __init__(self, player: Player, folder: str) -> None:
        if folder and not Path(folder).is_dir():
            raise ConfigError(f"performance.presets must be a folder that is there, got {folder!r}")
        self._player = player
        self._folder = folder
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="presets")
        self._over: Future[None] = completed(None)  # done when what was asked for last is

    def names(self) -> list[str]:
        """Name what can be loaded, in order."""
        files = self._place().glob(f"[!.]*{ENDING}")
        return sorted(file.name.removesuffix(ENDING) for file in files if _is_own(file))

    def save(self, name: str) -> Future[Any]:
        """Write down how the instrument stands, in place of what has the name already.

        Raises
        ------
        ControlError
            When that is no name for a preset.
        """
        path = self._path(name)

        def write(standing: Future[dict[str, Any]]) -> None:
            _explained(lambda: write_json(path, settle(standing)), f"cannot write preset {name!r}")

        return self._queue(lambda: self._worker.submit(write, look(self._player)))

    def load(self, name: str, ramp: float | None = None) -> Future[Any]:
        """Make the instrument what a preset says, all voices at once; its result is `Loaded`.

        Bundles that it needs and that are not loaded are loaded first, while the old state plays.

        Parameters
        ----------
        name : str
        ramp : float, optional
            Seconds that what can be ramped takes; None: its own.

        Raises
        ------
        ControlError
            When that is no name for a preset.
        """
        path, at = self._path(name), self._player.at

        def read() -> dict[str, Any]:
            if not _is_own(path):
                raise ControlError(f"there is no preset {name!r}: /preset/list has those there are")
            document = read_json(path)
            check(document)
            return document

        def bring(document: dict[str, Any]) -> Future[Any]:
            wanted = dict.fromkeys(voice["bundle"]["name"] for voice in document["voices"])
            return self._bring(list(wanted), [], partial(self._apply, document, ramp, at))

        return self._queue(lambda: then(self._worker.submit(read), bring))

    def delete(self, name: str) -> Future[Any]:
        """Delete a preset.

        Raises
        ------
        ControlError
            When that is no name for a preset.
        """
        path = self._path(name)

        def remove() -> None:
            if not _is_own(path):
                raise ControlError(f"there is no preset {name!r}: /preset/list has those there are")
            _explained(path.unlink, f"cannot delete preset {name!r}")

        return self._queue(lambda: self._worker.submit(remove))

    def close(self) -> None:
        """Write what is to be written; no more is asked for then."""
        self._worker.shutdown()

    def _place(self) -> Path:
        if not self._folder:
            raise ControlError(
                "there is no folder for presets: name one as performance.presets in the settings"
            )
        return Path(self._folder)

    def _path(self, name: str) -> Path:
        """Find where a preset of that name lies, which is inside the folder and nowhere else."""
        folder = self._place()
        plain = name.isprintable() and not set(name) & set("/\\:") and not name.startswith(".")
        if not name or not plain or len(name.encode(errors="replace")) > _LONGEST_NAME:
            raise ControlError(
                f"{name[:64]!r} is no plain name for a preset; send one like opening"
            )
        return folder / f"{name}{ENDING}"

    def _queue(self, act: Callable[[], Future[Any]]) -> Future[Any]:
        """Begin something once what was asked for earlier is over, whatever became of it."""
        before, over = self._over, Future[None]()
        self._over = over

        def end(came: Any) -> Future[Any]:
            over.set_result(None)
            return completed(came)

        def fail(error: Exception) -> Future[Any]:
            over.set_result(None)
            raise error

        def begin(_: None) -> Future[Any]:
            try:
                return then(act(), end, fail)
            except Exception as error:  # handed on to who asked
                return fail(error)

        return then(before, begin)

    def _bring(
        self, wanted: list[str], missed: list[str], go_on: Callable[[list[str]], Loaded]
    ) -> Future[Any]:
        """Load one bundle after the other; what cannot be is told, and played on without."""
        if not wanted:
            return completed(go_on(missed))
        name, *rest = wanted
        if self._player.bundles().get(name):
            return self._bring(rest, missed, go_on)

        def refused(error: Exception) -> Future[Any]:
            if not isinstance(error, IdiolectError):
                raise error
            return self._bring(rest, [*missed, str(error)], go_on)

        try:
            pending = self._player.load(name)
        except IdiolectError as error:
            return refused(error)
        return then(pending, lambda _: self._bring(rest, missed, go_on), refused)

    def _apply(
        self, document: dict[str, Any], ramp: float | None, at: int, missed: list[str]
    ) -> Loaded:
        """Restore, at an engine's frame if that is still ahead."""
        player = self._player
        voices = range(1, player.voices + 1)
        played = [player.bundle_of(voice) for voice in voices]
        before = [player.values(voice) for voice in (0, *voices)]
        player.at, now = at, player.at
        try:
            with player.together():
                left_out = restore(player, document, ramp=ramp, fetch=False)
        finally:
            player.at = now
        turned = [
            (name, voice)
            for voice, old in zip((0, *voices), before, strict=True)
            for name, value in player.values(voice).items()
            if old.get(name) != value
        ]
        moved = [v for v, name in zip(voices, played, strict=True) if player.bundle_of(v) != name]
        return Loaded((*missed, *left_out), tuple(turned), tuple(moved))


def _explained(act: Callable[[], object], failure: str) -> None:
    """Do something with a file; say in words what the system says against it.

    Raises
    ------
    ControlError
        When it cannot be done.
    """
    try:
        act()
    except OSError as error:
        raise ControlError(
            f"{failure}: {error.strerror or error}; name another, or see to the folder"
        ) from error


def _is_own(path: Path) -> bool:
    """Say whether a file lies here itself; a link is no way out."""
    return path.is_file() and not path.is_symlink()
