"""What is played where no bundle is named: a small one, made here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from typer import Argument

__all__ = ["OptionalBundle", "bundle_or_example"]

OptionalBundle = Annotated[
    Path | None, Argument(metavar="[BUNDLE]", help="What is played [a small one, made here].")
]

_BUDGET = 10.0  # seconds of training: what is said does not matter here


@contextmanager
def bundle_or_example(bundle: Path | None, say: Callable[[str], None]) -> Iterator[Path]:
    """Give the bundle that was named, or one that is there for as long as it is measured.

    Yields
    ------
    Path
        Learned from the small corpus that comes with the package, where None was named.
    """
    if bundle is not None:
        yield bundle
        return
    from idiolect.corpus.example import write_example
    from idiolect.learning.pipeline import learn
    from idiolect.learning.settings import LearnSettings, TrainingSettings

    with TemporaryDirectory() as name:
        folder = Path(name)
        say("learning a small corpus, made by synthesis")
        write_example(folder / "sounds")
        settings = LearnSettings(training=TrainingSettings(budget=_BUDGET))
        learn([folder / "sounds"], folder / "bench.idiolect", settings=settings, progress=_ignore)
        yield folder / "bench.idiolect"


def _ignore(*_: object) -> None:
    """Show no progress."""
