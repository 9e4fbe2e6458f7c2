"""Scores written by others, rendered: the same messages as over the network, each at its frame."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.audio.file import write_wav
from idiolect.bundle.bundle import Bundle
from idiolect.config.config import Config
from idiolect.control.codec import Message, OscBundle, parse
from idiolect.control.desk import Desk
from idiolect.control.dispatch import Dispatcher
from idiolect.control.score import frame_of, read_score
from idiolect.errors import ScoreError
from idiolect.rendering import Beginning, Performance

__all__ = ["render"]

logger = logging.getLogger(__name__)

_LONGEST_SECONDS = 86_400
_PIECE_FRAMES = 1024  # between two looks at what the planner still has to do

_FOR_SCSYNTH = ("/g_new", "/c_set")  # with which sclang's scores begin, and are told to end

Timed = tuple[int, Message]


@dataclass(frozen=True)
class _Author:
    """Who wrote the score: there is nobody to answer, so what cannot be done goes to the log."""

    host: str = "score"
    port: int = 0
    frame: list[int] = field(default_factory=lambda: [0], compare=False)  # being played

    def send(self, packet: bytes) -> None:
        """Tell what could not be done."""
        answer = parse(packet)
        if isinstance(answer, Message) and answer.address == "/fail":
            logger.warning("frame %d: %s: %s", self.frame[0], *answer.arguments[:2])

    def at(self, port: int) -> "_Author":
        """Return itself: it has no other ports."""
        return self


def render(
    bundle: Path,
    score: Path,
    output: Path,
    seconds: float | None,
    beginning: Beginning,
    config: Config,
) -> None:
    """Render a score into a sound file.

    Parameters
    ----------
    bundle
        What is played.
    score
        In the format of `control.score`; its messages are those of `idiolect serve`.
    output
        WAV; what is there is replaced.
    seconds
        Length; None: up to the time of the last OSC bundle.
    beginning
        What the first voice begins with.
    config : Config

    Raises
    ------
    ScoreError
        When it cannot be read, ends where it begins, or lasts longer than a day.
    """
    opened = Bundle.open(bundle)
    rate = opened.sample_rate
    parts = list(read_score(score))
    timed = sorted(_messages(parts, rate), key=itemgetter(0))
    if timed and timed[0][1].address.startswith("/session/"):
        raise ScoreError(f"{score} is the record of a session: give it to `idiolect replay`")
    last = max((frame_of(part.time_tag, rate) for part in parts), default=0)
    frames = last if seconds is None else round(seconds * rate)
    if frames > _LONGEST_SECONDS * rate:
        raise ScoreError(f"{score} lasts {frames / rate:.0f} s, more than a day: give --seconds")
    if frames < 1:
        raise ScoreError(f"{score} ends at 0 s: say how long with --seconds")
    performance = Performance(opened, config, lambda _: None)
    beginning.apply(performance)
    margin = round(config.performance.margin_ms / 1000 * rate)
    delay = performance.engine.delay_frames
    blocks = _without_first(delay, _play(performance, timed, margin, frames + delay))
    write_wav(output, blocks, rate, config.audio.channels)


def _without_first(
    count: int, blocks: Iterator[NDArray[np.float32]]
) -> Iterator[NDArray[np.float32]]:
    """Leave out what the limiter looks ahead, so that everything is where the score says."""
    for block in blocks:
        yield block[count:]
        count = max(0, count - len(block))


def _messages(parts: Iterable[OscBundle], rate: int) -> Iterator[Timed]:
    """Give every message and its frame; one in an OSC bundle within another has that one's own."""
    for part in parts:
        for element in part.elements:
            if isinstance(element, Message):
                yield frame_of(part.time_tag, rate), element
            else:
                yield from _messages([element], rate)


def _play(
    performance: Performance, timed: list[Timed], margin: int, frames: int
) -> Iterator[NDArray[np.float32]]:
    """Render, and give each message to the player a margin ahead: so it acts at its frame."""
    author, player = _Author(), performance.player
    desk = Desk(player, name="score", defer=lambda work: work(), quit=lambda: None)
    dispatcher = Dispatcher(desk)
    for frame, messages in groupby(timed, key=itemgetter(0)):
        if frame >= frames:
            break
        yield from _render(performance, max(0, frame - margin))
        author.frame[0] = player.at = frame
        with player.together():
            for _, message in messages:
                if message.address not in _FOR_SCSYNTH:
                    dispatcher.run(message, author)
            dispatcher.flush()
    yield from _render(performance, frames)


def _render(performance: Performance, until: int) -> Iterator[NDArray[np.float32]]:
    engine = performance.engine
    while engine.frame < until:
        performance.planner.advance()
        count = min(_PIECE_FRAMES, until - engine.frame)
        out = np.empty((count, engine.channels), np.float32)
        engine.render(out)
        yield out
