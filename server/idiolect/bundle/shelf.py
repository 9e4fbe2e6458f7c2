"""The folder of bundles that may be loaded while it plays, each by its plain name."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.resampling import resample
from idiolect.errors import BundleError, ConfigError, ControlError

__all__ = ["Shelf"]

ENDING = ".idiolect"
LISTED = 256  # bundles that are listed at most
_LONGEST_NAME = 200  # bytes: with the ending, a folder's may have 255


class Shelf:
    """Opens bundles of one folder, and nothing beyond it.

    Parameters
    ----------
    folder : Path
        Where they lie.
    sample_rate : int
        Hz; of what is opened.

    Raises
    ------
    ConfigError
        When there is no such folder.
    """

    def __init__(self, folder: Path, sample_rate: int) -> None:
        if not folder.is_dir():
            raise ConfigError(
                f"control.bundles must be a folder that is there, got {str(folder)!r}"
            )
        self._folder = folder.resolve()
        self._sample_rate = sample_rate

    def names(self) -> list[str]:
        """Name what can be opened, in order, `LISTED` at most."""
        paths = sorted(self._folder.glob("[!.]*/manifest.json"))
        return [path.parent.name.removesuffix(ENDING) for path in islice(paths, LISTED)]

    def open(
        self, name: str, tell: Callable[[str, float], None] = lambda _what, _share: None
    ) -> Bundle:
        """Open a bundle and bring it to the rate.

        Parameters
        ----------
        name : str
            Its folder's, with its ending or without.
        tell : callable
            Told on the way what is done and how much of it was, 0 to 1.

        Raises
        ------
        ControlError
            When the name has folders in it, or a link leads out of the folder.
        BundleError
            When there is no such bundle, or it is damaged.

        Notes
        -----
        Any thread; some seconds where an hour of audio has to be converted.
        """
        tell("reading", 0.0)
        bundle = Bundle.open(self._find(name))
        return resample(
            bundle, self._sample_rate, lambda share: tell("converting", 0.1 + 0.9 * share)
        )

    def _find(self, name: str) -> Path:
        plain = name.isprintable() and Path(name).name == name and not name.startswith(".")
        if not name or not plain or len(name.encode(errors="replace")) > _LONGEST_NAME:
            raise ControlError(
                f"{name[:64]!r} is not a bundle's name: send one without folders, as /bundle/list has"
            )
        found = [self._folder / f"{name.removesuffix(ENDING)}{ENDING}", self._folder / name]
        path = next((path for path in found if path.is_dir()), None)
        if path is None:
            there = ", ".join(self.names()[:8]) or "none"
            raise BundleError(f"no bundle {name[:64]!r} in the folder of bundles; there is {there}")
        inside = path.resolve()
        within = all(file.resolve().is_relative_to(inside) for file in path.rglob("*"))
        if inside.parent != self._folder or not within:
            raise ControlError(
                f"bundle {name!r} has a link that leads out of the folder: copy it in"
            )
        return path
