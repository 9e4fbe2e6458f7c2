"""Asking what the language is made of, and what a voice is likely to say.

Each answer is one message below 1,400 bytes; a list that is longer goes on where it is asked to.
"""

from collections.abc import Sequence

from idiolect.control.arguments import arity, number, text, whole
from idiolect.control.brevity import MOST_BYTES, fitting, plain_name
from idiolect.control.clients import Peer
from idiolect.control.codec import Argument
from idiolect.control.command import SystemCommand
from idiolect.control.desk import Desk
from idiolect.control.witness import Answer, UnitFacts, Witness
from idiolect.errors import ControlError

__all__ = ["MOST_TOKENS", "QUESTIONS"]

MOST_TOKENS = 64
_TOKENS = 8  # where no number is asked for
_SOURCES = "/sources.reply"
_HEAD = 24  # bytes of an answer's address, and of what ends its type tags


def bundle_info(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer what the bundle is."""
    arity(arguments, 0, 1, "nothing, or a voice,")
    facts = _witness(desk).bundle(_voice(arguments, 0))
    desk.reply(
        peer, "/bundle/info.reply", plain_name(facts.name), facts.seconds, facts.sample_rate,
        facts.channels, len(facts.sources), len(facts.scales),
        sum(units for _, units, _, _ in facts.scales), facts.descriptors,
    )  # fmt: skip


def scales(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer which scales there are; of very many, whose places name them, the names are cut."""
    arity(arguments, 0, 1, "nothing, or a voice,")
    found = _witness(desk).bundle(_voice(arguments, 0)).scales
    # Beside the name: three numbers and four type tags; the name ends with one zero at least.
    most = ((MOST_BYTES - _HEAD) // len(found) - 16) // 4 * 4 - 1
    values = [value for name, *rest in found for value in (plain_name(name, most), *rest)]
    desk.reply(peer, "/scales.reply", *values)


def sources(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer which files it was learned from, as many as one message takes."""
    arity(arguments, 0, 2, "nothing, or the number of the first wanted and perhaps a voice,")
    found = _witness(desk).bundle(_voice(arguments, 1)).sources
    first = whole(arguments[0], "the first") if arguments else 0
    if not 0 <= first <= len(found):
        raise ControlError(f"no source {first}: there are {len(found)}, counted from 0")
    rows = [(plain_name(name), seconds) for name, seconds in found[first:]]
    desk.reply(peer, _SOURCES, *fitting(_SOURCES, (len(found), first), rows))


def unit_info(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer what a unit is."""
    facts = _witness(desk).unit(*_member(arguments, "a unit"))
    desk.reply(peer, "/unit/info.reply", *_told(facts))


def token_exemplar(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer which unit speaks for a token."""
    facts, count = _witness(desk).exemplar(*_member(arguments, "a token"))
    desk.reply(peer, "/token/exemplar.reply", count, *_told(facts))


def model_next(desk: Desk, peer: Peer, arguments: Sequence[Argument]) -> None:
    """Answer, once the planner has a moment, what a voice is likely to say next."""
    arity(arguments, 1, 2, "a voice, then perhaps how many tokens,")
    voice = whole(arguments[0], "a voice")
    count = whole(arguments[1], "how many tokens") if len(arguments) > 1 else _TOKENS
    count = min(max(count, 1), MOST_TOKENS)
    witness = _witness(desk)

    def tell(answer: Answer) -> tuple[object, ...]:
        return (
            voice,
            plain_name(answer.scale),
            *[value for pair in answer.tokens for value in pair],
        )

    desk.promise(peer, "/model/next", lambda: witness.ask_next(voice, count), tell)


def _witness(desk: Desk) -> Witness:
    if desk.witness is None:
        raise ControlError("nothing is known of the language here: ask a daemon that plays")
    return desk.witness


def _voice(arguments: Sequence[Argument], place: int) -> int:
    """Read whose bundle is meant: the first voice's, unless another is named."""
    return whole(arguments[place], "a voice") if len(arguments) > place else 1


def _member(arguments: Sequence[Argument], what: str) -> tuple[int, str | float, int]:
    """Read a number, the scale it counts in (by default the finest), and whose bundle is meant."""
    arity(arguments, 1, 3, f"{what}, then perhaps a scale and a voice,")
    scale: str | float = 0.0
    if len(arguments) > 1:
        named = isinstance(arguments[1], str)
        scale = text(arguments[1], "scale") if named else number(arguments[1], "scale")
    return whole(arguments[0], what), scale, _voice(arguments, 2)


def _told(facts: UnitFacts) -> tuple[object, ...]:
    return (
        facts.unit, plain_name(facts.scale), facts.token, plain_name(facts.source), facts.start,
        facts.duration, facts.x, facts.y, facts.loudness, facts.centroid, facts.pitch,
    )  # fmt: skip


_UNIT = (
    "i unit, s scale, i token, s source, f start, f duration (seconds), f x, f y, f loudness (dB), "
    "f centroid, f pitch (Hz; 0: none)"
)

QUESTIONS: tuple[SystemCommand, ...] = (
    SystemCommand(
        address="/bundle/info", arguments="[i voice]", run=bundle_info,
        answer="`/bundle/info.reply` s name, f seconds, i sample rate, i channels, i sources, "
        "i scales, i units, i descriptors",
        doc="What a bundle was learned from, in numbers.",
    ),
    SystemCommand(
        address="/scales", arguments="[i voice]", run=scales,
        answer="`/scales.reply`, then for each s name, i units, i tokens, f seconds of a unit",
        doc="The scales, the finest first.",
    ),
    SystemCommand(
        address="/sources", arguments="[i first], [i voice]", run=sources,
        answer="`/sources.reply` i how many there are, i first, then for each s name, f seconds",
        doc="The files, as many as one message takes; the rest by asking again with the next as "
        "the first.",
    ),
    SystemCommand(
        address="/unit/info", arguments="i unit, [s or i scale], [i voice]", run=unit_info,
        answer=f"`/unit/info.reply` {_UNIT}",
        doc="A unit of a scale, by default the finest.",
    ),
    SystemCommand(
        address="/token/exemplar", arguments="i token, [s or i scale], [i voice]", run=token_exemplar,
        answer=f"`/token/exemplar.reply` i units that have it, {_UNIT}",
        doc="The unit that speaks for a token.",
    ),
    SystemCommand(
        address="/model/next", arguments="i voice, [i how many]", run=model_next,
        answer="`/done /model/next` i voice, s scale, then i token, f probability, likeliest first",
        doc="What the voice is likely to say behind what is planned, under its parameters as they "
        f"are, before `continuity` acts; {_TOKENS} tokens, or up to {MOST_TOKENS}.",
    ),
)  # fmt: skip
