"""Commands that are about bundles."""

from collections.abc import Sequence
from functools import partial

from idiolect.control.arguments import arity, text, whole
from idiolect.control.brevity import fitting, plain_name
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument
from idiolect.control.command import SystemCommand
from idiolect.control.desk import Desk
from idiolect.control.door import Applied
from idiolect.errors import ControlError

__all__ = ["BUNDLING", "announce_bundle"]

_LIST = "/bundle/list.reply"


def bundle_load(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Load a bundle."""
    name = _name(arguments)
    desk.promise(peer, "/bundle/load", lambda: desk.player.load(name), lambda loaded: (loaded,))


def bundle_unload(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Let a bundle go."""
    name = _name(arguments)
    desk.player.unload(name)
    desk.done(peer, "/bundle/unload", name)


def bundle_list(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer which bundles there are, as many as one message takes."""
    arity(arguments, 0, 1, "nothing, or the number of the first wanted,")
    found = desk.player.bundles()
    first = whole(arguments[0], "the first") if arguments else 0
    if not 0 <= first <= len(found):
        raise ControlError(f"no bundle {first}: there are {len(found)}, counted from 0")
    rows = [(plain_name(name), int(loaded)) for name, loaded in list(found.items())[first:]]
    desk.reply(peer, _LIST, *fitting(_LIST, (), rows))


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
    desk.announce_parameter("scale", voice)


def _name(arguments: Sequence[Argument]) -> str:
    arity(arguments, 1, 1, "a bundle's name")
    return text(arguments[0], "a bundle")


BUNDLING: tuple[SystemCommand, ...] = (
    SystemCommand(
        address="/bundle/list", arguments="[i first]", run=bundle_list,
        answer="`/bundle/list.reply`, then for each s name, i loaded",
        doc="Which bundles there are: those that are loaded (1), then the others of the folder (0); as "
        "many as one message takes, the rest by asking again with the next as the first.",
    ),
    SystemCommand(
        address="/bundle/load", arguments="s name", run=bundle_load, guarded=True,
        answer="`/done /bundle/load` s name",
        doc="Loads a bundle of the folder, so that voices can go over to it at once.",
    ),
    SystemCommand(
        address="/bundle/unload", arguments="s name", run=bundle_unload, guarded=True,
        answer="`/done /bundle/unload` s name",
        doc="Lets a bundle go that no voice plays.",
    ),
    SystemCommand(
        address="/bundle/swap", arguments="s name", run=bundle_swap, guarded=True,
        answer="`/done /bundle/swap` s name, i frame, f seconds",
        doc="Every voice goes over to this bundle, each with a join at its next boundary of the "
        "finest scale; it is loaded first when it is not yet. Told are the frame of the engine at "
        "which the last of them does, and in how many seconds that is.",
    ),
)  # fmt: skip
