"""Commands that are about the sound device."""

from collections.abc import Sequence

from idiolect.control.arguments import arity, is_pressed, text
from idiolect.control.brevity import fitting, plain_name
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument
from idiolect.control.command import SystemCommand
from idiolect.control.desk import Desk
from idiolect.control.keepers import Devices
from idiolect.errors import ControlError

__all__ = ["DEVICES"]


def device_list(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer which devices there are, as many as one message takes."""
    if is_pressed(arguments):
        devices, address = _devices(desk), "/device/list"

        def tell(names: Sequence[str]) -> tuple[object, ...]:
            return tuple(fitting("/done", (address,), [(plain_name(name),) for name in names])[1:])

        desk.promise(peer, address, devices.names, tell)


def device_open(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Go over to another device."""
    arity(arguments, 1, 1, "a device's name, or a part of it")
    name, devices = text(arguments[0], "a device"), _devices(desk)
    desk.promise(
        peer, "/device/open", lambda: devices.open(name), lambda moved: (plain_name(moved),)
    )


def _devices(desk: Desk) -> Devices:
    if desk.devices is None:
        raise ControlError("there are no devices here: ask a daemon that plays")
    return desk.devices


DEVICES: tuple[SystemCommand, ...] = (
    SystemCommand(
        address="/device/list", arguments="trigger", run=device_list,
        answer="`/done /device/list`, then for each s name",
        doc="The sound devices that have enough channels, as many as one message takes, as they were when "
        "the present one was opened; none where the way out is not `device`.",
    ),
    SystemCommand(
        address="/device/open", arguments="s name", run=device_open, guarded=True,
        answer="`/done /device/open` s name",
        doc="Goes over to the first device that has this in its name, or to the system's choice when "
        "it is empty, between two fades, one that was plugged in since too; what is planned goes on. When "
        "it cannot be opened at the engine's rate, the one before is again. Clients that are notified are told `/output/state`.",
    ),
)  # fmt: skip
