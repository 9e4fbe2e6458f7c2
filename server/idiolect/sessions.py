"""Sessions: all that decided the sound, in a file, and the same sound from that file.

A session is a score (`control.score`) of messages below ``/session``.  Its first one says what it was
played with; what the others hold is the journal's (`performance.journal`).
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from idiolect import __version__
from idiolect.audio.file import write_wav
from idiolect.bundle.bundle import Bundle
from idiolect.bundle.resampling import resample
from idiolect.bundle.shelf import Shelf
from idiolect.config.config import Config
from idiolect.control.codec import Message, OscBundle, encode
from idiolect.control.score import ScoreWriter, frame_of, read_score, time_tag_of
from idiolect.disk import has_room
from idiolect.engine.engine import Engine
from idiolect.errors import ScoreError
from idiolect.performance.journal.deck import Render
from idiolect.performance.journal.journal import Journal
from idiolect.performance.journal.lines import BEGIN, Line
from idiolect.performance.journal.replay import replay as replay_lines
from idiolect.performance.journal.setting import Setting
from idiolect.performance.planner import Planner
from idiolect.performance.warm_up import warm_up

__all__ = ["Played", "Session", "play", "replay"]

_RESERVE = 256 * 2**20
"""Bytes that a session leaves free on its disk: whatever else writes there must go on for months."""

_OTHER = "the session was played on another bundle ({}, {}) than {} ({}): give that one, or --force"


class Session:
    """Writes down what a planner and its engine do.

    Parameters
    ----------
    path : Path
        Where there is a file already, another is written beside it, with a number: no record of
        what was played is lost because the daemon starts again.
    planner : Planner
        Which has not planned anything yet.
    config : Config
        What it was made with.

    Raises
    ------
    ScoreError
        When the file cannot be written.

    Notes
    -----
    Control thread.  Reads the whole bundle once, to know it again.
    """

    def __init__(self, path: Path, planner: Planner, config: Config) -> None:
        self._planner, engine = planner, planner.engine
        bundle = planner.tongue_of(0).bundle
        self._rate = engine.sample_rate
        self.path = _unused(path)
        self._score = ScoreWriter(self.path)
        head = {
            "version": __version__,
            "bundle": bundle.name,
            "digest": bundle.digest,
            "sample_rate": self._rate,
            "voices": engine.voices,
            "channels": engine.channels,
            "capacity": engine.capacity,
            "lookahead_frames": round(config.performance.lookahead_seconds * self._rate),
        }
        self._journal = Journal(
            engine.voices, self._write, list(itertools.chain.from_iterable(head.items()))
        )
        planner.journal = self._journal

    def start(self) -> None:
        """Begin to write; before the planner's first pass nothing is lost."""
        self._journal.start()

    def stop(self) -> None:
        """Write what is left, once neither the planner nor the way out goes on."""
        planner, self._planner.journal = self._planner, None
        engine, plan = planner.engine, planner.tongues.plan
        self._journal.note(plan, engine.state, engine.frame, engine.pop_events())
        self._journal.stop()
        self._score.close()

    def _write(self, frame: int, lines: Sequence[Line]) -> None:
        if not lines and not has_room(self.path, _RESERVE):  # once each time it is written
            raise ScoreError(
                f"the disk of {self.path} has less than {_RESERVE >> 20} MiB left; make room"
            )
        messages = [encode(address, *arguments) for address, arguments in lines]
        self._score.write(time_tag_of(frame, self._rate), *messages)


def _unused(path: Path) -> Path:
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return next(name for name in itertools.chain([path], numbered) if not name.exists())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    """The first message of a session."""

    version: str
    bundle: str
    digest: str
    sample_rate: int
    voices: int
    channels: int
    capacity: int
    lookahead_frames: int


class Played(NamedTuple):
    """A session as it is being played again."""

    blocks: Iterator[NDArray[np.float32]]  # (frames, channels) each
    sample_rate: int  # Hz
    channels: int


