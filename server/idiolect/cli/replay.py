"""``idiolect replay``: what `serve --session` wrote down, rendered again."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

__all__ = ["replay"]


def replay(
    session: Annotated[Path, Argument(metavar="FILE", help="What `serve --session` wrote.")],
    bundle: Annotated[Path, Argument(metavar="BUNDLE", help="The bundle it was played on.")],
    output: Annotated[Path, Option("-o", "--output", metavar="OUT.wav", help="File to write.")],
    grains: Annotated[
        bool, Option("--grains", help="Take the grains as they were planned; plan nothing anew.")
    ] = False,
    bundles: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="Where other bundles it played lie [beside BUNDLE]."),
    ] = None,
    force: Annotated[
        bool, Option("--force", help="Go on where the version or the bundle is another one.")
    ] = False,
) -> None:
    """Render a session again, bit for bit as it was played.

    Every decision is taken anew and held against what was written down.  On another machine, where
    they may come out otherwise, `--grains` needs none.
    """
    from idiolect import sessions  # not above: `--help` must not wait for the engine

    sessions.replay(session, bundle, output, anew=not grains, force=force, bundles=bundles)
