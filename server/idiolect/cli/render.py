"""``idiolect render``: the same engine as `serve`, into a file, as fast as it goes."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from idiolect.config.config import load
from idiolect.errors import ConfigError

__all__ = ["render"]


def render(
    bundle: Annotated[Path, Argument(metavar="BUNDLE", help="What `idiolect learn` wrote.")],
    output: Annotated[Path, Option("-o", "--output", metavar="OUT.wav", help="File to write.")],
    seconds: Annotated[
        float | None, Option(metavar="S", help="Length [with --score: to its last OSC bundle].")
    ] = None,
    score: Annotated[
        Path | None,
        Option(metavar="FILE", help="Timed OSC to play by, as sclang's Score writes it."),
    ] = None,
    seed: Annotated[int, Option(metavar="N", help="Behind every random choice.")] = 0,
    temperature: Annotated[
        float, Option(metavar="T", help="0: always the likeliest token, 1: as learned.")
    ] = 1.0,
    scale: Annotated[
        str | None, Option(metavar="NAME", help="Scale to speak in [the finest].")
    ] = None,
    config: Annotated[Path | None, Option(metavar="FILE", help="Settings.")] = None,
) -> None:
    """Write what a bundle says to a sound file, faster than real time.

    The same bundle, seed and flags give the same bytes.  By a score nobody speaks until it says so.
    """
    if seconds is None and score is None:
        raise ConfigError("--seconds is missing: say how long, or what to play by with --score")
    if seconds is not None and not 0 < seconds <= 86_400:
        raise ConfigError(f"--seconds must be more than 0 and at most 86400, got {seconds:g}")
    if not 0 <= temperature <= 4:
        raise ConfigError(f"--temperature must be 0 to 4, got {temperature:g}")
    if not -(2**31) <= seed < 2**31:
        raise ConfigError(f"--seed must be a whole number of 32 bits, got {seed}")
    settings = load(config)
    from idiolect import rendering, scores  # not above: `--help` must not wait for the engine

    beginning = rendering.Beginning(seed=seed, temperature=temperature, scale=scale)
    if score is not None:
        scores.render(bundle, score, output, seconds, beginning, settings)
    elif seconds is not None:
        rendering.render(bundle, output, seconds, beginning, settings, print)
