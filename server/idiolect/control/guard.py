"""What keeps web pages of strangers away from the daemon.

A browser on this machine reaches loopback on behalf of any page it shows.  A page's own origin stands
in ``Origin`` when it opens a WebSocket; a page whose name was made to lead here (DNS rebinding: C.
Jackson et al., *Protecting Browsers from DNS Rebinding Attacks*, CCS 2007) gives itself away in
``Host``, since a number cannot be rebound.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

__all__ = ["is_own_host", "is_own_origin", "is_welcome_origin"]


def is_own_host(header: str) -> bool:
    """Tell whether a ``Host`` header is a number, or a name that only this machine has.

    Parameters
    ----------
    header : str
        As it came, with or without a port.
    """
    try:
        parts = urlsplit(f"//{header}")
        name, _ = parts.hostname, parts.port  # raises when the port is none
    except ValueError:
        return False
    if not name or parts.netloc != header or "@" in header:
        return False
    if name.rstrip(".") in _own_names():
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_own_origin(origin: str, host: str) -> bool:
    """Tell whether an ``Origin`` header is a page that came from `host`, the ``Host`` header."""
    scheme, _, place = origin.partition("://")
    return scheme in {"http", "https"} and place.lower() == host.lower()


def is_welcome_origin(origin: str, host: str, origins: tuple[str, ...]) -> bool:
    """Tell whether an ``Origin`` header is a page of the daemon's own, or one of those named.

    Parameters
    ----------
    origin, host : str
        The headers, as they came.
    origins : tuple of str
        From `ControlConfig`, lower case.
    """
    return is_own_origin(origin, host) or origin.lower() in origins


def _own_names() -> set[str]:
    name = socket.gethostname().lower()
    return {"localhost", name, f"{name}.local"}
