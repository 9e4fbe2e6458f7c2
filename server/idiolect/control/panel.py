"""The page that a browser is shown: a slider for each parameter, built from the namespace alone."""

import base64
import hashlib
import re
from importlib.resources import files

__all__ = ["read_panel", "wants_page"]


def read_panel() -> tuple[str, str]:
    """Return the page and its Content-Security-Policy.

    The policy names the digests of its style and its script, and lets the page speak with the
    daemon it came from, and nobody else; no other page may hold it in a frame, where a stranger
    could lead the hand.
    """
    page = (files("idiolect.control") / "panel.html").read_text(encoding="utf-8")
    digests = {
        kind: _digest(re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)[0])
        for kind in ("script", "style")
    }
    policy = (
        f"default-src 'none'; script-src {digests['script']}; style-src {digests['style']}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return page, policy


def wants_page(accept: str) -> bool:
    """Tell whether an ``Accept`` header is a browser's that opens a page.

    Browsers name HTML when they do; OSCQuery's clients name JSON, anything, or nothing.

    Examples
    --------
    >>> wants_page("text/html,application/xhtml+xml,*/*;q=0.8"), wants_page("*/*")
    (True, False)
    """
    return any(kind.partition(";")[0].strip().lower() == "text/html" for kind in accept.split(","))


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
