"""``idiolect monitor``: watch a running daemon, from this machine or another."""

import contextlib
import math
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from idiolect.cli.connection import connect
from idiolect.cli.dashboard import SHOWN, Dashboard
from idiolect.client import DEFAULT_PORT, Client, RefusedError
from idiolect.errors import ControlError

__all__ = ["monitor", "watch"]

_PICTURES = 10.0  # a second
_PATIENCE = 0.5  # seconds, with one question
_ASK_AGAIN = 10.0  # seconds: so soon the parameters are right again after a daemon began anew


def monitor(
    target: Annotated[
        str, typer.Argument(metavar="[HOST:PORT]", help="Where the daemon listens.")
    ] = f"127.0.0.1:{DEFAULT_PORT}",
    seconds: Annotated[
        float | None, typer.Option(help="End after so long; else at Ctrl-C.")
    ] = None,
) -> None:
    """Show what a daemon plays and how it is, until Ctrl-C.

    Everything comes over OSC: a daemon on another machine must allow this one.  When it ends, this
    waits for the next.
    """
    host, port = _address(target)
    with connect(host, port) as client:
        try:
            watch(client, Console(), math.inf if seconds is None else seconds)
        except RefusedError as error:
            raise ControlError(f"the daemon at {target} refuses: {error}") from None
        except (ConnectionRefusedError, TimeoutError):
            raise ControlError(
                f"no daemon answers at {target}: start one with `idiolect serve`, or name its "
                "HOST:PORT"
            ) from None
        except KeyboardInterrupt:
            return


def watch(client: Client, console: Console, seconds: float) -> Dashboard:
    """Draw what a daemon tells for so many seconds; give the last picture.

    Raises
    ------
    RefusedError
        When as many are told already as may be.
    TimeoutError
        When nobody answers.
    ConnectionRefusedError
        When nobody listens from the start.
    """
    dashboard = Dashboard()
    dashboard.take(client.ask("/status"))
    end, asked, drawn = time.monotonic() + seconds, -math.inf, -math.inf
    live = Live(console=console, auto_refresh=False, transient=False)
    with live, client.told("all", rate=_PICTURES):
        try:
            while (now := time.monotonic()) < end:
                if now - asked > _ASK_AGAIN:
                    asked = now
                    _ask_values(client)
                    dashboard.unnamed.update(dashboard.voices)
                _listen(client, dashboard, min(1 / _PICTURES, end - now))
                if time.monotonic() - drawn > 1 / _PICTURES:
                    live.update(dashboard.draw(), refresh=True)
                    drawn = time.monotonic()
        finally:
            live.update(dashboard.draw(), refresh=True)
    return dashboard


def _ask_values(client: Client) -> None:
    """Ask for the parameters that are shown; a daemon that has gone is asked again later."""
    with contextlib.suppress(ConnectionRefusedError):
        client.send(f"/voice/*/{{{','.join(SHOWN)}}}")


def _listen(client: Client, dashboard: Dashboard, seconds: float) -> None:
    """Take in what comes first, if anything does; while there is no daemon, nothing does."""
    with contextlib.suppress(ConnectionRefusedError):
        reply = client.receive(seconds)
        if reply is not None:
            dashboard.take(reply)
            _ask_scales(client, dashboard)


def _ask_scales(client: Client, dashboard: Dashboard) -> None:
    """Ask what the scales are called of voices that may have another bundle now."""
    with contextlib.suppress(TimeoutError):  # lost on the way: with what comes next again
        for voice in sorted(dashboard.unnamed):
            dashboard.name_scales(voice, _scales(client, voice))


def _scales(client: Client, voice: int) -> list[str]:
    try:
        told = client.ask("/scales", voice, timeout=_PATIENCE)
    except RefusedError:
        return []
    return [str(name) for name in told.arguments[::4]]


def _address(target: str) -> tuple[str, int]:
    """Read HOST, HOST:PORT, :PORT, or an IPv6 address in brackets before its port."""
    host, colon, port = target.rpartition(":")
    if not colon or (target.count(":") > 1 and not host.endswith("]")):
        host, port = target, str(DEFAULT_PORT)
    host = host.strip("[]") or "127.0.0.1"
    if not (port.isdigit() and 1 <= int(port) <= 65535):
        raise ControlError(f"{target!r}: {port!r} is no port; give HOST:PORT, as in 10.0.0.7:57300")
    return host, int(port)
