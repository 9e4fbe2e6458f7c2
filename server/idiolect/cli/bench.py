"""``idiolect bench``: measure this machine."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from idiolect.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from idiolect.bench.row import Row
    from idiolect.bench.workload import Result

__all__ = ["bench"]

bench = typer.Typer(no_args_is_help=True, help="Measure this machine.")

_EXAMPLE_BUDGET = 10.0  # seconds of training: what is said does not matter here


@bench.callback()
def _bench() -> None:
    """Measure this machine."""


@bench.command()
def callback(
    bundle: Annotated[
        Path | None, Argument(metavar="[BUNDLE]", help="What is played [a small one, made here].")
    ] = None,
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
    from rich.console import Console

    from idiolect.bench.workload import run

    def say(line: str) -> None:
        print(line, flush=True)

    with TemporaryDirectory() as folder:
        found = bundle or _example(Path(folder), say)
        result = run(found, seconds=seconds, voices=voices, period=period, say=say)
    if markdown:
        print(_markdown(result))
    else:
        Console().print(_table(result))
    print(_summary(result))


@bench.command()
def soak(
    bundle: Annotated[
        Path | None, Argument(metavar="[BUNDLE]", help="What is played [a small one, made here].")
    ] = None,
    minutes: Annotated[float, Option(metavar="M", help="How long.")] = 20.0,
    as_json: Annotated[bool, Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Eight voices under everything at once, for long: late blocks, starvations, memory, faults.

    On a JACK server of its own, in blocks of 64 frames, beside an empty callback on another.
    """
    if not 0.1 <= minutes <= 10_080:
        raise ConfigError(f"--minutes must be 0.1 to 10080, got {minutes:g}")
    from idiolect.bench import soak as bench_soak

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with TemporaryDirectory() as folder:
        found = bench_soak.measure(bundle or _example(Path(folder), say), minutes=minutes, say=say)
    print(json.dumps(found, indent=1) if as_json else "\n".join(bench_soak.summary(found)))


