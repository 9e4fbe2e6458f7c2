"""Scores: OSC bundles in a file, each at its time, as scsynth renders them and sclang writes them.

The format is that of scsynth's non-realtime mode (SuperCollider's *Non-Realtime Synthesis* guide): an
int32 with the size, then an OSC bundle of that size whose time tag counts from 0, and so on to the
end of the file, big-endian throughout.
"""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from idiolect.control.codec import Message, OscBundle, encode_bundle, parse
from idiolect.errors import PacketError, ScoreError

__all__ = ["LONGEST", "ScoreWriter", "frame_of", "read_score", "time_tag_of"]

LONGEST = 1 << 24
"""Bytes of one OSC bundle in a score that are taken."""

_SIZE = struct.Struct(">i")
_FRACTION = 1 << 32


def time_tag_of(frame: int, sample_rate: int) -> int:
    """Give the time tag of a frame; it is the frame's own up to 4 GHz."""
    return (frame * _FRACTION + sample_rate // 2) // sample_rate


def frame_of(time_tag: int, sample_rate: int) -> int:
    """Give the frame nearest to a time tag; "immediately" is the very beginning."""
    return (time_tag * sample_rate + _FRACTION // 2) // _FRACTION


class ScoreWriter:
    """Writes a score while it comes to be.

    Parameters
    ----------
    path
        What is there is replaced.

    Raises
    ------
    ScoreError
        When it cannot be written.

    Notes
    -----
    One thread at a time.  What `write` was given is with the system when it returns: it outlives the
    process, whatever ends it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise ScoreError(f"cannot write {path}: {error.strerror}") from error

    def write(self, time_tag: int, *messages: bytes) -> None:
        """Append one OSC bundle of encoded messages."""
        packet = encode_bundle(*messages, time_tag=time_tag)
        try:
            self._file.write(_SIZE.pack(len(packet)) + packet)
        except OSError as error:
            raise ScoreError(f"cannot write {self.path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_score(path: Path) -> Iterator[OscBundle]:
    """Read a score, OSC bundle by OSC bundle, in the order of the file.

    A bundle at the end of which only a part is there is left out: whoever wrote it was interrupted.

    Raises
    ------
    ScoreError
        When the file cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            yield from _bundles(file, path)
    except OSError as error:
        raise ScoreError(f"cannot read {path}: {error.strerror}") from error


def _bundles(file: BinaryIO, path: Path) -> Iterator[OscBundle]:
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    while len(head := file.read(_SIZE.size)) == _SIZE.size:
        at = file.tell()
        (size,) = _SIZE.unpack(head)
        if not 16 <= size <= LONGEST:
            raise ScoreError(
                f"{path} is no score: a size of {size} bytes at byte {at - _SIZE.size}, where an "
                f"OSC bundle has 16 to {LONGEST}"
            )
        if size > end - at:
            return
        yield _bundle(file.read(size), at, path)


def _bundle(packet: bytes, at: int, path: Path) -> OscBundle:
    try:
        element = parse(packet, longest=LONGEST)
    except PacketError as error:
        raise ScoreError(f"{path} is damaged at byte {at}: {error}") from error
    if isinstance(element, Message):
        raise ScoreError(f"{path} is no score: a message without an OSC bundle at byte {at}")
    return element
