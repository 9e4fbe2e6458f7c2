"""The incoming side: from packets to the player."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from idiolect.control.arguments import fit
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument, Message, OscBundle, parse
from idiolect.control.commands import VoiceCommand
from idiolect.control.desk import Desk
from idiolect.control.namespace import Leaf, Namespace, address_of
from idiolect.control.system import SystemCommand, announce_bundle
from idiolect.errors import ControlError, PacketError
from idiolect.parameters import Parameter

__all__ = ["MAX_WORK", "Dispatcher"]

MAX_WORK = 4096
"""Values read, values set and commands begun by one packet: patterns multiply."""
_NEW_PATTERN = 256  # what walking the tree weighs in that count

_heard = logging.getLogger("idiolect.osc.in")


@dataclass(slots=True)
class _Change:
    """A value on its way to the player."""

    value: float
    peer: Peer
    address: str  # as it was sent


class Dispatcher:
    """Runs messages, in order, and lets only the last of many equal changes through.

    A change of a continuous parameter waits until the burst it came in is read; a newer one for
    the same voice takes its place.  Anything else (a step, a get, a command) first lets through
    what waits, so nothing overtakes.

    Notes
    -----
    Control thread only.  Messages of an OSC bundle run in immediate succession, in order; its
    time tag is read and not waited for, whatever it says.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._namespace = Namespace(desk.player.voices, desk.player.descriptors)
        self._waiting: dict[tuple[str, int], _Change] = {}
        self._work = 0

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
            The work it was, at least 1, hardly above `MAX_WORK`.
        """
        self.desk.counters.packets += 1
        self._work = 1
        try:
            element = parse(packet)
        except PacketError as error:
            self.desk.counters.malformed += 1
            self.desk.scold(peer, "/", error)
        else:
            self._run(element, peer)
        return self._work

    def run(self, message: Message, peer: Peer) -> None:
        """Run one message that is there already; nothing is raised."""
        self._work = 1
        self._run(message, peer)

    def flush(self) -> None:
        """Let the waiting changes through: the burst is read."""
        waiting, self._waiting = self._waiting, {}
        for (name, voice), change in waiting.items():
            self._apply(name, voice, change)

    def _run(self, element: Message | OscBundle, peer: Peer) -> None:
        if isinstance(element, OscBundle):
            for inner in element.elements:
                self._run(inner, peer)
            return
        _heard.debug("%s:%s %s %s", peer.host, peer.port, element.address, element.arguments)
        try:
            self._spend(1 if self.namespace.is_known(element.address) else _NEW_PATTERN)
            for leaf in self.namespace.find(element.address):
                self._spend(len(leaf.voices))
                self._obey(leaf, element.arguments, peer)
        except ControlError as error:
            self.desk.scold(peer, element.address, error)
        except Exception as error:  # the border: a packet never ends the control thread
            self.desk.fail(peer, element.address, error)

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > MAX_WORK:
            raise ControlError(
                f"one packet asks for more than {MAX_WORK} things: send several, or fewer wildcards"
            )

    def _obey(self, leaf: Leaf, arguments: Sequence[Argument], peer: Peer) -> None:
        if isinstance(leaf.target, Parameter):
            if arguments:
                self._set(leaf, leaf.target, arguments, peer)
            else:
                self._get(leaf, leaf.target, peer)
        elif isinstance(leaf.target, VoiceCommand):
            self._command(leaf, leaf.target, arguments, peer)
        else:
            self._system(leaf.target, arguments, peer)

    def _get(self, leaf: Leaf, parameter: Parameter, peer: Peer) -> None:
        self.flush()
        values = [self._value(parameter, voice) for voice in leaf.voices]
        self.desk.reply(peer, leaf.address, *values)

    def _set(
        self, leaf: Leaf, parameter: Parameter, arguments: Sequence[Argument], peer: Peer
    ) -> None:
        values = [fit(parameter, arguments, self._scales(parameter, v)) for v in leaf.voices]
        if parameter.curve == "step":
            self.flush()
        for voice, value in zip(leaf.voices, values, strict=True):
            key = (parameter.name, voice)
            self._waiting.pop(key, None)  # last come, last through
            self._waiting[key] = _Change(value, peer, leaf.address)
        if parameter.curve == "step":
            self.flush()

    def _scales(self, parameter: Parameter, voice: int) -> tuple[str, ...]:
        return self.desk.player.scales_of(voice) if parameter.kind == "scale" else ()

    def _command(
        self, leaf: Leaf, command: VoiceCommand, arguments: Sequence[Argument], peer: Peer
    ) -> None:
        if command.value is not None and not arguments:
            values = [command.value(self.desk.player, voice) for voice in leaf.voices]
            self.desk.reply(peer, leaf.address, *values)
            return
        act = command.read(arguments)
        if act is None:
            return
        self.flush()
        for voice in leaf.voices:
            then = partial(announce_bundle, self.desk, voice) if command.value else None
            self.desk.launch(peer, leaf.address, voice, act, then)

    def _system(self, command: SystemCommand, arguments: Sequence[Argument], peer: Peer) -> None:
        self.flush()
        before = self._snapshot()
        command.run(self.desk, peer, arguments)
        for address, value in self._snapshot().items():
            if address in before and value != before[address]:
                self.desk.announce(address, value)

    def _snapshot(self) -> dict[str, int | float]:
        """Every parameter by its own address, when somebody wants to know of changes."""
        if not self.desk.clients.listening(self.desk.now()):
            return {}
        return {
            leaf.address: self._value(leaf.target, leaf.voices[0])
            for leaf in self.namespace.leaves.values()
            if isinstance(leaf.target, Parameter) and not leaf.is_short
        }

    def _apply(self, name: str, voice: int, change: _Change) -> None:
        player = self.desk.player
        parameter = self.namespace.leaves[address_of(name, voice)].target
        assert isinstance(parameter, Parameter)
        try:
            before = player.get(name, voice)
            player.set(name, voice, change.value)
            if player.get(name, voice) != before:
                self.desk.announce(address_of(name, voice), self._value(parameter, voice))
        except Exception as error:  # the border: whatever a player raises is the sender's to know
            self.desk.fail(change.peer, change.address, error)

    def _value(self, parameter: Parameter, voice: int) -> int | float:
        value = self.desk.player.get(parameter.name, voice)
        return value if parameter.kind == "f" else round(value)
