"""Commands about time: what the daemon's clock says, and what waits for its time."""

import time
from collections.abc import Sequence

from idiolect.control.arguments import arity, is_pressed, text
from idiolect.control.brevity import MOST_BYTES
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument, encode
from idiolect.control.desk import Desk
from idiolect.control.requests import MARK
from idiolect.control.schedule import ntp_of
from idiolect.errors import ControlError

__all__ = ["clear_schedule", "tell_time", "time_tags"]


def tell_time(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer what time it is, with what was sent, so that a client can tell how old the answer is."""
    for argument in arguments:
        if not isinstance(argument, int | float | str):
            raise ControlError("only numbers and strings come back: send i, f or s")
    tag = ntp_of(time.time())
    request = (MARK, *desk.request) if desk.request else ()
    answer = (*map(_signed, (tag >> 32, tag & 0xFFFFFFFF)), *arguments, *request)
    if (size := len(encode("/clock.reply", *answer))) > MOST_BYTES:
        raise ControlError(f"the answer would have {size} bytes, {MOST_BYTES} at most: send less")
    desk.reply(peer, "/clock.reply", *answer)


def clear_schedule(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Forget every OSC bundle that waits for its time, and what is handed on to be played then."""
    if is_pressed(arguments):
        forgotten = desk.schedule.clear()
        desk.player.recall()
        desk.done(peer, "/clear_sched", forgotten)


def time_tags(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Choose what the sender's time tags mean, or answer it."""
    if arguments:
        arity(arguments, 1, 1, "a policy")
        desk.time_tags.choose(peer, text(arguments[0], "a policy"))
    desk.reply(peer, "/time_tags", desk.time_tags.policy(peer))


def _signed(word: int) -> int:
    """Give 32 bits as the whole number that OSC's ``i`` has for them."""
    return word - 2**32 if word >= 2**31 else word
