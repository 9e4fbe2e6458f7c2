"""Put the page together: the frame, the styles, the scripts and the data."""

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from idiolect.bundle import PAGE
from idiolect.learning.page.contents import gather

__all__ = ["write_page"]

SCRIPTS = ("data.js", "sound.js", "timeline.js", "scene.js", "map.js", "charts.js", "page.js")
"""In the order in which they are put together, as one module."""


def write_page(folder: Path, manifest: dict[str, Any]) -> None:
    """Write `report.html` into a bundle; equal bundles get equal pages.

    Parameters
    ----------
    folder
        The bundle, or what will become it: `audio.npy` and `scales/` are there.
    manifest
        The bundle's manifest, its report included.

    Notes
    -----
    The audio is read in blocks, so memory stays bounded, and so does the size of the page:
    the longer the corpus, the coarser the waveform.
    """
    name = str(manifest.get("report", {}).get("bundle") or folder.name)
    page = _assemble(name, gather(folder, name, manifest))
    (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")


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
