"""``idiolect serve``: play a bundle and listen for OSC until told to stop."""

import os
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from idiolect.config.config import load

__all__ = ["VARIABLE", "serve"]

VARIABLE = "IDIOLECT_TOKEN"
"""Of the environment: beats ``control.token``."""


def serve(
    bundle: Annotated[Path, Argument(metavar="BUNDLE", help="What `idiolect learn` wrote.")],
    audio: Annotated[
        str | None, Option(metavar="device|jack|null|file:PATH", help="Where the sound goes.")
    ] = None,
    device: Annotated[
        str | None, Option(metavar="[API:]NAME", help="Part of a device's name.")
    ] = None,
    channels: Annotated[int | None, Option(metavar="N", help="Of the way out [2].")] = None,
    host: Annotated[
        str | None, Option(metavar="ADDRESS", help="Address to listen on [127.0.0.1].")
    ] = None,
    allow: Annotated[
        list[str] | None,
        Option(metavar="CIDR", help="Who is heard beyond this machine; may come again."),
    ] = None,
    port: Annotated[
        int | None, Option(metavar="N", help="UDP and TCP port for OSC [57300].")
    ] = None,
    http_port: Annotated[
        int | None, Option(metavar="N", help="For HTTP and WebSocket [port + 1]; -1: none.")
    ] = None,
    voices: Annotated[int | None, Option(metavar="N", help="How many voices [4].")] = None,
    name: Annotated[
        str | None,
        Option(metavar="NAME", help="What it is called, to tell several apart [idiolect]."),
    ] = None,
    restore: Annotated[
        bool, Option("--restore", help="Go on from the last state (performance.state).")
    ] = False,
    session: Annotated[
        Path | None, Option(metavar="FILE", help="Write down all that decides the sound here.")
    ] = None,
    config: Annotated[
        Path | None, Option(metavar="FILE", help="Settings; flags beat the file.")
    ] = None,
    resume: Annotated[Path | None, Option(hidden=True)] = None,  # given by `handover` alone
) -> None:
    """Play a bundle and listen for OSC.

    Prints one line when ready.  IDIOLECT_TOKEN in the environment is a token that clients must show
    before they end it, load, record or save.  Ctrl-C or SIGTERM fades out and ends it.  `idiolect replay` renders
    a session again, to the last bit.
    """
    flags: dict[str, object] = {
        "audio.output": audio,
        "audio.device": device,
        "audio.channels": channels,
        "control.host": host,
        "control.allow": allow or None,
        "control.port": port,
        "control.http_port": http_port,
        "performance.voices": voices,
        "performance.name": name,
        "performance.restore": restore or None,
        "control.token": os.environ.get(VARIABLE),
    }
    settings = load(config, flags)
    from idiolect.daemon.process import (
        serve as run,  # not above: `--help` must not wait for the engine
    )

    raise typer.Exit(run(bundle, settings, session, resume))
