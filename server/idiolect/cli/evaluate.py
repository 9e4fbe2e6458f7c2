"""``idiolect evaluate``: what a bundle's model is worth, and what it says."""

import json
from pathlib import Path
from typing import Annotated, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer import Argument, Option

from idiolect.bundle.bundle import Bundle
from idiolect.bundle.scale import Scale
from idiolect.errors import BundleError

__all__ = ["evaluate"]

TITLES = {
    "uniform": "uniform",
    "unigram": "unigram",
    "best_ngram": "n-gram",
    "network": "network",
    "mixture_no_parent": "both",
    "mixture": "with\nparent",
}
KEPT = (
    "units", "trials", "bits_per_token", "bits_per_second", "intervals", "gain", "best_ngram",
    "ladder",
)  # fmt: skip
COMPARED = "4"  # tokens that are compared as one in the table of what is said


def evaluate(
    bundle: Annotated[Path, Argument(metavar="BUNDLE", help="What `idiolect learn` wrote.")],
    as_json: Annotated[bool, Option("--json", help="Print it as JSON.")] = False,
    scale: Annotated[
        list[str] | None,
        Option(metavar="NAME", help="Scale to let speak, may be given again [the finest]."),
    ] = None,
    report: Annotated[
        bool, Option("--report", help="Put what it says into the bundle's report.html.")
    ] = False,
) -> None:
    """Say how well a bundle's model foresees audio that it had not learned from, and what it says.

    The figures of the first kind were taken while it was learned, on audio held out; then it was
    finished on all audio, so they cannot be taken again.  For the second kind it speaks, ten
    minutes at each of some settings, unheard; the same bundle gives the same figures.
    """
    opened = Bundle.open(bundle)
    spoken = sorted({opened.scale_index(name) for name in scale or [opened.scales[0].name]})
    told = _told(opened)
    from idiolect.speech.measure import measure_speech  # not above: `--help` must not wait for it

    with Console(stderr=True).status(
        "listening to what it says; the first time, the planner is compiled"
    ):
        speech = measure_speech(opened, spoken)
    found = _figures(opened, told, speech)
    if report:
        _write(opened, speech)
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        _print(found, Console())


