"""Measurements of the block: how often it is late, for how long it goes on, what a grain costs."""

from typing import Annotated

from typer import Option

from idiolect.cli.bench.example import OptionalBundle, bundle_or_example
from idiolect.cli.bench.figures import AsJson, print_figures, say, say_aside
from idiolect.errors import ConfigError

__all__ = ["callback", "mixer", "soak"]


def callback(
    bundle: OptionalBundle = None,
    seconds: Annotated[float, Option(metavar="S", help="How long the load lasts.")] = 60.0,
    voices: Annotated[int, Option(metavar="N", help="How many speak.")] = 4,
    period: Annotated[int, Option(metavar="N", help="Frames of a JACK block.")] = 64,
    markdown: Annotated[bool, Option("--markdown", help="Print the table as Markdown.")] = False,
) -> None:
    """Late blocks of the compiled callback, beside an empty one and one in Python.

    The daemon plays on a JACK server of its own (dummy device, realtime) while a Python thread
    spins in its process, every voice's temperature is swept at 60 Hz and other OSC floods in.
    """
    if not 1 <= seconds <= 86_400:
        raise ConfigError(f"--seconds must be 1 to 86400, got {seconds:g}")
    if not 16 <= period <= 8192 or period & (period - 1):
        raise ConfigError(f"--period must be a power of two from 16 to 8192, got {period}")
    from idiolect.bench.workload import run
    from idiolect.cli.bench.table import markdown_of, print_table, summary

    with bundle_or_example(bundle, say) as found:
        result = run(found, seconds=seconds, voices=voices, period=period, say=say)
    if markdown:
        print(markdown_of(result))
    else:
        print_table(result)
    print(summary(result))


def soak(
    bundle: OptionalBundle = None,
    minutes: Annotated[float, Option(metavar="M", help="How long.")] = 20.0,
    as_json: AsJson = False,
) -> None:
    """Eight voices under everything at once, for long: late blocks, starvations, memory, faults.

    On a JACK server of its own, in blocks of 64 frames, beside an empty callback on another.
    """
    if not 0.1 <= minutes <= 10_080:
        raise ConfigError(f"--minutes must be 0.1 to 10080, got {minutes:g}")
    from idiolect.bench.soak import measure, summary

    with bundle_or_example(bundle, say_aside) as found:
        print_figures(measure(found, minutes=minutes, say=say_aside), as_json, summary)


def mixer(as_json: AsJson = False) -> None:
    """Mix 500 grains at a time, beside SuperCollider's scsynth doing the same.

    On one core, without real time; it takes about two minutes, and needs scsynth and sclang.
    """
    from idiolect.bench.mixer import measure

    print_figures(measure(), as_json, _lines)


def _lines(found: dict[str, object]) -> list[str]:
    return [
        f"{name:<18}" + "  ".join(f"{key} {value:.3f}" for key, value in row.items())
        if isinstance(row, dict)
        else f"{name}: {row:.3f}"
        for name, row in found.items()
    ]
