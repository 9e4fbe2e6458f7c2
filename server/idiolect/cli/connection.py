"""Reaching a daemon from the command line."""

from idiolect.client import Client
from idiolect.errors import ControlError

__all__ = ["connect"]


def connect(host: str, port: int) -> Client:
    """Make a client.

    Raises
    ------
    ControlError
        When there is no such place.
    """
    try:
        return Client(host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ControlError(
            f"cannot send to {host!r}, port {port}: {reason}; name a host of this network and a "
            "port, 1 to 65535"
        ) from error
