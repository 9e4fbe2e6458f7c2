"""``idiolect inspect``: what is in a bundle."""

import json
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer import Argument, Option

from idiolect.bundle.bundle import PAGE, Bundle
from idiolect.errors import BundleError

__all__ = ["inspect"]


def inspect(
    bundle: Annotated[Path, Argument(metavar="BUNDLE", help="What `idiolect learn` wrote.")],
    as_json: Annotated[bool, Option("--json", help="Print it as JSON.")] = False,
    units: Annotated[
        str | None,
        Option(metavar="SCALE", help="Print the units of a scale, tab-separated."),
    ] = None,
    in_browser: Annotated[
        bool, Option("--open", help="Look at it and listen to it in the browser.")
    ] = False,
) -> None:
    """Say what is in a bundle."""
    if in_browser:
        _open_page(bundle)
        return
    opened = Bundle.open(bundle)
    if units is not None:
        sys.stdout.write(_units(opened, units))
    elif as_json:
        print(json.dumps(_summary(opened), indent=1))
    else:
        _print(opened, Console())


def _open_page(bundle: Path) -> None:
    page = (bundle / PAGE).resolve()
    if not page.is_file():
        raise BundleError(f"{bundle} has no {PAGE}; run `idiolect learn` again to make one")
    if not webbrowser.open(page.as_uri()):
        print(f"no browser can be opened here; the page is {page}")


def _summary(bundle: Bundle) -> dict[str, Any]:
    """Gather what is in it, with the report of how it was learned."""
    manifest = bundle.manifest
    return {
        "name": bundle.name,
        "format": manifest["format"],
        "idiolect": manifest.get("idiolect"),
        "hash": manifest.get("hash"),
        "sample_rate": bundle.sample_rate,
        "channels": bundle.audio.shape[1],
        "seconds": round(len(bundle.audio) / bundle.sample_rate, 3),
        "sources": bundle.sources,
        "skipped": manifest.get("skipped", []),
        "scales": [
            {
                "name": scale.name,
                "method": scale.method,
                "units": len(scale.units),
                "tokens": scale.token_count,
            }
            for scale in bundle.scales
        ],
        "descriptors": manifest["descriptors"],
        "model": manifest["model"],
        "report": manifest.get("report", {}),
    }


def _units(bundle: Bundle, wanted: str) -> str:
    """List the units of a scale, one line each after a header."""
    name = float(wanted) if wanted.isdecimal() else wanted
    scale = bundle.scales[bundle.scale_index(name)]
    sources, rate = bundle.sources, bundle.sample_rate
    lines = ["file\tstart_s\tlength_s\ttoken\tparent"]
    for unit in scale.units:
        source = sources[int(unit["source"])]
        start = (int(unit["start"]) - int(source["start"])) / rate
        length = int(unit["length"]) / rate
        file = str(source["name"]).replace("\t", " ")
        lines.append(f"{file}\t{start:.6f}\t{length:.6f}\t{unit['token']}\t{unit['parent']}")
    return "\n".join(lines) + "\n"


def _print(bundle: Bundle, console: Console) -> None:
    summary = _summary(bundle)
    model = summary["model"]
    console.print(
        f"{escape(bundle.name)}: {len(bundle.sources)} sources, {summary['seconds']:.1f} s at "
        f"{bundle.sample_rate} Hz, {summary['channels']} channels"
    )
    console.print(
        f"network: {model['layers']} layers of width {model['width']}, {model['heads']} heads, "
        f"window {model['window']}"
    )
    table = Table()
    for title in ("scale", "units", "tokens", "boundaries"):
        table.add_column(title, justify="right" if title in {"units", "tokens"} else "left")
    for scale in summary["scales"]:
        row = scale["name"], str(scale["units"]), str(scale["tokens"]), escape(scale["method"])
        table.add_row(*row)
    console.print(table)
    console.print(f"hash {summary['hash']}, format {summary['format']}")
