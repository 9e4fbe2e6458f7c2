"""Put the page together: the frame, the styles, the scripts and the data."""

import base64
import hashlib
import html
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from idiolect.bundle.bundle import EVALUATION, PAGE
from idiolect.learning.page.contents import gather

__all__ = ["write_page", "write_speech"]

SCRIPTS = (
    "data.js", "sound.js", "timeline.js", "scene.js", "sets.js", "map.js", "charts.js", "plots.js",
    "foresight.js", "speech.js", "page.js",
)  # fmt: skip
"""In the order in which they are put together, as one module."""


def write_page(folder: Path, manifest: dict[str, Any]) -> None:
    """Write `report.html` into a bundle; equal bundles get equal pages.

    Parameters
    ----------
    folder
        The bundle, or what will become it: `audio.npy` and `scales/` are there.  What
        `write_speech` wrote is shown too.
    manifest
        The bundle's manifest, its report included.

    Notes
    -----
    The audio is read in blocks, so memory stays bounded, and so does the size of the page:
    the longer the corpus, the coarser the waveform.
    """
    name = str(manifest.get("report", {}).get("bundle") or folder.name)
    page = _assemble(name, gather(folder, name, manifest))
    _replace(folder / PAGE, page)


def write_speech(folder: Path, manifest: dict[str, Any], speech: dict[str, Any]) -> None:
    """Keep beside a bundle what it says; the bundle and its hash stay what they are.

    Parameters
    ----------
    folder, manifest
        The bundle.
    speech
        What was measured, by name of the scale.
    """
    found = {"hash": manifest.get("hash", ""), "scales": speech}
    text = json.dumps(found, indent=1, allow_nan=False) + "\n"
    _replace(folder / EVALUATION, text)


def _replace(path: Path, text: str) -> None:
    """Write a file in one go: whoever opens it meanwhile sees the old one or the new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _assemble(name: str, contents: dict[str, Any]) -> str:
    styles, script = _template("page.css"), "\n".join(map(_template, SCRIPTS))
    parts = {
        "title": html.escape(name),
        "policy": _policy(styles, script),
        "styles": styles,
        "script": script,
        "data": _json(contents),
    }
    # One pass: what is put in is never searched, so a file named {{script}} stays a name.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _template("page.html"))


def _template(name: str) -> str:
    return (files("idiolect.learning.page") / name).read_text(encoding="utf-8")


def _policy(styles: str, script: str) -> str:
    """Allow this script and these styles by their digests, and nothing from anywhere."""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(styles)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(contents: dict[str, Any]) -> str:
    """Give JSON that no parser of HTML can mistake for markup."""
    text = json.dumps(contents, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
