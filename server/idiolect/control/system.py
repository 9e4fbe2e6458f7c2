"""The commands to the daemon as a whole, with scsynth's names where scsynth has one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from idiolect import __version__
from idiolect.control.arguments import arity, is_pressed, number, text, whole
from idiolect.control.clients import (
    DEFAULT_RATE,
    GROUPS,
    LEASE_S,
    MAX_CLIENTS,
    RATES,
    Peer,
)
from idiolect.control.clock import clear_schedule, tell_time, time_tags
from idiolect.control.codec import Argument
from idiolect.control.desk import Desk, wrap
from idiolect.control.door import Applied, Recording, Status, Take
from idiolect.control.playing import play, play_dirt
from idiolect.errors import ControlError

__all__ = [
    "API",
    "STATUS_FIELDS",
    "SYSTEM_COMMANDS",
    "StatusField",
    "SystemCommand",
    "announce_bundle",
]

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
    client = clients.add(listener, desk.now(), groups, rate) if on else clients.remove(listener)
    desk.reply(peer, "/done", "/notify", client, MAX_CLIENTS, LEASE_S)


def _groups(arguments: Sequence[Argument]) -> tuple[str, ...]:
    """Read names of groups, each by itself or several in a string; none is the first."""
    names = [
        name
        for argument in arguments
        for name in text(argument, "a group").replace(",", " ").split()
    ]
    for name in names:
        if name not in (*GROUPS, "all"):
            there = ", ".join(GROUPS)
            raise ControlError(f"no group {name[:64]!r}: there is {there}, and all")
    if "all" in names:
        return GROUPS
    return tuple(dict.fromkeys(names)) or GROUPS[:1]


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
    """Silence everything, and tell those who listen which voices rest now."""
    if is_pressed(arguments):
        player = desk.player
        speaking = [voice for voice in range(1, player.voices + 1) if player.get("run", voice)]
        player.panic()
        desk.reply(peer, "/done", "/panic")
        for voice in speaking:
            desk.announce(f"/voice/{voice}/run", round(player.get("run", voice)))


def leave(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Say goodbye, then stop the daemon."""
    if is_pressed(arguments):
        desk.reply(peer, "/done", "/quit")
        desk.quit()