def replay(
    path: Path,
    bundle: Path,
    output: Path,
    *,
    anew: bool,
    force: bool = False,
    bundles: Path | None = None,
) -> None:
    """Render a session into a sound file.

    Parameters
    ----------
    output
        WAV; what is there is replaced.
    path, bundle, anew, force, bundles
        As `play` has them.

    Raises
    ------
    ScoreError
        When it is none, when it was played on another bundle or by another version, or when a
        decision comes out otherwise.
    """
    played = play(path, bundle, anew=anew, force=force, bundles=bundles)
    write_wav(output, played.blocks, played.sample_rate, played.channels)


def play(
    path: Path,
    bundle: Path,
    *,
    anew: bool,
    force: bool = False,
    bundles: Path | None = None,
    render: Render = Engine.render,
) -> Played:
    """Play a session again.

    Parameters
    ----------
    path
        Of the session.
    bundle
        What it was played on.
    anew : bool
        Whether every decision is taken again, or the grains are taken as they were planned.
    force : bool
        Whether another version and another bundle will do.
    bundles : Path, optional
        The folder of what else was played; None: that of the bundle.
    render : callable
        Asks the engine for its frames; another one may watch it do so.

    Raises
    ------
    ScoreError
        When it is none, or when it was played on another bundle or by another version; from the
        blocks, when a line makes no sense or a decision comes out otherwise.
    """
    score = read_score(path)
    head = _read_head(path, next(score, None))
    opened = Bundle.open(bundle)
    if not force:
        _compare(head, opened, anew)
    sounding = resample(opened, head.sample_rate)
    warm_up(sounding, head.sample_rate, lambda _: None)
    setting = Setting(
        voices=head.voices,
        sample_rate=head.sample_rate,
        lookahead_frames=head.lookahead_frames,
        channels=head.channels,
        capacity=head.capacity,
    )
    shelf = Shelf(bundles or bundle.resolve().parent, head.sample_rate)

    def find(name: str, digest: str) -> Bundle:
        found = shelf.open(name)
        if not force and found.digest != digest:
            raise ScoreError(_OTHER.format(name, digest, found.path, found.digest))
        return found

    lines = _lines(score, head.sample_rate)
    blocks = replay_lines(lines, sounding, setting, anew=anew, find=find, render=render)
    return Played(blocks, head.sample_rate, head.channels)


def _read_head(path: Path, first: OscBundle | None) -> _Head:
    message = first.elements[0] if first is not None and first.elements else None
    if not isinstance(message, Message) or message.address != BEGIN:
        raise ScoreError(
            f"{path} is no session of `idiolect serve --session`; "
            "a score of another's making is for `idiolect render --score`"
        )
    try:
        told = dict(zip(message.arguments[::2], message.arguments[1::2], strict=True))
        return _Head(
            version=str(told["version"]),
            bundle=str(told["bundle"]),
            digest=str(told["digest"]),
            sample_rate=_within(told["sample_rate"], 1000, 768_000),
            voices=_within(told["voices"], 1, 64),
            channels=_within(told["channels"], 1, 64),
            capacity=_within(told.get("capacity", 0), 0, 2**31 - 1),
            lookahead_frames=_within(told["lookahead_frames"], 1, 7_680_000),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ScoreError(f"{path} does not say what it was played with ({error})") from error


def _within(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{value} is not {low} to {high}")
    return value


def _compare(head: _Head, bundle: Bundle, anew: bool) -> None:
    """Refuse what would not sound the same."""
    if head.digest != bundle.digest:
        raise ScoreError(_OTHER.format(head.bundle, head.digest, bundle.path, bundle.digest))
    if anew and head.version != __version__:
        raise ScoreError(
            f"version {head.version} played the session, this is {__version__}: install that one, "
            "take its --grains as they were planned, or --force"
        )


def _lines(score: Iterable[OscBundle], sample_rate: int) -> Iterator[tuple[int, Line | None]]:
    for part in score:
        frame = frame_of(part.time_tag, sample_rate)
        if not part.elements:
            yield frame, None
        for message in part.elements:
            if isinstance(message, Message):
                yield frame, (message.address, message.arguments)
