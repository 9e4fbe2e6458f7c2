"""``idiolect learn``: folders of audio to a bundle."""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from typer import Argument, Option

from idiolect.cli.interruption import interruptible
from idiolect.config.config import Config, load

if TYPE_CHECKING:
    from idiolect.learning.report import Report
    from idiolect.learning.settings import LearnSettings
    from idiolect.learning.standing import Standing

__all__ = ["learn", "learn_settings", "learn_with_bars", "print_report"]

SHOWN_MODELS = ("unigram", "best_ngram", "mixture_no_parent", "mixture")
SHOWN = 20  # skipped files named before the rest are counted; --json names all


def learn(
    folders: Annotated[list[Path], Argument(metavar="FOLDER...", help="Where the audio is.")],
    output: Annotated[
        Path | None,
        Option("-o", "--output", metavar="NAME.idiolect", help="Bundle to write [FOLDER's name]."),
    ] = None,
    budget: Annotated[
        float | None, Option(metavar="SECONDS", help="For training the network [45].")
    ] = None,
    size: Annotated[
        str | None, Option(metavar="SIZE", help="tiny, small, medium or large network [auto].")
    ] = None,
    device: Annotated[
        str | None, Option(metavar="DEVICE", help="To train on: cpu, cuda or mps [auto].")
    ] = None,
    seed: Annotated[int | None, Option(metavar="N", help="Behind every random choice [0].")] = None,
    descriptors: Annotated[
        str | None, Option(metavar="NAME,...", help="What units are told apart by [all].")
    ] = None,
    vocabulary: Annotated[
        str | None,
        Option(metavar="METHOD", help="auto, kmeans, dbscan, hdbscan or affinity [auto]."),
    ] = None,
    tokens: Annotated[
        int | None, Option(metavar="N", help="Tokens of every scale [found from the units].")
    ] = None,
    config: Annotated[
        Path | None, Option(metavar="FILE", help="Settings; flags beat the file.")
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Learn folders of audio and write a bundle.

    Reads every format libsndfile reads; files that cannot be read are named and skipped.  Ctrl-C
    while the network is trained ends its training and keeps the best so far.
    """
    flags: dict[str, object] = {
        "learn.budget_seconds": budget,
        "learn.seed": seed,
        "learn.size": size,
        "learn.device": device,
        "learn.descriptors": None if descriptors is None else descriptors.split(","),
        "vocabulary.method": vocabulary,
        "vocabulary.size": tokens,
    }
    settings = learn_settings(load(config, flags))
    path = output or Path(f"{folders[0].resolve().stem or 'corpus'}.idiolect")
    report = learn_with_bars(folders, path, settings)
    if as_json:
        print(json.dumps(report.as_json(), indent=1))
    else:
        print_report(report, Console())


def learn_settings(settings: Config) -> "LearnSettings":
    """Give the learning side what the configuration says."""
    from idiolect.corpus.settings import CorpusSettings
    from idiolect.learning.settings import LearnSettings, TrainingSettings

    config = settings.learn
    return LearnSettings(
        seed=config.seed,
        corpus=CorpusSettings(
            sample_rate=config.sample_rate,
            scales=config.scales,
            descriptors=config.descriptors,
            silence_seconds=config.silence_seconds,
            level_db=config.level_db,
            jobs=config.jobs,
        ),
        training=TrainingSettings(budget=config.budget_seconds, device=config.device),
        vocabulary=settings.vocabulary,
        map=config.map,
        size=config.size,
    )


def learn_with_bars(folders: list[Path], output: Path, settings: "LearnSettings") -> "Report":
    """Learn with a progress bar for each stage on standard error.

    Parameters
    ----------
    folders, output, settings
        As `idiolect.learning.pipeline.learn` takes them.
    """
    bars = _bars()
    with bars, interruptible() as interruption:
        from idiolect.learning.pipeline import learn as learn_corpus

        shown: dict[str, TaskID] = {}

        def show(stage: str, done: float, total: float, standing: "Standing | None") -> None:
            interruption.enter(stage)
            if stage not in shown:
                shown[stage] = bars.add_task(stage, total=1.0, note="")
            bars.update(shown[stage], completed=done / max(total, 1e-9))
            _note(bars, shown[stage], standing)

        return learn_corpus(
            folders, output, settings=settings, progress=show, interrupted=interruption.asked
        )


def print_report(report: "Report", console: Console) -> None:
    """Print what was used, what was not, and the figures."""
    minutes, seconds = divmod(round(report.audio_seconds), 60)
    console.print(f"{escape(report.bundle)}: {len(report.sources)} sources, {minutes}:{seconds:02}")
    for source in report.sources:
        for note in source["notes"]:
            line = f"  used, but {escape(source['name'])}: {escape(note)}"
            console.print(line, soft_wrap=True)
    for skipped in report.skipped[:SHOWN]:
        line = f"  skipped {escape(skipped['name'])}: {escape(skipped['reason'])}"
        console.print(line, soft_wrap=True)
    if len(report.skipped) > SHOWN:
        console.print(f"  skipped {len(report.skipped) - SHOWN} more; --json names all")
    for name, reason in report.left_out.items():
        console.print(f"  no scale {name}: {reason}")
    for note in report.training.get("notes", []):
        console.print(f"  {escape(note)}", soft_wrap=True)
    if "interrupted" in report.training:
        console.print(f"  interrupted: {report.training['interrupted']}", soft_wrap=True)
    console.print(_scales(report))
    console.print(f"[dim]{report.training['note']}[/dim]", soft_wrap=True)
    for scale in report.scales:
        console.print(f"  {scale.name}: {scale.speaks}", soft_wrap=True)
    spent = ", ".join(f"{name} {value:.1f}" for name, value in report.seconds.items())
    console.print(f"seconds: {spent}", soft_wrap=True)


def _scales(report: "Report") -> Table:
    table = Table()
    titles = "scale", "units", "tokens", "median", "unigram", "n-gram", "model", "with parent"
    for title in titles:
        table.add_column(title, justify="left" if title == "scale" else "right")
    for scale in report.scales:
        bits = scale.figures.bits_per_token
        table.add_row(
            scale.name,
            str(scale.units),
            str(scale.tokens),
            f"{scale.median_seconds:.3f} s",
            *(_number(bits[name]) for name in SHOWN_MODELS),
        )
    return table


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.2f}"


def _bars() -> Progress:
    """Make the bars; a log has no use for them, and there an error stays one line."""
    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _note(bars: Progress, task: TaskID, standing: "Standing | None") -> None:
    """Say how the training stands, and the time left: what the budget leaves, or by the pace."""
    told = [] if standing is None else [f"loss {standing.loss:.2f}"]
    if standing is not None and standing.held_out == standing.held_out:
        told.append(f"held out {standing.held_out:.2f} bits per token")
    left = bars.tasks[task].time_remaining if standing is None else standing.left
    if left:
        told.append(f"{timedelta(seconds=round(left))} left")
    bars.update(task, note=", ".join(told))
