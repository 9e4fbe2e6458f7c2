"""What every measurement has: the choice of JSON, words on the way, and figures at the end."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

from typer import Option

__all__ = ["AsJson", "AsJsonAll", "print_figures", "say", "say_aside"]

AsJson = Annotated[bool, Option("--json", help="Print the figures as JSON.")]
AsJsonAll = Annotated[bool, Option("--json", help="Print everything as JSON.")]

F = TypeVar("F")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def say_aside(line: str) -> None:
    """Print a line at once where it does not mix with the figures."""
    print(line, file=sys.stderr, flush=True)


def print_figures(found: F, as_json: bool, lines: Callable[[F], Iterable[str]]) -> None:
    """Print what was measured: as JSON, or in lines."""
    print(json.dumps(found, indent=1) if as_json else "\n".join(lines(found)))
