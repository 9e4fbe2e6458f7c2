"""``idiolect evaluate``: what a bundle's model is worth."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer import Argument, Option

from idiolect.bundle import Bundle, Scale
from idiolect.errors import BundleError

__all__ = ["evaluate"]

TITLES = {
    "uniform": "uniform",
    "unigram": "unigram",
    "best_ngram": "n-gram",
    "network": "network",
    "memory": "memory",
    "mixture_no_parent": "both",
    "mixture": "with parent",
}
KEPT = ("units", "trials", "bits_per_token", "bits_per_second", "intervals", "gain", "best_ngram")


def evaluate(
    bundle: Annotated[Path, Argument(metavar="BUNDLE", help="What `idiolect learn` wrote.")],
    as_json: Annotated[bool, Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say how well a bundle's model foresees audio that it had not learned from.

    The figures were taken while it was learned, on audio held out; then it was finished on all
    audio, so they cannot be taken again.
    """
    found = _figures(Bundle.open(bundle))
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        _print(found, Console())


def _figures(bundle: Bundle) -> dict[str, Any]:
    told = {entry["name"]: entry for entry in bundle.manifest.get("report", {}).get("scales", [])}
    if not all("bits_per_token" in told.get(s.name, {}).get("figures", {}) for s in bundle.scales):
        raise BundleError(
            f"{bundle.path} holds no such figures: it is of format {bundle.manifest['format']}; "
            "run `idiolect learn` again"
        )
    return {
        "name": bundle.name,
        "hash": bundle.manifest.get("hash"),
        "scales": {scale.name: _scale(scale, told[scale.name]) for scale in bundle.scales},
        "training": bundle.manifest["report"].get("training", {}),
        "splits": bundle.manifest.get("splits", []),
    }


def _scale(scale: Scale, told: dict[str, Any]) -> dict[str, Any]:
    figures = {key: told["figures"][key] for key in KEPT}
    return figures | {
        "memory_weight": scale.memory_weight,
        "speaks": told["speaks"],
        "vocabulary": _usage(scale.units["token"], scale.token_count),
    }


def _usage(tokens: NDArray[np.int32], size: int) -> dict[str, float]:
    """Say how evenly a vocabulary is used: by as many tokens as would be, used alike."""
    share = np.bincount(tokens, minlength=size) / len(tokens)
    share = share[share > 0]
    entropy = float(-(share * np.log2(share)).sum())
    return {
        "tokens": size,
        "used": len(share),
        "entropy_bits": round(entropy, 6),
        "used_alike": round(2.0**entropy, 3),
    }


def _print(found: dict[str, Any], console: Console) -> None:
    console.print(f"{escape(found['name'])}: bits per token, on audio it had not learned from")
    table = Table()
    table.add_column("scale")
    for title in ("units", *TITLES.values(), "saved"):
        table.add_column(title, justify="right")
    for name, scale in found["scales"].items():
        bits = scale["bits_per_token"]
        table.add_row(
            name, str(scale["units"]), *(_number(bits[key]) for key in TITLES), _saved(scale)
        )
    console.print(table)
    console.print(
        "[dim]both: network and memory; with parent: and the class of what the unit lies in, which "
        "knows what comes. saved: by both, beside the n-gram, with a 95 % interval by blocks[/dim]",
        soft_wrap=True,
    )
    for name, scale in found["scales"].items():
        used = scale["vocabulary"]
        console.print(
            f"  {escape(name)}: {scale['speaks']}; {scale['best_ngram']}; {used['used']} of "
            f"{used['tokens']} tokens used, as evenly as {used['used_alike']:.1f} alike",
            soft_wrap=True,
        )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _saved(scale: dict[str, Any]) -> str:
    """Say what is gained on the n-gram, with half the width of its interval."""
    gain = scale["gain"]
    if gain["mean"] is None:
        return "-"
    share = 100 * gain["mean"] / max(scale["bits_per_token"]["best_ngram"], 1e-9)
    return f"{gain['mean']:.2f} ± {(gain['high'] - gain['low']) / 2:.2f} ({share:.0f} %)"
