"""The answering side: every reply, refusal and notice leaves from here, in order."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from idiolect.control.access import Access
from idiolect.control.addresses import address_of
from idiolect.control.allowance import Allowance
from idiolect.control.backlog import Backlog
from idiolect.control.brevity import plain_name
from idiolect.control.clients import Clients, Peer
from idiolect.control.codec import Argument, Message, OscBundle, encode
from idiolect.control.commands import Act
from idiolect.control.door import Applied, Player
from idiolect.control.hosts import is_local
from idiolect.control.keepers import Devices, Presets, Recording
from idiolect.control.promises import Promises
from idiolect.control.requests import take_request
from idiolect.control.schedule import Schedule, TimeTags
from idiolect.control.witness import Witness
from idiolect.errors import IdiolectError
from idiolect.parameters.bias import BIAS
from idiolect.parameters.table import MASTER, VOICE

__all__ = ["Counters", "Desk", "wrap"]

_log = logging.getLogger(__name__)
_sent = logging.getLogger("idiolect.osc.out")
_FAILS_PER_SECOND = 50.0
"""Two servers that misunderstand each other would otherwise answer as fast as they can, for ever."""
_LATE_PER_SECOND = 10.0
_BELIEFS_PER_SECOND = 1.0  # that are told, of one host
_LONGEST_TEXT = 1024  # bytes of a reason
_REPLIES = {
    "/fail",
    "/done",
    "/late",
    "/progress",
    "/synced",
    "/startup",
    "/shutdown",
}  # and what ends in .reply


@dataclass(slots=True)
class Counters:
    """What happened to packets since the start; written on the control thread."""

    packets: int = 0  # taken in
    malformed: int = 0  # of those, not OSC
    refused: int = 0  # from senders outside the allow-list, unread
    dropped: int = 0  # lost: the system's buffer was full, in or out
    limited: int = 0  # times a machine asked for too much, and what it had sent had to wait
    connections: int = 0  # accepted
    turned_away: int = 0  # connections beyond the bound
    unread: int = 0  # connections closed because the other end did not read
    late_tags: int = 0  # OSC bundles that came after their time
    absurd_tags: int = 0  # clients whose time tags are of another clock


def wrap(count: int) -> int:
    """Fit a number that grows for ever into OSC's 32 bits: it begins again at 2**31."""
    return count & 0x7FFFFFFF


