"""``idiolect demo``: from nothing to a voice that is being steered, in a minute or two."""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from idiolect.config.config import Config, load
from idiolect.errors import AudioError, ConfigError

if TYPE_CHECKING:
    from idiolect.client import Client
    from idiolect.daemon.app import App

__all__ = ["demo", "score"]

BUNDLE = Path("demo.idiolect")
RECORDING = Path("demo.wav")
SOUNDS = Path("demo")  # the corpus made here

Message = tuple[str, *tuple[float | str, ...]]


def demo(
    corpus: Annotated[
        Path | None, Option(metavar="FOLDER", help="Your own sounds [a small corpus, made here].")
    ] = None,
    seconds: Annotated[float, Option(metavar="S", help="How long it plays.")] = 20.0,
    budget: Annotated[float, Option(metavar="S", help="For training the network.")] = 20.0,
) -> None:
    """Learn a small corpus, hear it speak, and watch it being steered.

    Leaves demo.wav, what was heard, and demo.idiolect, what was learned, in this folder.
    """
    if not 1 <= seconds <= 3600:
        raise ConfigError(f"--seconds must be 1 to 3600, got {seconds:g}")
    _learn(corpus or _example(), budget)
    with _open() as app:
        print(app.ready_line)
        _steer(app, seconds)
    print(f"{RECORDING} holds what was played")
    _next()


def score(source: str, scales: tuple[str, ...]) -> Iterator[tuple[float, str, Message]]:
    """Give what is sent: when, as a share of the time, what for, and the message.

    Parameters
    ----------
    source
        Name of a source of the bundle.
    scales
        The bundle's scales, finest first.

    Yields
    ------
    float, str, tuple
        Share of the playing time, what for, address and arguments.
    """
    yield 0.10, "only what is likeliest", ("/voice/1/temperature", 0.2)
    yield 0.25, "bolder than it learned", ("/voice/1/temperature", 1.6)
    yield 0.40, f"go on as after the start of {source}", ("/voice/1/seed/file", source, 0.0, 2.0)
    yield 0.42, "as learned", ("/voice/1/temperature", 1.0)
    if len(scales) > 1:
        yield 0.55, f"speak in units of the scale {scales[-1]}", ("/voice/1/scale", scales[-1])
    yield 0.68, "a second voice", ("/voice/2/run", 1)
    yield 0.68, "to the right", ("/voice/2/pan", 0.7)
    if len(scales) > 1:
        yield 0.80, f"back to the scale {scales[0]}", ("/voice/1/scale", scales[0])
    yield 0.88, "break off here and now", ("/voice/1/cut",)
    yield 0.92, "how is it going?", ("/status",)


def _example() -> Path:
    from idiolect.corpus.example import write_example

    pieces = write_example(SOUNDS)
    print(f"made {len(pieces)} pieces by synthesis: {SOUNDS}/*.wav")
    return SOUNDS


def _learn(corpus: Path, budget: float) -> None:
    from rich.console import Console

    from idiolect.cli.learn import learn_settings, learn_with_bars, print_report

    settings = learn_settings(load(flags={"learn.budget_seconds": budget}))
    print(f"learning {corpus}", flush=True)
    print_report(learn_with_bars([corpus], BUNDLE, settings), Console())


def _open() -> "App":
    """Open the daemon's own parts on the sound device, or paced to nobody where there is none."""
    from idiolect.daemon.app import App

    try:
        return App(BUNDLE, _settings("device"), say=print, record=RECORDING)
    except AudioError as error:
        print(f"nothing will be heard now, but it plays all the same: {error}")
        return App(BUNDLE, _settings("null"), say=print, record=RECORDING)


def _settings(output: str) -> Config:
    """Any free port, so that a daemon that already runs is left alone."""
    flags: dict[str, object] = {
        "audio.output": output,
        "control.port": 0,
        "performance.name": "demo",
        "performance.voices": 2,
    }
    return load(flags=flags)


def _steer(app: "App", seconds: float) -> None:
    """Send the score to the daemon's own door, over UDP, and print what goes and what comes."""
    from idiolect.client import Client

    source = str(app.performance.bundle.sources[0]["name"])
    start = time.monotonic()
    with Client(*app.control.address) as client:
        for share, why, (address, *arguments) in score(source, app.player.scales_of(1)):
            _listen(client, start, start + share * seconds)
            client.send(address, *arguments)
            words = " ".join([address, *map(str, arguments)])
            print(f"{time.monotonic() - start:6.2f} s  -> {words:40} {why}", flush=True)
        _listen(client, start, start + seconds)


def _listen(client: "Client", start: float, until: float) -> None:
    for reply in client.listen(until - time.monotonic()):
        words = " ".join([reply.address, *(_word(value) for value in reply.arguments)])
        print(f"{time.monotonic() - start:6.2f} s  <- {words}", flush=True)


def _word(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _next() -> None:
    """Name the next thing to try, in words that work here."""
    program = "idiolect"
    if shutil.which(program) is None:  # make's own environment is not on the PATH
        program = str(Path(sys.executable).with_name(program))
        if Path(program).is_relative_to(Path.cwd()):
            program = str(Path(program).relative_to(Path.cwd()))
    print("next, play it yourself:")
    print(f"  {program} serve {BUNDLE}")
    print("and in another terminal, while it speaks:")
    print(f"  {program} osc /voice/1/temperature 1.4")
