"""Read one audio file in blocks, whatever its header claims."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from idiolect.errors import CorpusError

__all__ = ["Decoder", "UnreadableError", "probe"]

BLOCK = 65_536  # frames a read: 0.5 MB of stereo float32
LEAST_CHANNELS, MOST_CHANNELS = 1, 2


class _Onward(soundfile.SoundFile):  # type: ignore[misc]  # the library has no types
    """A file that is only read onward.

    The library seeks to where it already is after every read, and a decoder of MP3 that is sent
    anywhere forgets the bits it held back and complains on the terminal.
    """

    def seekable(self) -> bool:
        """Say no, whatever the file."""
        return False


class UnreadableError(CorpusError):
    """A file holds no audio that can be read; the message is the reason alone."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself; its number of frames is not to be trusted."""

    sample_rate: int
    channels: int


def probe(path: Path) -> Header:
    """Open a file and read its first frames.

    Raises
    ------
    UnreadableError
        With the reason, when it cannot be opened or holds no frames.
    """
    with _open(path) as file:
        header = Header(file.samplerate, file.channels)
        block = np.empty((256, file.channels), np.float32)
        count, trouble = _read(file, block)
    if count == 0:
        raise UnreadableError(trouble or "it holds no frames")
    return header


@dataclass
class Decoder:
    """Turns one file into blocks of the bundle's rate and channels.

    `notes` says afterwards what was unusual; `frames` how many the file really had.
    """

    path: Path
    sample_rate: int  # wanted, Hz
    channels: int  # wanted, 1 or 2
    notes: list[str] = field(default_factory=list)
    frames: int = 0

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield ``float32[frames, channels]``, finite, until the file ends or fails."""
        with _open(self.path) as file:
            rate = file.samplerate
            if file.channels > MOST_CHANNELS:
                self.notes.append(f"{file.channels} channels mixed down")
            resampler = (
                None
                if rate == self.sample_rate
                else soxr.ResampleStream(
                    rate, self.sample_rate, self.channels, dtype="float32", quality="HQ"
                )
            )
            for block in self._read_all(file):
                shaped = _fit_channels(block, self.channels)
                yield shaped if resampler is None else _two(resampler.resample_chunk(shaped))
            if resampler is not None:
                rest = np.zeros((0, self.channels), np.float32)
                yield _two(resampler.resample_chunk(rest, last=True))

    def _read_all(self, file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
        buffer = np.empty((BLOCK, file.channels), np.float32)
        bad = 0
        while True:
            count, trouble = _read(file, buffer)
            self.frames += count
            block = buffer[:count]
            finite = np.isfinite(block)
            if not finite.all():
                bad += int((~finite).sum())
                block = np.where(finite, block, np.float32(0))
            if count:
                yield block
            if trouble:
                self.notes.append(f"read error after {self.frames} frames: {trouble}")
            if trouble or count < BLOCK:
                break
        if bad:
            self.notes.append(f"{bad} samples that are not numbers were set to 0")


def _open(path: Path) -> soundfile.SoundFile:
    try:
        return _Onward(path)
    except soundfile.LibsndfileError as error:
        raise UnreadableError(str(error.error_string).strip().rstrip(".")) from error
    except TypeError as error:  # headerless formats, of which only the user knows the layout
        raise UnreadableError("a raw file does not say its rate and channels") from error
    except (OSError, RuntimeError, ValueError) as error:
        raise UnreadableError(str(error)) from error


def _read(file: soundfile.SoundFile, out: NDArray[np.float32]) -> tuple[int, str]:
    """Fill `out` as far as the file goes; give the count and what went wrong, if anything.

    `SoundFile.read` clips requests to the header's count of frames, which may be too small, and
    loses the frames before an error; `buffer_read_into` does neither clip nor forget.
    """
    filled = 0
    while filled < len(out):
        before = file.tell()
        try:
            count = file.buffer_read_into(out[filled:], dtype="float32")
        except (soundfile.LibsndfileError, RuntimeError) as error:
            kept = min(max(0, file.tell() - before), len(out) - filled)
            text = getattr(error, "error_string", str(error))
            return filled + kept, str(text).strip().rstrip(".")
        if count == 0:
            break
        filled += count
    return filled, ""


def _fit_channels(block: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Mix down or double so that `block` has `channels`; stereo stays stereo."""
    if block.shape[1] == channels:
        return np.array(block)  # a copy: the buffer is read into again
    mono = block.mean(axis=1, dtype=np.float64).astype(np.float32)
    return np.repeat(mono[:, None], channels, axis=1)


def _two(block: NDArray[np.float32]) -> NDArray[np.float32]:
    return block[:, None] if block.ndim == 1 else block
