"""The incoming side: from packets to the player."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from idiolect.control.access import AUTH
from idiolect.control.bundling import announce_bundle
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument, Message, OscBundle, parse
from idiolect.control.command import SystemCommand
from idiolect.control.commands import VoiceCommand
from idiolect.control.desk import Desk
from idiolect.control.door import SOON
from idiolect.control.namespace import Leaf, Namespace, Norm
from idiolect.control.requests import take_request
from idiolect.control.schedule import Due
from idiolect.control.steering import Steering
from idiolect.errors import ControlError, PacketError
from idiolect.parameters.parameter import Parameter

__all__ = ["MAX_WORK", "Dispatcher"]

MAX_WORK = 4096
"""Values read, values set and commands begun by one packet: patterns multiply."""
_EARLY_S = 0.05  # beyond what the player needs: how long before its time a bundle is taken up
_A_THING = 64  # bytes: reading so many costs about as much as one thing that is asked for
_NEW_PATTERN = 256  # what walking the tree weighs in that count

_heard = logging.getLogger("idiolect.osc.in")


class Dispatcher:
    """Runs messages, in order.

    Notes
    -----
    Control thread only.  Messages of an OSC bundle run in immediate succession, in order, and what
    they change acts at one frame: that of its time tag, when that lies ahead.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._namespace = Namespace(desk.player.voices, desk.player.descriptors)
        self.steering = Steering(desk)
        self._ways = {
            Parameter: self._steer,
            Norm: self._steer,
            VoiceCommand: self._command,
            SystemCommand: self._system,
        }
        self._last: tuple[float, int] | None = None  # time tag and its frame
        self._work = 0
        self._walked = 0  # bytes that were read, and leaves of the tree that patterns led past

    @property
    def namespace(self) -> Namespace:
        """The addresses there are; another after a bundle with other descriptors was loaded."""
        descriptors = self.desk.player.descriptors
        if descriptors != self._namespace.descriptors:
            self._namespace = Namespace(self.desk.player.voices, descriptors)
        return self._namespace

    def receive(self, packet: bytes, peer: Peer) -> int:
        """Run one packet; whatever is in it, nothing is raised.

        Returns
        -------
        int
            The work it was, at least 1; what reading it and finding its addresses took is counted
            too.
        """
        self.desk.counters.packets += 1
        self._work, self._walked = 1, len(packet) // _A_THING
        try:
            element = parse(packet)
        except PacketError as error:
            self.desk.counters.malformed += 1
            self.desk.scold(peer, error.address, error)
        else:
            self._take(element, peer)
        return self._work + self._walked

    def run(self, message: Message, peer: Peer) -> None:
        """Run one message that is there already; nothing is raised."""
        self._work, self._walked = 1, 0
        self._run(message, peer)

    def flush(self) -> None:
        """Let the waiting changes through: the burst is read."""
        self.steering.flush()

    def take_due(self, wait: Callable[[str], float]) -> Iterator[Due]:
        """Take the OSC bundles whose time is near, the earliest first, of hosts that need not wait.

        To be asked every few milliseconds while any wait for their time.
        """
        until = self._soon
        while (due := self.desk.schedule.take(until, wait)) is not None:
            yield due

    def act(self, due: Due) -> int:
        """Run an OSC bundle at its time; nothing is raised, and the work is returned as above."""
        self._work, self._walked = 1, len(due.packet) // _A_THING
        try:
            element = parse(due.packet)
            assert isinstance(element, OscBundle)
            self._act_at(due, element)
        except Exception as error:  # the border: as in `_run`
            self.desk.fail(due.peer, "/", error)
        return self._work + self._walked

    @property
    def _soon(self) -> float:
        """Unix seconds up to which what is to act is taken up now, so that it is ready by then."""
        return time.time() + self.desk.player.lead_seconds + _EARLY_S

    def _take(
        self, element: Message | OscBundle, peer: Peer, not_before: float | None = None
    ) -> None:
        """Run a message, and an OSC bundle when its time comes.

        Parameters
        ----------
        element, peer
            What came, and who sent it.
        not_before : float, optional
            Unix seconds of the OSC bundle it lies in, when those are waited for.
        """
        if isinstance(element, Message):
            self._run(element, peer)
            return
        seconds = self._read_tag(element, peer)
        if seconds is not None and seconds > (not_before or 0.0):
            self._wait_for(Due(seconds, element.packet, peer), element)
            return
        with self.desk.player.together():
            for inner in element.elements:
                self._take(inner, peer, not_before)

    def _read_tag(self, element: OscBundle, peer: Peer) -> float | None:
        """Read when an OSC bundle is to act: Unix seconds, or None for at once."""
        desk = self.desk
        try:
            return desk.time_tags.read(element.time_tag, peer, wall=time.time(), now=desk.now())
        except ControlError as error:
            desk.counters.absurd_tags += 1
            desk.scold(peer, "/", error)
            return None

    def _wait_for(self, due: Due, bundle: OscBundle) -> None:
        """Keep an OSC bundle until its time is near; when it is, and nothing is before it, act."""
        if due.seconds <= self._soon and not self.desk.schedule.comes_before(due):
            self._act_at(due, bundle)
            return
        try:
            self.desk.schedule.add(due)
        except ControlError as error:
            self.desk.scold(due.peer, "/", error)

    def _act_at(self, due: Due, bundle: OscBundle) -> None:
        """Run an OSC bundle so that it acts at the frame of its time, or now when that has passed."""
        desk, player = self.desk, self.desk.player
        frame = self._frame_at(due.seconds)
        if frame is not None and frame < player.frame:
            desk.tell_late(due.peer, bundle, (player.frame - frame) / player.status().sample_rate)
            frame = None
        self.flush()  # what came before acts before
        before, player.at = player.at, SOON if frame is None else frame
        try:
            with player.together():
                for inner in bundle.elements:
                    self._take(inner, due.peer, due.seconds)
                self.flush()
        finally:
            player.at = before

    def _frame_at(self, seconds: float) -> int | None:
        """Give the engine's frame at a time, if it is known: one for all OSC bundles of that time.

        The clock is read anew for each, and would not give every one the same sample.
        """
        if self._last is None or self._last[0] != seconds:
            witness = self.desk.witness
            frame = None if witness is None else witness.frame_at(seconds)
            self._last = None if frame is None else (seconds, frame)
        return None if self._last is None else self._last[1]

    def _run(self, message: Message, peer: Peer) -> None:
        leaf: Leaf | None = None
        found: list[Leaf] | None = None
        is_dumped = _heard.isEnabledFor(logging.DEBUG)
        try:
            found = self._find(message.address)
            if is_dumped:
                _dump(message, peer, found)
            for leaf in found:
                self._spend(leaf.work)
                self._ways[type(leaf.target)](leaf, message.arguments, peer)
        except Exception as error:  # the border: a packet never ends the control thread
            if is_dumped and found is None:
                _dump(message, peer, [])
            self._refuse(message, leaf, peer, error)

    def _refuse(self, message: Message, leaf: Leaf | None, peer: Peer, error: Exception) -> None:
        """Answer what cannot be: each command, and of other mistakes so many a second."""
        is_command = leaf is not None and isinstance(leaf.target, VoiceCommand | SystemCommand)
        is_ours = not isinstance(error, ControlError)
        tell = self.desk.fail if is_command or is_ours else self.desk.scold
        tell(peer, message.address, error, take_request(message.arguments)[1])

    def _find(self, address: str) -> list[Leaf]:
        namespace = self.namespace
        leaf = namespace.leaves.get(address)
        if leaf is not None:
            return [leaf]
        known = namespace.is_known(address)
        self._spend(1 if known else _NEW_PATTERN)
        if not known and "//" in address:
            self._walked += len(namespace.leaves)
        return namespace.find(address)

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > MAX_WORK:
            raise ControlError(
                f"one packet asks for more than {MAX_WORK} things: send several, or fewer wildcards"
            )

    def _steer(self, leaf: Leaf, arguments: Sequence[Argument], peer: Peer) -> None:
        self.steering.obey(leaf, take_request(arguments)[0], peer)

    def _command(self, leaf: Leaf, arguments: Sequence[Argument], peer: Peer) -> None:
        command = leaf.target
        assert isinstance(command, VoiceCommand)
        if command.value is not None and not arguments:
            values = [command.value(self.desk.player, voice) for voice in leaf.voices]
            self.desk.reply(peer, leaf.address, *values)
            return
        act = command.read(self.desk.take(peer, arguments, command.guarded))
        if act is None:
            return
        self.flush()
        for voice in leaf.voices:
            then = partial(announce_bundle, self.desk, voice) if command.value else None
            self.desk.launch(peer, leaf.address, voice, act, then)

    def _system(self, leaf: Leaf, arguments: Sequence[Argument], peer: Peer) -> None:
        command = leaf.target
        assert isinstance(command, SystemCommand)
        self.flush()
        command.run(self.desk, peer, self.desk.take(peer, arguments, command.guarded))


def _dump(message: Message, peer: Peer, found: Sequence[Leaf]) -> None:
    """Write down what came, and for what; but no token, which may be sent to a mistyped address."""
    is_told = found and all(leaf.address != AUTH for leaf in found)
    told = message.arguments if is_told else "..."
    _heard.debug("%s:%s %s %s", peer.host, peer.port, message.address, told)
