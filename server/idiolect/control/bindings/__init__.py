"""Source text for other languages, written from the tables the daemon obeys.

What a client would otherwise copy by hand (names, ranges, defaults, the places of a status) is made
here, kept beside the client's own code, and made again by a test: the two cannot drift apart.
"""

from collections.abc import Callable

from idiolect.control.bindings.max import max_patch
from idiolect.control.bindings.python import python
from idiolect.control.bindings.supercollider import supercollider
from idiolect.control.bindings.tidal import tidal

__all__ = ["BINDINGS"]

BINDINGS: dict[str, Callable[[], str]] = {
    "max": max_patch,
    "python": python,
    "supercollider": supercollider,
    "tidal": tidal,
}
"""By language, who writes its source."""