class Desk:
    """Answers senders on behalf of the player.

    Parameters
    ----------
    player : Player
        Who does what is asked.
    name : str
        What ``/version`` answers.
    defer : callable
        Runs a function on the control thread soon; may be called on any thread.
    quit : callable
        Stops the daemon.
    recording : Recording, optional
        Who writes what is heard to files.
    witness : Witness, optional
        Who knows what sounds.
    presets : Presets, optional
        Who keeps snapshots.
    devices : Devices, optional
        Who knows the sound devices.
    token : str
        What must be shown before what lasts is obeyed; empty: nothing.
    output : callable, optional
        Gives the name of the way out and how it is: ``here``, ``lost`` or ``restarting``.
    time_tags : str
        What is done with time tags, of `config.playing.TIME_TAGS`.
    takes_dirt : bool
        Whether it plays what SuperDirt is asked for.

    Notes
    -----
    Control thread only, which is what keeps replies in order.
    """

    def __init__(
        self,
        player: Player,
        *,
        name: str,
        defer: Callable[[Callable[[], None]], None],
        quit: Callable[[], None],
        recording: Recording | None = None,
        witness: Witness | None = None,
        presets: Presets | None = None,
        devices: Devices | None = None,
        token: str = "",
        output: Callable[[], tuple[str, str]] = lambda: ("", "here"),
        time_tags: str = "auto",
        takes_dirt: bool = False,
    ) -> None:
        self.player = player
        self.name = plain_name(name)
        self.quit = quit
        self.recording = recording
        self.witness = witness
        self.presets = presets
        self.devices = devices
        self._output = output
        self.defer = defer
        self.access = Access(token)
        self.clients = Clients()
        self.backlog = Backlog()
        self.takes_dirt = takes_dirt
        self.schedule = Schedule()
        self.time_tags = TimeTags(time_tags, self._tell_belief)
        self.counters = Counters()
        self.watchers: list[Callable[[str, tuple[object, ...]], None]] = []
        """Told of every change too, with its address."""
        self._scolding = Allowance(_FAILS_PER_SECOND)
        self._promises = Promises(self)
        self._request: tuple[int, ...] = ()  # number of the command that is being obeyed
        self._lateness = Allowance(_LATE_PER_SECOND)
        self._believing = Allowance(_BELIEFS_PER_SECOND)

    def now(self) -> float:
        """Return seconds on a clock that is never set back."""
        return time.monotonic()

    def output(self) -> tuple[str, str]:
        """Give the name of the way out, and how it is."""
        name, state = self._output()
        return plain_name(name), state

    def reply(self, peer: Peer, address: str, *arguments: object) -> None:
        """Send one message."""
        _sent.debug("to %s:%s %s %s", peer.host, peer.port, address, arguments)
        peer.send(encode(address, *arguments))

    @property
    def request(self) -> tuple[int, ...]:
        """The number of the command that is being obeyed, if it came with one."""
        return self._request

    def take(self, peer: Peer, arguments: Sequence[Argument], guarded: bool) -> Sequence[Argument]:
        """Give a command's own arguments; what it says is answered with the request's number.

        Raises
        ------
        ControlError
            When it is guarded and the peer has not shown the token.
        """
        arguments, self._request = take_request(arguments)
        if guarded:
            self.access.check(peer, self.now())
        return arguments

    def done(self, peer: Peer, address: str, *arguments: object) -> None:
        """Answer that the command that is being obeyed is done."""
        self.reply(peer, "/done", address, *arguments, *self._request)

    def announce(self, address: str, *arguments: object, also: str = "state") -> None:
        """Send one message to every client that is told of changes, or of another group too."""
        for peer in self.clients.listening(self.now(), "state", also):
            self.reply(peer, address, *arguments)
        for watcher in self.watchers:
            watcher(address, arguments)

    def announce_changes(self) -> None:
        """Tell every client that is told of changes what parameters have become since the last call."""
        for name, voice, value in self.player.changes():
            self.announce_parameter(name, voice, value)

    def announce_parameter(self, name: str, voice: int, value: float) -> None:
        """Send a parameter's value to every client that is told of changes."""
        kind = (VOICE.get(name, BIAS) if voice else MASTER[name]).kind
        self.announce(address_of(name, voice), value if kind == "f" else round(value))

    def fail(
        self, peer: Peer, address: str, error: Exception, request: tuple[int, ...] = ()
    ) -> None:
        """Answer that something could not be done; our own faults go to the log."""
        text = str(error)
        if not isinstance(error, IdiolectError):
            _log.error("%s failed", address, exc_info=error)
            text = f"an internal error ({type(error).__name__}); the daemon's log has the details"
        self.reply(peer, "/fail", plain_name(address), plain_name(text, _LONGEST_TEXT), *request)

    def scold(
        self, peer: Peer, address: str, error: Exception, request: tuple[int, ...] = ()
    ) -> None:
        """Answer a message that made no sense: with a number always, else so often for a sender."""
        is_reply = address in _REPLIES or address.endswith(".reply")
        if not is_reply and (request or self._scolding.allows(peer, self.now())):
            self.fail(peer, address, error, request)

    def tell_late(self, peer: Peer, bundle: OscBundle, seconds: float) -> None:
        """Count an OSC bundle that came after its time, and tell the sender, at most so often."""
        self.counters.late_tags += 1
        if self._lateness.allows(peer, self.now()):
            first = next((e for e in bundle.elements if isinstance(e, Message)), None)
            address = "" if first is None else plain_name(first.address)
            self.reply(peer, "/late", 1000 * seconds, address)

    def _tell_belief(self, peer: Peer, lead: float) -> None:
        """Say that a client's time tags are believed from now on, where its clock may be ahead."""
        if is_local(peer.host) or not self._believing.allows(peer.host, self.now()):
            return
        _log.warning(
            "OSC bundles of %s:%s are waited for from now on, since a time tag lies %.3f s ahead: if "
            "they come late by that, set its clock by NTP, or send /time_tags ignore from there",
            peer.host, peer.port, lead,
        )  # fmt: skip
        self.reply(peer, "/time_tags", self.time_tags.policy(peer), lead)

    def launch(
        self, peer: Peer, address: str, voice: int, act: Act, then: Callable[[], None] | None = None
    ) -> None:
        """Begin a voice's command; exactly one ``/done`` or ``/fail`` will answer it.

        Parameters
        ----------
        peer, address
            Who is answered, and what for.
        voice : int
        act : callable
            Begins.
        then : callable, optional
            Called after the ``/done``.
        """

        def tell(applied: Applied) -> tuple[object, ...]:
            if then is not None:
                self.defer(then)
            return self.applied(applied)

        self.promise(peer, address, lambda: act(self.player, voice), tell)

    def promise(
        self,
        peer: Peer,
        address: str,
        begin: Callable[[], Any],
        tell: Callable[[Any], tuple[object, ...]],
    ) -> None:
        """Begin what is answered later, by exactly one ``/done`` or ``/fail``.

        Parameters
        ----------
        peer, address
            Who is answered, and what for.
        begin : callable
            Begins, and returns the future of what will come of it, or of the step that goes on;
            may raise.
        tell : callable
            Makes of that what the ``/done`` says; may raise.
        """
        self._promises.make(peer, address, self._request, begin, tell)

    def abandon(self) -> None:
        """Answer every command that is still open, because the daemon stops."""
        for peer, ticket, address, request in self.backlog.unanswered():
            self.fail(peer, address, IdiolectError("the daemon is stopping"), request)
            self.backlog.close(peer, ticket)

    def applied(self, applied: Applied) -> tuple[object, ...]:
        """Give what ``/done`` says of a change: voice, frame, units, seconds, and a seed's place."""
        status = self.player.status()
        ahead_s = (applied.frame - status.frame) / status.sample_rate
        voice, frame, units = applied.voice, wrap(applied.frame), applied.units
        place = (applied.unit, plain_name(applied.source), applied.start) if applied.source else ()
        return (voice, frame, units, ahead_s, *place)