def bundle_load(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Load a bundle."""
    name = _name(arguments)
    desk.promise(peer, "/bundle/load", lambda: desk.player.load(name), lambda loaded: (loaded,))


def bundle_unload(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Let a bundle go."""
    name = _name(arguments)
    desk.player.unload(name)
    desk.reply(peer, "/done", "/bundle/unload", name)


def bundle_list(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer which bundles there are."""
    if is_pressed(arguments):
        pairs = [(name, int(loaded)) for name, loaded in desk.player.bundles().items()]
        desk.reply(peer, "/bundle/list.reply", *[word for pair in pairs for word in pair])


def bundle_swap(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Let every voice go over to a bundle."""
    name = _name(arguments)

    def tell(last: Applied) -> tuple[object, ...]:
        for voice in range(1, desk.player.voices + 1):
            desk.defer(partial(announce_bundle, desk, voice))
        _, frame, _, seconds = desk.applied(last)
        return name, frame, seconds

    desk.promise(peer, "/bundle/swap", lambda: desk.player.speak_all(name), tell)


def announce_bundle(desk: Desk, voice: int) -> None:
    """Tell every client that is notified what a voice plays now, and in which scale."""
    desk.announce(f"/voice/{voice}/bundle", desk.player.bundle_of(voice))
    desk.announce(f"/voice/{voice}/scale", round(desk.player.get("scale", voice)))


def _name(arguments: Sequence[Argument]) -> str:
    arity(arguments, 1, 1, "a bundle's name")
    return text(arguments[0], "a bundle")


def record_start(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Begin to record into a file, and tell everyone when that ends."""
    arity(arguments, 1, 1, "the name of a file")
    name = text(arguments[0], "a name")
    ends = _recording(desk).start(name)
    desk.reply(peer, "/done", "/record/start", name)
    desk.announce("/record/state", *_record_state(desk))
    ends.add_done_callback(
        lambda _: desk.defer(lambda: desk.announce("/record/state", *_record_state(desk)))
    )


def record_stop(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Complete the file that is recorded into."""
    if is_pressed(arguments):
        desk.promise(peer, "/record/stop", lambda: _recording(desk).stop(), _taken)


def record_state(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer whether something is recorded, and what."""
    if is_pressed(arguments):
        desk.reply(peer, "/record/state", *_record_state(desk))


def _recording(desk: Desk) -> Recording:
    if desk.recording is None:
        raise ControlError("nothing can be recorded here")
    return desk.recording


def _record_state(desk: Desk) -> tuple[str, str, float, int]:
    recording = _recording(desk)
    take = recording.take
    if take is None:
        return "idle", "", 0.0, 0
    state = "recording" if recording.running else "failed" if take.failure else "idle"
    return state, take.name, take.seconds, wrap(take.lost_frames)


def _taken(take: Take) -> tuple[object, ...]:
    if take.failure:
        raise ControlError(f"{take.name} has {take.seconds:.1f} s, and then: {take.failure}")
    return take.name, take.seconds, wrap(take.lost_frames)


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
        address="/play", arguments="[s name, ...]", run=play, answer="nothing, or `/fail`",
        doc="Plays a stretch of the corpus beside what a voice says: names and values in pairs (see "
        "\"Playing by hand\"), at the time of the OSC bundle it comes in.",
    ),
    SystemCommand(
        address="/dirt/play", arguments="[s name, ...]", run=play_dirt, answer="nothing, or `/fail`",
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
        doc="Forgets every OSC bundle that waits for its time, whoever sent it.",
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
        address="/bundle/list", arguments="trigger", run=bundle_list,
        answer="`/bundle/list.reply`, then for each s name, i loaded",
        doc="Which bundles there are: those that are loaded (1), then the others of the folder (0).",
    ),
    SystemCommand(
        address="/bundle/load", arguments="s name", run=bundle_load,
        answer="`/done /bundle/load` s name",
        doc="Loads a bundle of the folder, so that voices can go over to it at once.",
    ),
    SystemCommand(
        address="/bundle/unload", arguments="s name", run=bundle_unload,
        answer="`/done /bundle/unload` s name",
        doc="Lets a bundle go that no voice plays.",
    ),
    SystemCommand(
        address="/bundle/swap", arguments="s name", run=bundle_swap,
        answer="`/done /bundle/swap` s name, i frame, f seconds",
        doc="Every voice goes over to this bundle, each with a join at its next boundary of the "
        "finest scale; it is loaded first when it is not yet. Told are the frame of the engine at "
        "which the last of them does, and in how many seconds that is.",
    ),
    SystemCommand(
        address="/record/start", arguments="s name", run=record_start,
        answer="`/done /record/start` s name",
        doc="Records what is heard into a new file of the folder `audio.recordings`: 32-bit float "
        "when the name ends in .wav, 24 bits in .flac. A name has no folders in it.",
    ),
    SystemCommand(
        address="/record/stop", arguments="trigger", run=record_stop,
        answer="`/done /record/stop` s name, f seconds, i frames lost",
        doc="Completes the file. Lost frames, if any, are silence in it.",
    ),
    SystemCommand(
        address="/record/state", arguments="trigger", run=record_state,
        answer="`/record/state` s state, s name, f seconds, i frames lost",
        doc="`recording`, `idle`, or `failed` when it ended by itself, as on a full disk; the file "
        "holds what came before. Clients that are notified get this whenever it changes.",
    ),
    SystemCommand(
        address="/quit", arguments="trigger", answer="`/done /quit`", run=leave,
        doc="Fades out and ends the daemon.",
    ),
)  # fmt: skip
