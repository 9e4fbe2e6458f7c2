"""Commands that are about presets: how the instrument stands, under a name."""

from collections.abc import Sequence
from functools import partial

from idiolect.control.arguments import LONGEST_RAMP, arity, number, text, whole
from idiolect.control.brevity import fitting, plain_name
from idiolect.control.bundling import announce_bundle
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument
from idiolect.control.command import SystemCommand
from idiolect.control.desk import Desk
from idiolect.control.keepers import Loaded, Presets
from idiolect.errors import ControlError

__all__ = ["PRESETS"]

_LIST = "/preset/list.reply"


def preset_list(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer which presets there are, as many as one message takes."""
    arity(arguments, 0, 1, "nothing, or the number of the first wanted,")
    found = _presets(desk).names()
    first = whole(arguments[0], "the first") if arguments else 0
    if not 0 <= first <= len(found):
        raise ControlError(f"no preset {first}: there are {len(found)}, counted from 0")
    desk.reply(
        peer, _LIST, *fitting(_LIST, (len(found), first), [(name,) for name in found[first:]])
    )


def preset_save(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Write down how the instrument stands."""
    name = _name(arguments, 1)
    desk.promise(peer, "/preset/save", lambda: _presets(desk).save(name), lambda _: (name,))


def preset_load(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Make the instrument what was written down, and tell everyone what that has changed."""
    name, ramp = _name(arguments, 2), None
    if len(arguments) > 1:
        ramp = min(max(number(arguments[1], "the ramp time"), 0.0), LONGEST_RAMP)

    def tell(loaded: Loaded) -> tuple[object, ...]:
        desk.defer(partial(_announce, desk, loaded))
        missed = [(plain_name(text),) for text in loaded.missed]
        return tuple(fitting("/done", ("/preset/load", name, len(missed)), missed)[1:])

    desk.promise(peer, "/preset/load", lambda: _presets(desk).load(name, ramp), tell)


def preset_delete(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Forget a preset."""
    name = _name(arguments, 1)
    desk.promise(peer, "/preset/delete", lambda: _presets(desk).delete(name), lambda _: (name,))


def _presets(desk: Desk) -> Presets:
    if desk.presets is None:
        raise ControlError("there are no presets here: ask a daemon that plays")
    return desk.presets


def _name(arguments: Sequence[Argument], most: int) -> str:
    arity(arguments, 1, most, "a preset's name" + ", then perhaps a ramp time," * (most > 1))
    return text(arguments[0], "a preset")


def _announce(desk: Desk, loaded: Loaded) -> None:
    for voice in loaded.moved:
        announce_bundle(desk, voice)
    desk.announce_changes()


PRESETS: tuple[SystemCommand, ...] = (
    SystemCommand(
        address="/preset/list", arguments="[i first]", run=preset_list, work=64,
        answer=f"`{_LIST}` i how many there are, i first, then for each s name",
        doc="The presets, as many as one message takes; the rest by asking again with the next as "
        "the first.",
    ),
    SystemCommand(
        address="/preset/save", arguments="s name", run=preset_save, guarded=True,
        answer="`/done /preset/save` s name",
        doc="Writes every parameter, and what each voice plays, may play and goes on from, into the "
        "folder `performance.presets`. A name has no folders in it; what has it already is replaced.",
    ),
    SystemCommand(
        address="/preset/load", arguments="s name, [f ramp]", run=preset_load,
        answer="`/done /preset/load` s name, i left out, then for each s what and why",
        doc="Makes all of that what it was, every voice at once; what can be ramped takes so many "
        "seconds. Bundles it needs are loaded first. What does not fit here is left out and told.",
    ),
    SystemCommand(
        address="/preset/delete", arguments="s name", run=preset_delete, guarded=True,
        answer="`/done /preset/delete` s name",
        doc="Deletes a preset.",
    ),
)  # fmt: skip
