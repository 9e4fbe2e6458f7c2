"""The table of `idiolect bench callback`."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from idiolect.bench.row import Row
from idiolect.bench.workload import Result

__all__ = ["markdown_of", "print_table", "summary"]

_HEADINGS = (
    "callback",
    "blocks",
    "skipped",
    "late",
    "asked late",
    "xruns",
    "p99 µs",
    "max µs",
)


def _lines(result: Result) -> list[tuple[str, ...]]:
    return [
        _line("idiolect, loaded", result.daemon.row),
        _line("compiled, empty", result.floor.empty),
        _line("compiled, reading", result.floor.labour),
        _line("plain Python", result.python),
    ]


def _line(name: str, row: Row) -> tuple[str, ...]:
    numbers = (
        row.blocks,
        row.skipped,
        row.late,
        row.entered_late,
        row.xruns,
        row.cpu_p99,
        row.cpu_longest,
    )
    return name, *(f"{number:,}" for number in numbers)


def print_table(result: Result) -> None:
    """Print a line for each callback, as wide as the terminal has room."""
    table = Table(*_HEADINGS, box=SIMPLE, padding=0)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for line in _lines(result):
        table.add_row(*line)
    Console().print(table)


def markdown_of(result: Result) -> str:
    """Give the table in Markdown."""
    rules = ("---", *("---:" for _ in _HEADINGS[1:]))
    return "\n".join(f"| {' | '.join(line)} |" for line in (_HEADINGS, rules, *_lines(result)))


def summary(result: Result) -> str:
    """Say in words what the columns mean, and what only the daemon has."""
    load = result.daemon
    return (
        f"starved {load.starved} times; {load.cuts - load.cuts_late} of {load.cuts} cuts at their "
        f"frame; lookahead {load.lookahead_full:.0f} ms, at least {load.lookahead_least:.0f} ms "
        f"under load, full again after {load.refill_seconds:.2f} s\n"
        "late: more than half the period of its own processor time, or begun in time and done too "
        "late; asked late: the server came when half the time had gone; p99 and max: processor "
        "time of a block\n"
        f"the host of this machine kept {result.floor.stolen_ms:.0f} ms of processor time for others "
        "meanwhile"
    )
