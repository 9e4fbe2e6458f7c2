"""Commands that are about recording what is heard."""

from collections.abc import Sequence

from idiolect.control.arguments import arity, is_pressed, text
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument
from idiolect.control.command import SystemCommand
from idiolect.control.desk import Desk, wrap
from idiolect.control.keepers import Recording, Take
from idiolect.errors import ControlError

__all__ = ["RECORDING"]


def record_start(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Begin to record into a file, and tell everyone when that ends."""
    arity(arguments, 1, 1, "the name of a file")
    name = text(arguments[0], "a name")
    ends = _recording(desk).start(name)
    desk.done(peer, "/record/start", name)
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
        raise ControlError("nothing can be recorded here: ask a daemon that plays")
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


RECORDING: tuple[SystemCommand, ...] = (
    SystemCommand(
        address="/record/start", arguments="s name", run=record_start, guarded=True,
        answer="`/done /record/start` s name",
        doc="Records what is heard into a new file of the folder `audio.recordings`: 32-bit float "
        "when the name ends in .wav, 24 bits in .flac. A name has no folders in it.",
    ),
    SystemCommand(
        address="/record/stop", arguments="trigger", run=record_stop, guarded=True,
        answer="`/done /record/stop` s name, f seconds, i frames lost",
        doc="Completes the file. Lost frames, if any, are silence in it.",
    ),
    SystemCommand(
        address="/record/state", arguments="trigger", run=record_state,
        answer="`/record/state` s state, s name, f seconds, i frames lost",
        doc="`recording`, `idle`, or `failed` when it ended by itself, as on a full disk; the file "
        "holds what came before. Clients that are notified get this whenever it changes.",
    ),
)  # fmt: skip
