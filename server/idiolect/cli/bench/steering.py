"""Measurements of the control: what a message costs, and how soon it is heard."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from idiolect.cli.bench.example import OptionalBundle, bundle_or_example
from idiolect.cli.bench.figures import AsJson, print_figures, say, say_aside
from idiolect.errors import ConfigError

__all__ = ["fuzz", "latency", "messages", "reaction"]


def fuzz(
    bundle: Annotated[
        Path | None,
        Argument(metavar="[BUNDLE]", help="What --live plays [a small one, made here]."),
    ] = None,
    live: Annotated[
        bool, Option("--live", help="Against a daemon that plays, as fast as can be sent.")
    ] = False,
    count: Annotated[int, Option(metavar="N", help="Packets; not with --live.")] = 10_000_000,
    seconds: Annotated[
        float, Option(metavar="S", help="At most [600, with --live 60].", show_default=False)
    ] = 0.0,
    audio: Annotated[str, Option(metavar="jack|null", help="Where --live plays.")] = "jack",
    seed: Annotated[int, Option(metavar="N", help="Of the packets.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Send what nobody should: what a packet costs, and what the daemon does meanwhile.

    With --live it plays four voices, and another client asks it how it is, over TCP and UDP.
    """
    if not 0 <= seconds <= 86_400 or count < 1:
        raise ConfigError(f"--seconds must be 0 to 86400, --count 1 or more: {seconds:g}, {count}")
    from idiolect.bench import besieged
    from idiolect.bench.fuzz import measure, summary

    if live:
        with bundle_or_example(bundle, say_aside) as played:
            found = besieged.measure(
                played, seconds=seconds or 60.0, seed=seed, output=audio, say=say_aside
            )
    else:
        found = measure(count, seconds=seconds or 600.0, seed=seed, say=say_aside)
    print_figures(found, as_json, summary)


def messages(
    bundle: OptionalBundle = None,
    seconds: Annotated[float, Option(metavar="S", help="For each, in each of five rounds.")] = 2.0,
    audio: Annotated[str, Option(metavar="jack|null", help="Where it plays.")] = "jack",
    as_json: AsJson = False,
) -> None:
    """Parameter messages taken in a second, beside python-osc's server and scsynth's /n_set."""
    if not 0.1 <= seconds <= 600:
        raise ConfigError(f"--seconds must be 0.1 to 600, got {seconds:g}")
    from idiolect.bench.throughput import measure

    with bundle_or_example(bundle, say_aside) as played:
        measured = measure(played, seconds=seconds, output=audio, say=say_aside)
    found = {"command": f"idiolect bench messages --seconds {seconds:g} --audio {audio}"} | measured
    print_figures(found, as_json, lambda rows: [f"{k:<12}{v}" for k, v in rows.items()])


def latency(
    bundle: OptionalBundle = None,
    audio: Annotated[str, Option(metavar="jack|null|device", help="Where it plays.")] = "null",
    count: Annotated[int, Option(metavar="N", help="How many changes of each kind.")] = 100,
    block: Annotated[int, Option(metavar="N", help="Frames of a block.")] = 64,
) -> None:
    """Time from an OSC packet to the sound it changes, with a second of plan queued."""
    if not 2 <= count <= 100_000:
        raise ConfigError(f"--count must be 2 to 100000, got {count}")
    from idiolect.bench.latency import measure

    with bundle_or_example(bundle, say) as played:
        result = measure(played, output=audio, count=count, block=block, say=say)
    print(
        f"/voice/1/cut: median {result.cut_median:.1f} ms, p99 {result.cut_p99:.1f}, "
        f"most {result.cut_most:.1f}\n"
        f"/voice/1/seed/unit, less the wait for a boundary: median {result.seed_median:.1f} ms, "
        f"p99 {result.seed_p99:.1f}, most {result.seed_most:.1f}\n"
        f"bound: margin, two blocks and 5 ms: {result.bound:.1f} ms; {result.late} cuts late; "
        f"{result.heard} of {result.seeds} seeds heard bit for bit"
    )


def reaction(
    bundle: OptionalBundle = None,
    count: Annotated[int, Option(metavar="N", help="How many changes of each kind.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Time from an OSC packet to the first sample it changes, beside scsynth's /n_set.

    On a JACK server of its own, in blocks of 64 frames; it needs jackd, scsynth and sclang.
    """
    if not 2 <= count <= 10_000:
        raise ConfigError(f"--count must be 2 to 10000, got {count}")
    from idiolect.bench.reaction import measure

    with bundle_or_example(bundle, say_aside) as played:
        found = measure(played, count, say_aside)
    print_figures(found, as_json, _lines)


def _lines(found: dict[str, dict[str, float]]) -> list[str]:
    return [
        f"{name:<16}" + "  ".join(f"{key} {value:.2f} ms" for key, value in row.items())
        for name, row in found.items()
    ]
