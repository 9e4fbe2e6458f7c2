"""The commands to the daemon as a whole, with scsynth's names where scsynth has one."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from idiolect import __version__
from idiolect.control.access import AUTH
from idiolect.control.arguments import arity, is_pressed, number, text, whole
from idiolect.control.bundling import BUNDLING
from idiolect.control.clients import (
    DEFAULT_RATE,
    GROUPS,
    LEASE_S,
    MAX_CLIENTS,
    PLAIN,
    RATES,
    Peer,
)
from idiolect.control.clock import clear_schedule, tell_time, time_tags
from idiolect.control.codec import Argument
from idiolect.control.command import SystemCommand
from idiolect.control.desk import Desk, wrap
from idiolect.control.devices import DEVICES
from idiolect.control.door import Status
from idiolect.control.hosts import is_local
from idiolect.control.playing import play, play_dirt
from idiolect.control.presets import PRESETS
from idiolect.control.recordings import RECORDING
from idiolect.errors import ControlError

__all__ = [
    "API",
    "MOST_OF_A_HOST",
    "STATUS_FIELDS",
    "SYSTEM_COMMANDS",
    "StatusField",
]

MOST_OF_A_HOST = 8
"""Clients on one host of another machine: over UDP its address may be forged, and it be flooded."""

DUMPED = ("idiolect.osc.in", "idiolect.osc.out")
"""Loggers of what comes and what is answered."""

API = 1
"""Grows when an address changes its meaning or goes away."""


@dataclass(frozen=True, slots=True)
class StatusField:
    """One argument of ``/status.reply``."""

    tag: str  # OSC type
    name: str
    doc: str
    read: Callable[[Status, Desk], int | float | str]
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
    StatusField(
        "i", "dropped", "packets lost, in or out", lambda _, d: d.counters.dropped, counts=True
    ),
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
    StatusField("i", "packets", "packets taken in", lambda _, d: d.counters.packets, counts=True),
    StatusField(
        "i", "malformed", "of those, not OSC", lambda _, d: d.counters.malformed, counts=True
    ),
    StatusField(
        "i", "refused", "packets not allowed in", lambda _, d: d.counters.refused, counts=True
    ),
    StatusField(
        "i", "stolen", "sub-grains and plays lost to overload", lambda s, _: s.stolen, counts=True
    ),
    StatusField("i", "plays", "what was played by hand", lambda s, _: s.plays, counts=True),
    StatusField("i", "plays_late", "of that, too late", lambda s, _: s.plays_late, counts=True),
    StatusField(
        "i", "plays_refused", "for want of room", lambda s, _: s.plays_refused, counts=True
    ),
    StatusField("s", "name", "the daemon's, to tell several apart", lambda _, d: d.name),
)


def status(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer how the instrument is doing."""
    if is_pressed(arguments):
        counted = desk.player.status()
        values = [field.read(counted, desk) for field in STATUS_FIELDS]
        desk.reply(peer, "/status.reply", *(wrap(v) if isinstance(v, int) else v for v in values))


