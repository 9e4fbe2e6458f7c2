"""``idiolect bench``: measure this machine."""

import typer

from idiolect.cli.bench.choosing import decoder, joins, search
from idiolect.cli.bench.learning import corpus, language
from idiolect.cli.bench.sounding import callback, mixer, soak
from idiolect.cli.bench.steering import fuzz, latency, messages, reaction

__all__ = ["bench"]

bench = typer.Typer(no_args_is_help=True, help="Measure this machine.")


@bench.callback()
def _bench() -> None:
    """Measure this machine."""


for _command in (
    callback,
    soak,
    fuzz,
    messages,
    mixer,
    latency,
    reaction,
    corpus,
    language,
    joins,
    search,
    decoder,
):
    bench.command()(_command)
