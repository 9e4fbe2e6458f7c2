"""``idiolect osc``: the reference, or one message to a running daemon."""

import math
import os
import re
import time
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from idiolect.cli.connection import connect
from idiolect.cli.serve import VARIABLE
from idiolect.client import DEFAULT_PORT, Client, RefusedError, Reply
from idiolect.config.config import load
from idiolect.control.bindings import BINDINGS
from idiolect.control.namespace import Leaf, Namespace, Norm
from idiolect.control.reference.reference import reference
from idiolect.errors import ControlError
from idiolect.parameters.bias import DESCRIPTORS

__all__ = ["SETTINGS", "osc"]

SETTINGS = {"ignore_unknown_options": True}
"""How the command line is read: -6 is a value here, no option."""


_NUMBER = re.compile(r"[-+]?(\d{1,309}(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)

_PATIENCE = 30.0  # seconds, from one word of how far a command is to the next

_MANY = ("norm/", "bias/")
"""Parts of addresses below which there is so much that it is offered once they are begun."""


def _addresses(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Give the addresses that begin so, with what they are for; no daemon is asked."""
    if [word for word in ctx.params.get("words") or () if word != "send"]:
        return []  # a value comes next
    leaves = Namespace(load().performance.voices, tuple(DESCRIPTORS)).leaves.values()
    return [
        (leaf.address, _summary(leaf))
        for leaf in leaves
        if leaf.address.startswith(incomplete)
        and not any(part in leaf.address[len(incomplete) :] for part in _MANY)
    ]


def _summary(leaf: Leaf) -> str:
    target = leaf.target.parameter if isinstance(leaf.target, Norm) else leaf.target
    return target.doc.partition(". ")[0].rstrip(".")


def osc(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ADDRESS [VALUE]...]",
            help="Without it, print the reference.",
            autocompletion=_addresses,
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Where the daemon listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its UDP port.")] = DEFAULT_PORT,
    wait: Annotated[
        float,
        typer.Option(
            help="Seconds to wait for answers; longer while a command tells its progress."
        ),
    ] = 0.5,
    language: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="LANGUAGE",
            help="Print a client's generated source.",
            autocompletion=lambda: list(BINDINGS),
        ),
    ] = "",
) -> None:
    """Send one OSC message and print what comes back; alone, print the reference.

    For example: idiolect osc /voice/1/temperature 0.8.  What looks like a number is sent as one,
    unless it is in quotes that the shell leaves: '"5"'.  A token in IDIOLECT_TOKEN is shown first.
    """
    if words and words[0] == "send":
        words = words[1:]
    if language:
        _print_binding(language)
        return
    if not words:
        print(reference(), end="")
        return
    if not words[0].startswith("/"):
        raise ControlError(f"{words[0]!r} is no address: they start with / (try /status)")
    if not (math.isfinite(wait) and wait >= 0):
        raise ControlError(f"--wait {wait}: give seconds, 0 or more")
    with connect(host, port) as client:
        failed = _exchange(client, words, wait)
    if failed:
        raise typer.Exit(1)


def _print_binding(language: str) -> None:
    if language not in BINDINGS:
        raise ControlError(f"--for {language}: there are {', '.join(BINDINGS)}")
    print(BINDINGS[language](), end="")


def _exchange(client: Client, words: Sequence[str], wait: float) -> bool:
    """Send, print each answer; True when one of them was a refusal."""
    failed, values = False, [_value(word) for word in words[1:]]
    try:
        _show_token(client)
        client.send(words[0], *values)
        for reply in _answers(client, wait):
            print(_line(reply))
            failed = failed or reply.address == "/fail"
    except ValueError as error:
        raise ControlError(str(error)) from None
    except ConnectionRefusedError:
        raise ControlError(
            "no daemon listens there: start one with `idiolect serve`, or name its --port"
        ) from None
    return failed


def _show_token(client: Client) -> None:
    """Show the token that the environment has, if any: each message comes from a port of its own."""
    token = os.environ.get(VARIABLE)
    try:
        if token:
            client.ask("/auth", token)
    except RefusedError as error:
        raise ControlError(f"{VARIABLE} is refused: {error}") from None
    except TimeoutError as error:
        raise ControlError(str(error)) from None


def _answers(client: Client, wait: float) -> Iterator[Reply]:
    """Yield what comes in so many seconds, and longer while a command says how far it is."""
    end = time.monotonic() + wait
    while (left := end - time.monotonic()) > 0:
        reply = client.receive(left)
        if reply is None:
            continue
        yield reply
        if reply.address == "/progress":
            end = max(end, time.monotonic() + _PATIENCE)
        elif reply.address in ("/done", "/fail"):
            end = min(end, time.monotonic() + wait)


def _value(word: str) -> int | float | str:
    """Read a number where a word is one, and a string in quotes or where it is none."""
    if len(word) > 1 and word[0] == word[-1] == '"':
        return word[1:-1]
    if not _NUMBER.fullmatch(word):
        return word
    return float(word) if set(word) & set(".eE") else int(word)


def _line(reply: Reply) -> str:
    values = [f"{v:.7g}" if isinstance(v, float) else repr(v) for v in reply.arguments]
    return " ".join([reply.address, *values])