def notify(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Begin, renew or end telling a client of what it names."""
    numbers = [argument for argument in arguments if not isinstance(argument, str)]
    groups = _groups(arguments[len(numbers) :])
    arity(numbers, 1, 3, "1 or 0, then perhaps a port, a rate and groups,")
    on = whole(numbers[0], "notify") != 0
    port = whole(numbers[1], "port") if len(numbers) > 1 else 0
    if not 0 <= port <= 65535:
        raise ControlError(f"port is {port}: send 1 to 65535, or 0 for the one you send from")
    rate = number(numbers[2], "rate") if len(numbers) > 2 else DEFAULT_RATE
    rate = min(max(rate, RATES[0]), RATES[1])
    listener, clients = peer.at(port) if port else peer, desk.clients
    if on:
        _check_host(desk, listener)
    client = clients.add(listener, desk.now(), groups, rate) if on else clients.remove(listener)
    desk.done(peer, "/notify", client, MAX_CLIENTS, LEASE_S)


def _check_host(desk: Desk, listener: Peer) -> None:
    """Refuse more than a few of one host that may be somebody else's: its address may be forged."""
    told = [peer for peer in desk.clients.listening(desk.now()) if peer.host == listener.host]
    if len(told) >= MOST_OF_A_HOST and listener not in told and not is_local(listener.host):
        raise ControlError(
            f"{listener.host} has {len(told)} clients already: let one go with /notify 0, or wait "
            f"{LEASE_S:g} s for a lease to end"
        )


def _groups(arguments: Sequence[Argument]) -> tuple[str, ...]:
    """Read names of groups, each by itself or several in a string; none is the first."""
    names = [
        name
        for argument in arguments
        for name in text(argument, "a group").replace(",", " ").split()
    ]
    for name in names:
        if name not in (*GROUPS, "all", PLAIN):
            there = ", ".join(GROUPS)
            raise ControlError(f"no group {name[:64]!r}: there is {there}, and all; or {PLAIN}")
    chosen = [name for name in dict.fromkeys(names) if name != PLAIN] or GROUPS[:1]
    return (*(GROUPS if "all" in chosen else chosen), *([PLAIN] if PLAIN in names else []))


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
    """Silence everything, and tell those who listen what has changed."""
    if is_pressed(arguments):
        desk.player.panic()
        desk.done(peer, "/panic")
        desk.announce_changes()


def dump_osc(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Write every message, in and out, to the log, or no more."""
    arity(arguments, 1, 1, "1 or 0")
    on = whole(arguments[0], "dump_osc") != 0
    for name in DUMPED:
        logging.getLogger(name).setLevel(logging.DEBUG if on else logging.NOTSET)
    desk.done(peer, "/dump_osc", int(on))


def leave(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Say goodbye, then stop the daemon."""
    if is_pressed(arguments):
        desk.done(peer, "/quit")
        desk.quit()


def auth(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Let a client that shows the token do what needs it, for a while."""
    arity(arguments, 1, 1, "the token")
    if not isinstance(arguments[0], str):
        # Whatever came instead is not repeated.
        raise ControlError("the token is a string: send it as one")
    desk.access.show(peer, arguments[0], desk.now())
    desk.done(peer, AUTH, LEASE_S)


def output(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer where the sound goes, and whether it gets there."""
    if is_pressed(arguments):
        desk.reply(peer, "/output", *desk.output())


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
        address="/notify", arguments="i on, [i port], [f rate], [s group, ...]", run=notify,
        answer="`/done /notify` i client, i clients at most, f lease in seconds",
        doc="1: tell this client (or another port of its host; 0 is the one it sends from) of what "
        "the groups name (below; without any, `state`), meters so many times a second; send it "
        "again before the lease ends. 0: no more; the client is then -1 if it was not notified.",
    ),
    SystemCommand(
        address="/sync", arguments="i id", answer="`/synced` i id", run=sync,
        doc="Answers when all earlier commands of this sender are answered.",
    ),
    SystemCommand(
        address="/play", arguments="[s name, i or f or s value, ...]", run=play,
        answer="nothing, or `/fail`",
        doc="Plays a stretch of the corpus beside what a voice says: names and values in pairs (see "
        "\"Playing by hand\"), at the time of the OSC bundle it comes in.",
    ),
    SystemCommand(
        address="/dirt/play", arguments="[s name, i or f or s value, ...]", run=play_dirt,
        answer="nothing, or `/fail`",
        doc="The same in SuperDirt's words, as Tidal and Strudel send them; where `control.dirt` "
        "is on.",
    ),
    SystemCommand(
        address="/clock", arguments="[i or f or s echo, ...]", run=tell_time,
        answer="`/clock.reply` i seconds, i fraction, then what was sent",
        doc="What time it is here: the two words of a time tag (seconds since 1900, and 2^-32 of "
        "them, as 32 bits each). Half of the way there and back is what the clocks differ by.",
    ),
    SystemCommand(
        address="/clear_sched", arguments="trigger", run=clear_schedule,
        answer="`/done /clear_sched` i OSC bundles",
        doc="Forgets every OSC bundle that waits for its time, whoever sent it; and nothing that was "
        "to be played by hand begins any more. Parameters and commands are handed on a tenth of a second "
        "before their time: those act all the same.",
    ),
    SystemCommand(
        address="/time_tags", arguments="[s policy]", run=time_tags, answer="`/time_tags` s policy",
        doc="What the time tags of this sender mean: `honour`, `ignore`, or `auto` (see \"Time\").",
    ),
    SystemCommand(
        address="/version", arguments="trigger", run=version,
        answer="`/version.reply` s name, i major, i minor, i patch, s commit, i api",
        doc="Who this is.",
    ),
    SystemCommand(
        address="/dump_osc", arguments="i on", run=dump_osc, guarded=True,
        answer="`/done /dump_osc` i on",
        doc="1: writes each message that comes, and each answer, to the daemon's log (which is where it "
        "was started), to find out what a client really sends; 0: no more. Tokens are left out.",
    ),
    SystemCommand(
        address="/output", arguments="trigger", run=output,
        answer="`/output` s name, s state",
        doc="The way out: `here`; `lost`, while it plays on to nobody; or `restarting`, when only a "
        "new process can open it again.",
    ),
    SystemCommand(
        address=AUTH, arguments="s token", run=auth,
        answer="`/done /auth` f lease in seconds",
        doc="Shows the token, where the daemon was started with one (see \"The token\").",
    ),
    *BUNDLING,
    *PRESETS,
    *RECORDING,
    *DEVICES,
    SystemCommand(
        address="/quit", arguments="trigger", answer="`/done /quit`", run=leave, guarded=True,
        doc="Fades out and ends the daemon.",
    ),
)  # fmt: skip