def _told(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """Give what was told about each scale while it was learned."""
    told = {entry["name"]: entry for entry in bundle.manifest.get("report", {}).get("scales", [])}
    if not all("bits_per_token" in told.get(s.name, {}).get("figures", {}) for s in bundle.scales):
        raise BundleError(
            f"{bundle.path} holds no such figures: it is of format {bundle.manifest['format']}; "
            "run `idiolect learn` again"
        )
    return told


def _figures(
    bundle: Bundle, told: dict[str, dict[str, Any]], speech: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    return {
        "name": bundle.name,
        "hash": bundle.manifest.get("hash"),
        "scales": {
            scale.name: _scale(scale, told[scale.name], speech.get(scale.name))
            for scale in bundle.scales
        },
        "training": bundle.manifest["report"].get("training", {}),
        "splits": bundle.manifest.get("splits", []),
    }


def _scale(scale: Scale, told: dict[str, Any], speech: dict[str, Any] | None) -> dict[str, Any]:
    from idiolect.speech.measure import measure_usage

    figures = {key: told["figures"][key] for key in KEPT if key in told["figures"]}
    return figures | {
        "memory_weight": scale.memory_weight,
        "speaks": told["speaks"],
        "vocabulary": measure_usage(scale.units["token"], scale.token_count),
        "speech": speech,
    }


def _write(bundle: Bundle, speech: dict[str, dict[str, Any]]) -> None:
    """Put what was heard beside the bundle, and into its page."""
    from idiolect.learning.page.writing import write_page, write_speech

    try:
        write_speech(bundle.path, bundle.manifest, speech)
        write_page(bundle.path, bundle.manifest)
    except OSError as error:
        raise BundleError(
            f"cannot write into {bundle.path}: {error}; leave --report away, or copy the bundle "
            "to where you may write"
        ) from error


def _print(found: dict[str, Any], console: Console) -> None:
    console.print(f"{escape(found['name'])}: bits per token, on audio it had not learned from")
    table = _table("scale", "units", *TITLES.values(), "saved")
    for name, scale in found["scales"].items():
        bits = scale["bits_per_token"]
        table.add_row(
            name, str(scale["units"]), *(_number(bits[key]) for key in TITLES), _saved(scale)
        )
    console.print(table)
    console.print(
        "[dim]both: the network and the memory, which is the n-gram; with parent: and the class of "
        "what the unit lies in, which knows what comes. saved: by both, beside the n-gram, with a 95 % interval by blocks[/dim]",
        soft_wrap=True,
    )
    for name, scale in found["scales"].items():
        used = scale["vocabulary"]
        console.print(
            f"  {escape(name)}: {scale['speaks']}; {_share_saved(scale)}{scale['best_ngram']}; "
            f"{used['used']} of {used['tokens']} tokens used, as evenly as {used['used_alike']:.1f} "
            "alike",
            soft_wrap=True,
        )
    for name, scale in found["scales"].items():
        if scale["speech"] is not None:
            _print_speech(name, scale["speech"], console)


def _table(*titles: str) -> Table:
    """Lay out a table that fits 80 columns: names on the left, numbers on the right."""
    table = Table(box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for index, title in enumerate(titles):
        table.add_column(title, justify="right" if index else "left", vertical="bottom")
    return table


def _print_speech(name: str, speech: dict[str, Any], console: Console) -> None:
    """Tell what was said, a line for each setting."""
    console.print(f"\n{escape(name)}: what it says in {speech['seconds'] / 60:.0f} minutes")
    table = _table(
        "setting", "median\ncopy, s", "at any\ntime, s", "longest\ncopy, s",
        "units\nof it", "tokens\nagain", "unit\nagain", "entropy",
    )  # fmt: skip
    copies, repetition, entropy = (speech[key] for key in ("copies", "repetition", "entropy"))
    table.add_row("the corpus", *_said(copies["corpus"], repetition["corpus"]), "")
    usual = speech["usual"]
    for turned in ("continuity", "temperature"):
        for copied, again, bits in zip(
            copies[turned], repetition[turned], entropy[turned], strict=True
        ):
            at = usual | {turned: copied["at"]}
            if at == usual and turned == "temperature":  # it stands above
                continue
            name = "as it is" if at == usual else f"{turned} {copied['at']:g}"
            numbers = *_said(copied, again), _number(bits["mean"])
            table.add_row(name, *numbers, style="bold" if at == usual else None)
    console.print(table)
    used, units = speech["vocabulary"], speech["units"]
    console.print(
        f"[dim]as it is: continuity {usual['continuity']:g}, temperature {usual['temperature']:g}. "
        "copy: as long as it plays the corpus on; at any time: half of the time lies in longer "
        f"ones. again: {COMPARED} tokens in a row, or a unit, that were heard in the "
        f"{speech['repetition']['window']:.0f} s before. entropy: bits, of the tokens drawn "
        "from[/dim]",
        soft_wrap=True,
    )
    console.print(
        f"  {used['used']} of {used['tokens']} tokens used, as evenly as {used['used_alike']:.1f} "
        f"alike; {units['different']} of {units['of']} units heard, in {units['heard']} steps; "
        f"entropy {_number(entropy['bits'][0])} at first, {_number(entropy['bits'][-1])} at last",
        soft_wrap=True,
    )


def _said(copies: dict[str, Any], repetition: dict[str, Any]) -> list[str]:
    return [
        f"{copies['seconds']['median']:.2f}",
        f"{copies['by_time']['median']:.2f}",
        f"{copies['seconds']['longest']:.2f}",
        str(copies["units"]["longest"]),
        _percent(repetition["tokens"][COMPARED]),
        _percent(repetition["units"]["1"]),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _saved(scale: dict[str, Any]) -> str:
    """Say what is gained on the n-gram, with half the width of its interval."""
    gain = scale["gain"]
    if gain["mean"] is None:
        return "-"
    return f"{gain['mean']:.2f} ± {(gain['high'] - gain['low']) / 2:.2f}"


def _share_saved(scale: dict[str, Any]) -> str:
    gain, bits = scale["gain"]["mean"], scale["bits_per_token"]["best_ngram"]
    return "" if gain is None else f"{100 * gain / max(bits, 1e-9):.0f} % saved beside "
