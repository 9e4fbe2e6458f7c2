"""Measurements of what is said: how units join, and what it costs to choose them and their tokens."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from idiolect.cli.bench.figures import AsJson, AsJsonAll, print_figures
from idiolect.errors import ConfigError

__all__ = ["decoder", "joins", "search"]


def joins(
    bundles: Annotated[
        list[Path], Argument(metavar="BUNDLE...", help="What `idiolect learn` wrote.")
    ],
    count: Annotated[int, Option(metavar="N", help="Steps of the token sequence.")] = 400,
    as_json: AsJsonAll = False,
) -> None:
    """How well units join that did not follow each other, by every way to choose them."""
    if not 10 <= count <= 1000:
        raise ConfigError(f"--count must be 10 to 1000, got {count}")
    from idiolect.bench.joins import lines, measure

    print_figures({path.stem: measure(path, count) for path in bundles}, as_json, lines)


def search(as_json: AsJson = False) -> None:
    """Choose units from a corpus of minutes, and from one forty times as long: what that costs."""
    from idiolect.bench.searching import measure

    print_figures(measure(), as_json, _search_lines)


def decoder(as_json: AsJsonAll = False) -> None:
    """Time of a step of the language, compiled and in torch, for every size of network."""
    from idiolect.bench.decoding import measure

    print_figures(measure(), as_json, _decoder_lines)


def _search_lines(found: dict[str, object]) -> list[str]:
    return [
        f"{name:<8}" + "  ".join(f"{key} {value:.3f}" for key, value in row.items())
        if isinstance(row, dict)
        else f"{name:<8}{row:.2f}"
        for name, row in found.items()
    ]


def _decoder_lines(found: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    rows = [
        f"{size:<7} {name:<9} " + ", ".join(f"{key} {value:.1f}" for key, value in times.items())
        for size, rows in found.items()
        for name, times in rows.items()
    ]
    meaning = (
        "compiled and torch: microseconds a step, one thread; hour: of thousands of 45,000 steps"
    )
    return [*rows, meaning]
