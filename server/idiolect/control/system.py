"""The commands to the daemon as a whole, with scsynth's names where scsynth has one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from idiolect import __version__
from idiolect.control.arguments import arity, is_pressed, whole
from idiolect.control.clients import LEASE_S, MAX_CLIENTS, Peer
from idiolect.control.codec import Argument
from idiolect.control.desk import Counters, Desk, wrap
from idiolect.control.door import Status
from idiolect.errors import ControlError

__all__ = ["API", "STATUS_FIELDS", "SYSTEM_COMMANDS", "StatusField", "SystemCommand"]

API = 1
"""Grows when an address changes its meaning or goes away."""


@dataclass(frozen=True, slots=True)
class StatusField:
    """One argument of ``/status.reply``."""

    tag: str  # OSC type
    name: str
    doc: str
    read: Callable[[Status, Counters], int | float | str]
    counts: bool = False  # only ever grows


STATUS_FIELDS: tuple[StatusField, ...] = (
    StatusField("i", "voices", "voices there are", lambda s, _: s.voices),
    StatusField(
        "f", "cpu_average", "of the block's time used, percent", lambda s, _: s.cpu_average
    ),
    StatusField("f", "cpu_peak", "the largest, percent", lambda s, _: s.cpu_peak),
    StatusField("f", "sample_rate", "Hz", lambda s, _: s.sample_rate),
    StatusField("f", "lookahead_ms", "planned ahead, milliseconds", lambda s, _: s.lookahead_ms),
    StatusField(
        "i", "starved", "times a voice had nothing to play", lambda s, _: s.starved, counts=True
    ),
    StatusField("i", "late", "blocks that took too long", lambda s, _: s.late, counts=True),
    StatusField("i", "dropped", "packets lost, in or out", lambda _, c: c.dropped, counts=True),
    StatusField("i", "uptime_s", "seconds since the start", lambda s, _: int(s.uptime_s)),
    StatusField(
        "s", "state", "`speaking` or `resting`", lambda s, _: "speaking" if s.running else "resting"
    ),
    StatusField("i", "running", "voices that speak", lambda s, _: s.running),
    StatusField("i", "blocks", "blocks rendered", lambda s, _: s.blocks, counts=True),
    StatusField("i", "clipped", "samples held at the ceiling", lambda s, _: s.clipped, counts=True),
    StatusField("i", "nan", "samples that were no numbers", lambda s, _: s.nan, counts=True),
    StatusField("i", "cuts", "changes of plan published", lambda s, _: s.cuts, counts=True),
    StatusField("i", "cuts_late", "of those, too late", lambda s, _: s.cuts_late, counts=True),
    StatusField("i", "frame", "the engine's frame now", lambda s, _: s.frame, counts=True),
    StatusField("i", "packets", "packets taken in", lambda _, c: c.packets, counts=True),
    StatusField("i", "malformed", "of those, not OSC", lambda _, c: c.malformed, counts=True),
    StatusField("i", "refused", "packets not allowed in", lambda _, c: c.refused, counts=True),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemCommand:
    """One command, obeyed at exactly its address."""

    address: str
    arguments: str  # types and names, for people
    answer: str
    doc: str
    run: Callable[[Desk, Peer, Sequence[Argument]], None]


def status(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer how the instrument is doing."""
    if is_pressed(arguments):
        counted = desk.player.status()
        values = [field.read(counted, desk.counters) for field in STATUS_FIELDS]
        desk.reply(peer, "/status.reply", *(wrap(v) if isinstance(v, int) else v for v in values))


def notify(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Begin, renew or end telling a client of every change."""
    arity(arguments, 1, 2, "1 or 0, then perhaps a port,")
    on = whole(arguments[0], "notify") != 0
    if len(arguments) == 2:
        port = whole(arguments[1], "port")
        if not 1 <= port <= 65535:
            raise ControlError(f"port is {port}: send 1 to 65535, or leave it out")
        listener = peer.at(port)
    else:
        listener = peer
    number = desk.clients.add(listener, desk.now()) if on else desk.clients.remove(listener)
    desk.reply(peer, "/done", "/notify", number, MAX_CLIENTS, LEASE_S)


def sync(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer once every earlier command of the sender is answered."""
    arity(arguments, 1, 1, "one number")
    number = whole(arguments[0], "id")
    desk.backlog.after(peer, lambda: desk.reply(peer, "/synced", number))


def version(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer who this is; the commit is empty in a release."""
    if is_pressed(arguments):
        desk.reply(peer, "/version.reply", desk.name, *_release(), "", API)


def panic(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Silence everything."""
    if is_pressed(arguments):
        desk.player.panic()
        desk.reply(peer, "/done", "/panic")


def leave(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Say goodbye, then stop the daemon."""
    if is_pressed(arguments):
        desk.reply(peer, "/done", "/quit")
        desk.quit()


def _release() -> list[int]:
    digits = ["".join(takewhile(str.isdigit, part)) for part in __version__.split(".")]
    return [int(part or 0) for part in (*digits, "0", "0")[:3]]


SYSTEM_COMMANDS: tuple[SystemCommand, ...] = (
    SystemCommand(
        address="/panic", arguments="trigger", answer="`/done /panic`", run=panic,
        doc="Fades everything out: every voice rests, as after `/run 0`.",
    ),
    SystemCommand(
        address="/status", arguments="trigger", answer="`/status.reply` (below)", run=status,
        doc="How the instrument is doing.",
    ),
    SystemCommand(
        address="/notify", arguments="i on, [i port]", run=notify,
        answer="`/done /notify` i client, i clients at most, f lease in seconds",
        doc="1: tell this client (or another port of its host) of every change, each on the "
        "parameter's own address; send it again before the lease ends. 0: no more; the client "
        "is then -1 if it was not notified.",
    ),
    SystemCommand(
        address="/sync", arguments="i id", answer="`/synced` i id", run=sync,
        doc="Answers when all earlier commands of this sender are answered.",
    ),
    SystemCommand(
        address="/version", arguments="trigger", run=version,
        answer="`/version.reply` s name, i major, i minor, i patch, s commit, i api",
        doc="Who this is.",
    ),
    SystemCommand(
        address="/quit", arguments="trigger", answer="`/done /quit`", run=leave,
        doc="Fades out and ends the daemon.",
    ),
)  # fmt: skip
