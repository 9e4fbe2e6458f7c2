"""Parameters as they are turned and read: of many equal changes only the last comes through."""

from collections.abc import Iterator, Sequence

from idiolect.control.arguments import Fitted, fit, fit_norm, fit_scale
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument
from idiolect.control.desk import Desk
from idiolect.control.namespace import Leaf, Norm
from idiolect.errors import ControlError
from idiolect.parameters.parameter import Parameter

__all__ = ["Steering"]

_Change = tuple[Fitted, Peer, str]  # and who sent it where

_REMEMBERED = 1024  # senders' parameters that were clipped last


class Steering:
    """Turns parameters, and tells what they are.

    A change of a continuous parameter waits until the burst it came in is read; a newer one for
    the same voice takes its place, but for the value that a ramp begins from.  Anything else (a
    step, a get, a command) first lets through what waits, so nothing overtakes.

    Notes
    -----
    Control thread only.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: dict[tuple[str, int], list[_Change]] = {}  # a value, a ramp, or both
        self._clipped: dict[tuple[Peer, str], None] = {}  # oldest first

    def obey(self, leaf: Leaf, arguments: Sequence[Argument], peer: Peer) -> None:
        """Turn a parameter, or answer what it is when there is no argument.

        Raises
        ------
        ControlError
            When it cannot be turned, or read, or not to that.
        """
        if arguments:
            self._turn(leaf, arguments, peer)
        else:
            self._tell(leaf, peer)

    def flush(self) -> None:
        """Let the waiting changes through: the burst is read."""
        if self._waiting:
            waiting, self._waiting = self._waiting, {}
            with self._desk.player.together():
                for (name, voice), changes in waiting.items():
                    for fitted, peer, address in _joined(changes):
                        self._apply(name, voice, fitted, peer, address)
            self._desk.announce_changes()

    def shown(self, leaf: Leaf, voice: int) -> int | float:
        """Return what lies at a parameter's address, or its twin's, as it is sent."""
        return _shown(leaf, self._desk.player.get(leaf.parameter.name, voice))

    def _tell(self, leaf: Leaf, peer: Peer) -> None:
        if not leaf.parameter.readable:
            raise ControlError(f"{leaf.parameter.name} cannot be read: send it a value")
        self.flush()
        self._desk.reply(peer, leaf.address, *[self.shown(leaf, voice) for voice in leaf.voices])

    def _turn(self, leaf: Leaf, arguments: Sequence[Argument], peer: Peer) -> None:
        parameter = leaf.parameter
        if not parameter.writable:
            raise ControlError(
                f"{parameter.name} is not set from outside: send it alone to read it"
            )
        values = self._fit(leaf, parameter, arguments)
        is_step = not parameter.is_continuous
        if is_step:
            self.flush()
        for voice, fitted in zip(leaf.voices, values, strict=True):
            key = (parameter.name, voice)
            before = self._waiting.pop(key, ())  # last come, last through
            changes = [change for change in before if not change[0].ramp] if fitted.ramp else []
            changes.append((fitted, peer, leaf.address))
            self._waiting[key] = changes
        if is_step:
            self.flush()
        self._tell_clipped(leaf, values, peer)

    def _fit(self, leaf: Leaf, parameter: Parameter, arguments: Sequence[Argument]) -> list[Fitted]:
        """Read the new value of each voice; they differ in their scales alone."""
        if parameter.kind == "scale":
            scales_of = self._desk.player.scales_of
            return [fit_scale(parameter, arguments, scales_of(voice)) for voice in leaf.voices]
        read = fit_norm if isinstance(leaf.target, Norm) else fit
        return [read(parameter, arguments)] * len(leaf.voices)

    def _tell_clipped(self, leaf: Leaf, values: Sequence[Fitted], peer: Peer) -> None:
        """Answer what a value out of range became: once, until one in range has come."""
        key = (peer, leaf.address)
        if not any([fitted.clipped for fitted in values]):
            self._clipped.pop(key, None)
        elif key not in self._clipped:
            self._clipped[key] = None
            if len(self._clipped) > _REMEMBERED:
                self._clipped.pop(next(iter(self._clipped)))
            shown = [_shown(leaf, fitted.value) for fitted in values]
            self._desk.reply(peer, leaf.address, *shown)

    def _apply(self, name: str, voice: int, fitted: Fitted, peer: Peer, address: str) -> None:
        try:
            self._desk.player.set(name, voice, fitted.value, fitted.ramp)
        except Exception as error:  # the border: whatever a player raises is the sender's to know
            self._desk.fail(peer, address, error)


def _joined(changes: list[_Change]) -> Iterator[_Change]:
    """Give what acts at one frame: where a ramp follows, the value it begins from is there at once."""
    *starts, last = changes
    for fitted, peer, address in starts:
        yield fitted._replace(ramp=0.0), peer, address
    yield last


def _shown(leaf: Leaf, value: float) -> int | float:
    """Give a parameter's value as it is sent from an address of it."""
    if isinstance(leaf.target, Norm):
        return leaf.target.parameter.to_norm(value)
    return value if leaf.parameter.kind == "f" else round(value)