@bench.command()
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
    as_json: Annotated[bool, Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Send what nobody should: what a packet costs, and what the daemon does meanwhile.

    With --live it plays four voices, and another client asks it how it is, over TCP and UDP.
    """
    if not 0 <= seconds <= 86_400 or count < 1:
        raise ConfigError(f"--seconds must be 0 to 86400, --count 1 or more: {seconds:g}, {count}")
    from idiolect.bench import besieged
    from idiolect.bench import fuzz as bench_fuzz

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    if live:
        with TemporaryDirectory() as folder:
            found = besieged.measure(
                bundle or _example(Path(folder), say),
                seconds=seconds or 60.0, seed=seed, output=audio, say=say,
            )  # fmt: skip
    else:
        found = bench_fuzz.measure(count, seconds=seconds or 600.0, seed=seed, say=say)
    print(json.dumps(found, indent=1) if as_json else "\n".join(bench_fuzz.summary(found)))


@bench.command()
def messages(
    bundle: Annotated[
        Path | None, Argument(metavar="[BUNDLE]", help="What is played [a small one, made here].")
    ] = None,
    seconds: Annotated[float, Option(metavar="S", help="For each, in each of five rounds.")] = 2.0,
    audio: Annotated[str, Option(metavar="jack|null", help="Where it plays.")] = "jack",
    as_json: Annotated[bool, Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Parameter messages taken in a second, beside python-osc's server and scsynth's /n_set."""
    if not 0.1 <= seconds <= 600:
        raise ConfigError(f"--seconds must be 0.1 to 600, got {seconds:g}")
    from idiolect.bench import throughput

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with TemporaryDirectory() as folder:
        command = f"idiolect bench messages --seconds {seconds:g} --audio {audio}"
        found = {"command": command} | throughput.measure(
            bundle or _example(Path(folder), say), seconds=seconds, output=audio, say=say
        )
    print(
        json.dumps(found, indent=1)
        if as_json
        else "\n".join(f"{k:<12}{v}" for k, v in found.items())
    )


@bench.command()
def mixer(
    as_json: Annotated[bool, Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Mix 500 grains at a time, beside SuperCollider's scsynth doing the same.

    On one core, without real time; it takes about two minutes, and needs scsynth and sclang.
    """
    from idiolect.bench.mixer import measure

    found = measure()
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for name, row in found.items():
        if isinstance(row, dict):
            print(f"{name:<18}" + "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
        else:
            print(f"{name}: {row:.3f}")


@bench.command()
def latency(
    bundle: Annotated[
        Path | None, Argument(metavar="[BUNDLE]", help="What is played [a small one, made here].")
    ] = None,
    audio: Annotated[str, Option(metavar="jack|null|device", help="Where it plays.")] = "null",
    count: Annotated[int, Option(metavar="N", help="How many changes of each kind.")] = 100,
    block: Annotated[int, Option(metavar="N", help="Frames of a block.")] = 64,
) -> None:
    """Time from an OSC packet to the sound it changes, with a second of plan queued."""
    if not 2 <= count <= 100_000:
        raise ConfigError(f"--count must be 2 to 100000, got {count}")
    from idiolect.bench.latency import measure

    def say(line: str) -> None:
        print(line, flush=True)

    with TemporaryDirectory() as folder:
        found = bundle or _example(Path(folder), say)
        result = measure(found, output=audio, count=count, block=block, say=say)
    print(
        f"/voice/1/cut: median {result.cut_median:.1f} ms, p99 {result.cut_p99:.1f}, "
        f"most {result.cut_most:.1f}\n"
        f"/voice/1/seed/unit, less the wait for a boundary: median {result.seed_median:.1f} ms, "
        f"p99 {result.seed_p99:.1f}, most {result.seed_most:.1f}\n"
        f"bound: margin, two blocks and 5 ms: {result.bound:.1f} ms; {result.late} cuts late; "
        f"{result.heard} of {result.seeds} seeds heard bit for bit"
    )


@bench.command()
def reaction(
    bundle: Annotated[
        Path | None, Argument(metavar="[BUNDLE]", help="What is played [a small one, made here].")
    ] = None,
    count: Annotated[int, Option(metavar="N", help="How many changes of each kind.")] = 200,
    as_json: Annotated[bool, Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Time from an OSC packet to the first sample it changes, beside scsynth's /n_set.

    On a JACK server of its own, in blocks of 64 frames; it needs jackd, scsynth and sclang.
    """
    if not 2 <= count <= 10_000:
        raise ConfigError(f"--count must be 2 to 10000, got {count}")
    from idiolect.bench.reaction import measure

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with TemporaryDirectory() as folder:
        found = measure(bundle or _example(Path(folder), say), count, say)
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for name, row in found.items():
        print(f"{name:<16}" + "  ".join(f"{key} {value:.2f} ms" for key, value in row.items()))


@bench.command()
def corpus(
    corpora: Annotated[
        Path, Argument(metavar="CORPORA", help="Folder of corpora, as the tests use them.")
    ],
    hours: Annotated[
        float, Option(metavar="H", help="Also analyse so much audio, made of them; 0: do not.")
    ] = 0.0,
    clusterings: Annotated[
        bool, Option("--clusterings", help="Also fit every clustering to every corpus.")
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """What analysis finds, beside experts and baselines; how fast, and in how much memory.

    CORPORA holds birdsong_a (with labels.tsv), digits_george, drums_jazz, drums_lofi, env_blanket,
    music_surge, speech_stephanie and violin_garner.
    """
    if not corpora.is_dir():
        raise ConfigError(f"no folder at {corpora}; give the folder that holds the corpora")
    from idiolect.bench import analysis, bars, sections, syllables, vocabularies

    folders = sorted(path for path in corpora.iterdir() if path.is_dir())
    found: dict[str, object] = {
        "syllables": syllables.measure(corpora),
        "bars": bars.measure(corpora),
        "sections": sections.measure(corpora),
        "speed": analysis.measure(corpora / "music_surge"),
        "again": analysis.again(corpora / "digits_george"),
    }
    if hours:
        found["large"] = analysis.large(folders, hours)
    if clusterings:
        found["vocabularies"] = vocabularies.measure(folders)
    if as_json:
        print(json.dumps(found, indent=1))
        return
    print("\n".join(syllables.lines(found.pop("syllables"))))  # type: ignore[arg-type]
    for name, value in found.items():
        print(f"{name}: {json.dumps(value)}")


@bench.command()
def language(
    corpora: Annotated[
        Path, Argument(metavar="CORPORA", help="Folder of corpora, as the tests use them.")
    ],
    as_json: Annotated[bool, Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """What the model is worth beside every n-gram; what each input adds; what learning costs.

    About half an hour on two cores.
    """
    if not corpora.is_dir():
        raise ConfigError(f"no folder at {corpora}; give the folder that holds the corpora")
    from idiolect.bench import language as bench_language

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    found = bench_language.measure(corpora, say)
    print(json.dumps(found, indent=1) if as_json else "\n".join(bench_language.lines(found)))


@bench.command()
def joins(
    bundles: Annotated[
        list[Path], Argument(metavar="BUNDLE...", help="What `idiolect learn` wrote.")
    ],
    count: Annotated[int, Option(metavar="N", help="Steps of the token sequence.")] = 400,
    as_json: Annotated[bool, Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """How well units join that did not follow each other, by every way to choose them."""
    if not 10 <= count <= 1000:
        raise ConfigError(f"--count must be 10 to 1000, got {count}")
    from idiolect.bench import joins as bench_joins

    found = {path.stem: bench_joins.measure(path, count) for path in bundles}
    print(json.dumps(found, indent=1) if as_json else "\n".join(bench_joins.lines(found)))


@bench.command()
def search(
    as_json: Annotated[bool, Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Choose units from a corpus of minutes, and from one forty times as long: what that costs."""
    from idiolect.bench import searching

    found = searching.measure()
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for name, row in found.items():
        if isinstance(row, dict):
            print(f"{name:<8}" + "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
        else:
            print(f"{name:<8}{row:.2f}")


@bench.command()
def decoder(
    as_json: Annotated[bool, Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Time of a step of the language, compiled and in torch, for every size of network."""
    from idiolect.bench import decoding

    found = decoding.measure()
    if as_json:
        print(json.dumps(found, indent=1))
        return
    for size, rows in found.items():
        for name, times in rows.items():
            told = ", ".join(f"{key} {value:.1f}" for key, value in times.items())
            print(f"{size:<7} {name:<9} {told}")
    print("compiled and torch: microseconds a step, one thread; hour: of thousands of 45,000 steps")


HEADINGS = (
    "callback",
    "blocks",
    "skipped",
    "late",
    "asked late",
    "xruns",
    "p99 µs",
    "max µs",
)


def _lines(result: "Result") -> list[tuple[str, ...]]:
    return [
        _line("idiolect, loaded", result.daemon.row),
        _line("compiled, empty", result.empty),
        _line("plain Python", result.python),
    ]


def _line(name: str, row: "Row") -> tuple[str, ...]:
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


def _table(result: "Result") -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(*HEADINGS, box=SIMPLE, padding=0)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for line in _lines(result):
        table.add_row(*line)
    return table


def _markdown(result: "Result") -> str:
    rules = ("---", *("---:" for _ in HEADINGS[1:]))
    return "\n".join(f"| {' | '.join(line)} |" for line in (HEADINGS, rules, *_lines(result)))


def _summary(result: "Result") -> str:
    """Say in words what the columns mean, and what only the daemon has."""
    load = result.daemon
    return (
        f"starved {load.starved} times; {load.cuts - load.cuts_late} of {load.cuts} cuts at their "
        f"frame; lookahead {load.lookahead_full:.0f} ms, at least {load.lookahead_least:.0f} ms "
        f"under load, full again after {load.refill_seconds:.2f} s\n"
        "late: more than half the period of its own processor time, or begun in time and done too "
        "late; asked late: the server came when half the time had gone; p99 and max: processor "
        "time of a block\n"
        f"the host of this machine kept {result.stolen_ms:.0f} ms of processor time for others "
        "meanwhile"
    )


def _example(folder: Path, say: Callable[[str], None]) -> Path:
    """Learn the small corpus that comes with the package."""
    from idiolect.corpus.example import write_example
    from idiolect.learning.pipeline import learn
    from idiolect.learning.settings import LearnSettings, TrainingSettings

    say("learning a small corpus, made by synthesis")
    write_example(folder / "sounds")
    settings = LearnSettings(training=TrainingSettings(budget=_EXAMPLE_BUDGET))
    learn([folder / "sounds"], folder / "bench.idiolect", settings=settings, progress=_ignore)
    return folder / "bench.idiolect"


def _ignore(*_: object) -> None:
    """Show no progress."""
