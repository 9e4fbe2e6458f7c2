"""Measurements of what is learned: what analysis finds, and what the model is worth."""

import json
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from idiolect.cli.bench.figures import AsJsonAll, print_figures, say_aside
from idiolect.errors import ConfigError

__all__ = ["corpus", "language"]

Corpora = Annotated[
    Path, Argument(metavar="CORPORA", help="Folder of corpora, as the tests use them.")
]


def corpus(
    corpora: Corpora,
    hours: Annotated[
        float, Option(metavar="H", help="Also analyse so much audio, made of them; 0: do not.")
    ] = 0.0,
    clusterings: Annotated[
        bool, Option("--clusterings", help="Also fit every clustering to every corpus.")
    ] = False,
    as_json: AsJsonAll = False,
) -> None:
    """What analysis finds, beside experts and baselines; how fast, and in how much memory.

    CORPORA holds birdsong_a (with labels.tsv), digits_george, drums_jazz, drums_lofi, env_blanket,
    music_surge, speech_stephanie and violin_garner.
    """
    _check_folder(corpora)
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


def language(corpora: Corpora, as_json: AsJsonAll = False) -> None:
    """What the model is worth beside every n-gram; what each input adds; what learning costs.

    About half an hour on two cores.
    """
    _check_folder(corpora)
    from idiolect.bench.language import lines, measure

    print_figures(measure(corpora, say_aside), as_json, lines)


def _check_folder(corpora: Path) -> None:
    if not corpora.is_dir():
        raise ConfigError(f"no folder at {corpora}; give the folder that holds the corpora")
