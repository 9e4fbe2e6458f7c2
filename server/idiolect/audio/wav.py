"""WAV files that hold the engine's samples to the last bit.

They hold 32-bit floats, and the same samples always make the same bytes: libsndfile would write
the time of day into a float file.
"""

import contextlib
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from idiolect.disk import part_of
from idiolect.errors import AudioError

__all__ = ["WavWriter", "wav_header", "write_wav"]

_SAMPLE_BYTES = 4
_IEEE_FLOAT = 3  # WAVE_FORMAT_IEEE_FLOAT
_HEADER = "<4sI4s4sI28x4sIHHIIHHH4sII4sI"  # RIFF WAVE, JUNK or ds64, fmt, fact, data
_LARGE = 0xFFFFFFFF


class WavWriter:
    """A WAV file of 32-bit floats that appears under its name only once it is whole.

    What cannot be written (a full disk) leaves the frames before it: `close` then gives a shorter
    file, and `discard` none.  Files beyond 4 GiB become RF64 (EBU Tech 3306), which has room for them.

    Parameters
    ----------
    path
        Where it will be; what is there is replaced.
    sample_rate : int
        Hz.
    channels : int

    Raises
    ------
    AudioError
        When the file cannot be written, for the system's reason, or has the name of another kind.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "out.wav"
    >>> with WavWriter(path, 48000) as wav:
    ...     wav.write(np.zeros((3, 2), np.float32))
    >>> path.stat().st_size
    118
    """

    def __init__(self, path: Path, sample_rate: int, channels: int = 2) -> None:
        if path.suffix.lower() not in ("", ".wav"):
            raise AudioError(f"cannot write {path}: it would be WAV all the same; end it in .wav")
        self.path = path
        self.sample_rate = sample_rate
        self.channels = channels
        self.frames = 0
        self._temporary = part_of(path)
        with self._named():
            self._file = self._temporary.open("wb", buffering=0)  # what is told is what happened
            self._write(self._header())

    def write(self, block: NDArray[np.float32]) -> None:
        """Append float32[frames, channels]."""
        with self._named():
            self._write(np.ascontiguousarray(block, "<f4").tobytes())
        self.frames += len(block)

    def close(self) -> None:
        """Complete the header and give the file its name."""
        with self._named():
            self._file.seek(0)
            self._write(self._header())
            self._file.truncate(len(self._header()) + self.frames * self.channels * _SAMPLE_BYTES)
            self._file.close()
            os.replace(self._temporary, self.path)

    def discard(self) -> None:
        """Leave nothing behind."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise AudioError(f"cannot write {self.path}: {reason}; name another file") from error

    def _write(self, text: bytes) -> None:
        """Write all of `text`: a system that takes a part only says why when asked again."""
        left = memoryview(text)
        while left:
            left = left[self._file.write(left) :]

    def _header(self) -> bytes:
        return wav_header(self.frames, self.sample_rate, self.channels)


def wav_header(frames: int, sample_rate: int, channels: int = 2) -> bytes:
    """Everything that stands before the samples of a float file."""
    frame_bytes = _SAMPLE_BYTES * channels
    size = frames * frame_bytes
    head = struct.calcsize(_HEADER)
    total = head - 8 + size
    large = total > _LARGE
    header = bytearray(
        struct.pack(
            _HEADER,
            *(b"RF64" if large else b"RIFF", min(total, _LARGE), b"WAVE"),
            *(b"ds64" if large else b"JUNK", 28),
            *(b"fmt ", 18, _IEEE_FLOAT, channels, sample_rate),
            *(sample_rate * frame_bytes, frame_bytes, 32, 0),
            *(b"fact", 4, min(frames, _LARGE)),
            *(b"data", min(size, _LARGE)),
        )
    )
    if large:  # RIFF size, data size, frames, no table
        struct.pack_into("<QQQI", header, 20, total, size, frames, 0)
    return bytes(header)


def write_wav(
    path: Path, blocks: Iterable[NDArray[np.float32]], sample_rate: int, channels: int = 2
) -> int:
    """Write blocks to a WAV file, whole or not at all.

    Parameters
    ----------
    path
        Where it will be; what is there is replaced.
    blocks
        Of float32[n, channels].
    sample_rate : int
        Hz.
    channels : int

    Returns
    -------
    int
        Frames written.

    Raises
    ------
    AudioError
        When the file cannot be written.
    """
    with WavWriter(path, sample_rate, channels) as wav:
        for block in blocks:
            wav.write(block)
    return wav.frames
