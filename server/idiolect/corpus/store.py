"""Write the audio of all sources end to end, in bounded memory."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from idiolect.corpus.decode import MOST_CHANNELS, Decoder, Header, UnreadableError, probe
from idiolect.corpus.files import Candidate
from idiolect.errors import CorpusError

__all__ = ["Skipped", "Source", "Stored", "store"]

HEADER_BYTES = 128  # a multiple of 64, as the npy format asks


@dataclass(frozen=True, slots=True)
class Source:
    """One file as it lies in the bundle's audio."""

    name: str
    start: int  # frame in the bundle's audio
    frames: int  # at the bundle's rate
    sample_rate: int  # its own, Hz
    channels: int  # its own
    notes: tuple[str, ...] = ()  # what was unusual about reading it


@dataclass(frozen=True, slots=True)
class Skipped:
    """One file that could not be used."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in the bundle's audio and what does not."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]
    channels: int  # of the bundle


def store(
    candidates: list[Candidate],
    path: Path,
    sample_rate: int,
    progress: Callable[[float, float], None],
) -> Stored:
    """Decode every usable candidate into one ``.npy`` file.

    Parameters
    ----------
    candidates
        Files to try, in the order in which they shall lie.
    path
        The file to write: ``float32[frames, channels]``, stereo when any source is.
    sample_rate
        The bundle's, Hz.
    progress
        Called with bytes read and bytes in all.

    Raises
    ------
    CorpusError
        When no candidate holds audio; the message gives the first reasons.
    """
    usable, skipped = _probe_all(candidates)
    channels = 1
    if any(header.channels == MOST_CHANNELS for _, header in usable):
        channels = MOST_CHANNELS
    total = sum(candidate.path.stat().st_size for candidate, _ in usable)
    sources: list[Source] = []
    frames, done = 0, 0
    with path.open("wb") as file:
        file.write(_npy_header(0, channels))
        for candidate, header in usable:
            try:
                source = _append(file, candidate, header, frames, sample_rate, channels)
                sources.append(source)
                frames += source.frames
            except UnreadableError as error:
                skipped.append(Skipped(candidate.name, str(error)))
            done += candidate.path.stat().st_size
            progress(done, total)
        file.seek(0)
        file.write(_npy_header(frames, channels))
    if not sources:
        raise CorpusError(_nothing(skipped))
    return Stored(tuple(sources), tuple(sorted(skipped, key=lambda s: s.name)), channels)


def _probe_all(
    candidates: list[Candidate],
) -> tuple[list[tuple[Candidate, Header]], list[Skipped]]:
    usable: list[tuple[Candidate, Header]] = []
    skipped: list[Skipped] = []
    for candidate in candidates:
        try:
            usable.append((candidate, probe(candidate.path)))
        except UnreadableError as error:
            if candidate.expected:
                skipped.append(Skipped(candidate.name, str(error)))
    return usable, skipped


def _append(
    file: BinaryIO,
    candidate: Candidate,
    header: Header,
    start: int,
    sample_rate: int,
    channels: int,
) -> Source:
    decoder = Decoder(candidate.path, sample_rate, channels)
    frames = 0
    for block in decoder.blocks():
        file.write(np.ascontiguousarray(_finite(block), "<f4").data)
        frames += len(block)
    if frames == 0:
        raise UnreadableError(f"its {decoder.frames} frames are too few at {sample_rate} Hz")
    return Source(
        name=candidate.name,
        start=start,
        frames=frames,
        sample_rate=header.sample_rate,
        channels=header.channels,
        notes=tuple(decoder.notes),
    )


def _finite(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Resampling numbers near the largest float can overflow; such samples are silenced."""
    finite = np.isfinite(block)
    return block if finite.all() else np.where(finite, block, np.float32(0))


def _npy_header(frames: int, channels: int) -> bytes:
    """Make a version 1.0 npy header of fixed size, so that it can be written again at the end."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({frames}, {channels}), }}"
    size = HEADER_BYTES - 10
    body = text.encode("latin1").ljust(size - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + size.to_bytes(2, "little") + body


def _nothing(skipped: list[Skipped]) -> str:
    if not skipped:
        return "no audio files in the given folders; give a folder with wav, flac, ogg, mp3 or aiff"
    first = ", ".join(f"{s.name} ({s.reason})" for s in skipped[:3])
    more = f" and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    return f"none of {len(skipped)} audio files can be read: {first}{more}; convert them to wav"
